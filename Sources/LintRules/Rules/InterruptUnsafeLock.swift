import ByteText
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
      it sleeps, or it is a work item. A lock that at least two functions take so, and more than do not, is one that an \
      interrupt takes, wherever that is.
      """,
    whyItMatters: "An interrupt on the CPU that holds the lock waits for it for ever.",
    accepts: [
      "functions that a handler calls", "callers that have disabled interrupts or hold a spinlock",
      "functions that are not seen to run in a task",
    ],
    knownFalsePositives: ["a function that runs before the handler is registered, or after it is gone"],
    triggering: [
      // A helper of the handler, which a task calls as well.
      RuleExample(
        """
        struct foo { spinlock_t lock; struct completion done; int n; };

        static u32 read_reg(struct foo *foo, u32 offset)
        {
        	u32 value;

        	spin_lock(&foo->lock); /* reported */
        	value = readl(foo->base + offset);
        	spin_unlock(&foo->lock);
        	return value;
        }

        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	if (read_reg(foo, 4))
        		complete(&foo->done);
        	return IRQ_HANDLED;
        }

        int transfer(struct foo *foo)
        {
        	u32 status = read_reg(foo, 0);

        	foo_enable_disable(foo, true);
        	wait_for_completion(&foo->done);
        	return status;
        }

        int f(struct foo *foo)
        {
        	return request_irq(foo->irq, handler, 0, "foo", foo);
        }
        """),
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
      RuleExample(
        """
        void push(struct foo *foo, struct item *item)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	list_add(&item->node, &foo->items);
        	spin_unlock_irqrestore(&foo->lock, flags);
        }

        void flush(struct foo *foo)
        {
        	scoped_guard(spinlock_irqsave, &foo->lock)
        		list_splice_init(&foo->items, &foo->done);
        }

        void count(struct foo *foo)
        {
        	mutex_lock(&foo->mutex);
        	spin_lock(&foo->lock); /* reported */
        	foo->n = list_count_nodes(&foo->items);
        	spin_unlock(&foo->lock);
        	mutex_unlock(&foo->mutex);
        }
        """),
      RuleExample(
        """
        struct foo { spinlock_t lock; struct timer_list timer; int n; };

        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        	return IRQ_HANDLED;
        }

        static void expire(struct timer_list *timer)
        {
        	struct foo *foo = from_timer(foo, timer, timer);

        	spin_lock(&foo->lock); /* reported */
        	foo->n = 0;
        	spin_unlock(&foo->lock);
        }

        int f(struct foo *foo)
        {
        	timer_setup(&foo->timer, expire, 0);
        	return request_irq(foo->irq, handler, 0, "foo", foo);
        }
        """),
      RuleExample(
        """
        struct foo { spinlock_t lock; struct mutex mutex; int n; };

        static int wait_for(struct foo *foo)
        {
        	return foo->n;
        }

        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        	return IRQ_HANDLED;
        }

        int send(struct foo *foo)
        {
        	spin_lock(&foo->lock); /* reported */
        	foo->n = 0;
        	spin_unlock(&foo->lock);
        	mutex_lock(&foo->mutex);
        	mutex_unlock(&foo->mutex);
        	return wait_for(foo);
        }

        int f(struct foo *foo)
        {
        	return request_irq(foo->irq, handler, 0, "foo", foo);
        }
        """),
    ],
    nonTriggering: [
      // Nobody but the handler, whoever sets it up, and tasks that keep it away.
      RuleExample(
        """
        struct foo { spinlock_t lock; struct completion done; int n; };

        static u32 read_reg(struct foo *foo, u32 offset)
        {
        	u32 value;

        	spin_lock(&foo->lock);
        	value = readl(foo->base + offset);
        	spin_unlock(&foo->lock);
        	return value;
        }

        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	if (read_reg(foo, 4))
        		complete(&foo->done);
        	return IRQ_HANDLED;
        }

        int transfer(struct foo *foo)
        {
        	disable_irq(foo->irq);
        	foo->n = read_reg(foo, 0);
        	enable_irq(foo->irq);
        	wait_for_completion(&foo->done);
        	return 0;
        }

        int transfer_some(struct foo *foo)
        {
        	local_irq_disable();
        	foo->n = read_reg(foo, 0);
        	local_irq_enable();
        	wait_for_completion(&foo->done);
        	return 0;
        }

        int foo_probe(struct foo *foo)
        {
        	foo->n = read_reg(foo, 0);
        	msleep(1);
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
        """),
      RuleExample(
        """
        struct foo { spinlock_t lock; struct timer_list timer; int n; };

        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        	return IRQ_HANDLED;
        }

        static void expire(struct timer_list *timer)
        {
        	struct foo *foo = from_timer(foo, timer, timer);
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	foo->n = 0;
        	spin_unlock_irqrestore(&foo->lock, flags);
        }

        static void poll(struct timer_list *timer)
        {
        	struct foo *foo = from_timer(foo, timer, timer);

        	disable_irq(foo->irq);
        	spin_lock(&foo->lock);
        	foo->n = 0;
        	spin_unlock(&foo->lock);
        	enable_irq(foo->irq);
        }

        int f(struct foo *foo)
        {
        	timer_setup(&foo->timer, expire, 0);
        	timer_setup(&foo->other, poll, 0);
        	return request_irq(foo->irq, handler, 0, "foo", foo);
        }
        """),
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
    let shielded = ShieldedLocks(context)
    guard !takers.isEmpty || !shielded.isEmpty else { return [] }
    let callers = CallerTable(context)
    let reached = reached(from: Array(atomics.reasons.keys), context)
    let masked = self.reached(
      from: atomics.reasons.filter { !AtomicContexts.interruptible.contains($0.value) }.map(\.key), context)
    return context.functions.flatMap { id -> [Finding] in
      if reached.contains(id) && masked.contains(id) { return shared(id, takers, reached, callers, context) }
      // What runs as a timer and nothing else, an interrupt handler may interrupt.
      let isOpen = reached.contains(id) && !masked.contains(id)
      guard isOpen || !reached.contains(id), let facts = context.solver.facts(id), !facts.isPartial,
        !facts.isApproximate
      else {
        return []
      }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      for event in facts.acquires where event.kind == .spin && !event.isTry {
        guard let lockClass = event.lockClass, !event.held.contains(where: { $0.kind.isAtomic }) else { continue }
        if let taker = takers[lockClass], self.isOpen(event.node, to: taker, in: id, context),
          isOpen ? isHard(taker) && !disables(facts, context) : runsInTask(id, facts, context),
          !callers.mayBeAtomic(over: id), reported.insert(event.node).inserted
        {
          findings.append(finding(event, taker, id, context))
        } else if !isOpen, let others = shielded.others(than: id, event, lockClass, context),
          runsInTask(id, facts, context) || event.held.contains(where: { $0.balance > 0 && Self.sleeps($0.kind) }),
          !context.isSetUp(id), !callers.mayBeAtomic(over: id), reported.insert(event.node).inserted
        {
          findings.append(finding(event, others, id, context))
        }
      }
      return findings
    }
  }

  /// Where a function that handlers call takes the lock and lets them interrupt, for a task that calls it too.
  private func shared(
    _ id: FunctionID, _ takers: [LockClass: Taker], _ reached: Set<FunctionID>, _ callers: CallerTable,
    _ context: RuleContext
  ) -> [Finding] {
    guard let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else { return [] }
    var reported: Set<NodeID> = []
    // From afar, the ways to it are many, and one of them is impossible.
    let folder = TreePath.folder(context.program.file(of: id).path)
    return facts.acquires.compactMap { event in
      var visited: Set<FunctionID> = []
      guard event.kind == .spin, !event.isTry, let taker = event.lockClass.flatMap({ takers[$0] }), isHard(taker),
        TreePath.folder(context.program.file(of: taker.handler).path) == folder,
        self.isOpen(event.node, to: taker, in: id, context), !event.held.contains(where: { $0.kind.isAtomic }),
        let way = taskCalls(of: id, reached, callers, context, &visited), reported.insert(event.node).inserted
      else { return nil }
      return finding(event, taker, id, context, way)
    }
  }

  /// The calls that lead to a function from one that is seen to run in a task, with interrupts on, and that no handler runs.
  private func taskCalls(
    of id: FunctionID, _ reached: Set<FunctionID>, _ callers: CallerTable, _ context: RuleContext,
    _ visited: inout Set<FunctionID>
  ) -> [Evidence]? {
    guard visited.insert(id).inserted, visited.count < 50 else { return nil }
    for (caller, call, isGuess) in callers.calls(of: id) where !isGuess && call.targets == [id] {
      guard !call.held.contains(where: { $0.kind.isAtomic }), let facts = context.solver.facts(caller),
        !facts.isPartial, !facts.isApproximate
      else { continue }
      let step = Evidence(context.place(caller, call.node), "'\(context.name(caller))' calls '\(context.name(id))'")
      if reached.contains(caller) {
        if let way = taskCalls(of: caller, reached, callers, context, &visited) { return way + [step] }
      } else if runsInTask(caller, facts, context), !disables(facts, context), !callers.isOnlySetUp(caller),
        !callers.mayBeAtomic(over: caller)
      {
        return [step]
      }
    }
    return nil
  }

  /// Whoever holds such a lock runs in a task, with interrupts on.
  private static func sleeps(_ kind: LockKind) -> Bool {
    kind == .mutex || kind == .rwsem || kind == .socket || kind == .semaphore
  }

  private func finding(
    _ event: AcquireEvent, _ others: ShieldedLocks.Others, _ id: FunctionID, _ context: RuleContext
  ) -> Finding {
    let lock = context.solver.lockText(event.place, in: id)
    return context.finding(
      description, id, event.node,
      "'\(lock)' is taken with \(others.strength == .interrupts ? "interrupts" : "bottom halves") on, which "
        + "\(others.count) other functions disable for it",
      evidence: [Evidence(context.place(others.function, others.node), "for example here")], key: "\(lock) others")
  }

  /// The locks of handlers, by class.
  private func takers(_ atomics: AtomicContexts, _ context: RuleContext) -> [LockClass: Taker] {
    var takers: [LockClass: Taker] = [:]
    for handler in atomics.registered.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard let reason = atomics.registered[handler] else { continue }
      for item in context.solver.summary(handler)?.mayAcquire ?? []
      where item.kind == .spin && context.solver.areGiven(item.conditions, in: handler) && !item.isThroughPointer {
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
    switch ShieldedLocks.strength(of: node, in: id, context) {
    case .plain: true
    case .bottomHalves: taker.reason == AtomicContexts.interrupt
    case .interrupts, nil: false
    }
  }

  private func isHard(_ taker: Taker) -> Bool { taker.reason == AtomicContexts.interrupt }

  /// Whether the function keeps the device from interrupting.
  private func disables(_ facts: FunctionFacts, _ context: RuleContext) -> Bool {
    facts.calls.contains { call in
      guard call.callee.exists else { return false }
      let words = context.text(call.callee).split(separator: "_")
      return !words.contains("enable") && (words.contains("disable") || words.contains("mask"))
    }
  }

  /// The function sleeps, so that it cannot be a handler's.
  private func runsInTask(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> Bool {
    if facts.acquires.contains(where: { $0.sleeps && context.solver.areGiven($0.conditions, in: id) }) { return true }
    let file = context.program.file(of: id)
    return facts.calls.contains { call in
      context.solver.areGiven(call.conditions, in: id)
        && context.solver.sleepsItself(call.callee, Array(file.list(file[call.node].b, file[call.node].c)), in: id)
    }
  }

  /// What handlers call by name, at any depth, up to a number of functions; from where it goes on first depends on the text alone.
  private func reached(from handlers: [FunctionID], _ context: RuleContext) -> Set<FunctionID> {
    var seen = Set(handlers)
    var work = handlers.sorted { $0.rawValue < $1.rawValue }
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

  private func finding(
    _ event: AcquireEvent, _ taker: Taker, _ id: FunctionID, _ context: RuleContext, _ way: [Evidence] = []
  ) -> Finding {
    let lock = context.solver.lockText(event.place, in: id)
    let handler = context.name(taker.handler)
    return context.finding(
      description, id, event.node,
      "'\(lock)' is taken where '\(handler)', which runs as \(taker.reason) and takes it too, may interrupt",
      evidence: way + context.evidence(taker.chain, last: "'\(handler)' takes it here"), key: "\(lock) \(handler)")
  }
}
