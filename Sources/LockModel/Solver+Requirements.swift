import KernelC

/// Which locks a function relies on its callers for.
extension Solver {
  /// More requirements than this say nothing that callers should look at.
  private static let requirementLimit = 12

  /// What the function asserts, and what the functions assert that it calls whatever its arguments are.
  func requirements(_ facts: FunctionFacts) -> [Requirement] {
    var result: [Requirement] = []
    func add(_ requirement: Requirement) {
      if let index = result.firstIndex(where: { $0.place == requirement.place && $0.mode == requirement.mode }) {
        if result[index].isWeak, !requirement.isWeak { result[index] = requirement }
      } else if result.count < Self.requirementLimit {
        result.append(requirement)
      }
    }
    for event in facts.asserts where !event.isHeldHere && !event.isConditional && places.isPortable(event.place) {
      // Whoever reads under RCU may do so under another lock as well.
      if event.kind == .rcu, event.isUnderLock { continue }
      if takes(event.place, before: event.node, facts) { continue }
      add(
        Requirement(
          place: event.place, lockClass: event.lockClass, mode: event.mode, isExplicit: event.isExplicit,
          isFirm: !returns(before: event.node, in: facts.id), isWeak: false, function: facts.id, node: event.node))
    }
    guard !facts.isPartial, !facts.isApproximate else { return result }
    let always = scopes(facts.id).unconditional
    for call in facts.calls
    where call.targets.count <= 1 && !call.isIndirect && always.contains(call.node)
      && call.conditions.allSatisfy({ isGiven($0, in: facts.id) })
    {
      let isWeak = returns(before: call.node, in: facts.id)
      for inner in requirements(of: call) {
        if let requirement = inherited(inner, call, isWeak: isWeak || !inner.isFirm, facts) { add(requirement) }
      }
    }
    return result
  }

  /// What a call by name asks of its caller, in the callee's terms: what the body asserts, and what is known by name.
  public func requirements(of call: CallEvent) -> [Requirement] {
    var result = call.targets.first.flatMap { summary($0)?.requires } ?? []
    let relied = call.isIndirect ? nil : call.targets.first.map(reliesOn)
    guard let lock = interface.demands[call.callee] ?? relied, lock.exists else { return result }
    let place = places.intern(.global, -1, lock.rawValue)
    if !result.contains(where: { $0.place == place }) {
      result.append(
        Requirement(
          place: place, lockClass: LockClass(structure: .none, name: lock), mode: .shared,
          isExplicit: interface.demands[call.callee] != nil,
          isFirm: true, isWeak: false, function: nil, node: -1))
    }
    return result
  }

  /// A callee's requirement that the function does nothing about, in its own terms.
  private func inherited(
    _ inner: Requirement, _ call: CallEvent, isWeak: Bool, _ facts: FunctionFacts
  ) -> Requirement? {
    let place = places.substitute(inner.place, call.arguments)
    guard places.isPortable(place), isThroughPointer(place) || places.root(of: place)?.kind == .global else {
      return nil
    }
    let innerClass = inner.lockClass ?? lockClass(of: place, in: facts.id)
    let member = lastMember(of: place)
    func isIt(_ other: Place, _ otherClass: LockClass?) -> Bool {
      other == place || otherClass != nil && otherClass == innerClass || lastMember(of: other) == member
    }
    let isSettled =
      facts.calls.contains { other in
        other.node == call.node
          && (other.unsure.contains { isIt($0, nil) } || other.held.contains { isIt($0.place, nil) })
      } || facts.acquires.contains { isIt($0.place, $0.lockClass) } || facts.dropped.keys.contains { isIt($0, nil) }
    guard !isSettled else { return nil }
    if innerClass?.name == names.rcuSection, call.held.contains(where: { $0.balance > 0 && $0.kind != .pair }) {
      return nil
    }
    return Requirement(
      place: place, lockClass: innerClass, mode: inner.mode, isExplicit: false, isFirm: !isWeak, isWeak: isWeak,
      function: inner.function, node: inner.node)
  }

  /// Whether the function takes the lock in a branch before, and holds it still: `if (unlocked) lock(); assert_held();`.
  private func takes(_ place: Place, before node: NodeID, _ facts: FunctionFacts) -> Bool {
    let file = program.file(of: facts.id)
    let token = file[node].token
    return (facts.firstRelease[place] ?? .max) > token
      && facts.acquires.contains { $0.place == place && file[$0.node].token < token }
  }

  /// Whether the text has a way out before a node.
  private func returns(before node: NodeID, in id: FunctionID) -> Bool {
    let scope = scopes(id)
    return scope.firstExit < scope.file[node].token
  }

  /// Whether a call is one of the statements of the outermost block, not in a branch.
  public func isUnconditional(_ node: NodeID, in id: FunctionID) -> Bool { scopes(id).unconditional.contains(node) }
}
