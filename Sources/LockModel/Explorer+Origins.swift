import KernelC

// What a condition says of things that it does not name, or that no caller can know.
extension Explorer {
  /// `bool nested = !locked;` and later `if (nested)`: what is known of the local is known of the parameter that it was made
  /// from, as neither changes in between.
  mutating func restrictOrigin(of id: NodeID, _ truth: Bool, _ state: inout PathState, depth: Int = 0) -> Bool {
    guard scope.file[id].kind == .name, let origin = scope.aliases[Symbol(scope.file[id].a)] else { return true }
    return restrictOrigin(origin, truth, &state, depth + 1)
  }

  private mutating func restrictOrigin(
    _ id: NodeID, _ truth: Bool, _ state: inout PathState, _ depth: Int
  ) -> Bool {
    guard id >= 0, depth < 8 else { return true }
    let node = scope.file[id]
    switch node.kind {
    case .cast: return restrictOrigin(node.b, truth, &state, depth + 1)
    case .unary where node.operation == .bang: return restrictOrigin(node.a, !truth, &state, depth + 1)
    case .binary where node.operation == .ampersandAmpersand && truth,
      .binary where node.operation == .pipePipe && !truth:
      return restrictOrigin(node.a, truth, &state, depth + 1) && restrictOrigin(node.b, truth, &state, depth + 1)
    case .name:
      guard let position = scope.parameters[Symbol(node.a)] else {
        return restrictOrigin(of: id, truth, &state, depth: depth)
      }
      let place = solver.places.intern(.parameter, -1, Int32(position))
      let known = values(of: id, state).intersection(truth ? .nonZero : .zero)
      if known.isEmpty { return false }
      if relevant.contains(place) { state.set(place, known, constant: known == .zero ? 1 : state.constant(of: place)) }
      return true
    default: return true
    }
  }

  /// The parameters that tested locals were made from.
  mutating func findOrigins(_ tests: [Place: Int]) {
    for (name, value) in scope.aliases where tests[localPlace(name)] != nil { noteOrigins(value, 0) }
  }

  private mutating func noteOrigins(_ id: NodeID, _ depth: Int) {
    guard id >= 0, depth < 8 else { return }
    let node = scope.file[id]
    switch node.kind {
    case .cast: noteOrigins(node.b, depth + 1)
    case .unary where node.operation == .bang: noteOrigins(node.a, depth + 1)
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      noteOrigins(node.a, depth + 1)
      noteOrigins(node.b, depth + 1)
    case .name:
      if let position = scope.parameters[Symbol(node.a)] {
        relevant.insert(solver.places.intern(.parameter, -1, Int32(position)))
      }
    default: break
    }
  }

  /// Whether a condition is `flags & X` of a parameter that the function changes, `flags |= Y`.
  func isOfChangedFlag(_ id: NodeID) -> Bool {
    let node = scope.file[id]
    guard node.kind == .binary, node.operation == .ampersand, scope.file[node.a].kind == .name else { return false }
    let name = Symbol(scope.file[node.a].a)
    return scope.parameters[name] == nil
      && scope.definition.parameters.contains { $0.name == name && !$0.type.isPointer }
  }

  /// `current_work() == &x->work`, `WARN_ON(…)`: what runs then runs where none of the callers can be that hold a lock.
  mutating func notePrivacy(_ id: NodeID, _ truth: Bool, _ state: inout PathState) {
    let node = scope.file[id]
    switch node.kind {
    case .binary where node.operation == (truth ? .equalEqual : .bangEqual):
      if isRunning(node.a) || isRunning(node.b) { state.isPrivate = true }
    case .call where truth && solver.names.warnings.contains(calleeName(id)): state.isPrivate = true
    default: break
    }
  }

  /// Asks who runs: which work item.
  private func isRunning(_ id: NodeID) -> Bool { id >= 0 && calleeName(id) == solver.names.runningWork }
}
