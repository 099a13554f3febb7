import Findings
import KernelC
import LockModel

extension LockNotHeld {
  /// Calls of what drops a caller's lock for a while, in a function that takes this very lock elsewhere and not there.
  func drops(_ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext) -> [Finding] {
    let solver = context.solver
    guard !facts.acquires.isEmpty, !context.name(id).contains("lock"), !context.hasLockFlag(id) else { return [] }
    var reported: Set<NodeID> = []
    lazy var events = Dictionary(grouping: facts.calls, by: \.node)
    lazy var taken = Set(facts.acquires.filter { !$0.isTry }.map(\.place))
    var answers: [Dropping: Bool] = [:]
    // Who else has the lock is one answer for all calls that drop it.
    func isOfOthers(_ drop: DroppedLock, _ place: Place, _ target: FunctionID) -> Bool {
      let question = Dropping(drop: drop, place: place, target: target)
      if let known = answers[question] { return known }
      let isIt =
        solver.lockClass(of: place, in: id).map { lockClass in
          !facts.asserts.contains { $0.place == place } && facts.dropped[place] == nil
            && isHeldElsewhere(drop, target, callers, context) && !callers.mayHold(lockClass, over: id)
        } ?? false
      answers[question] = isIt
      return isIt
    }
    return facts.calls.compactMap { call in
      guard call.targets.count == 1, !call.isIndirect, !reported.contains(call.node) else { return nil }
      let target = call.targets[0]
      let drop = (solver.summary(target)?.retaken ?? []).first { drop in
        let place = solver.substitute(drop.place, call.arguments)
        return place >= 0 && taken.contains(place)
          && !(events[call.node] ?? []).contains { solver.mayHold(place, at: $0) } && isOfOthers(drop, place, target)
      }
      guard let drop else { return nil }
      reported.insert(call.node)
      let lock = solver.lockText(solver.substitute(drop.place, call.arguments), in: id)
      let callee = context.text(call.callee)
      return context.finding(
        description, id, call.node, "'\(callee)' drops '\(lock)' for a while, which is not held here",
        evidence: [
          Evidence(context.place(drop.function, drop.retake), "'\(context.name(drop.function))' takes it again here")
        ], key: "\(callee) drops \(lock)")
    }
  }

  private struct Dropping: Hashable {
    let drop: DroppedLock
    let place: Place
    let target: FunctionID
  }

  /// Whether another caller has the lock that the callee drops.
  private func isHeldElsewhere(
    _ drop: DroppedLock, _ target: FunctionID, _ callers: CallerTable, _ context: RuleContext
  ) -> Bool {
    guard let lockClass = context.solver.lockClass(of: drop.place, in: target) else { return false }
    return callers.mayHold(lockClass, over: target)
  }
}
