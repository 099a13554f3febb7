import KernelC

/// The ways out of a function, and what they leave.
extension Explorer {
  /// Notes what a way out returns and what it leaves open.
  mutating func leave(_ value: NodeID, _ statement: NodeID, _ state: PathState) {
    let values = value >= 0 ? self.values(of: value, state) : .any
    var state = state
    dropReturned(value, &state)
    settleOwned(value, statement, values, &state)
    // Nobody has to undo what was done with nothing.
    let missing = Set(state.facts.filter { $0.values == .zero }.map(\.key))
    state.held.removeAll { pair in
      guard pair.kind == .pair, !missing.isEmpty, let pairing = pairs[pair.site] else { return false }
      return missing.contains(pairing.resource) || !pairing.stored.isDisjoint(with: missing)
    }
    let isPending = solver.names.pendings.contains(returnedConstant(value, state))
    // A path on which the pointer is NULL does not concern callers that pass one.
    for position in 0..<min(scope.definition.parameters.count, 64)
    where scope.definition.parameters[position].type.isPointer {
      let place = solver.places.intern(.parameter, -1, Int32(position))
      if state.values(of: place) == .zero { state.written |= 1 << UInt64(position) }
    }
    let key = ExitKey(
      statement: statement, value: value, values: values, held: state.held, closed: state.closed,
      written: state.written, failed: state.failed, isPending: isPending)
    guard exitsSeen.insert(key).inserted else { return }
    facts.exits.append(
      ExitEvent(
        statement: statement, value: value, values: values, held: state.held, unsure: state.forgotten,
        closed: state.closed, written: state.written, failed: state.failed, isPending: isPending))
  }

  /// The name of the constant that is returned on this path; none for anything else.
  mutating func returnedConstant(_ value: NodeID, _ state: PathState) -> Symbol {
    guard value >= 0 else { return .none }
    let place = place(of: value)
    // A name is 4n + 2 (see `constant`), and the complement of that behind a minus.
    let known = constant(value) ?? (place >= 0 ? state.constant(of: place) : 0)
    switch known & 3 {
    case 2 where known > 0: return Symbol(Int32(truncatingIfNeeded: known >> 2))
    case 1 where known < 0: return Symbol(Int32(truncatingIfNeeded: ~known >> 2))
    default: return .none
    }
  }
}
