import ByteText
import KernelC

extension Explorer {
  /// A call on one path: primitives change the lock state, known functions by their summaries.
  mutating func call(_ node: NodeID, _ state: PathState) -> [PathState] {
    let item = scope.file[node]
    let name = calleeName(node)
    let argumentNodes = Array(scope.file.list(item.b, item.c))
    noteStatedLock(node, name, argumentNodes, state)
    if let primitive = solver.locks[name], argumentNodes.count > primitive.argument {
      return apply(primitive, node, argumentNodes, state)
    }
    var state = state
    if solver.names.readBarriers.contains(name) { forgetShared(&state) }
    if !name.exists, scope.file[item.a].kind == .member { use(item.a, at: node, isErrorCode: false, state) }
    if name == solver.names.errorCode, let first = argumentNodes.first {
      use(first, at: node, isErrorCode: true, state)
    }
    noteErrorArguments(node, name, argumentNodes, state)
    let arguments = argumentNodes.map { place(of: $0) }
    let callee = self.callee(item, name)
    record(node, name, callee, argumentNodes, arguments, state)
    let summary = callee.isCertain ? solver.summary(callee.targets[0]) : nil
    let filling = summary ?? commonFilling(node, callee)
    noteInterruption(name, arguments, &state)
    // What a wrapper undoes by name counts as closed, before the wrapper itself counts as one that may undo anything.
    for closing in summary?.closes ?? [] {
      let resource = solver.places.substitute(closing.resource, arguments)
      if resource >= 0 { _ = settlePairs(node, closing.name, [resource], nil, onlyByName: true, &state) }
    }
    let kept = settlePairs(node, name, arguments, callee.parameter < 0 ? callee.targets.first : nil, &state)
    noteArguments(node, argumentNodes, filling, callee.isIndirect, &state)
    noteSetting(node, name, argumentNodes, callee, &state)
    for effect in summary?.mayDrop ?? [] { forgetHeld(effect, arguments, &state) }
    if callee.isCertain, summary == nil { forgetReleased(by: callee.targets[0], &state) }
    if solver.names.mapDroppers.contains(name) {
      forgetHeld(state.held.map(\.place).filter { solver.lastMember(of: $0) == solver.names.addressSpaceLock }, &state)
    }
    forgetPassed(argumentNodes, &state)
    noteKept(summary?.keeps ?? [], &state)
    var states = handOver(kept, node, state)
    if let summary {
      states = states.each { apply(summary, node, arguments, $0) }
    }
    if let filling { states = states.each { handOn(node, argumentNodes, filling, $0) } }
    // The head of an iterator opens its pair where a turn begins.
    if let pairing = pairs[node], !(pairing.isKnown && pairing.isResult) {
      states = states.each { open(pairing, node, name, $0) }
    }
    return states
  }

  /// `return ops->read(x, value);` in a small function: what all functions that the member holds do with what they are given.
  private mutating func commonFilling(_ node: NodeID, _ callee: Callee) -> Summary? {
    guard callee.isIndirect, callee.parameter < 0, (2...6).contains(callee.targets.count),
      scope.definition.tokens.count < 100, !scope.definition.isMacro
    else { return nil }
    let arguments = Array(scope.file.list(scope.file[node].b, scope.file[node].c))
    var result = Summary()
    for (position, argument) in arguments.enumerated() {
      guard scope.file[argument].kind == .name, let own = scope.parameters[Symbol(scope.file[argument].a)],
        case let type = scope.definition.parameters[own].type, type.pointers == 1, type.base != .structure,
        !type.isConstant
      else { continue }
      var skipped: ValueSet = []
      var written: ValueSet = []
      for target in callee.targets {
        guard let known = solver.summary(target), let skips = known.skipsFor[position],
          let writes = known.writesOn[position]
        else { return nil }
        skipped.formUnion(skips)
        written.formUnion(writes)
      }
      result.skipsFor[position] = skipped
      result.writesOn[position] = written
    }
    return result.skipsFor.isEmpty ? nil : result
  }

  /// A callee leaves locks of these names taken in an object that it returns, or that it found: some object's lock may be held.
  private mutating func noteKept(_ locks: Set<Symbol>, _ state: inout PathState) {
    guard !locks.isEmpty else { return }
    let object = solver.places.intern(.global, -1, solver.names.someObject.rawValue)
    let kept = locks.map { solver.places.intern(.member, object, $0.rawValue) }.filter { !state.forgotten.contains($0) }
    state.forgotten = (state.forgotten + kept).sorted()
  }

  /// A callee that is still under way, as in a cycle of calls, may drop what its text releases.
  private mutating func forgetReleased(by id: FunctionID, _ state: inout PathState) {
    guard !state.held.isEmpty else { return }
    let other = solver.scopes(id)
    var released: Set<LockKind> = []
    var taken: Set<LockKind> = []
    for call in other.calls where other.file[other.file[call].a].kind == .name {
      guard let primitive = solver.locks[Symbol(other.file[other.file[call].a].a)] else { continue }
      if primitive.operation == .release { released.insert(primitive.kind) } else { taken.insert(primitive.kind) }
    }
    let kinds = released.subtracting(taken).filter { !$0.isSection }
    forgetHeld(state.held.filter { kinds.contains($0.kind) }.map(\.place), &state)
  }

  private mutating func record(
    _ node: NodeID, _ name: Symbol, _ callee: Callee, _ nodes: [NodeID], _ arguments: [Place], _ state: PathState
  ) {
    let conditions = parameterConditions(state, at: node)
    let key = CallKey(node: node, held: state.held, conditions: conditions)
    guard callsSeen.insert(key).inserted else { return }
    noteListAccess(nodes, name, state)
    facts.calls.append(
      CallEvent(
        node: node, callee: name, targets: callee.targets, arguments: arguments,
        values: nodes.map { argumentValues(of: $0, state) }, constants: nodes.map { argumentConstant($0, state) },
        held: state.held, unsure: state.forgotten, conditions: conditions,
        isIndirect: callee.isIndirect, parameter: callee.parameter))
  }

  /// What the path says about the parameters; a condition that a caller cannot check makes it impossible to use.
  ///
  /// Of a node in the outermost block the constants are left out that a branch compared before: all ways come to it.
  func parameterConditions(_ state: PathState, at node: NodeID = -1) -> [ParameterCondition] {
    let isOutermost = scope.unconditional.contains(node)
    var result = state.facts.compactMap { fact -> ParameterCondition? in
      let step = solver.places[fact.key]
      if step.kind == .pointee, step.base >= 0, solver.places[step.base].kind == .parameter { return .unknowable }
      guard step.kind == .parameter else { return nil }
      let constant = !isOutermost && fact.values != .zero && isFlag(fact.key) ? fact.constant : 0
      guard fact.values != .any || constant != 0 else { return nil }
      return ParameterCondition(parameter: Int(step.value), values: fact.values, constant: constant)
    }
    let isFlagged = state.decisions.contains { decision in
      decision.holds
        && (flagConditions.contains(decision.key) || conditionPlaces[decision.key]?.contains { isFlag($0) } ?? false)
    }
    if isFlagged { result.append(.unknowable) }
    if state.isPrivate { result.append(.unreachable) }
    return result
  }

  /// What an argument may be; a name that a macro gives to `true`, `false` or NULL is what it stands for.
  mutating func argumentValues(of id: NodeID, _ state: PathState) -> ValueSet {
    let known = values(of: id, state)
    guard known == .any, scope.file[id].kind == .name, let target = solver.program.aliases[Symbol(scope.file[id].a)]
    else { return known }
    if target == solver.names.falseName || target == solver.names.null { return .zero }
    return target == solver.names.trueName ? .positive : .any
  }

  /// The constant that an argument is, as written or as the path knows it; 0 for anything else.
  mutating func argumentConstant(_ id: NodeID, _ state: PathState) -> Int {
    if let constant = constant(id) { return constant }
    let place = place(of: id)
    return place < 0 ? 0 : state.constant(of: place)
  }

  /// A parameter that is a number: what it selects, a caller decides.
  private func isFlag(_ place: Place) -> Bool {
    let step = solver.places[place]
    guard step.kind == .parameter, Int(step.value) < scope.definition.parameters.count else { return false }
    return !scope.definition.parameters[Int(step.value)].type.isPointer
  }

  /// `&local` arguments: set by the call, or set depending on its result.
  private mutating func noteArguments(
    _ node: NodeID, _ arguments: [NodeID], _ summary: Summary?, _ isIndirect: Bool, _ state: inout PathState
  ) {
    noteMacro(node, &state)
    for (position, argument) in arguments.enumerated() {
      let item = scope.file[uncast(argument)]
      if item.kind == .name, let bit = scope.trackedBits[Symbol(item.a)] {
        // A macro may set it.
        if !isFunctionCall(node) { state.unset &= ~bit }
        continue
      }
      // `list_for_each_entry(*item, …)` and `local_irq_save(*flags)`
      if isTarget(uncast(argument)), !isFunctionCall(node) { noteTouch(uncast(argument), &state) }
      // `f(&p)` through a parameter of ours: what it points to may be another pointer now.
      if item.kind == .name, let type = type(of: place(of: argument)), type.pointers > 1 {
        forgetFacts(solver.places.pointee(of: place(of: argument)), &state)
      }
      if item.kind == .name, let own = scope.parameters[Symbol(item.a)], own < 64 {
        noteHandingOn(own, summary?.loads[position], node, arguments, &state)
        // Handed on: written, unless the callee is known to leave it alone for some results.
        if summary?.skipsFor[position] == nil { state.written |= 1 << UInt64(own) }
        continue
      }
      if item.kind == .name, isLockFlag(Symbol(item.a)),
        type(of: place(of: argument))?.isPointer == true
      {
        forgetHeld(state.held.filter { $0.kind != .pair && !$0.kind.isSection }.map(\.place), &state)
      }
      guard item.kind == .unary, item.operation == .ampersand, scope.file[item.a].kind == .name else { continue }
      // `&locked`: the callee may drop a lock and say so.
      if isLockFlag(Symbol(scope.file[item.a].a)) {
        forgetHeld(state.held.filter { $0.kind != .pair && !$0.kind.isSection }.map(\.place), &state)
      }
      let name = Symbol(scope.file[item.a].a)
      let target = localPlace(name)
      forgetFacts(target, &state)
      guard let bit = scope.trackedBits[name] else { continue }
      let wasUnset =
        state.unset & bit != 0
        || state.pending.contains { item in
          item.bit == bit
            && !(item.result < 0 ? .any : state.values(of: item.result) ?? .any).isDisjoint(with: item.unwrittenFor)
        }
      let isIgnored = summary?.ignores.contains(position) == true
      if state.unset & bit != 0, solver.names.changedInPlace[calleeName(node)] == position { read(item.a, &state) }
      if state.unset & bit != 0 { notePassing(argument, name, node, arguments, summary?.loads[position], state) }
      if state.unset & bit != 0, scope.wholes.contains(name) { noteWhole(argument, name, node, position) }
      state.unset &= ~bit
      state.pending.removeAll { $0.bit == bit }
      // Where the body leaves open for which results it writes, what is known of the kernel decides.
      let isTold = summary.map { known in
        known.skipsFor[position].map { known.writesOn[position]?.isDisjoint(with: $0) == true } ?? true
      }
      let output = isTold == true ? nil : solver.interface.outputs[calleeName(node)]
      if wasUnset, isIndirect ? isIgnoredBySome(node, position) : isIgnored {
        state.pending.append(PathState.Pending(bit: bit, result: -1, unwrittenFor: .any, call: node))
      } else if wasUnset, let output, output.position == position {
        let result = solver.places.intern(.result, -1, node)
        state.pending.append(
          PathState.Pending(bit: bit, result: result, unwrittenFor: output.skippedFor, call: node))
      } else if wasUnset, !isIndirect, var skips = summary?.skipsFor[position], skips != .any,
        summary?.writesOn[position]?.isDisjoint(with: skips) == true
      {
        let result = solver.places.intern(.result, -1, node)
        // `if (err) return err;` says nothing about signs, and errors are negative.
        if skips.contains(.negative) { skips.remove(.positive) }
        state.pending.append(PathState.Pending(bit: bit, result: result, unwrittenFor: skips, call: node))
      }
    }
  }

  /// Whether one of the functions that a pointer may call never looks at what another of them sets.
  private mutating func isIgnoredBySome(_ call: NodeID, _ position: Int) -> Bool {
    let targets = callee(scope.file[call], calleeName(call)).targets
    guard targets.count > 1, targets.count < 9 else { return false }
    let summaries = targets.compactMap { solver.summary($0) }
    let ignoring = summaries.count { $0.ignores.contains(position) }
    return ignoring == 1 && summaries.count == targets.count
      && summaries.allSatisfy {
        $0.ignores.contains(position) || $0.writesFor[position] != nil || $0.writesOn[position] != nil
      }
  }

  /// A structure without a value goes to functions that only look at it.
  private mutating func noteWhole(_ argument: NodeID, _ variable: Symbol, _ call: NodeID, _ position: Int) {
    let targets = callee(scope.file[call], calleeName(call)).targets
    guard let first = targets.first, targets.count < 9 else { return }
    let isRead = targets.allSatisfy { target in
      let definition = solver.program.definition(target)
      guard position < definition.parameters.count, !definition.isMacro else { return false }
      let type = definition.parameters[position].type
      return type.isConstant && type.pointers == 1
    }
    let file = solver.program.file(of: first)
    let definition = solver.program.definition(first)
    guard isRead, passingsSeen.insert(argument).inserted,
      let read = definition.nodes.filter({
        file[$0].kind == .name && Symbol(file[$0].a) == definition.parameters[position].name
      }).min(by: { file[$0].token < file[$1].token })
    else { return }
    facts.unsetPassings.append(
      UnsetPassingEvent(
        node: argument, variable: variable, call: call, chain: [ChainStep(function: first, node: read)], isWhole: true))
  }

  /// A macro sets locals of its user that its text names; one that ends a test looks at what a call returned.
  mutating func noteMacro(_ node: NodeID, _ state: inout PathState) {
    guard !scope.trackedBits.isEmpty else { return }
    let call = scope.file[node]
    let name = calleeName(node)
    if solver.names.assertions.contains(name) {
      let looked = scope.file.list(call.b, call.c).map { place(of: $0) }.filter { $0 >= 0 }
      state.pending.removeAll { looked.contains($0.result) }
    }
    guard let target = solver.program.resolve(name, fromFile: scope.fileIndex) else { return }
    let definition = solver.program.definition(target)
    guard definition.isMacro else { return }
    let file = solver.program.file(of: target)
    for token in definition.tokens {
      if let bit = scope.trackedBits[file.tokens[token].symbol] { state.unset &= ~bit }
    }
  }

  /// A pointer parameter passed on to a callee that writes it only for some results: two ways from here.
  private mutating func handOn(
    _ node: NodeID, _ arguments: [NodeID], _ summary: Summary, _ state: PathState
  ) -> [PathState] {
    var states = [state]
    let result = solver.places.intern(.result, -1, node)
    // A body that leaves one of them alone may leave another alone for the same results.
    for (position, argument) in arguments.enumerated() {
      guard scope.file[argument].kind == .name, let own = scope.parameters[Symbol(scope.file[argument].a)], own < 64,
        let skipped = summary.skipsFor[position], let written = summary.writesOn[position]
      else { continue }
      states = states.flatMap { state -> [PathState] in
        guard state.written & (1 << UInt64(own)) == 0 else { return [state] }
        // What the way out of the callee says of the result holds for both.
        let known = state.values(of: result) ?? .any
        var wrote = state
        wrote.written |= 1 << UInt64(own)
        wrote.set(result, written.intersection(known))
        var left = state
        left.set(result, skipped.intersection(known))
        return [written.isDisjoint(with: known) ? nil : wrote, skipped.isDisjoint(with: known) ? nil : left]
          .compactMap { $0 }
      }
      // More ways than there are results to tell them apart.
      if states.count > 3 { break }
    }
    return states
  }

  /// A flag that says whether a lock is still held.
  private func isLockFlag(_ name: Symbol) -> Bool {
    guard let type = scope.localTypes[name] ?? scope.parameters[name].map({ scope.definition.parameters[$0].type }),
      type.base == .integer || type.base == .boolean
    else { return false }
    return solver.isNamedForLock(name)
  }

  // MARK: Locks

  private mutating func apply(
    _ primitive: LockPrimitive, _ node: NodeID, _ arguments: [NodeID], _ state: PathState
  ) -> [PathState] {
    var state = state
    for argument in arguments {
      if scope.file[argument].kind == .name, let bit = scope.trackedBits[Symbol(scope.file[argument].a)] {
        state.unset &= ~bit
      }
      // `spin_lock_irqsave(&lock, *flags)`
      if isTarget(uncast(argument)) { noteTouch(uncast(argument), &state) }
    }
    var place: Place
    if primitive.argument < 0 {
      place = solver.places.intern(.global, -1, primitive.global.rawValue)
    } else {
      place = solver.places.pointee(of: lockPlace(of: arguments[primitive.argument]))
      if primitive.member.exists, place >= 0 {
        if primitive.structure.exists, type(of: place) == nil {
          hints[place] = CType(base: .structure, name: primitive.structure, pointers: 0)
        }
        place = solver.places.intern(.member, place, primitive.member.rawValue)
      }
    }
    guard place >= 0 else {
      // A lock without a name (an element chosen by a call, say) is not followed.
      if primitive.operation == .release { _ = dropAliases(-1, primitive.kind, &state) }
      return [state]
    }
    switch primitive.operation {
    case .acquire:
      acquire(primitive, place, node, &state, isTry: false)
      return [state]
    case .tryAcquire, .acquireOrFail:
      let isTry = primitive.operation == .tryAcquire
      var taken = state
      acquire(primitive, place, node, &taken, isTry: isTry)
      let result = solver.places.intern(.result, -1, node)
      taken.set(result, isTry ? .positive : .zero)
      state.set(result, isTry ? .zero : .negative)
      return [taken, state]
    case .release:
      release(primitive.kind, primitive.mode, place, node, &state)
      return [state]
    case .downgrade:
      if let index = state.heldIndex(place) { state.held[index].mode = .shared }
      return [state]
    case .assertHeld:
      noteAssert(primitive.kind, primitive.mode, place, node, state)
      return [state]
    }
  }

  mutating func acquire(
    _ primitive: LockPrimitive, _ place: Place, _ node: NodeID, _ state: inout PathState, isTry: Bool
  ) {
    let conditions = parameterConditions(state, at: node)
    let key = CallKey(node: node, held: state.held, conditions: conditions)
    if acquiresSeen.insert(key).inserted {
      facts.acquires.append(
        AcquireEvent(
          node: node, place: place, lockClass: lockClass(of: place, kind: primitive.kind), kind: primitive.kind,
          mode: primitive.mode, sleeps: primitive.sleeps && !isTry, isTry: isTry, held: state.held,
          conditions: conditions))
    }
    state.forgotten.removeAll { $0 == place }
    state.change(place, primitive.kind, primitive.mode, by: 1, site: node)
    noteDereference(place, &state)
  }

  /// Whoever locks `p->lock` knows that `p` is not NULL.
  private mutating func noteDereference(_ place: Place, _ state: inout PathState) {
    var place = place
    while place >= 0 {
      let step = solver.places[place]
      if step.kind == .pointee, step.base >= 0, relevant.contains(step.base) {
        let known = (state.values(of: step.base) ?? .any).intersection(.positive)
        if !known.isEmpty { state.set(step.base, known) }
      }
      place = step.base
    }
  }

  /// A release that meets no acquisition by the same name may mean any lock of its kind that goes by another.
  mutating func dropAliases(_ place: Place, _ kind: LockKind, _ state: inout PathState) -> Bool {
    guard !kind.isSection else { return false }
    let step = place < 0 ? nil : solver.places[place].kind
    let member = solver.lastMember(of: place)
    let gone = state.held.filter { held in
      guard held.balance > 0, held.kind == kind, held.place != place else { return false }
      switch (step, solver.places[held.place].kind) {
      case (.member, .member): return solver.lastMember(of: held.place) == member
      // A variable that is a lock is in no object, and is none of the others.
      case (.global, .member), (.global, .global), (.member, .global): return false
      default: return true
      }
    }.map(\.place)
    return forgetHeld(gone, &state)
  }

  mutating func release(
    _ kind: LockKind, _ mode: LockMode, _ place: Place, _ node: NodeID, _ state: inout PathState
  ) {
    facts.released.insert(place)
    facts.firstRelease[place] = min(facts.firstRelease[place] ?? .max, scope.file[node].token)
    releaseSections(node, &state)
    if state.isHeld(place) {
      if !state.closed.contains(place) { state.closed.append(place) }
    } else if state.forgotten.contains(place) {
      state.forgotten.removeAll { $0 == place }
      return
    } else if dropAliases(place, kind, &state), !solver.places.isPortable(place) {
      return
    } else {
      facts.dropped[place] = kind
    }
    state.change(place, kind, mode, by: -1, site: node)
  }

  /// `spin_unlock_irqrestore()` also ends what `local_irq_save()` began.
  private func releaseSections(_ node: NodeID, _ state: inout PathState) {
    guard state.held.contains(where: { $0.kind == .irq || $0.kind == .softirq }) else { return }
    let name = solver.program.symbols.text(calleeName(node))
    if name.holds("_irqrestore") || name.hasSuffix("_irq") || name.holds("_irq_") {
      state.held.removeAll { $0.kind == .irq }
    }
    if name.hasSuffix("_bh") { state.held.removeAll { $0.kind == .softirq } }
  }
}
