import KernelC

extension Explorer {
  /// Finds the branches that only release: `if (locked) unlock();`.
  mutating func findSkippedReleases() {
    guard !scope.branchCalls.isEmpty else { return }
    for (index, block) in flow.blocks.enumerated() {
      for action in block.actions where scope.branchCalls.contains(action.node) {
        guard let primitive = solver.locks[calleeName(action.node)],
          primitive.operation == .release || primitive.operation == .acquire,
          case let arguments = scope.file[action.node], primitive.argument < Int(arguments.c)
        else { continue }
        var place = solver.places.intern(.global, -1, primitive.global.rawValue)
        if primitive.argument >= 0 {
          let argument = Array(scope.file.list(arguments.b, arguments.c))[primitive.argument]
          place = solver.places.pointee(of: lockPlace(of: argument))
          if primitive.member.exists, place >= 0 {
            place = solver.places.intern(.member, place, primitive.member.rawValue)
          }
        }
        guard place >= 0 else { continue }
        if primitive.operation == .release {
          releasesOfBlock[index, default: []].append(place)
        } else {
          // Dropped around a call and taken again.
          releasesOfBlock[index]?.removeAll { $0 == place }
        }
      }
    }
  }

  /// Whoever goes past a branch that only releases a lock says that it is not held.
  mutating func skipping(_ branch: Int, _ taken: Int, _ state: PathState) -> PathState {
    guard let places = releasesOfBlock[branch], branch != taken else { return state }
    var state = state
    let others = releasesOfBlock[taken] ?? []
    forgetHeld(places.filter { !others.contains($0) }, &state)
    return state
  }

  /// `__releases(lock)` and `__must_hold(lock)` in the head of the function.
  mutating func findAnnotations() {
    for id in scope.definition.annotations {
      let name = calleeName(id)
      guard name == solver.names.releases || name == solver.names.mustHold,
        let argument = scope.file.list(scope.file[id].b, scope.file[id].c).first
      else { continue }
      // Both the lock and its address are written.
      let value = place(of: argument)
      guard value >= 0 else { continue }
      let isAddress = scope.file[argument].kind == .unary || type(of: value)?.isPointer == true
      let lock = isAddress ? solver.places.pointee(of: value) : value
      guard lock >= 0 else { continue }
      if name == solver.names.releases {
        facts.releases.append(lock)
      } else if type(of: lock) != nil, lockClass(of: lock, kind: .mutex)?.structure.exists == true {
        // Sections such as RCU go by names that nothing declares, and some of these notes are older than the structure.
        noteAssert(.mutex, .shared, lock, id, initialState, isStated: true)
      }
    }
  }

  mutating func apply(
    _ summary: Summary, _ node: NodeID, _ arguments: [Place], _ state: PathState
  ) -> [PathState] {
    let interesting = summary.exits.contains { !$0.effects.isEmpty }
    guard interesting else { return [state] }
    let result = solver.places.intern(.result, -1, node)
    // Two ways out that the result does not tell apart: what they disagree on is not followed.
    var overlap = false
    for (index, exit) in summary.exits.enumerated() {
      for other in summary.exits[(index + 1)...] where !exit.values.isDisjoint(with: other.values) { overlap = true }
    }
    var agreed = Set(summary.exits[0].effects)
    for exit in summary.exits.dropFirst() { agreed.formIntersection(exit.effects) }
    if overlap {
      var state = state
      let all = summary.exits.flatMap(\.effects)
      for effect in all where !agreed.contains(effect) {
        let place = solver.places.substitute(effect.place, arguments)
        guard place >= 0 else { continue }
        if effect.balance > 0, effect.kind != .pair, !state.isHeld(place) {
          // It may be held from here on; what may release it means this one, and no caller's.
          if !state.forgotten.contains(place) { state.forgotten = (state.forgotten + [place]).sorted() }
        } else if !forgetHeld([place], &state), effect.balance < 0, !state.forgotten.contains(place) {
          facts.unsettled[place] = effect.kind
        }
      }
      apply(summary.exits[0].effects.filter(agreed.contains), node, arguments, &state)
      return [state]
    }
    return summary.exits.map { exit in
      var next = state
      apply(exit.effects, node, arguments, &next)
      if summary.exits.count > 1 { next.set(result, exit.values) }
      return next
    }
  }

  private mutating func apply(
    _ effects: [LockEffect], _ node: NodeID, _ arguments: [Place], _ state: inout PathState
  ) {
    for effect in effects {
      let place = solver.places.substitute(effect.place, arguments)
      guard place >= 0 else { continue }
      if effect.kind == .pair {
        let step = solver.places[place]
        let opener = Symbol(step.value)
        let closers = solver.pairing.closers(of: opener, solver.program.symbols)
        lentPairs[node] = Pairing(
          closers: closers, resource: step.base, isResult: false, isTorn: isTorn(closers, step.base))
      }
      if effect.balance > 0 {
        state.change(place, effect.kind, effect.mode, by: effect.balance, site: node)
      } else {
        release(effect.kind, effect.mode, place, node, &state)
      }
    }
  }

  /// The call succeeds and opens the pair, or fails and does not.
  mutating func open(
    _ pairing: Pairing, _ node: NodeID, _ name: Symbol, _ state: PathState
  ) -> [PathState] {
    let pairPlace = solver.places.intern(.call, pairing.resource, name.rawValue)
    guard pairPlace >= 0 else { return [state] }
    if pairing.opensOnFailure { return restored(pairPlace, openOnFailure(pairing, pairPlace, node, state)) }
    return restored(pairPlace, open(pairing, at: pairPlace, node, name, state))
  }

  private mutating func open(
    _ pairing: Pairing, at pairPlace: Place, _ node: NodeID, _ name: Symbol, _ state: PathState
  ) -> [PathState] {
    var opened = state
    if let index = opened.heldIndex(pairPlace) {
      let isKept = pairing.stored.isEmpty && isInLoop(node)
      let known = state.values(of: pairing.resource)
      if (pairing.isStrict || pairing.isReference && isKept) && known == .positive
        || pairing.isResult && pairing.isClosedHere && isKept && known?.contains(.negative) == false
          && known?.contains(.positive) == true && scope.file[node].c > 1
          && PairingTable.isLookUp(solver.program.symbols.text(name))
      {
        lostPairs.insert(node)
      }
      opened.held.remove(at: index)
    }
    opened.change(pairPlace, .pair, .exclusive, by: 1, site: node)
    if isDiscarded(node) { return [opened] }
    if solver.returnType(of: name, scope.fileIndex) == nil, !pairing.isResult, !pairing.isKnown,
      !pairing.isTorn, !pairing.isOutput, !solver.soundsLikeLock(name)
    {
      return [state]
    }
    let type =
      solver.returnType(of: name, scope.fileIndex)
      ?? CType(base: pairing.isResult ? .void : .integer, pointers: pairing.isResult ? 1 : 0)
    if (type.base == .void && !type.isPointer) { return [opened] }
    var failed = state
    let result = solver.places.intern(.result, -1, node)
    // What the body of the callee says of this path.
    let told = state.values(of: result) ?? .any
    if type.isPointer || pairing.isResult {
      opened.set(result, .positive)
      let known = callValuesOf(node, state)
      failed.set(result, known == .any ? [.zero, .negative] : known.subtracting(.positive))
    } else if type.base == .boolean || solver.isTry(name) || solver.returns(of: name) == [.zero, .positive] {
      opened.set(result, .positive)
      failed.set(result, .zero)
    } else if type.base == .integer {
      opened.set(result, .zero)
      failed.set(result, .nonZero)
    } else {
      // `flags = foo_lock(foo)` cannot fail: the number is for the call that releases it.
      return solver.isLockByName(name) && !solver.isTry(name) && isKeptHere(node) ? [opened] : [state]
    }
    let possible = [opened, failed].filter { !(told.isDisjoint(with: $0.values(of: result) ?? .any)) }
    return possible.isEmpty ? [opened, failed] : possible
  }

  private mutating func callValuesOf(_ node: NodeID, _ state: PathState) -> ValueSet { values(of: node, state) }

  /// The call is a statement of its own.
  func isDiscarded(_ node: NodeID) -> Bool { discarded.contains(node) }
}
