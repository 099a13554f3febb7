import Findings
import KernelC
import LockModel

/// A lock taken again by its holder, directly, in a callee, or in a handler that the holder waits for.
struct DoubleLock: Rule {
  let description = RuleDescription(
    id: "double-lock",
    summary: "a lock is taken again while it is held",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports a lock that is taken while the same path holds it: in the function itself, at any depth of calls (through \
      an operations table too), or by an interrupt handler, work item or timer that the holder waits for. Reading an \
      rwsem twice counts: a writer that waits in between blocks the second reader.
      """,
    whyItMatters: "The task waits for itself.",
    accepts: [
      "a lock dropped before it is taken again", "RCU, SRCU and read sides of an rwlock, which nest",
      "a callee that takes the lock only for arguments that the caller does not pass",
    ],
    knownFalsePositives: ["two objects that one expression names at different times"],
    triggering: [
      RuleExample(
        """
        static int get(struct foo *foo)
        {
        	int v;

        	mutex_lock(&foo->lock);
        	v = foo->value;
        	mutex_unlock(&foo->lock);
        	return v;
        }

        int f(struct foo *foo)
        {
        	int v;

        	mutex_lock(&foo->lock);
        	v = get(foo); /* reported */
        	mutex_unlock(&foo->lock);
        	return v;
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        static void twice(struct foo *a, struct foo *b)
        {
        	mutex_lock(&a->lock);
        	mutex_lock_nested(&b->lock, 1);
        	mutex_unlock(&b->lock);
        	mutex_unlock(&a->lock);
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let handlers = HandlerTable(context)
    return context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate else { return [] }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      for event in facts.acquires where !event.isTry && !event.kind.nests {
        guard let held = event.held.first(where: { $0.place == event.place && $0.balance > 0 }),
          deadlocks(held, event.mode, event.kind), !context.solver.isAmbiguous(event.place),
          reported.insert(event.node).inserted
        else { continue }
        let lock = context.solver.lockText(event.place, in: id)
        findings.append(
          context.finding(
            description, id, event.node, "'\(lock)' is taken again while it is held",
            evidence: [Evidence(context.place(id, held.site), "first taken here")], key: lock))
      }
      for call in facts.calls where call.held.contains(where: { $0.balance > 0 && !$0.kind.nests }) {
        if let finding = check(call, id, context, &reported) ?? waits(call, id, handlers, context, &reported) {
          findings.append(finding)
        }
      }
      return findings
    }
  }

  private func deadlocks(_ held: HeldLock, _ mode: LockMode, _ kind: LockKind) -> Bool {
    held.mode == .exclusive || mode == .exclusive || kind == .rwsem
  }

  private func check(
    _ call: CallEvent, _ id: FunctionID, _ context: RuleContext, _ reported: inout Set<NodeID>
  ) -> Finding? {
    for target in call.targets.prefix(8) {
      guard let summary = context.solver.summary(target) else { continue }
      for item in summary.mayAcquire where item.place >= 0 && !item.kind.nests {
        guard context.solver.isPossible(item.conditions, call) else { continue }
        let place = context.solver.substitute(item.place, call.arguments)
        guard place >= 0, !context.solver.isAmbiguous(place),
          let held = call.held.first(where: { $0.place == place && $0.balance > 0 }),
          deadlocks(held, item.mode, item.kind), reported.insert(call.node).inserted
        else { continue }
        return finding(call, held, item, target, id, context)
      }
    }
    return nil
  }

  private func finding(
    _ call: CallEvent, _ held: HeldLock, _ item: MayAcquire, _ target: FunctionID, _ id: FunctionID,
    _ context: RuleContext
  ) -> Finding {
    let lock = context.solver.lockText(held.place, in: id)
    let via = context.name(target)
    let taker = item.chain.last.map { context.name($0.function) } ?? via
    let how = item.chain.count > 1 ? "reaches '\(taker)', which takes" : "takes"
    return context.finding(
      description, id, call.node, "'\(via)' \(how) '\(lock)' again while it is held here",
      evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")]
        + context.evidence(
          [ChainStep(function: id, node: call.node)] + item.chain, last: "'\(lock)' is taken again here"),
      key: "\(lock) \(via)")
  }

  /// `free_irq()` and `cancel_work_sync()` wait for a handler that takes the lock.
  private func waits(
    _ call: CallEvent, _ id: FunctionID, _ handlers: HandlerTable, _ context: RuleContext,
    _ reported: inout Set<NodeID>
  ) -> Finding? {
    for handler in handlers.handlers(awaitedBy: call, id, context) where handler != id {
      guard let summary = context.solver.summary(handler) else { continue }
      for item in summary.mayAcquire where !item.kind.nests && item.conditions.isEmpty {
        guard let itemClass = item.lockClass,
          let held = call.held.first(where: {
            $0.balance > 0 && $0.kind == item.kind && context.solver.lockClass(of: $0, in: id) == itemClass
          }), deadlocks(held, item.mode, item.kind), reported.insert(call.node).inserted
        else { continue }
        let lock = context.solver.lockText(held.place, in: id)
        return context.finding(
          description, id, call.node,
          "'\(context.text(call.callee))' waits for '\(context.name(handler))', which takes '\(lock)' held here",
          evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")]
            + context.evidence(item.chain, last: "the handler takes it here"),
          key: "\(lock) \(context.name(handler))")
      }
    }
    return nil
  }
}
