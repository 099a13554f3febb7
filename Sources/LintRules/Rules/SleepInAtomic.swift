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
      entered an RCU read section; or in a function that asserts a spinlock or is registered to run in atomic context.
      """,
    whyItMatters: "The scheduler is called in atomic context: a splat at best, a dead CPU at worst.",
    accepts: [
      "callees that sleep only for arguments that are not passed", "callees that drop the caller's lock first",
      "functions under their callers' locks, more than four calls up, or that ask a flag or something named for waiting first",
    ],
    knownFalsePositives: ["a callee that sleeps on a path that its arguments exclude in a way the text does not show"],
    triggering: [
      // What some paths come to: under a poller that only its parameters give away, behind a flag that is no question.
      RuleExample(
        """
        static int fill(struct foo *foo)
        {
        	foo->page = alloc_page(GFP_KERNEL);
        	return foo->page ? 0 : -ENOMEM;
        }

        static int receive(struct foo *foo, int budget)
        {
        	int done = 0;

        	if (budget > 0)
        		done = foo->pending;
        	if (foo->n < foo->low)
        		fill(foo);
        	return done;
        }

        int foo_poll(struct napi_struct *napi, int budget)
        {
        	struct foo *foo = container_of(napi, struct foo, napi);

        	if (!budget)
        		return 0;
        	return receive(foo, budget); /* reported */
        }

        void foo_step(struct napi_struct *napi, bool wait)
        {
        	if (wait)
        		msleep(1);
        }
        """),
      RuleExample(
        """
        static void power_up(struct foo *foo)
        {
        	if (foo->flags == FOO_RUNNING)
        		msleep(200); /* reported */
        	foo->up = true;
        }

        static void event(struct foo *foo)
        {
        	if (foo->n)
        		power_up(foo);
        }

        void handle(struct foo *foo, int queue)
        {
        	if (queue == foo->last)
        		return;
        	spin_lock(&foo->slock);
        	event(foo);
        	spin_unlock(&foo->slock);
        }
        """),
      RuleExample(
        """
        void power_up(struct foo *foo)
        {
        	if (foo->n)
        		msleep(200);
        	foo->up = true;
        }

        void handle(struct foo *foo, int queue)
        {
        	if (queue == foo->last)
        		return;
        	spin_lock(&foo->slock);
        	power_up(foo); /* reported */
        	spin_unlock(&foo->slock);
        }
        """),
      RuleExample(
        """
        static void signalled(struct dma_fence *fence, struct dma_fence_cb *cb)
        {
        	struct foo *foo = container_of(cb, struct foo, cb);

        	mutex_lock(&foo->mutex); /* reported */
        	foo->done = true;
        	mutex_unlock(&foo->mutex);
        }

        int wait(struct foo *foo, struct dma_fence *fence)
        {
        	return dma_fence_add_callback(fence, &foo->cb, signalled);
        }
        """),
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	spin_lock(&foo->slock);
        	mutex_lock(&foo->mutex); /* reported */
        	mutex_unlock(&foo->mutex);
        	spin_unlock(&foo->slock);
        }
        """),
      RuleExample(
        """
        static void put(struct foo *foo, u8 value)
        {
        	while (true) {
        		if (foo->tail < foo->head) {
        			foo->data[foo->tail++] = value;
        			return;
        		}
        		usleep_range(3000, 5000); /* reported */
        	}
        }

        static void put_frame(struct foo *foo)
        {
        	put(foo, 0x7e);
        }

        void send(struct foo *foo, u8 value)
        {
        	spin_lock(&foo->slock);
        	put_frame(foo);
        	put(foo, value);
        	spin_unlock(&foo->slock);
        }
        """),
      // Too far from the lock for the first, which says nothing of the second.
      RuleExample(
        """
        static void first(struct foo *foo)
        {
        	if (foo->tail == foo->head)
        		msleep(1);
        }

        static void second(struct foo *foo)
        {
        	if (foo->n)
        		msleep(1); /* reported */
        	first(foo);
        }

        static void third(struct foo *foo)
        {
        	second(foo);
        }

        static void fourth(struct foo *foo)
        {
        	third(foo);
        }

        static void fifth(struct foo *foo)
        {
        	fourth(foo);
        }

        void send(struct foo *foo)
        {
        	spin_lock(&foo->slock);
        	fifth(foo);
        	spin_unlock(&foo->slock);
        }
        """),
      RuleExample(
        """
        static void set(struct foo *foo)
        {
        	assert_spin_locked(&foo->slock);
        	msleep(10); /* reported */
        }

        static void done(struct urb *urb)
        {
        	struct foo *foo = urb->context;

        	mutex_lock(&foo->mutex); /* reported */
        	foo->busy = false;
        	mutex_unlock(&foo->mutex);
        }

        void start(struct foo *foo)
        {
        	usb_fill_bulk_urb(foo->urb, foo->udev, foo->pipe, foo->data, 8, done, foo);
        }
        """),
    ],
    nonTriggering: [
      // Callees that are told, or ask, whether they may; that drop the lock; that only wake a device, which may be allowed.
      RuleExample(
        """
        void put_waiting(struct foo *foo, int how)
        {
        	if (how)
        		msleep(1);
        	foo->n++;
        }

        void put_flagged(struct foo *foo)
        {
        	if (foo->flags & FOO_MAY_SLEEP)
        		msleep(1);
        	foo->n++;
        }

        void put_asking(struct foo *foo)
        {
        	if (foo->can_wait)
        		msleep(1);
        	foo->n++;
        }

        void put_dropping(struct foo *foo)
        {
        	if (foo->n) {
        		spin_unlock(&foo->slock);
        		msleep(1);
        		spin_lock(&foo->slock);
        	}
        	foo->n++;
        }

        void wake(struct foo *foo)
        {
        	if (foo->n)
        		pm_runtime_get_sync(foo->dev);
        }

        void send(struct foo *foo)
        {
        	spin_lock(&foo->slock);
        	put_waiting(foo, 0);
        	put_flagged(foo);
        	put_asking(foo);
        	put_dropping(foo);
        	wake(foo);
        	spin_unlock(&foo->slock);
        }

        void foo_set_irq(struct napi_struct *napi, int irq)
        {
        	msleep(1);
        }

        int foo_set(struct napi_struct *napi, struct list_head *list)
        {
        	msleep(1);
        	return 0;
        }
        """),
      // One of the callers may sleep; whether it may is asked; the lock is dropped.
      RuleExample(
        """
        static void put(struct foo *foo, u8 value)
        {
        	if (foo->tail == foo->head)
        		msleep(1);
        	foo->data[foo->tail++] = value;
        }

        static void put_some(struct foo *foo, bool can_wait)
        {
        	if (can_wait)
        		msleep(1);
        	foo->tail++;
        }

        static void put_slowly(struct foo *foo)
        {
        	if (foo->tail == foo->head) {
        		spin_unlock(&foo->slock);
        		msleep(1);
        		spin_lock(&foo->slock);
        	}
        	foo->tail++;
        }

        void start(struct foo *foo)
        {
        	put(foo, 1);
        }

        void send(struct foo *foo, u8 value)
        {
        	spin_lock(&foo->slock);
        	put_some(foo, false);
        	put_slowly(foo);
        	if (foo->tail < foo->head)
        		put(foo, value);
        	spin_unlock(&foo->slock);
        }
        """),
      RuleExample(
        """
        static int slow_request(struct foo *foo, int n)
        {
        	msleep(n);
        	return 0;
        }

        static int request(struct foo *foo, int n)
        {
        	if (foo->ops->request)
        		return foo->ops->request(foo, n);
        	return slow_request(foo, n);
        }

        static int send(struct foo *foo, struct message *message)
        {
        	if (message->async)
        		return 0;
        	wait_for_completion(&message->done);
        	return 0;
        }

        void f(struct foo *foo, struct message *message)
        {
        	spin_lock(&foo->slock);
        	request(foo, 1);
        	send(foo, message);
        	spin_unlock(&foo->slock);
        }
        """),
      RuleExample(
        """
        static int probe(struct foo *foo)
        {
        	pm_runtime_irq_safe(foo->dev);
        	return 0;
        }

        static void start(struct foo *foo)
        {
        	spin_lock(&foo->slock);
        	pm_runtime_get_sync(foo->dev);
        	spin_unlock(&foo->slock);
        }

        static int peek(struct foo *foo, u32 __user *from, u32 *to)
        {
        	int ret;

        	preempt_disable();
        	pagefault_disable();
        	ret = get_user(*to, from);
        	pagefault_enable();
        	preempt_enable();
        	return ret;
        }

        void idle(struct foo *foo)
        {
        	local_irq_disable();
        	local_irq_disable();
        	schedule();
        	local_irq_enable();
        	msleep(1);
        }
        """),
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
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let atomics = AtomicContexts(context)
    let spins = spinLocks(context)
    var callers = AtomicCallers(context, atomics)
    var possible = PossibleSleeps(context, atomics)
    // Where something is under the locks of all callers, it is reported, and not each of their calls.
    var under: [FunctionID: (end: ChainStep, finding: Finding)] = [:]
    for id in context.functions {
      guard let facts = facts(id, context), entry(id, facts, atomics, spins, context) == nil else { continue }
      under[id] = underCallers(id, facts, &callers, &possible, context)
    }
    let ends = Set(under.values.map(\.end))
    return context.functions.flatMap { id -> [Finding] in
      guard let facts = facts(id, context) else { return [] }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      let entry = entry(id, facts, atomics, spins, context)
      for event in facts.acquires where event.sleeps {
        guard let cause = cause(event.held, id, entry, context), reported.insert(event.node).inserted else { continue }
        findings.append(finding(id, event.node, cause, [ChainStep(function: id, node: event.node)], context))
      }
      for call in facts.calls {
        let handler = atomics.run(by: call.node, in: id, context)
        let runner = handler.map { _ in
          Cause(text: "'\(context.text(call.callee))' runs it where nobody may sleep", key: "run")
        }
        guard let cause = runner ?? cause(call.held, id, entry, context),
          let chain = chain(call, handler, id, context) ?? possibleChain(call, id, &possible, ends, context),
          !isHarmless(call, chain, cause, id, context),
          !isDeferred(
            [ChainStep(function: id, node: call.node)] + chain,
            isInterrupt: cause.isInterrupt || atomics.reasons[id] != nil, context),
          reported.insert(call.node).inserted
        else { continue }
        findings.append(
          finding(id, call.node, cause, [ChainStep(function: id, node: call.node)] + chain, context))
      }
      return findings.isEmpty ? under[id].map { [$0.finding] } ?? [] : findings
    }
  }

  /// What is known of a function, where all its paths could be followed.
  private func facts(_ id: FunctionID, _ context: RuleContext) -> FunctionFacts? {
    context.solver.facts(id).flatMap { $0.isApproximate || $0.isPartial ? nil : $0 }
  }

  /// What sleeps in a function that only runs under the spinlocks of its callers; the first in its text.
  ///
  /// Callees that sleep for sure are reported where the lock is held; this is what sleeps on some paths.
  private func underCallers(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: inout AtomicCallers, _ possible: inout PossibleSleeps,
    _ context: RuleContext
  ) -> (end: ChainStep, finding: Finding)? {
    guard context.program.definition(id).isStatic, context.solver.summary(id)?.sleeps == nil else { return nil }
    func isOpen(_ held: [HeldLock]) -> Bool { !held.contains { $0.balance < 0 && $0.kind.isAtomic } }
    let acquires = facts.acquires.filter { $0.sleeps && isOpen($0.held) }.map { ($0.node, [ChainStep]()) }
    let calls = facts.calls.compactMap { call in
      isOpen(call.held) ? chain(call, nil, id, context).map { (call.node, $0) } : nil
    }
    let file = context.program.file(of: id)
    guard let (node, chain) = (acquires + calls).min(by: { file[$0.0].token < file[$1.0].token }),
      let reason = callers.reason(of: id), !possible.isAsked(before: node, in: id),
      !isDeferred([ChainStep(function: id, node: node)] + chain, isInterrupt: true, context)
    else { return nil }
    let cause = Cause(text: "callers hold '\(reason.lock)'", key: "callers \(reason.lock)", evidence: reason.evidence)
    let steps = [ChainStep(function: id, node: node)] + chain
    return (steps[steps.count - 1], finding(id, node, cause, steps, context))
  }

  /// Why nobody may sleep.
  private struct Cause {
    let text: String
    let key: String
    var evidence: [Evidence] = []
    /// An interrupt, or bottom halves disabled, which counts as one.
    var isInterrupt = false
  }

  /// What puts off its work when it is called in an interrupt, and sleeps under a lock all the same.
  private static let deferred: Set<String> = ["vfree", "kvfree", "kvfree_sensitive"]

  /// Whether the end of a chain puts off its work there, or is one of many things that dropping a reference may lead to.
  private func isDeferred(_ chain: [ChainStep], isInterrupt: Bool, _ context: RuleContext) -> Bool {
    guard let step = chain.last,
      Self.deferred.contains(context.text(context.callee(step.node, in: context.program.file(of: step.function))))
    else { return false }
    return isInterrupt || chain.count > 2
  }

  /// Whether the call does not sleep after all: the scheduler is meant to be called with interrupts off, and memory of the
  /// user is not paged in while faults are disabled.
  private func isHarmless(
    _ call: CallEvent, _ chain: [ChainStep], _ cause: Cause, _ id: FunctionID, _ context: RuleContext
  ) -> Bool {
    // A transfer of that kind is only made when the machine goes down, where waiting for an interrupt's end does not wait.
    if cause.key.hasPrefix("i2c_algorithm.") {
      let last = chain.last.map { context.callee($0.node, in: context.program.file(of: $0.function)) } ?? call.callee
      let name = context.text(last)
      if name.hasPrefix("pm_runtime_") || name == "disable_irq" || name == "synchronize_irq" { return true }
    }
    guard chain.isEmpty else { return false }
    if context.text(call.callee) == "schedule" {
      let atomic = call.held.filter { $0.balance > 0 && $0.kind.isAtomic }
      if !atomic.isEmpty, atomic.allSatisfy({ $0.kind == .irq }) { return true }
    }
    guard Self.userAccess.contains(context.text(call.callee)) else { return false }
    if call.held.contains(where: { $0.kind == .fault && $0.balance > 0 }) { return true }
    // What an architecture has for futexes the kernel calls with faults disabled.
    let path = context.program.file(of: id).path
    return path.hasPrefix("arch/") || path.hasPrefix("include/asm-generic/")
      ? path.split(separator: "/").last?.hasPrefix("futex") == true : false
  }

  private static let userAccess: Set<String> = [
    "get_user", "put_user", "copy_from_user", "copy_to_user", "clear_user", "__get_user", "__put_user", "might_fault",
  ]

  /// How a call sleeps: empty when it does so by itself, nil when it does not.
  private func chain(
    _ call: CallEvent, _ handler: FunctionID?, _ id: FunctionID, _ context: RuleContext
  ) -> [ChainStep]? {
    if let handler { return context.solver.summary(handler)?.sleeps }
    let file = context.program.file(of: id)
    let node = file[call.node]
    if context.solver.sleepsItself(call.callee, Array(file.list(node.b, node.c)), in: id) { return [] }
    guard call.targets.count == 1, !call.isIndirect else { return nil }
    return context.solver.summary(call.targets[0])?.sleeps
  }

  /// How a call may sleep on some path; nil where that is reported at its end.
  private func possibleChain(
    _ call: CallEvent, _ id: FunctionID, _ possible: inout PossibleSleeps, _ ends: Set<ChainStep>,
    _ context: RuleContext
  ) -> [ChainStep]? {
    let lock = call.held.first { $0.balance > 0 && $0.kind.isAtomic }
    guard call.targets.count == 1, !call.isIndirect,
      !possible.isAsked(before: call.node, in: id, after: lock?.site ?? -1)
    else { return nil }
    guard let chain = possible.chain(of: call.targets[0]), !ends.contains(chain[chain.count - 1]) else { return nil }
    // Who asks what the callee asks knows which way it goes.
    let own = possible.members(askedBefore: call.node, in: id, after: lock?.site ?? -1)
    let others = possible.members(askedBefore: chain[0].node, in: chain[0].function)
    return own.isDisjoint(with: others) ? chain : nil
  }

  /// What holds from the first statement of the function on.
  private func entry(
    _ id: FunctionID, _ facts: FunctionFacts, _ atomics: AtomicContexts, _ spins: Set<LockClass>,
    _ context: RuleContext
  ) -> (place: Place, cause: Cause)? {
    if let reason = atomics.reasons[id] {
      let text = "'\(context.name(id))' runs as \(reason)"
      return (-1, Cause(text: text, key: reason, isInterrupt: atomics.registered[id] != nil))
    }
    for event in facts.asserts where !event.isHeldHere && !event.isConditional {
      guard !event.kind.isSection, event.kind.isAtomic || event.lockClass.map(spins.contains) == true else { continue }
      let lock = context.solver.lockText(event.place, in: id)
      let evidence = Evidence(context.place(id, event.node), "'\(lock)' is asserted here")
      return (event.place, Cause(text: "'\(lock)' is held", key: lock, evidence: [evidence]))
    }
    return nil
  }

  /// Classes of locks that are taken by spinning somewhere.
  private func spinLocks(_ context: RuleContext) -> Set<LockClass> {
    var result: Set<LockClass> = []
    for id in context.functions {
      for event in context.solver.facts(id)?.acquires ?? [] where event.kind.isAtomic {
        if let lockClass = event.lockClass { result.insert(lockClass) }
      }
    }
    return result
  }

  private func cause(
    _ held: [HeldLock], _ id: FunctionID, _ entry: (place: Place, cause: Cause)?, _ context: RuleContext
  ) -> Cause? {
    if held.contains(where: { $0.balance < 0 && $0.kind.isAtomic }) { return nil }
    guard let lock = held.first(where: { $0.balance > 0 && $0.kind.isAtomic }) else {
      guard let entry, !held.contains(where: { $0.place == entry.place && $0.balance < 0 }) else { return nil }
      return entry.cause
    }
    let text = context.solver.lockText(lock.place, in: id)
    return Cause(
      text: "'\(text)' is held", key: text,
      evidence: [Evidence(context.place(id, lock.site), "'\(text)' is taken here")],
      isInterrupt: ShieldedLocks.strength(of: lock.site, in: id, context) == .bottomHalves)
  }

  private func finding(
    _ id: FunctionID, _ node: NodeID, _ cause: Cause, _ chain: [ChainStep], _ context: RuleContext
  ) -> Finding {
    let last = chain.last.map { context.callee($0.node, in: context.program.file(of: $0.function)) } ?? .none
    let sleeper = last.exists ? context.text(last) : "a guard"
    let first = context.callee(node, in: context.program.file(of: id))
    let holder = chain.last.map { context.name($0.function) } ?? ""
    let inside = holder == context.text(first) ? "" : " in '\(holder)'"
    let what =
      chain.count > 1
      ? "'\(context.text(first))' may sleep (it reaches '\(sleeper)'\(inside))" : "'\(sleeper)' may sleep"
    return context.finding(
      description, id, node, "\(what) while \(cause.text)",
      evidence: cause.evidence
        + context.evidence(Array(chain.dropFirst()), last: "'\(sleeper)' may sleep"),
      key: "\(cause.key) \(context.text(first))")
  }
}
