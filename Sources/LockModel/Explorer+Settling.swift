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
      return other.hasPrefix(prefix) && !other.contains("unlock") && !other.dropFirst(prefix.count).contains("_")
    }
  }

  /// Part of the closer's name: `mddev_unlock` does half of what `mddev_unlock_and_resume` does.
  private func isPart(_ name: Symbol, of closers: Set<Symbol>) -> Bool {
    let words = Set(solver.program.symbols.text(name).split(separator: "_"))
    return closers.contains {
      let text = solver.program.symbols.text($0)
      return text.contains("_and_") && words.isSubset(of: text.split(separator: "_"))
    }
  }

  /// Whether a callee may undo the pair; one that is not known may.
  private func mayClose(_ target: FunctionID?, _ pairing: Pairing) -> Bool {
    guard let target else { return true }
    return solver.mayCall(target, pairing.closers.union(pairing.relatives), orIndirect: pairing.isResult)
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
  private func isInObject(_ pairing: Pairing, _ arguments: [Place]) -> Bool {
    guard let first = arguments.first, first >= 0, let object = solver.places.root(of: first) else { return false }
    return ([pairing.resource] + pairing.stored).contains {
      solver.places[$0].kind == .member && solver.places.root(of: $0) == object
    }
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
    let isTeardown = traits.disposes && target.map { solver.program.file(of: $0).path == scope.file.path } ?? false
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site] ?? lentPairs[held.site], held.site != node else {
        return false
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
      if pairing.isResult, solver.worksOnPage(name) { return false }
      if onlyByName || pairing.opensOnFailure && name == solver.names.kfree { return false }
      let touches = arguments.contains { argument in
        argument >= 0
          && (solver.places.depends(argument, on: pairing.resource)
            || solver.places.depends(pairing.resource, on: argument))
      }
      if arguments.contains(where: { isAddress($0, ofOneIn: pairing.stored) }) { return true }
      if isAction || traits.disposes && endsByCallback(arguments, pairing) { return true }
      if pairing.isTorn, isReferenceDropped(name, arguments, pairing) { return true }
      if isTeardown, let target, solver.mayCall(target, pairing.closers, orIndirect: false) { return true }
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
      if touches, !isOthers, traits.disposes || target != nil, mayClose(target, pairing) { return true }
      // What is kept in an object may go with it; what was switched on does not go off with what knows of it.
      let isInside =
        pairing.isResult
        && pairing.stored.contains { stored in
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
