import KernelC

extension Solver {
  func summarise(_ facts: FunctionFacts) -> Summary {
    var summary = Summary()
    summary.exits = exits(facts)
    summary.returns = returns(facts)
    summary.requires = requirements(facts)
    if program.definition(facts.id).isInline, facts.calls.count < 8 {
      summary.closes = facts.calls.compactMap { call in
        guard call.callee.exists, let first = call.arguments.first, places.isPortable(first) else { return nil }
        return Closing(name: call.callee, resource: first)
      }
    }
    summarisePointers(facts, &summary)
    summary.mayAcquire = acquisitions(facts)
    summary.sleeps = sleepChain(facts)
    return summary
  }

  private func exits(_ facts: FunctionFacts) -> [SummaryExit] {
    guard !facts.isPartial, !facts.isApproximate else { return [] }
    let definition = program.definition(facts.id)
    var byEffects: [(effects: [LockEffect], values: ValueSet)] = []
    for exit in facts.exits {
      let effects = exit.held.compactMap { held -> LockEffect? in
        guard held.kind != .pair || definition.isInline, places.isPortable(held.place) else { return nil }
        return LockEffect(place: held.place, kind: held.kind, mode: held.mode, balance: held.balance)
      }
      if let index = byEffects.firstIndex(where: { $0.effects == effects }) {
        byEffects[index].values.formUnion(exit.values)
      } else {
        byEffects.append((effects, exit.values))
      }
    }
    return byEffects.map { SummaryExit(values: $0.values, effects: $0.effects) }
  }

  private func returns(_ facts: FunctionFacts) -> ValueSet? {
    // What a macro pastes together is not evaluated.
    guard !facts.isPartial, !facts.exits.isEmpty, !program.definition(facts.id).isMacro else { return nil }
    var result: ValueSet = []
    for exit in facts.exits {
      guard exit.value >= 0 else { return nil }
      result.formUnion(exit.values)
    }
    return result == .any ? nil : result
  }

  private func requirements(_ facts: FunctionFacts) -> [Requirement] {
    var seen: Set<Requirement> = []
    var result: [Requirement] = []
    for event in facts.asserts where !event.isHeldHere && places.isPortable(event.place) {
      let requirement = Requirement(
        place: event.place, lockClass: event.lockClass, mode: event.mode, node: event.node)
      if seen.insert(requirement).inserted { result.append(requirement) }
    }
    return result
  }

  private func summarisePointers(_ facts: FunctionFacts, _ summary: inout Summary) {
    guard !facts.isPartial, !facts.isApproximate, !facts.exits.isEmpty else { return }
    let definition = program.definition(facts.id)
    for (position, parameter) in definition.parameters.enumerated()
    where position < 64 && parameter.type.pointers > 0 && !parameter.type.isConstant {
      let bit = UInt64(1) << UInt64(position)
      var written: ValueSet = []
      var skipped: ValueSet = []
      for exit in facts.exits {
        if exit.written & bit != 0 { written.formUnion(exit.values) } else { skipped.formUnion(exit.values) }
      }
      guard !written.isEmpty else { continue }
      if skipped.isEmpty {
        summary.writesFor[position] = .any
      } else {
        summary.skipsFor[position] = skipped
        summary.writesOn[position] = written
      }
    }
  }

  // MARK: What it may take

  private func acquisitions(_ facts: FunctionFacts) -> [MayAcquire] {
    let kept = Set(facts.exits.flatMap { exit in exit.held.filter { $0.balance > 0 }.map(\.place) })
    var result: [MayAcquire] = []
    var seen: Set<AcquireKey> = []
    func add(_ item: MayAcquire) {
      guard result.count < Self.acquireLimit else { return }
      let key = AcquireKey(
        place: item.place, lockClass: item.lockClass, mode: item.mode, conditions: item.conditions)
      if seen.insert(key).inserted { result.append(item) }
    }
    for event in facts.acquires where !event.isTry && !event.kind.nests {
      // Taking again what was dropped for the caller gives it back.
      if event.held.contains(where: { $0.place == event.place && $0.balance < 0 }) { continue }
      // Taken, never dropped, but not on all ways out: given back to a caller after a callee dropped it.
      if kept.contains(event.place), !facts.released.contains(event.place),
        !facts.exits.allSatisfy({ exit in exit.held.contains { $0.place == event.place && $0.balance > 0 } })
      {
        continue
      }
      let portable = places.isPortable(event.place) ? event.place : -1
      guard portable >= 0 || event.lockClass != nil else { continue }
      add(
        MayAcquire(
          place: portable, lockClass: event.lockClass, kind: event.kind, mode: event.mode, sleeps: event.sleeps,
          conditions: event.conditions, chain: [ChainStep(function: facts.id, node: event.node)]))
    }
    for call in facts.calls where call.targets.count == 1 {
      guard let callee = summary(call.targets[0]) else { continue }
      for item in callee.mayAcquire where item.chain.count < Self.chainLimit {
        guard let lifted = lift(item, call, facts.id) else { continue }
        add(lifted)
      }
    }
    return result
  }

  private struct AcquireKey: Hashable {
    let place: Place
    let lockClass: LockClass?
    let mode: LockMode
    let conditions: [ParameterCondition]
  }

  /// A callee's acquisition in the caller's terms; nil when the arguments rule it out or the lock was dropped before.
  func lift(_ item: MayAcquire, _ call: CallEvent, _ caller: FunctionID) -> MayAcquire? {
    guard isPossible(item.conditions, call) else { return nil }
    let place = places.substitute(item.place, call.arguments)
    if place >= 0, call.held.contains(where: { $0.place == place && $0.balance < 0 }) { return nil }
    let portable = place >= 0 && places.isPortable(place) ? place : -1
    guard place >= 0 || item.lockClass != nil else { return nil }
    return MayAcquire(
      place: portable, lockClass: item.lockClass, kind: item.kind, mode: item.mode, sleeps: item.sleeps,
      conditions: liftedConditions(item.conditions, call),
      chain: [ChainStep(function: caller, node: call.node)] + item.chain)
  }

  /// Whether the arguments allow the path.
  public func isPossible(_ conditions: [ParameterCondition], _ call: CallEvent) -> Bool {
    if conditions.contains(.unknowable) { return false }
    for condition in conditions where condition.parameter < call.values.count {
      if call.values[condition.parameter].isDisjoint(with: condition.values) { return false }
    }
    return true
  }

  private func liftedConditions(_ conditions: [ParameterCondition], _ call: CallEvent) -> [ParameterCondition] {
    var result = call.conditions
    for condition in conditions where condition.parameter < call.arguments.count {
      let place = call.arguments[condition.parameter]
      guard place >= 0, places[place].kind == .parameter else { continue }
      let parameter = Int(places[place].value)
      if let index = result.firstIndex(where: { $0.parameter == parameter }) {
        result[index].values.formIntersection(condition.values)
      } else {
        result.append(ParameterCondition(parameter: parameter, values: condition.values))
      }
    }
    return result
  }

  // MARK: Sleeping

  /// Whether a call sleeps by itself, whatever is held.
  public func sleepsItself(_ name: Symbol, _ arguments: [NodeID], in file: ParsedFile) -> Bool {
    if names.sleepers.contains(name) { return true }
    if interface.sleepers.contains(name), program.definitions(of: name).isEmpty { return true }
    func mayWait(_ argument: NodeID) -> Bool {
      file[argument].kind == .name && names.gfpKernel.contains(Symbol(file[argument].a))
    }
    if let position = names.allocates[name] { return position < arguments.count && mayWait(arguments[position]) }
    // Whoever is told that it may wait for memory may sleep; what has a body is judged by it.
    guard program.definitions(of: name).isEmpty else { return false }
    let text = program.symbols.text(name)
    if text.hasPrefix("__xa_") || text.hasPrefix("mas_") || text.contains("gfp_mask") { return false }
    return arguments.contains(where: mayWait)
  }

  private func sleepChain(_ facts: FunctionFacts) -> [ChainStep]? {
    func dropsSomething(_ held: [HeldLock]) -> Bool { held.contains { $0.balance < 0 } }
    let always = scopes(facts.id).unconditional
    for event in facts.acquires
    where event.sleeps && event.conditions.isEmpty && !dropsSomething(event.held) && always.contains(event.node) {
      return [ChainStep(function: facts.id, node: event.node)]
    }
    let file = program.file(of: facts.id)
    for call in facts.calls
    where call.conditions.isEmpty && !dropsSomething(call.held) && always.contains(call.node) {
      let node = file[call.node]
      if sleepsItself(call.callee, Array(file.list(node.b, node.c)), in: file) {
        return [ChainStep(function: facts.id, node: call.node)]
      }
      guard call.targets.count == 1, !call.isIndirect, let chain = summary(call.targets[0])?.sleeps,
        chain.count < Self.chainLimit
      else { continue }
      return [ChainStep(function: facts.id, node: call.node)] + chain
    }
    return nil
  }
}
