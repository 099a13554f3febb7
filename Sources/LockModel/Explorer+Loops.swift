import KernelC

/// Things that a loop takes one after another.
extension Explorer {
  /// Finds the loops around each call, innermost last.
  mutating func findLoops() { walk(scope.definition.body, [], 0) }

  private mutating func walk(_ id: NodeID, _ around: [NodeID], _ depth: Int) {
    guard id >= 0, depth < 400 else { return }
    var around = around
    switch scope.file[id].kind {
    case .forStatement, .whileStatement, .doStatement, .macroLoop: around.append(id)
    case .call: if !around.isEmpty { loopsOfCall[id] = around }
    default: break
    }
    for child in scope.file.children(of: id) { walk(child, around, depth + 1) }
  }

  func isInLoop(_ call: NodeID) -> Bool { loopsOfCall[call] != nil }

  /// One loop does it for one after another, and another undoes as many of them.
  func isUndoneByLoop(_ call: NodeID, _ closers: Set<Symbol>) -> Bool {
    guard let own = loopsOfCall[call] else { return false }
    return loopsOfCall.contains { closer, others in
      closers.contains(calleeName(closer)) && others.allSatisfy { !own.contains($0) }
    }
  }
}
