// Loops that surely have a turn.
extension ControlFlowBuilder {
  /// `for (i = 0; i < CONSTANT; …)`, `for (i = LAST; i >= FIRST; …)` and `for (i = 100; i--; )` have at least one turn.
  func runsOnce(_ start: NodeID, _ test: NodeID) -> Bool {
    guard start >= 0, test >= 0, file[start].kind == .expressionStatement || file[start].kind == .declaration else {
      return false
    }
    let node = file[test]
    if node.kind == .postfix, node.operation == .minusMinus, file[node.a].kind == .name {
      return stores(start, file[node.a].a).map { isConstant($0, positive: true) } == true
    }
    guard node.kind == .binary else { return false }
    let bound = node.b
    switch node.operation {
    case .less, .lessEqual: return isPositive(bound)
    case .greaterEqual, .greater:
      guard isConstant(bound, positive: false), file[start].kind == .expressionStatement else { return false }
      let value = file[file[start].a]
      return value.kind == .assign && isConstant(value.b, positive: true)
    default: return false
    }
  }

  /// `while (tries--)`, `while (tries)`, `while (tries-- > 0)` behind `tries = CONSTANT;` and `while (i++ < CONSTANT)` behind
  /// `i = 0;`, or behind the declaration that says so, have at least one turn.
  func beginsTrue(_ test: NodeID) -> Bool {
    guard test >= 0 else { return false }
    let node = file[test]
    switch node.kind {
    case .name: return isPositive(local: node.a)
    case .postfix, .unary:
      return node.operation == .minusMinus && file[node.a].kind == .name && isPositive(local: file[node.a].a)
    case .binary where node.operation == .greater:
      return file[node.b].kind == .number && file[node.b].a == 0 && file[node.a].kind != .binary && beginsTrue(node.a)
    case .binary where node.operation == .less:
      let counter = file[node.a].kind == .postfix ? file[node.a].a : node.a
      guard file[counter].kind == .name, let start = lastStore(file[counter].a), file[start].kind == .number,
        file[start].a == 0
      else { return false }
      return isConstant(node.b, positive: true)
    default: return false
    }
  }

  /// A constant, or a local that is one so far.
  private func isPositive(_ id: NodeID) -> Bool {
    isConstant(id, positive: true) || file[id].kind == .name && isPositive(local: file[id].a)
  }

  private func isPositive(local name: Int32) -> Bool {
    lastStore(name).map { isConstant($0, positive: true) } == true
  }

  /// What the last statement of this block that mentions the local stores in it; nil where it does something else.
  private func lastStore(_ name: Int32) -> NodeID? {
    for statement in preceding.reversed() where mentions(statement, name) { return stores(statement, name) }
    return nil
  }

  /// The value that a statement does no more than store in a local.
  private func stores(_ statement: NodeID, _ name: Int32) -> NodeID? {
    let node = file[statement]
    switch node.kind {
    case .declaration:
      let variable = file.list(node.a, node.b).first { file[$0].kind == .variable && file[$0].a == name }
      return variable.flatMap { file[$0].c >= 0 ? file[$0].c : nil }
    case .expressionStatement:
      let store = file[node.a]
      guard store.kind == .assign, store.operation == .equal, file[store.a].kind == .name, file[store.a].a == name
      else { return nil }
      return store.b
    default: return nil
    }
  }

  private func mentions(_ id: NodeID, _ name: Int32) -> Bool {
    guard id >= 0 else { return false }
    let node = file[id]
    if node.kind == .name || node.kind == .variable, node.a == name { return true }
    return file.children(of: id).contains { mentions($0, name) }
  }

  private func isConstant(_ id: NodeID, positive: Bool) -> Bool {
    let node = file[id]
    switch node.kind {
    case .number: return !positive || node.a > 0
    case .name, .call: return file.tokens[Int(node.token)].traits.contains(.upperCase)
    case .binary where !node.operation.isComparison:
      return isConstant(node.a, positive: positive) && isConstant(node.b, positive: false)
    default: return false
    }
  }
}
