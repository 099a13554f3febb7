import KernelC

/// What a function states about the locks that it is called with.
extension Explorer {
  mutating func noteAssert(
    _ kind: LockKind, _ mode: LockMode, _ place: Place, _ node: NodeID, _ state: PathState, isExplicit: Bool = true,
    isStated: Bool = false
  ) {
    let place = outermost(place)
    let isHeld = state.isHeld(place)
    let isUnderLock =
      !state.forgotten.isEmpty || state.held.contains { $0.balance > 0 && $0.kind != .pair && $0.place != place }
    let key = CallKey(node: node, held: isHeld || isUnderLock ? state.held : [], conditions: [])
    guard assertsSeen.insert(key).inserted else { return }
    facts.asserts.append(
      AssertEvent(
        node: node, place: place, lockClass: lockClass(of: place, kind: kind),
        kind: isSpinLock(place) ? .spin : kind, mode: mode,
        isExplicit: isExplicit,
        isConditional: !isStated
          && (!scope.unconditional.contains(node)
            || parameterConditions(state, at: node).contains { !solver.isGiven($0, in: scope.id) }),
        isHeldHere: isHeld,
        isShared: state.held.contains { $0.place == place && $0.mode == .shared && isReadWrite($0) },
        isUnderLock: isUnderLock))
  }

  /// `rcu_dereference_protected(p, lockdep_is_held(&lock))` and `WARN_ON(!mutex_is_locked(&lock))` state what
  /// `lockdep_assert_held()` does.
  mutating func noteStatedLock(_ node: NodeID, _ name: Symbol, _ arguments: [NodeID], _ state: PathState) {
    var condition: NodeID
    if solver.names.protectedLoads.contains(name) {
      condition = arguments.last ?? -1
    } else if solver.names.warnings.contains(name), let first = arguments.first, scope.file[first].kind == .unary,
      scope.file[first].operation == .bang
    {
      condition = scope.file[first].a
    } else {
      return
    }
    guard condition >= 0, solver.names.lockQuestions.contains(calleeName(condition)),
      let lock = scope.file.list(scope.file[condition].b, scope.file[condition].c).first
    else { return }
    condition = lock
    let place = solver.places.pointee(of: lockPlace(of: condition))
    if place >= 0 { noteAssert(.mutex, .shared, place, node, state, isExplicit: false) }
  }

  /// `x->lock.base`, the mutex in a ww_mutex, is taken as `x->lock`.
  private func outermost(_ place: Place) -> Place {
    let step = solver.places[place]
    guard step.kind == .member, Symbol(step.value) == solver.names.wrappedLock,
      type(of: step.base)?.name == solver.names.wrapperOfLock
    else { return place }
    return step.base
  }

  private func isReadWrite(_ lock: HeldLock) -> Bool { lock.kind == .rwsem || lock.kind == .rwlock }

  private func isSpinLock(_ place: Place) -> Bool {
    type(of: place).map { $0.base == .typedef && solver.names.spinLocks.contains($0.name) } ?? false
  }
}
