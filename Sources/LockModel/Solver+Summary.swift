import KernelC

extension Solver {
  func summarise(_ facts: FunctionFacts) -> Summary {
    var summary = Summary()
    summary.exits = exits(facts)
    summary.mayDrop = mayDrop(facts, summary.exits)
    summary.keeps = kept(facts)
    summary.requires = requirements(facts)
    let file = program.file(of: facts.id)
    // What assembly reads and writes is not known.
    let hasAssembly = program.definition(facts.id).nodes.contains { file[$0].kind == .assembly }
    summary.returns = returns(facts, hasAssembly: hasAssembly)
    if !facts.isApproximate, !program.definition(facts.id).isMacro, !hasAssembly { summary.loads = facts.loads }
    if program.definition(facts.id).isInline, facts.calls.count < 8 {
      summary.closes = facts.calls.compactMap { call in
        guard call.callee.exists, let first = call.arguments.first, places.isPortable(first) else { return nil }
        return Closing(name: call.callee, resource: first)
      }
    }
    if !hasAssembly { summarisePointers(facts, &summary) }
    summary.callbacks = callbackCalls(facts)
    summary.mayAcquire = acquisitions(facts)
    summary.sleeps = sleepChain(facts)
    summary.retaken = retaken(facts)
    return summary
  }

  private func exits(_ facts: FunctionFacts) -> [SummaryExit] {
    guard !facts.isPartial, !facts.isApproximate else { return [] }
    let definition = program.definition(facts.id)
    var byEffects: [(effects: [LockEffect], values: ValueSet)] = []
    for exit in facts.exits {
      let effects = exit.held.compactMap { held -> LockEffect? in
        guard held.kind != .pair || definition.isInline, places.isPortable(held.place)
        else { return nil }
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

  /// The kinds of locks that a function may drop for its caller.
  func dropped(by id: FunctionID) -> Set<LockKind> {
    guard let facts = facts(id) else { return [] }
    return Set(facts.dropped.values).union(facts.unsettled.values)
  }

  /// The locks that a function may drop for whoever calls it, where its arguments are not known.
  func drops(of id: FunctionID) -> [LockEffect] {
    guard let facts = facts(id) else { return [] }
    return facts.dropped.merging(facts.unsettled) { first, _ in first }.sorted { $0.key < $1.key }.map { place, kind in
      let isGlobal = places.root(of: place)?.kind == .global
      return LockEffect(
        place: isGlobal ? place : byMember(place), kind: kind, mode: .exclusive, balance: -1)
    }
  }

  private func byMember(_ place: Place) -> Place {
    guard place >= 0, places[place].kind == .member else { return -1 }
    return places.intern(.member, places.intern(.global, -1, names.someObject.rawValue), places[place].value)
  }

  /// A lock as callers can name it: by its member alone where the object is none that they know; -1 where that says nothing.
  func anyObjects(_ place: Place) -> Place {
    places.isPortable(place) ? place : byMember(place)
  }

  /// Locks of a caller of which nothing is known after the call.
  private func mayDrop(_ facts: FunctionFacts, _ exits: [SummaryExit]) -> [LockEffect] {
    let open = exits.isEmpty ? facts.dropped.merging(facts.unsettled) { first, _ in first } : facts.unsettled
    var result = open.sorted { $0.key < $1.key }.map {
      LockEffect(place: anyObjects($0.key), kind: $0.value, mode: .exclusive, balance: -1)
    }
    for place in facts.releases where !exits.contains(where: { $0.effects.contains { $0.place == place } }) {
      result.append(LockEffect(place: place, kind: facts.dropped[place] ?? .spin, mode: .exclusive, balance: -1))
    }
    return result
  }

  /// The locks that some way out leaves taken in an object that is not a caller's.
  private func kept(_ facts: FunctionFacts) -> Set<Symbol> {
    let held = facts.exits.flatMap(\.held).filter { $0.balance > 0 && $0.kind != .pair && !$0.kind.isSection }
    let own = Set(held.filter { !places.isPortable($0.place) }.map { lastMember(of: $0.place) }.filter(\.exists))
    // What callees leave so, this function hands on if it returns what they return.
    guard program.definition(facts.id).returnType.isPointer else { return own }
    let unsure = facts.exits.flatMap(\.unsure).filter { places[$0].kind == .member && isSomeObject(places[$0].base) }
    return own.union(unsure.map { Symbol(places[$0].value) })
  }

  private func isSomeObject(_ place: Place) -> Bool {
    place >= 0 && places[place].kind == .global && Symbol(places[place].value) == names.someObject
  }

  private func returns(_ facts: FunctionFacts, hasAssembly: Bool) -> ValueSet? {
    // What a macro pastes together is not evaluated.
    guard !facts.isPartial, !facts.exits.isEmpty, !program.definition(facts.id).isMacro else { return nil }
    let file = program.file(of: facts.id)
    var result: ValueSet = []
    for exit in facts.exits {
      guard exit.value >= 0 else { return nil }
      // Any local may be an operand.
      if hasAssembly, file[exit.value].kind == .name, !isCapital(exit.value, file) { return nil }
      result.formUnion(exit.values)
    }
    return result == .any ? nil : result
  }

  private func isCapital(_ id: NodeID, _ file: ParsedFile) -> Bool {
    file.tokens[Int(file[id].token)].traits.contains(.upperCase)
  }

  private func summarisePointers(_ facts: FunctionFacts, _ summary: inout Summary) {
    guard !facts.isPartial, !facts.isApproximate, !facts.exits.isEmpty else { return }
    let definition = program.definition(facts.id)
    for (position, parameter) in definition.parameters.enumerated()
    where position < 64 && parameter.type.pointers > 0 && !parameter.type.isConstant {
      let bit = UInt64(1) << UInt64(position)
      if definition.tokens.count > Self.stubTokens, !mentions(parameter.name, in: facts.id) {
        summary.ignores.insert(position)
        continue
      }
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

  /// A body of no more tokens may stand in for a real one in another configuration.
  private static let stubTokens = 60

  private func mentions(_ parameter: Symbol, in id: FunctionID) -> Bool {
    guard parameter.exists else { return true }
    let file = program.file(of: id)
    return program.definition(id).nodes.contains { file[$0].kind == .name && Symbol(file[$0].a) == parameter }
  }

  // MARK: Sleeping

  /// Whether a call in the function `id` sleeps by itself, whatever is held.
  public func sleepsItself(_ name: Symbol, _ arguments: [NodeID], in id: FunctionID) -> Bool {
    let file = program.file(of: id)
    if names.powerSleepers.contains(name), resumesInInterrupts(file) { return false }
    if names.sleepers.contains(name) { return true }
    if let position = names.polls[name] {
      return position < arguments.count
        && !(file[arguments[position]].kind == .number && file[arguments[position]].a == 0)
    }
    let definitions = program.definitions(of: name)
    // A body that sleeps on some paths only has callers that may come to them.
    if interface.documentedSleepers.contains(name),
      definitions.allSatisfy({ isStub($0) || !program.file(of: $0).path.hasSuffix(".h") })
    {
      return true
    }
    if interface.sleepers.contains(name), definitions.allSatisfy(isStub) { return true }
    func mayWait(_ argument: NodeID) -> Bool {
      file[argument].kind == .name && names.gfpKernel.contains(Symbol(file[argument].a))
    }
    if let position = names.allocates[name] { return position < arguments.count && mayWait(arguments[position]) }
    guard arguments.contains(where: mayWait) else { return false }
    // Whoever is told that it may wait for memory may sleep; what drops the caller's lock first is judged by its body.
    let text = program.symbols.text(name)
    if text.hasPrefix("__xa_") || text.hasPrefix("mas_") || text.contains("gfp") || text.contains("zone") {
      return false
    }
    guard !definitions.isEmpty else { return true }
    guard !names.selfContained.contains(name),
      let target = program.resolve(name, fromFile: Int(program.functions[Int(id.rawValue)].file))
    else { return false }
    return arguments.indices.contains { mayWait(arguments[$0]) && allocates(target, with: $0, 0) }
  }

  /// Whether a function wakes a device, which sleeps unless the device says otherwise.
  public func isPowerSleeper(_ name: Symbol) -> Bool { names.powerSleepers.contains(name) }

  /// Whether a definition stands in a header for a configuration in which the function does nothing.
  private func isStub(_ id: FunctionID) -> Bool {
    let definition = program.definition(id)
    return definition.isInline && program.file(of: id).path.hasSuffix(".h")
      && definition.tokens.count < Self.stubTokens && scopes(id).calls.isEmpty
  }

  /// Whether a file says that its devices are resumed and suspended with interrupts disabled.
  private func resumesInInterrupts(_ file: ParsedFile) -> Bool {
    if let known = interruptSafe[file.path] { return known }
    let result = file.tokens.contains { $0.symbol == names.interruptSafe }
    interruptSafe[file.path] = result
    return result
  }

  /// Whether a function hands the mask that it is given to an allocator, at a few levels of calls.
  private func allocates(_ id: FunctionID, with position: Int, _ depth: Int) -> Bool {
    let parameters = program.definition(id).parameters
    guard depth < 3, position < parameters.count, parameters[position].type.name == names.gfpType,
      let facts = facts(id), facts.dropped.isEmpty
    else { return false }
    let file = program.file(of: id)
    return facts.calls.contains { call in
      let arguments = Array(file.list(file[call.node].b, file[call.node].c))
      return arguments.indices.contains { index in
        guard file[arguments[index]].kind == .name, Symbol(file[arguments[index]].a) == parameters[position].name else {
          return false
        }
        if let mask = names.allocates[call.callee] { return mask == index }
        return call.targets.count == 1 && allocates(call.targets[0], with: index, depth + 1)
      }
    }
  }

  func sleepChain(_ facts: FunctionFacts) -> [ChainStep]? {
    if dropped(by: facts.id).contains(where: \.isAtomic) { return nil }
    func dropsSomething(_ held: [HeldLock]) -> Bool { held.contains { $0.balance < 0 } }
    let scope = scopes(facts.id)
    let always = scope.unconditional.filter { scope.file[$0].token < scope.firstAlternative }
    for event in facts.acquires
    where event.sleeps && event.conditions.isEmpty && !dropsSomething(event.held) && always.contains(event.node) {
      return [ChainStep(function: facts.id, node: event.node)]
    }
    let file = program.file(of: facts.id)
    for call in facts.calls
    where !dropsSomething(call.held) && always.contains(call.node)
      && call.conditions.allSatisfy({ isGiven($0, in: facts.id) })
    {
      let node = file[call.node]
      if sleepsItself(call.callee, Array(file.list(node.b, node.c)), in: facts.id) {
        return [ChainStep(function: facts.id, node: call.node)]
      }
      guard call.targets.count == 1, !call.isIndirect, !names.selfContained.contains(call.callee),
        let chain = summary(call.targets[0])?.sleeps,
        chain.count < Self.chainLimit
      else { continue }
      return [ChainStep(function: facts.id, node: call.node)] + chain
    }
    return nil
  }
}
