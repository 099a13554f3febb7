import Findings
import KernelC
import LockModel

/// Something that may sleep, under a spinlock or in an RCU section.
struct SleepInAtomic: Rule {
  let description = RuleDescription(
    id: "sleep-in-atomic",
    summary: "something that may sleep runs under a spinlock, with interrupts off or in an RCU section",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports a mutex, an rwsem, a GFP_KERNEL allocation, a copy to or from user space, or a wait, directly or at any \
      depth of calls, on a path on which the function itself has taken a spinlock, disabled interrupts or preemption, or \
      entered an RCU read section.
      """,
    whyItMatters: "The scheduler is called in atomic context: a splat at best, a dead CPU at worst.",
    accepts: [
      "callees that sleep only for arguments that are not passed", "callees that drop the caller's lock first",
    ],
    knownFalsePositives: ["a callee that sleeps on a path that its arguments exclude in a way the text does not show"],
    triggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	spin_lock(&foo->slock);
        	mutex_lock(&foo->mutex); /* reported */
        	mutex_unlock(&foo->mutex);
        	spin_unlock(&foo->slock);
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	spin_lock(&foo->slock);
        	foo->count++;
        	spin_unlock(&foo->slock);
        	mutex_lock(&foo->mutex);
        	mutex_unlock(&foo->mutex);
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      let file = context.program.file(of: id)
      for event in facts.acquires where event.sleeps {
        guard let held = atomic(event.held), reported.insert(event.node).inserted else { continue }
        findings.append(finding(id, event.node, held, [ChainStep(function: id, node: event.node)], context))
      }
      for call in facts.calls {
        guard let held = atomic(call.held) else { continue }
        let node = file[call.node]
        var chain: [ChainStep]?
        if context.solver.sleepsItself(call.callee, Array(file.list(node.b, node.c)), in: file) {
          chain = []
        } else if call.targets.count == 1, !call.isIndirect {
          chain = context.solver.summary(call.targets[0])?.sleeps
        }
        guard let chain, reported.insert(call.node).inserted else { continue }
        findings.append(
          finding(id, call.node, held, [ChainStep(function: id, node: call.node)] + chain, context))
      }
      return findings
    }
  }

  private func atomic(_ held: [HeldLock]) -> HeldLock? {
    if held.contains(where: { $0.balance < 0 && $0.kind.isAtomic }) { return nil }
    return held.first { $0.balance > 0 && $0.kind.isAtomic }
  }

  private func finding(
    _ id: FunctionID, _ node: NodeID, _ held: HeldLock, _ chain: [ChainStep], _ context: RuleContext
  ) -> Finding {
    let lock = context.solver.lockText(held.place, in: id)
    let last = chain.last.map { context.callee($0.node, in: context.program.file(of: $0.function)) } ?? .none
    let sleeper = last.exists ? context.text(last) : "a guard"
    let first = context.callee(node, in: context.program.file(of: id))
    let message =
      chain.count > 1
      ? "'\(context.text(first))' may sleep (it reaches '\(sleeper)') while '\(lock)' is held"
      : "'\(sleeper)' may sleep while '\(lock)' is held"
    return context.finding(
      description, id, node, message,
      evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")]
        + context.evidence(Array(chain.dropFirst()), last: "'\(sleeper)' may sleep"),
      key: "\(lock) \(context.text(first))")
  }
}
