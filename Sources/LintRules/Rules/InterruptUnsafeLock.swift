import Findings
import KernelC
import LockModel

/// A spinlock that an interrupt handler takes, taken with interrupts on.
struct InterruptUnsafeLock: Rule {
  let description = RuleDescription(
    id: "interrupt-unsafe-lock",
    summary: "a spinlock that an interrupt handler or a timer takes is taken where it may run",
    severity: .error, confidence: .high,
    whatItDoes: """
      Collects the spinlocks that interrupt handlers, timers, tasklets, URB completions and RCU callbacks of a folder take, \
      at any depth of calls, and reports a function that takes one of them without keeping the handler away \
      (spin_lock_irqsave(), spin_lock_irq(), for a timer also spin_lock_bh()), where the function is seen to run in a task: \
      it sleeps, or it is a work item.
      """,
    whyItMatters: "An interrupt on the CPU that holds the lock waits for it for ever.",
    accepts: [
      "functions that a handler calls", "callers that have disabled interrupts or hold a spinlock",
      "functions that are not seen to run in a task",
    ],
    knownFalsePositives: ["a function that runs before the handler is registered, or after it is gone"],
    triggering: [
      RuleExample(
        """
        static void done(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	foo->pending = 0;
        	spin_unlock(&foo->lock);
        }

        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	done(foo);
        	return IRQ_HANDLED;
        }

        int f(struct foo *foo)
        {
        	struct item *item = kmalloc(sizeof(*item), GFP_KERNEL);

        	if (!item)
        		return -ENOMEM;
        	spin_lock(&foo->lock); /* reported */
        	foo->item = item;
        	spin_unlock(&foo->lock);
        	return request_irq(foo->irq, handler, 0, "foo", foo);
        }
        """),
      RuleExample(
        """
        struct foo { spinlock_t lock; struct timer_list timer; struct mutex mutex; int n; };

        static void expire(struct timer_list *timer)
        {
        	struct foo *foo = from_timer(foo, timer, timer);

        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        }

        void f(struct foo *foo)
        {
        	timer_setup(&foo->timer, expire, 0);
        	mutex_lock(&foo->mutex);
        	spin_lock(&foo->lock); /* reported */
        	foo->n = 0;
        	spin_unlock(&foo->lock);
        	mutex_unlock(&foo->mutex);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        struct foo { spinlock_t lock; struct timer_list timer; struct mutex mutex; int n; };

        static void expire(struct timer_list *timer)
        {
        	struct foo *foo = from_timer(foo, timer, timer);

        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        }

        static void count(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        }

        void f(struct foo *foo)
        {
        	timer_setup(&foo->timer, expire, 0);
        	mutex_lock(&foo->mutex);
        	spin_lock_bh(&foo->lock);
        	foo->n = 0;
        	spin_unlock_bh(&foo->lock);
        	local_bh_disable();
        	count(foo);
        	local_bh_enable();
        	mutex_unlock(&foo->mutex);
        }
        """)
    ])

  /// A handler that takes a lock, and how.
  private struct Taker {
    let handler: FunctionID
    let reason: String
    let chain: [ChainStep]
  }

  func check(_ context: RuleContext) -> [Finding] {
    let atomics = AtomicContexts(context)
    let takers = takers(atomics, context)
    guard !takers.isEmpty else { return [] }
    let callers = CallerTable(context)
    let reached = reached(from: Array(atomics.reasons.keys), context)
    return context.functions.flatMap { id -> [Finding] in
      guard !reached.contains(id), let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else {
        return []
      }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      for event in facts.acquires where event.kind == .spin && !event.isTry {
        guard let lockClass = event.lockClass, let taker = takers[lockClass],
          !event.held.contains(where: { $0.kind.isAtomic }), isOpen(event.node, to: taker, in: id, context),
          runsInTask(id, facts, context), !callers.mayBeAtomic(over: id), reported.insert(event.node).inserted
        else { continue }
        findings.append(finding(event, taker, id, context))
      }
      return findings
    }
  }

  /// The locks of handlers, by class.
  private func takers(_ atomics: AtomicContexts, _ context: RuleContext) -> [LockClass: Taker] {
    var takers: [LockClass: Taker] = [:]
    for handler in atomics.registered.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard let reason = atomics.registered[handler] else { continue }
      for item in context.solver.summary(handler)?.mayAcquire ?? []
      where item.kind == .spin && item.conditions.isEmpty && !item.isThroughPointer {
        guard let lockClass = item.lockClass, takers[lockClass] == nil || reason == AtomicContexts.interrupt else {
          continue
        }
        takers[lockClass] = Taker(handler: handler, reason: reason, chain: item.chain)
      }
    }
    return takers
  }

  /// Whether the handler may run while the primitive at `node` holds the lock.
  private func isOpen(_ node: NodeID, to taker: Taker, in id: FunctionID, _ context: RuleContext) -> Bool {
    let name = context.text(context.callee(node, in: context.program.file(of: id)))
    return name == "spin_lock" || name == "spin_lock_bh" && taker.reason == AtomicContexts.interrupt
  }

  /// The function sleeps, so that it cannot be a handler's.
  private func runsInTask(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> Bool {
    if facts.acquires.contains(where: { $0.sleeps && $0.conditions.isEmpty }) { return true }
    let file = context.program.file(of: id)
    return facts.calls.contains { call in
      call.conditions.isEmpty
        && context.solver.sleepsItself(call.callee, Array(file.list(file[call.node].b, file[call.node].c)), in: id)
    }
  }

  /// What handlers call by name, at any depth.
  private func reached(from handlers: [FunctionID], _ context: RuleContext) -> Set<FunctionID> {
    var seen = Set(handlers)
    var work = handlers
    while let id = work.popLast(), seen.count < 5000 {
      let file = context.program.file(of: id)
      let index = Int(context.program.functions[Int(id.rawValue)].file)
      for node in context.program.definition(id).nodes {
        let name = context.callee(node, in: file)
        guard name.exists, let next = context.program.resolve(name, fromFile: index), seen.insert(next).inserted else {
          continue
        }
        work.append(next)
      }
    }
    return seen
  }

  private func finding(_ event: AcquireEvent, _ taker: Taker, _ id: FunctionID, _ context: RuleContext) -> Finding {
    let lock = context.solver.lockText(event.place, in: id)
    let handler = context.name(taker.handler)
    return context.finding(
      description, id, event.node,
      "'\(lock)' is taken where '\(handler)', which runs as \(taker.reason) and takes it too, may interrupt",
      evidence: context.evidence(taker.chain, last: "'\(handler)' takes it here"), key: "\(lock) \(handler)")
  }
}
