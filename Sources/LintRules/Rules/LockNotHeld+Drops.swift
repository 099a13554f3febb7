import Findings
import KernelC
import LockModel

extension LockNotHeld {
  /// Calls of what drops a caller's lock for a while, in a function that takes this very lock elsewhere and not there.
  func drops(_ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext) -> [Finding] {
    let solver = context.solver
    guard !facts.acquires.isEmpty, !context.name(id).contains("lock"), !context.hasLockFlag(id) else { return [] }
    var reported: Set<NodeID> = []
    return facts.calls.compactMap { call in
      guard call.targets.count == 1, !call.isIndirect, !reported.contains(call.node) else { return nil }
      let target = call.targets[0]
      let drop = solver.retaken(by: target).first { drop in
        let place = solver.substitute(drop.place, call.arguments)
        guard place >= 0, let lockClass = solver.lockClass(of: place, in: id) else { return false }
        let events = facts.calls.filter { $0.node == call.node }
        return facts.acquires.contains { $0.place == place && !$0.isTry }
          && !facts.asserts.contains { $0.place == place } && facts.dropped[place] == nil
          && !events.contains { solver.mayHold(place, at: $0) }
          && isHeldElsewhere(drop, target, callers, context) && !callers.mayHold(lockClass, over: id)
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

  /// Whether another caller has the lock that the callee drops.
  private func isHeldElsewhere(
    _ drop: Solver.DroppedLock, _ target: FunctionID, _ callers: CallerTable, _ context: RuleContext
  ) -> Bool {
    guard let lockClass = context.solver.lockClass(of: drop.place, in: target) else { return false }
    return callers.mayHold(lockClass, over: target)
  }
}
