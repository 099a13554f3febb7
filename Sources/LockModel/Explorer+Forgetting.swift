import KernelC

extension Explorer {
  mutating func forget(_ target: Place, _ state: inout PathState, except opener: NodeID = -1) {
    guard target >= 0 else { return }
    forgetFacts(target, &state)
    forgetLocks(target, &state, except: opener)
  }

  mutating func forgetFacts(_ target: Place, _ state: inout PathState) {
    guard target >= 0 else { return }
    let places = solver.places
    state.facts.removeAll { places.depends($0.key, on: target) }
    // What the number was when it was tested, it was when the caller gave it.
    if !flagConditions.isEmpty,
      state.decisions.contains(where: { decision in
        decision.holds && flagConditions.contains(decision.key)
          && conditionPlaces[decision.key]?.contains { places.depends($0, on: target) } == true
      })
    {
      state.isPrivate = true
    }
    state.decisions.removeAll { decision in
      conditionPlaces[decision.key]?.contains { places.depends($0, on: target) } ?? false
    }
  }

  /// What lies behind a pointer may have changed since it was looked at.
  mutating func forgetShared(_ state: inout PathState) {
    let places = solver.places
    state.facts.removeAll { places.isShared($0.key) }
    state.decisions.removeAll { conditionPlaces[$0.key]?.contains(where: places.isShared) ?? false }
  }

  private mutating func forgetLocks(_ target: Place, _ state: inout PathState, except opener: NodeID) {
    let places = solver.places
    // A lock reached through a variable that changes cannot be named any more: it must not be reported.
    let lost = state.held.filter {
      $0.kind != .pair && $0.balance > 0 && $0.place != target && places.depends($0.place, on: target)
    }
    forgetHeld(lost.map(\.place), &state)
    state.held.removeAll { held in
      if held.kind == .pair {
        return places.depends(held.place, on: target) && held.site != opener
          && !(opener >= 0 && scope.file[opener].kind == .cast && scope.file[opener].b == held.site)
      }
      return held.place != target && places.depends(held.place, on: target)
    }
  }

  /// From here on nothing is known of those of the locks that are held; whether there was one.
  @discardableResult
  mutating func forgetHeld(_ places: [Place], _ state: inout PathState) -> Bool {
    let gone = places.filter { state.isHeld($0) }
    guard !gone.isEmpty else { return false }
    state.held.removeAll { gone.contains($0.place) }
    state.forgotten = Set(state.forgotten + gone).sorted()
    return true
  }

  /// A lock that a callee may drop: nothing is known of it any more.
  mutating func forgetHeld(_ effect: LockEffect, _ arguments: [Place], _ state: inout PathState) {
    let place = solver.places.substitute(effect.place, arguments)
    if state.isHeld(place) {
      forgetHeld([place], &state)
    } else if !dropAliases(place, effect.kind, &state) {
      facts.unsettled[solver.anyObjects(place)] = effect.kind
    }
  }

  /// `kref_put(&foo->ref, foo_free_and_unlock)` may drop what the function that it is given drops.
  mutating func forgetPassed(_ arguments: [NodeID], _ state: inout PathState) {
    for argument in arguments where scope.file[argument].kind == .name {
      let name = Symbol(scope.file[argument].a)
      guard localPlaceStep(name).0 == .global, let passed = solver.program.resolve(name, fromFile: scope.fileIndex),
        !solver.program.definition(passed).isMacro, passed != scope.id
      else { continue }
      for effect in solver.drops(of: passed) { forgetHeld(effect, [], &state) }
    }
  }
}
