import Findings
import KernelC
import LockModel

// Releases of what the path does not hold.
extension LockImbalance {
  /// A release on a path that did not take the lock, which other paths take and release.
  func untaken(
    _ held: HeldLock, _ exit: ExitEvent, _ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext
  ) -> Finding? {
    let place = held.place
    let words = context.name(id).split(separator: "_")
    guard !facts.isJoined, !exit.closed.contains(place), !context.solver.isBranch(held.site, in: id),
      !words.contains("unlock"), !words.contains("release"),
      !facts.asserts.contains(where: { $0.place == place && !$0.isHeldHere }),
      !context.solver.isVarying(place, in: id),
      let taken = facts.acquires.first(where: { event in
        event.place == place && !event.held.contains { $0.place == place }
      }),
      facts.exits.contains(where: { other in
        other.closed.contains(place) && !other.held.contains { $0.place == place }
      })
    else { return nil }
    let lock = context.solver.lockText(place, in: id)
    return context.finding(
      description, id, held.site, "'\(lock)' is released here on a path that does not hold it",
      evidence: [Evidence(context.place(id, taken.node), "other paths take it here")], key: "released \(lock)")
  }

  /// A second release on a path that took the lock once, with no call in the function that might take it unseen.
  func releasedAgain(
    _ held: HeldLock, _ exit: ExitEvent, _ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext
  ) -> Finding? {
    let place = held.place
    guard !facts.isJoined, exit.closed.contains(place), !held.kind.isSection,
      !context.solver.isBranch(held.site, in: id),
      !context.solver.isVarying(place, in: id),
      let taken = facts.acquires.first(where: { $0.place == place }), taken.held.allSatisfy({ $0.place != place }),
      // Loops that take it anew for each try count their tries, which is not followed.
      facts.acquires.allSatisfy({ $0.place != place || $0.node == taken.node }),
      !facts.calls.contains(where: { $0.targets.isEmpty && Self.mayLock($0.callee, context) })
    else { return nil }
    let lock = context.solver.lockText(place, in: id)
    return context.finding(
      description, id, held.site, "'\(lock)' is released here on a path that has released it already",
      evidence: [Evidence(context.place(id, taken.node), "it is taken here, once")], key: "released again \(lock)")
  }

  /// A mutex that a work item or a thread of its own releases for whoever started it: only the task that took it may.
  func releasedForOthers(
    _ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext, isTask: () -> Bool
  ) -> [Finding] {
    var reported: Set<NodeID> = []
    return facts.exits.flatMap(\.held).compactMap { held in
      guard held.balance < 0, held.kind == .mutex, !facts.acquires.contains(where: { $0.place == held.place }),
        // What is called through a pointer may have taken it.
        !facts.calls.contains(where: \.isIndirect), isTask(),
        reported.insert(held.site).inserted
      else { return nil }
      let lock = context.solver.lockText(held.place, in: id)
      return context.finding(
        description, id, held.site,
        "'\(lock)' is released here for another task: '\(context.name(id))' runs on its own and has not taken it",
        key: "for others \(lock)")
    }
  }

  private static func mayLock(_ callee: Symbol, _ context: RuleContext) -> Bool {
    guard callee.exists else { return false }
    let words = context.text(callee).split(separator: "_")
    return words.contains { $0.hasSuffix("lock") && !$0.hasSuffix("unlock") || $0 == "acquire" || $0 == "relock" }
  }
}
