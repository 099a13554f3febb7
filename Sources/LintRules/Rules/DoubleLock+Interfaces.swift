import Findings
import KernelC
import LockModel

extension DoubleLock {
  /// A function that is only called with a lock held by the kernel's core, and takes it.
  func takenAround(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    guard let (member, held) = context.solver.heldAround(id), held.mode == .exclusive else { return [] }
    let slot = "\(context.text(member.structure)).\(context.text(member.member))"
    let lock = held.lockClass.text(context.program.symbols)
    func finding(_ chain: [ChainStep]) -> Finding {
      let node = chain.first?.node ?? -1
      let callee = context.text(context.callee(node, in: context.program.file(of: id)))
      let what = chain.count > 1 ? "'\(callee)' takes '\(lock)'" : "'\(lock)' is taken"
      return context.finding(
        description, id, node, "\(what), which is held whenever \(slot) is called",
        evidence: chain.count > 1 ? context.evidence(Array(chain.dropFirst()), last: "'\(lock)' is taken here") : [],
        key: "\(lock) around \(callee)")
    }
    func isDropped(_ locks: [HeldLock]) -> Bool { locks.contains { $0.balance < 0 } }
    for event in facts.acquires
    where event.lockClass == held.lockClass && !event.isTry && event.conditions.isEmpty && !isDropped(event.held) {
      if isSameObject(event.place, held, id, context) { return [finding([ChainStep(function: id, node: event.node)])] }
    }
    for call in facts.calls where !call.isIndirect && call.conditions.isEmpty && !isDropped(call.held) {
      for item in context.solver.acquisitions(at: call, in: id)
      where item.lockClass == held.lockClass && item.conditions.isEmpty && !item.isThroughPointer && !item.isFault
        && item.dropped.isEmpty && !item.isRecursive && isCertain(item.chain, context)
      {
        if isSameObject(item.place, held, id, context) { return [finding(item.chain)] }
      }
    }
    return []
  }

  /// Whether all that is called on the way gets to the lock, whatever it is about.
  private func isCertain(_ chain: [ChainStep], _ context: RuleContext) -> Bool {
    chain.dropFirst().allSatisfy { context.solver.isUnconditional($0.node, in: $0.function) }
  }

  /// Whether the lock can be the one that is held: there is only one, or it is that of an argument.
  private func isSameObject(
    _ place: Place, _ held: HeldByInterface, _ id: FunctionID, _ context: RuleContext
  ) -> Bool {
    guard held.lockClass.structure.exists else { return true }
    return place >= 0 && context.solver.isPortable(place) && !context.solver.isAmbiguous(place)
      && !context.solver.isGlobal(place)
  }
}
