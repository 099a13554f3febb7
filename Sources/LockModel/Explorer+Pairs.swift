import KernelC

extension Explorer {
  /// Finds the calls whose undoing also stands in this function.
  mutating func findPairs() {
    guard !scope.definition.isMacro else { return }
    findLoops()
    var present: Set<Symbol> = []
    for node in scope.calls where discarded.contains(node) { present.insert(calleeName(node)) }
    for id in scope.definition.nodes {
      let node = scope.file[id]
      if node.kind == .assign, node.operation == .equal { holders[stripped(node.b)] = node.a }
      if node.kind == .variable, node.c >= 0 { holders[stripped(node.c)] = id }
    }
    var budget = Self.pairingBudget
    for node in scope.calls {
      let name = calleeName(node)
      guard name.exists, solver.locks[name] == nil, !consumes(node, holders[node]) else { continue }
      let text = solver.program.symbols.text(name)
      let made = solver.reference(from: name, scope.fileIndex)
      let all = solver.pairing.closers(of: name, solver.program.symbols).union(made?.closers ?? [])
      let closers = all.intersection(present)
      if !all.isEmpty || made != nil { budget -= scope.definition.nodes.count } else { budget -= scope.calls.count }
      if budget < 0 {
        facts.isPartial = true
        return
      }
      if let undoing = solver.pairing.closersOfFailure(name, solver.program.symbols) {
        addFailurePair(node, undoing, isClosed: !closers.isEmpty)
        continue
      }
      guard !closers.isEmpty else {
        if let holder = holders[node], let undoing = disposals(of: holder, name) {
          addPair(node, undoing, holder)
          continue
        }
        if addOutputPair(node, name) { continue }
        if addTornPair(node, name, holders[node]) { continue }
        if !all.isEmpty, let holder = holders[node], PairingTable.isOwned(text) || made != nil {
          addStrictPair(node, all, holder, isReference: PairingTable.isReference(text) || made?.isReference == true)
        } else if PairingTable.isNumber(text) {
          addPair(node, all, nil)
          pairs[node]?.isStrict = true
          // A loop that switches on one after another knows how far it got.
          if let resource = pairs[node]?.resource, solver.hasElement(resource) || isInLoop(node) { pairs[node] = nil }
        }
        noteOthers(node)
        continue
      }
      if let target = solver.program.resolve(name, fromFile: scope.fileIndex), let summary = solver.summary(target),
        summary.exits.contains(where: { exit in exit.effects.contains { $0.kind != .pair } })
      {
        continue
      }
      addPair(node, closers, holders[node])
      if PairingTable.isNumber(text) { noteOthers(node) }
    }
  }

  private func isComputed(_ id: NodeID, from name: Symbol) -> Bool {
    let node = scope.file[id]
    guard node.kind == .binary, !node.operation.isComparison else { return false }
    return [stripped(node.a), stripped(node.b)].contains {
      scope.file[$0].kind == .name && Symbol(scope.file[$0].a) == name
    }
  }

  /// `v4l2_device_register(dev, &foo->v4l2)` is undone by `v4l2_device_unregister(&foo->v4l2)`.
  private mutating func noteOthers(_ node: NodeID) {
    guard let pairing = pairs[node], !pairing.isResult else { return }
    for argument in scope.file.list(scope.file[node].b, scope.file[node].c) where constant(argument) == nil {
      let place = place(of: argument)
      guard place >= 0 else { continue }
      pairs[node]?.others.insert(place)
      if solver.places[place].kind == .address { pairs[node]?.others.insert(solver.places[place].base) }
    }
  }

  /// `p = next(p)`: the call takes what the variable held before.
  private func consumes(_ call: NodeID, _ holder: NodeID?) -> Bool {
    guard let holder, scope.file[holder].kind == .name || scope.file[holder].kind == .variable else { return false }
    let name = Symbol(scope.file[holder].a)
    return scope.file.list(scope.file[call].b, scope.file[call].c).contains { isOrPointsTo($0, name) }
  }

  private func isOrPointsTo(_ argument: NodeID, _ name: Symbol) -> Bool {
    let node = scope.file[argument]
    if node.kind == .unary, node.operation == .ampersand { return isOrPointsTo(node.a, name) }
    return node.kind == .name && Symbol(node.a) == name
  }

  /// What the function calls to get rid of the local that takes what a getter or an allocator returns.
  private mutating func disposals(of holder: NodeID, _ opener: Symbol) -> Set<Symbol>? {
    let item = scope.file[holder]
    let name = Symbol(item.a)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[name]?.isPointer == true,
      scope.assignmentCount[name] == 1 || !scope.otherwiseSet.contains(name),
      PairingTable.soundsLikeOpener(solver.program.symbols.text(opener))
    else { return nil }
    var result: Set<Symbol> = []
    for call in scope.calls where discarded.contains(call) {
      let callee = calleeName(call)
      guard callee.exists, let first = scope.file.list(scope.file[call].b, scope.file[call].c).first,
        isOrHolds(first, name),
        PairingTable.soundsLikeEnd(solver.program.symbols.text(callee)),
        PairingTable.makesMemory(solver.program.symbols.text(opener)) || !solver.names.frees.contains(callee)
      else { continue }
      result.insert(callee)
    }
    return result.isEmpty ? nil : result
  }

  /// `x`, or `&x->dev` as in `put_device(&x->dev)`.
  private func isOrHolds(_ argument: NodeID, _ name: Symbol) -> Bool {
    let node = scope.file[argument]
    if node.kind == .name { return Symbol(node.a) == name }
    guard node.kind == .unary, node.operation == .ampersand else { return false }
    var inner = scope.file[node.a]
    while inner.kind == .member, inner.operation == .dot { inner = scope.file[inner.a] }
    guard inner.kind == .member else { return false }
    return scope.file[inner.a].kind == .name && Symbol(scope.file[inner.a].a) == name
  }

  /// `ret = pm_runtime_get_sync(dev)`: counts even when it fails.
  private mutating func addFailurePair(_ node: NodeID, _ closers: Set<Symbol>, isClosed: Bool) {
    guard let first = scope.file.list(scope.file[node].b, scope.file[node].c).first else { return }
    let resource = place(of: first)
    guard resource >= 0 else { return }
    pairs[node] = Pairing(
      closers: closers, resource: resource, isResult: false, isKnown: true, opensOnFailure: true,
      opensOnSuccess: isClosed)
  }

  private func stripped(_ id: NodeID) -> NodeID {
    scope.file[id].kind == .cast ? stripped(scope.file[id].b) : id
  }

  private mutating func addPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID?) {
    let call = scope.file[node]
    let name = calleeName(node)
    let returnsPointer =
      solver.returnType(of: name, scope.fileIndex)?.isPointer
      ?? (solver.names.allocators.contains(name)
        || (holder != nil && PairingTable.returnsPointer(solver.program.symbols.text(name)))
        || holder.map { holdsPointer($0) } ?? false)
    // In an initialiser it has an owner that is not followed.
    if holder == nil, PairingTable.returnsPointer(solver.program.symbols.text(name)) { return }
    if returnsPointer {
      guard let holder else { return }
      let item = scope.file[holder]
      let name = Symbol(item.a)
      if item.kind == .member { return addMemberPair(node, closers, holder) }
      guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
        !scope.cleanedUp.contains(name), !scope.otherwiseSet.contains(name), item.kind != .variable || item.op & 1 == 0
      else { return }
      let resource = localPlace(name)
      let isClosedHere = scope.calls.contains { call in
        closers.contains(calleeName(call))
          && scope.file.list(scope.file[call].b, scope.file[call].c).contains {
            place(of: $0) == resource || isOrHolds($0, name)
          }
      }
      pairs[node] = Pairing(
        closers: closers, resource: resource, isResult: true, isClosedHere: isClosedHere, isMemory: isMemory(node))
    } else {
      guard let first = scope.file.list(call.b, call.c).first else {
        if solver.soundsLikeLock(name), discarded.contains(node) {
          let resource = solver.places.intern(.global, -1, name.rawValue)
          pairs[node] = Pairing(closers: closers, resource: resource, isResult: false, isBare: true)
        }
        return
      }
      // A count is no resource.
      var resource = place(of: scope.file.list(call.b, call.c).first { constant($0) == nil } ?? first)
      guard resource >= 0 else { return }
      // `request_firmware(&fw, …)` and `release_firmware(fw)`
      let step = solver.places[resource]
      if step.kind == .address, type(of: step.base)?.isPointer == true { resource = step.base }
      if undoesOnDemand(closers, resource) || isUndoneByLoop(node, closers) { return }
      pairs[node] = Pairing(
        closers: closers, resource: resource, isResult: false,
        isKnown: PairingTable.isKnown(solver.program.symbols.text(calleeName(node))))
    }
  }

  /// Every place that undoes it asks the resource first whether there is something to undo: `if (range.start) end(&range);`
  private func undoesOnDemand(_ closers: Set<Symbol>, _ resource: Place) -> Bool {
    guard let root = solver.places.root(of: resource), root.kind == .local else { return false }
    let name = Symbol(root.value)
    var asked: Set<NodeID> = []
    for id in scope.definition.nodes where scope.file[id].kind == .ifStatement {
      guard holds(scope.file[id].a, 0, { scope.file[$0].kind == .name && Symbol(scope.file[$0].a) == name }) else {
        continue
      }
      _ = holds(scope.file[id].b, 0) {
        if scope.file[$0].kind == .call, closers.contains(calleeName($0)) { asked.insert($0) }
        return false
      }
    }
    guard !asked.isEmpty else { return false }
    return scope.calls.allSatisfy { !closers.contains(calleeName($0)) || asked.contains($0) }
  }

  func holds(_ id: NodeID, _ depth: Int, _ isWanted: (NodeID) -> Bool) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    return isWanted(id) || scope.file.children(of: id).contains { holds($0, depth + 1, isWanted) }
  }

  mutating func holdsPointer(_ holder: NodeID) -> Bool {
    let item = scope.file[holder]
    if item.kind == .variable { return scope.localTypes[Symbol(item.a)]?.isPointer ?? false }
    return type(of: place(of: holder))?.isPointer ?? false
  }

  /// Part of the closer's name: `mddev_unlock` does half of what `mddev_unlock_and_resume` does.
  private func isPart(_ name: Symbol, of closers: Set<Symbol>) -> Bool {
    let words = Set(solver.program.symbols.text(name).split(separator: "_"))
    return closers.contains {
      let text = solver.program.symbols.text($0)
      return text.contains("_and_") && words.isSubset(of: text.split(separator: "_"))
    }
  }

  /// `foo_unlock()` does not do what `foo_resume()` does.
  private func isOnlyUnlock(_ name: Symbol, _ closers: Set<Symbol>) -> Bool {
    let text = solver.program.symbols.text(name)
    guard text.hasSuffix("_unlock") else { return false }
    let prefix = text.dropLast(6)
    return closers.contains { closer in
      let other = solver.program.symbols.text(closer)
      return other.hasPrefix(prefix) && !other.contains("unlock") && !other.dropFirst(prefix.count).contains("_")
    }
  }

  /// Whether the call returns memory; a message that is sent is gone whatever comes of it.
  private func isMemory(_ call: NodeID) -> Bool {
    let text = solver.program.symbols.text(calleeName(call))
    return PairingTable.isMaker(text) && !["skb", "msg", "bio", "urb", "cred"].contains { text.contains($0) }
  }

  /// `foo->buffer = kmalloc(…)` in a function that frees `foo->buffer` itself.
  private mutating func addMemberPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID) {
    let resource = place(of: holder)
    guard resource >= 0 else { return }
    for call in scope.calls where closers.contains(calleeName(call)) {
      let arguments = Array(scope.file.list(scope.file[call].b, scope.file[call].c))
      if arguments.contains(where: { place(of: $0) == resource }) {
        pairs[node] = Pairing(
          closers: closers, resource: resource, isResult: true, isClosedHere: true, isMemory: isMemory(node))
        return
      }
    }
  }

  /// A local that holds new memory which this function never frees.
  private mutating func addStrictPair(
    _ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID, isReference: Bool
  ) {
    let item = scope.file[holder]
    let name = Symbol(item.a)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
      scope.localTypes[name]?.isPointer == true, !scope.cleanedUp.contains(name), !scope.addressTaken.contains(name),
      !scope.otherwiseSet.contains(name), item.kind != .variable || item.op & 1 == 0
    else { return }
    // In a table or another variable it has an owner that is not followed.
    for id in scope.definition.nodes {
      let part = scope.file[id]
      let stored: NodeID
      switch part.kind {
      case .designator: stored = part.b
      case .assign where scope.file[part.a].kind == .name: stored = part.b
      case .assign:
        // An address computed from it goes somewhere, or what stands for it.
        if holds(part.b, 0, { isComputed($0, from: name) }) { return }
        let value = scope.file[stripped(part.b)]
        let isView = value.kind == .call || value.kind == .unary && value.operation == .ampersand
        if isView, mentions(part.b, name, 0) { return }
        continue
      case .variable where part.c >= 0: stored = part.c
      default: continue
      }
      // What it points to is another thing.
      if id != holder, stored >= 0, scope.file[stripped(stored)].kind != .member, mentions(stored, name, 0) { return }
    }
    pairs[node] = Pairing(
      closers: closers, resource: localPlace(name), isResult: true, isStrict: true,
      isMemory: isMemory(node), isReference: isReference)
  }

  /// Whether the value is the variable, or an address in what it points to.
  func mentions(_ id: NodeID, _ name: Symbol, _ depth: Int) -> Bool {
    guard id >= 0, depth < 12 else { return false }
    let node = scope.file[id]
    switch node.kind {
    case .name: return Symbol(node.a) == name
    case .cast: return mentions(node.b, name, depth + 1)
    case .unary where node.operation == .ampersand: return mentions(node.a, name, depth + 1)
    case .member, .index: return mentions(node.a, name, depth + 1)
    case .binary where !node.operation.isComparison:
      return mentions(node.a, name, depth + 1) || mentions(node.b, name, depth + 1)
    case .conditional:
      return mentions(node.b >= 0 ? node.b : node.a, name, depth + 1) || mentions(node.c, name, depth + 1)
    case .call:
      let name2 = calleeName(id)
      guard
        solver.names.containers.contains(name2) || solver.isGetter(name2) || solver.names.pageViews.contains(name2)
          || node.c == 1 && solver.program.symbols.text(name2).contains("_to_")
      else { return false }
      return scope.file.list(node.b, node.c).contains { mentions($0, name, depth + 1) }
    default: return false
    }
  }

  /// Whether a callee may undo the pair; one that is not known may.
  private func mayClose(_ target: FunctionID?, _ pairing: Pairing) -> Bool {
    guard let target else { return true }
    return solver.mayCall(target, pairing.closers, orIndirect: pairing.isResult)
  }

  /// What a call means for the pairs that are open; those that it keeps when it succeeds are returned, and stay.
  ///
  /// With `onlyByName`, no more than what its name undoes.
  mutating func settlePairs(
    _ node: NodeID, _ name: Symbol, _ arguments: [Place], _ target: FunctionID?, onlyByName: Bool = false,
    _ state: inout PathState
  ) -> [Place] {
    guard state.held.contains(where: { $0.kind == .pair }), !solver.names.looks.contains(name) else { return [] }
    var kept: [Place] = []
    let mayFail = mayKeepOnSuccess(node, name)
    let traits = solver.pairing.traits(of: name, solver.program.symbols)
    let isAction = solver.isDeferredAction(name)
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site] ?? lentPairs[held.site], held.site != node else {
        return false
      }
      if pairing.closers.contains(name) {
        let isIt =
          pairing.isBare
          ? arguments.isEmpty
          : arguments.contains { argument in
            argument == pairing.resource || pairing.stored.contains(argument) || pairing.others.contains(argument)
              || pairing.isResult && argument >= 0 && solver.places[argument].kind == .address
                && solver.places.depends(argument, on: pairing.resource)
          }
        if isIt {
          if !state.closed.contains(held.place) { state.closed.append(held.place) }
          return true
        }
        return false
      }
      if pairing.isResult, solver.worksOnPage(name) { return false }
      if onlyByName || pairing.opensOnFailure && name == solver.names.kfree { return false }
      let touches = arguments.contains { argument in
        argument >= 0
          && (solver.places.depends(argument, on: pairing.resource)
            || solver.places.depends(pairing.resource, on: argument))
      }
      if isAction || traits.disposes && endsByCallback(arguments, pairing) { return true }
      if pairing.isTorn, isReferenceDropped(name, arguments, pairing) { return true }
      // A cleanup that takes no argument works on globals.
      if let target, solver.places.root(of: pairing.resource)?.kind == .global,
        solver.mayCall(target, pairing.closers, orIndirect: false)
      {
        return true
      }
      if !pairing.isResult, isPart(name, of: pairing.closers) || isOnlyUnlock(name, pairing.closers) { return false }
      let isOthers = target == nil && isCloserOfAnother(name, pairing)
      if touches, !isOthers, traits.disposes || target != nil, mayClose(target, pairing) { return true }
      // What is kept in an object may go with it.
      let isInside = pairing.stored.contains { stored in
        arguments.contains { $0 >= 0 && solver.places.depends(stored, on: $0) }
      }
      if isInside, !name.exists || traits.disposes || target != nil, mayClose(target, pairing) { return true }
      // Whoever is shown the cursor of an iterator and keeps it takes a reference of its own.
      let isKept: Bool
      if pairing.isStrict, touches, held.place == owned, borrowsBuffer(name) { return false }
      if pairing.isStrict, touches {
        guard pairing.isResult, !solver.isHarmless(name), !solver.isBorrower(name) else { return false }
        isKept = target.map { solver.mayKeep($0, arguments, pairing.resource) } ?? true
      } else {
        isKept = touches && pairing.isResult && !pairing.isKnown && traits.transfers && !solver.isHarmless(name)
      }
      if isKept, mayFail, pairing.isMemory {
        kept.append(held.place)
        return false
      }
      return isKept
    }
    return kept
  }
}
