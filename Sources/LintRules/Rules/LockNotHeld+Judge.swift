import KernelC
import LockModel

extension LockNotHeld {
  /// Decides whether a caller lacks a lock that it must hold.
  struct Judge {
    let context: RuleContext
    let callers: CallerTable
    let folders: StructureFolders
    let entries: EntryPoints

    /// How the call fails the requirement, whose lock is `place` here; nil when it may be all right.
    func lack(
      of requirement: Requirement, at place: Place, _ call: CallEvent, _ id: FunctionID, _ facts: FunctionFacts
    ) -> Lack? {
      let solver = context.solver
      guard place >= 0, let lockClass = requirement.lockClass ?? solver.lockClass(of: place, in: id),
        solver.isThroughPointer(place)
      else { return nil }
      if !requirement.isWeak, isHeldForReading(requirement, place, call), !callers.mayHold(lockClass, over: id) {
        return .shared
      }
      return isMissing(requirement, place, lockClass, call, id, facts) ? .missing : nil
    }

    /// The lock is held, and only for reading, where it must be held for writing.
    private func isHeldForReading(_ requirement: Requirement, _ place: Place, _ call: CallEvent) -> Bool {
      guard requirement.mode == .exclusive, !context.solver.isAmbiguous(place) else { return false }
      return call.held.contains {
        $0.place == place && $0.balance > 0 && $0.mode == .shared && ($0.kind == .rwsem || $0.kind == .rwlock)
      }
    }

    private func isMissing(
      _ requirement: Requirement, _ place: Place, _ lockClass: LockClass, _ call: CallEvent, _ id: FunctionID,
      _ facts: FunctionFacts
    ) -> Bool {
      let solver = context.solver
      if context.name(id).contains("lock") || context.hasLockFlag(id) { return false }
      let isSection = context.text(lockClass.name) == "rcu_read_lock"
      // Another name for the lock, or a lock of the class on another object, may be it.
      let holds = call.held.contains { held in
        held.place == place || (held.kind != .pair && solver.lockClass(of: held, in: id) == lockClass)
          || (held.balance > 0 && solver.lastMember(of: held.place) == lockClass.name)
          || (isSection && held.balance > 0 && held.kind != .pair)
      }
      let isUnsure = call.unsure.contains {
        isSection || $0 == place || solver.lastMember(of: $0) == lockClass.name
      }
      if holds || isUnsure || facts.asserts.contains(where: { $0.lockClass == lockClass }) { return false }
      if isOfCaller(lockClass, facts) || takesUnseen(before: call, id, facts) { return false }
      // The text of the caller shows that it takes this lock elsewhere, or the object is one of its own.
      let takesClass = facts.acquires.contains { $0.lockClass == lockClass && !$0.isTry }
      let takes =
        takesClass && !solver.hasElement(place) && !solver.isVarying(place, in: id)
        && facts.acquires.contains {
          !$0.isTry && ($0.place == place || $0.lockClass == lockClass && isSameObject($0.place, place))
        }
      let isOwn =
        requirement.isExplicit && !solver.isPortable(place) && !takesClass && !solver.hasElement(place)
        && !entries.isOfCore(lockClass)
      if requirement.isWeak {
        // What may not come to it is a demand only on whoever has taken that very lock before.
        let file = context.program.file(of: id)
        let hasTaken = facts.acquires.contains {
          $0.lockClass == lockClass && file[$0.node].token < file[call.node].token
        }
        return takes && hasTaken && !isSection && !callers.mayHold(lockClass, over: id)
      }
      if takes || isOwn {
        return !callers.mayHold(lockClass, over: id) && (!isSection || !callers.mayBeAtomic(over: id))
      }
      if isSection { return false }
      // A device that is being set up is opened by nobody yet.
      if !requirement.isExplicit, requirement.function == nil, context.isSetUp(id) { return false }
      // Or nobody is left who could have taken it: all callers are known, and those of the outermost ones do not know it.
      if !takesClass, entries.isOutside(lockClass, id) { return !callers.mayHold(lockClass, over: id, surely: true) }
      if !requirement.isExplicit || context.isSetUp(id) || solver.hasElement(place) || solver.isGlobal(place) {
        return false
      }
      guard let target = call.targets.first else { return false }
      let isKnown = folders.isPrivate(lockClass, to: id, target, context) && callers.areKnown(of: id)
      // Whoever says which locks it needs would have said this one.
      let isStated =
        facts.asserts.contains { !$0.isHeldHere && $0.kind != .rcu } && folders.areTogether(id, target, context)
      return (isKnown || isStated) && !callers.mayHold(lockClass, over: id)
    }

    /// Whether the function drops the lock for its caller and takes it again: on the other paths it is the caller's.
    private func isOfCaller(_ lockClass: LockClass, _ facts: FunctionFacts) -> Bool {
      let file = context.program.file(of: facts.id)
      return facts.acquires.contains { event in
        event.lockClass == lockClass && facts.dropped[event.place] != nil
          && facts.firstRelease[event.place].map { $0 < file[event.node].token } == true
      }
    }

    /// Whether a call before finds an object and says by its name that it locks it.
    private func takesUnseen(before call: CallEvent, _ id: FunctionID, _ facts: FunctionFacts) -> Bool {
      let file = context.program.file(of: id)
      return facts.calls.contains { other in
        guard other.callee.exists, file[other.node].token < file[call.node].token,
          context.program.returnType(other.callee)?.isPointer == true
        else { return false }
        let words = context.text(other.callee).split(separator: "_")
        return words.contains { $0 == "lock" || $0 == "locked" || $0 == "acquire" || $0 == "acq" }
          && !words.contains("unlock")
      }
    }

    /// Whether two places that getters lead to may be one lock: `lock_of(dev)` and `lock_of(dev->priv.sub->dev)`.
    private func isSameObject(_ taken: Place, _ place: Place) -> Bool {
      context.solver.isThroughGetter(place)
        && (context.solver.isThroughGetter(taken) || !context.solver.isPortable(taken))
    }
  }
}
