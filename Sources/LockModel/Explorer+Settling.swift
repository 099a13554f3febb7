import ByteText
import KernelC

/// What calls mean for the pairs that are open.
extension Explorer {
  /// `foo_unlock()` does not do what `foo_resume()` does.
  private func isOnlyUnlock(_ name: Symbol, _ closers: Set<Symbol>) -> Bool {
    let text = solver.program.symbols.text(name)
    guard text.hasSuffix("_unlock") else { return false }
    let prefix = text.dropLast(6)
    return closers.contains { closer in
      let other = solver.program.symbols.text(closer)
      return other.hasPrefix(prefix) && !other.holds("unlock") && !other.dropFirst(prefix.count).contains("_")
    }
  }

  /// Part of the closer's name: `mddev_unlock` does half of what `mddev_unlock_and_resume` does.
  private func isPart(_ name: Symbol, of closers: Set<Symbol>) -> Bool {
    let symbols = solver.program.symbols
    let double = closers.map(symbols.text).filter { $0.holds("_and_") }
    guard !double.isEmpty else { return false }
    let words = Set(symbols.text(name).split(separator: "_"))
    return double.contains { words.isSubset(of: $0.split(separator: "_")) }
  }

  /// Whether a callee may undo the pair through what it is given of it; one that is not known may.
  private func mayClose(
    _ target: FunctionID?, _ pairing: Pairing, _ arguments: [Place], byName disposes: Bool
  ) -> Bool {
    guard let target else { return true }
    // What it finds itself, as the cursor of an iterator, it puts itself.
    if pairing.isStrict, pairing.isOutput, pairing.isReference { return solver.mayEnd(target, .max, pairing.closers) }
    let closers = pairing.closers.union(pairing.relatives)
    guard pairing.isResult, !disposes else { return solver.mayCall(target, closers, orIndirect: pairing.isResult) }
    var given: UInt64 = 0
    for (position, argument) in arguments.enumerated() where argument >= 0 && position < 64 {
      let isPart = ([pairing.resource] + pairing.stored).contains {
        solver.places.depends(argument, on: $0) || solver.places.depends($0, on: argument)
      }
      if isPart { given |= 1 << UInt64(position) }
    }
    return solver.mayEnd(target, given, closers)
  }

  /// A number that is read out of the thing: whoever is given it has nothing of the thing.
  private mutating func isNumber(_ argument: Place) -> Bool {
    guard argument >= 0, solver.places[argument].kind == .member, let type = type(of: argument) else { return false }
    return !type.isPointer && type.arrays == 0 && [.integer, .boolean, .enumeration].contains(type.base)
  }

  /// Whether a closer that is given `argument` undoes the pair.
  private func isMeant(_ argument: Place, by pairing: Pairing) -> Bool {
    if argument == pairing.resource || pairing.stored.contains(argument) || pairing.others.contains(argument) {
      return true
    }
    guard argument >= 0 else { return false }
    let places = solver.places
    let step = places[argument]
    // `unregister(*major)` gives back what `alloc(major)` has filled.
    if step.kind == .pointee, step.base == pairing.resource { return true }
    if pairing.isResult { return step.kind == .address && places.depends(argument, on: pairing.resource) }
    return !pairing.isKnown
      && (places.depends(argument, on: pairing.resource) || places.depends(pairing.resource, on: argument))
  }

  /// Whoever is given the address of a variable that the resource was stored in may take it out.
  private func isAddress(_ argument: Place, ofOneIn stored: Set<Place>) -> Bool {
    guard !stored.isEmpty, argument >= 0 else { return false }
    let step = solver.places[argument]
    return step.kind == .address && stored.contains(step.base)
  }

  /// `list_add(&foo->node, …)`: others find the object now, and with it what its members hold.
  private mutating func isInObject(_ pairing: Pairing, _ arguments: [Place]) -> Bool {
    guard let first = arguments.first, first >= 0, let object = solver.places.root(of: first) else { return false }
    if pairing.isResult, object.kind == .local, isMade(Symbol(object.value), from: pairing.resource) { return true }
    return ([pairing.resource] + pairing.stored).contains {
      solver.places[$0].kind == .member && solver.places.root(of: $0) == object
    }
  }

  /// Whether an argument is the local that the resource is a part of, its address, or another part of it.
  private func sharesRoot(_ arguments: [Place], _ resource: Place) -> Bool {
    guard let root = solver.places.root(of: resource) else { return false }
    return arguments.contains { $0 >= 0 && solver.places.root(of: $0) == root }
  }

  /// `foo = to_foo(object);`: another name for the object, or for what it is in.
  mutating func isMade(_ name: Symbol, from resource: Place) -> Bool {
    guard solver.places[resource].kind == .local else { return false }
    let views = viewsOf[resource] ?? findViews(Symbol(solver.places[resource].value))
    viewsOf[resource] = views
    return views.contains(name)
  }

  /// The locals that take what some call makes of another one.
  private func findViews(_ object: Symbol) -> Set<Symbol> {
    var views: Set<Symbol> = []
    for id in scope.definition.nodes {
      let node = scope.file[id]
      let name: Symbol
      let value: NodeID
      switch node.kind {
      case .assign where scope.file[node.a].kind == .name:
        (name, value) = (Symbol(scope.file[node.a].a), uncast(node.b))
      case .variable where node.c >= 0: (name, value) = (Symbol(node.a), uncast(node.c))
      default: continue
      }
      guard scope.file[value].kind == .call else { continue }
      let isGiven = scope.file.list(scope.file[value].b, scope.file[value].c).contains {
        scope.file[$0].kind == .name && Symbol(scope.file[$0].a) == object
      }
      if isGiven { views.insert(name) }
    }
    return views
  }

  /// `SCTP_CHUNK(chunk)`: wraps what it is given.
  private func isConstructor(_ name: Symbol) -> Bool {
    solver.program.symbols.text(name).first?.isUppercase == true
  }

  /// Works on what it is given and leaves it to its owner. What a callee makes of a node it does not make of memory.
  private func isLent(_ name: Symbol, _ pairing: Pairing) -> Bool {
    solver.isBorrower(name) || pairing.isReference && solver.borrowsReference(name)
  }

  /// Whether a teardown goes by something that the opener was given too, or by nothing.
  private mutating func sharesArgument(_ opener: NodeID, _ arguments: [Place]) -> Bool {
    if arguments.isEmpty { return true }
    guard scope.file[opener].kind == .call else { return true }
    for argument in scope.file.list(scope.file[opener].b, scope.file[opener].c) where constant(argument) == nil {
      let place = place(of: argument)
      if place >= 0, arguments.contains(place) { return true }
    }
    return false
  }

  /// Whether only a local of the function leads to what one of the kernel's own getters or allocators returned.
  private func isPrivate(_ pairing: Pairing) -> Bool {
    pairing.isResult && (pairing.isReference || pairing.isStrict) && pairing.stored.isEmpty
      && solver.places[pairing.resource].kind == .local
  }

  /// Whether a closer of the pair surely runs behind the call, and not only where the call has failed: the call kept nothing.
  private mutating func isClosedBehind(_ call: NodeID, _ opener: NodeID, _ pairing: Pairing) -> Bool {
    let token = scope.file[call].token
    return pairing.isResult && closerRuns(of: opener, pairing).before.contains { $0.contains(token) }
  }

  /// Whether a closer of the pair stands in front of the call, and control goes from the one to the other: what both run for
  /// does not end the thing a second time.
  private mutating func isBehindCloser(_ call: NodeID, _ opener: NodeID, _ pairing: Pairing) -> Bool {
    let token = scope.file[call].token
    return closerRuns(of: opener, pairing).behind.contains { $0.contains(token) }
  }

  /// The stretches of text before and behind the closers of a pair that stand in one block with them, up to where control
  /// leaves it.
  struct CloserRuns {
    var before: [Range<UInt32>] = []
    var behind: [Range<UInt32>] = []
  }

  private mutating func closerRuns(of opener: NodeID, _ pairing: Pairing) -> CloserRuns {
    if let known = runsOfClosers[opener] { return known }
    var runs = CloserRuns()
    for block in scope.definition.nodes where scope.file[block].kind == .block {
      var start: UInt32?
      var closed: UInt32?
      for statement in scope.file.list(scope.file[block].a, scope.file[block].b) {
        let node = scope.file[statement]
        if [.returnStatement, .gotoStatement, .breakStatement, .continueStatement].contains(node.kind) {
          if let closed { runs.behind.append(closed..<node.token) }
          (start, closed) = (nil, nil)
          continue
        }
        let begin = start ?? node.token
        start = begin
        guard node.kind == .expressionStatement, scope.file[node.a].kind == .call,
          pairing.closers.contains(calleeName(node.a)),
          scope.file.list(scope.file[node.a].b, scope.file[node.a].c).contains(where: {
            isMeant(place(of: $0), by: pairing)
          })
        else { continue }
        if begin < node.token { runs.before.append(begin..<node.token) }
        closed = closed ?? scope.file[node.a].token + 1
      }
    }
    runsOfClosers[opener] = runs
    return runs
  }

  /// What a call means for the pairs that are open; those that it keeps when it succeeds are returned, and stay.
  ///
  /// With `onlyByName`, no more than what its name undoes.
  mutating func settlePairs(
    _ node: NodeID, _ name: Symbol, _ arguments: [Place], _ target: FunctionID?, onlyByName: Bool = false,
    _ state: inout PathState
  ) -> [Place] {
    guard state.held.contains(where: { $0.kind == .pair }), !solver.names.looks.contains(name), !solver.isLog(name)
    else { return [] }
    var kept: [Place] = []
    let mayFail = mayKeepOnSuccess(node, name)
    let traits = solver.pairing.traits(of: name, solver.program.symbols)
    let isAction = solver.isDeferredAction(name)
    let numbers = arguments.map { isNumber($0) }
    let isTeardown = traits.disposes && target.map { solver.program.file(of: $0).path == scope.file.path } ?? false
    let missing = hasInnerPairs ? Set(state.facts.filter { $0.values == .zero }.map(\.key)) : []
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site] ?? lentPairs[held.site], held.site != node else {
        return false
      }
      if pairing.isInner, solver.names.frees.contains(name), let object = solver.places.root(of: pairing.resource),
        let first = arguments.first, first >= 0, solver.places[first] == object
      {
        if !missing.contains(pairing.resource) { orphans.insert(OrphanedPair(opener: held.site, end: node)) }
        return true
      }
      if pairing.closers.contains(name) {
        if arguments.isEmpty || !pairing.isBare && arguments.contains(where: { isMeant($0, by: pairing) }) {
          // By another argument than the one that the pair goes by, it is a guess: no proof that others forget it.
          let isSure =
            pairing.isKnown || pairing.isResult || pairing.isBare
            || arguments.contains { $0 == pairing.resource || pairing.stored.contains($0) }
          if isSure, !state.closed.contains(held.place) { state.closed.append(held.place) }
          return true
        }
        return false
      }
      if traits.disposes, isBehindCloser(node, held.site, pairing) { return false }
      if pairing.isResult, solver.worksOnPage(name) { return false }
      if onlyByName || pairing.opensOnFailure && name == solver.names.kfree { return false }
      let touches = arguments.enumerated().contains { position, argument in
        argument >= 0 && !numbers[position]
          && (solver.places.depends(argument, on: pairing.resource)
            || solver.places.depends(pairing.resource, on: argument))
      }
      if arguments.contains(where: { isAddress($0, ofOneIn: pairing.stored) }) { return true }
      if pairing.isReference, arguments.contains(pairing.resource),
        PairingTable.consumesStart(solver.program.symbols.text(name))
      {
        return true
      }
      if isAction || traits.disposes && endsByCallback(arguments, pairing) { return true }
      if pairing.isTorn, isReferenceDropped(name, arguments, pairing) { return true }
      if isTeardown, touches || !isPrivate(pairing) || sharesArgument(held.site, arguments), let target,
        solver.mayCall(target, pairing.closers, orIndirect: false)
      {
        return true
      }
      if pairing.isResult, traits.isEnd, arguments.first == pairing.resource { return true }
      if traits.links, pairing.isResult, isInObject(pairing, arguments) { return true }
      // A cleanup that takes no argument works on globals.
      if let target, solver.places.root(of: pairing.resource)?.kind == .global,
        solver.mayCall(target, pairing.closers, orIndirect: false)
      {
        return true
      }
      if !pairing.isResult, isPart(name, of: pairing.closers) || isOnlyUnlock(name, pairing.closers) { return false }
      let isOthers = target == nil && isCloserOfAnother(name, pairing)
      if touches, !isOthers, traits.disposes || target != nil,
        mayClose(target, pairing, arguments, byName: traits.disposes)
      {
        return true
      }
      // What is kept in an object may go with it; what was switched on does not go off with what knows of it.
      let isInside =
        pairing.isResult
        && pairing.stored.contains { stored in
          arguments.contains { $0 >= 0 && solver.places.depends(stored, on: $0) }
        }
      if isInside, !name.exists || traits.disposes || target != nil,
        mayClose(target, pairing, arguments, byName: traits.disposes)
      {
        return true
      }
      // Whoever is shown the cursor of an iterator and keeps it takes a reference of its own.
      let isKept: Bool
      // Whoever is shown the structure may take the reference out of it.
      if pairing.isStrict, pairing.isOutput {
        return sharesRoot(arguments, pairing.resource) && !solver.isHarmless(name) && !isLent(name, pairing)
      }
      if pairing.isStrict, touches, held.place == owned, borrowsBuffer(name) { return false }
      if pairing.isStrict, touches {
        guard pairing.isResult, !solver.isHarmless(name), !isLent(name, pairing) else { return false }
        // Of a function that is not at hand, its name says whether it keeps a reference; memory it may always keep.
        isKept =
          target.map { solver.mayKeep($0, arguments, pairing.resource) }
          ?? (!pairing.isReference || !name.exists || traits.transfers || traits.disposes || isConstructor(name))
      } else {
        isKept =
          touches && pairing.isResult && !pairing.isKnown && traits.transfers && !solver.isHarmless(name)
          && !(traits.setsData && target == nil && !arguments.contains(pairing.resource))
          && !isLent(name, pairing) && (traits.links || !isClosedBehind(node, held.site, pairing))
          && (target.map { solver.mayKeep($0, arguments, pairing.resource) } ?? true)
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
