import KernelC

extension Explorer {
  /// Whether the name is that of what undoes another pair: `pm_runtime_disable()` drops no reference.
  func isCloserOfAnother(_ name: Symbol, _ pairing: Pairing) -> Bool {
    guard name.exists else { return false }
    if PairingTable.isPlainCloser(solver.program.symbols.text(name)) { return true }
    return !pairing.isResult && pairs.values.contains { $0.resource == pairing.resource && $0.closers.contains(name) }
  }

  /// Whether the call tells by its result whether it has kept what it was given.
  mutating func mayKeepOnSuccess(_ node: NodeID, _ name: Symbol) -> Bool {
    if discarded.contains(node) { return false }
    if let holder = holders[node], holdsPointer(holder) { return false }
    guard name.exists, let type = solver.returnType(of: name, scope.fileIndex) else { return true }
    return (type.base == .integer || type.base == .boolean) && !type.isPointer
  }

  /// The call that `kept` pairs have been handed to keeps them when it succeeds.
  mutating func handOver(_ kept: [Place], _ node: NodeID, _ state: PathState) -> [PathState] {
    guard !kept.isEmpty else { return [state] }
    var succeeded = state
    succeeded.held.removeAll { kept.contains($0.place) }
    let result = solver.places.intern(.result, -1, node)
    let known = values(of: node, state)
    let type = solver.returnType(of: calleeName(node), scope.fileIndex)
    let failure: ValueSet = type?.base == .boolean ? .zero : .negative
    if known.isDisjoint(with: failure) || solver.cannotFail(calleeName(node), scope.fileIndex) { return [succeeded] }
    var failed = state
    succeeded.set(result, known.subtracting(failure))
    failed.set(result, failure)
    return known == failure ? [failed] : [succeeded, failed]
  }

  /// `kref_put(&foo->ref, foo_release)` where `foo_release` undoes it.
  func endsByCallback(_ arguments: [Place], _ pairing: Pairing) -> Bool {
    arguments.contains { argument in
      guard argument >= 0 else { return false }
      var step = solver.places[argument]
      if step.kind == .address, step.base >= 0 { step = solver.places[step.base] }
      guard step.kind == .global, step.value >= 0, step.base < 0,
        let target = solver.program.resolve(Symbol(step.value), fromFile: scope.fileIndex),
        !solver.program.definition(target).isMacro
      else { return false }
      return solver.mayCall(target, pairing.closers, orIndirect: false)
    }
  }
}
