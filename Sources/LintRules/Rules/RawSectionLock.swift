import Findings
import KernelC
import LockModel

/// A spinlock that is a sleeping lock under PREEMPT_RT, taken where nothing may sleep even there.
struct RawSectionLock: Rule {
  let description = RuleDescription(
    id: "raw-section-lock",
    summary: "a spinlock is taken in a section that PREEMPT_RT cannot interrupt",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports a spinlock_t or an rwlock_t that is taken while a raw spinlock is held, or by a function of an irq_chip that \
      runs under the raw lock of the interrupt's descriptor: itself, or in what it calls by name.
      """,
    whyItMatters: "Under PREEMPT_RT these locks sleep; the section may not.",
    accepts: ["raw spinlocks", "trylocks", "functions that runs under a bus lock, such as irq_bus_sync_unlock()"],
    knownFalsePositives: ["code that is never built for PREEMPT_RT"],
    triggering: [
      RuleExample(
        """
        static struct item *make(struct foo *foo)
        {
        	if (foo->cached)
        		return foo->cached;
        	return kmem_cache_zalloc(foo->cache, GFP_ATOMIC);
        }

        static void mask(struct irq_data *d)
        {
        	struct foo *foo = irq_data_get_irq_chip_data(d);

        	foo->data = kmalloc(8, GFP_ATOMIC); /* reported */
        }

        static const struct irq_chip chip_ops = {
        	.irq_mask = mask,
        };

        void f(struct foo *foo)
        {
        	raw_spin_lock(&foo->lock);
        	foo->item = make(foo); /* reported */
        	foo->data = kmalloc(8, GFP_ATOMIC); /* reported */
        	raw_spin_unlock(&foo->lock);
        }
        """),
      RuleExample(
        """
        static void mask(struct irq_data *d)
        {
        	struct chip *chip = irq_data_get_irq_chip_data(d);
        	unsigned long flags;

        	spin_lock_irqsave(&chip->lock, flags); /* reported */
        	writel(0, chip->base);
        	spin_unlock_irqrestore(&chip->lock, flags);
        }

        static const struct irq_chip chip_ops = {
        	.irq_mask = mask,
        };
        """),
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	raw_spin_lock(&foo->lock);
        	spin_lock(&foo->queue_lock); /* reported */
        	spin_unlock(&foo->queue_lock);
        	raw_spin_unlock(&foo->lock);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	void *data = kmalloc(8, GFP_KERNEL);

        	raw_spin_lock(&foo->lock);
        	free_large_kmalloc(foo->data);
        	foo->data = data;
        	raw_spin_unlock(&foo->lock);
        	spin_lock(&foo->other);
        	foo->more = kmalloc(8, GFP_ATOMIC);
        	spin_unlock(&foo->other);
        }
        """),
      RuleExample(
        """
        static void mask(struct irq_data *d)
        {
        	struct chip *chip = irq_data_get_irq_chip_data(d);
        	unsigned long flags;

        	raw_spin_lock_irqsave(&chip->lock, flags);
        	writel(0, chip->base);
        	raw_spin_unlock_irqrestore(&chip->lock, flags);
        }

        static int set(struct chip *chip)
        {
        	spin_lock(&chip->other);
        	spin_unlock(&chip->other);
        	return 0;
        }

        static const struct irq_chip chip_ops = {
        	.irq_mask = mask,
        };
        """),
    ])

  /// Members of an irq_chip that the core calls with the descriptor's lock held.
  private static let members = [
    "irq_mask", "irq_unmask", "irq_ack", "irq_eoi", "irq_mask_ack", "irq_set_type", "irq_enable", "irq_disable",
    "irq_startup", "irq_shutdown",
  ]
  /// More calls than this lead to code that has ways of its own.
  private static let depth = 3

  func check(_ context: RuleContext) -> [Finding] {
    let chips = chipFunctions(context)
    return context.functions.flatMap { id -> [Finding] in
      guard Self.isRealTime(context.program.file(of: id).path), let facts = context.solver.facts(id), !facts.isPartial,
        !facts.isApproximate
      else { return [] }
      var reported: Set<NodeID> = []
      var findings: [Finding] = []
      for event in facts.acquires where !event.isTry && Self.sleeps(event.kind) {
        guard let cause = cause(event.held, id, chips, context), reported.insert(event.node).inserted else { continue }
        findings.append(finding(event.place, cause, id, [ChainStep(function: id, node: event.node)], context))
      }
      for call in facts.calls where !call.isIndirect {
        guard let cause = cause(call.held, id, chips, context) else { continue }
        if let chain = allocation(by: call, in: id, context), reported.insert(call.node).inserted {
          findings.append(finding(chain, cause, id, context))
          continue
        }
        for item in context.solver.acquisitions(at: call, in: id)
        where Self.sleeps(item.kind) && !item.isThroughPointer && item.chain.count <= Self.depth {
          guard item.conditions.isEmpty,
            !item.dropped.contains(where: { dropped in call.held.contains { $0.place == dropped } }),
            reported.insert(call.node).inserted
          else { continue }
          findings.append(finding(item.place, cause, id, item.chain, context))
        }
      }
      return findings
    }
  }

  /// Architectures that PREEMPT_RT is for, in the tree or in patches that were taken.
  private static let realTime: Set<Substring> = ["x86", "arm64", "riscv", "arm", "powerpc", "loongarch"]
  /// Folders of drivers for the machines of an architecture that it is not for.
  private static let otherDrivers = [
    "drivers/parisc/", "drivers/sh/", "drivers/s390/", "drivers/sbus/", "drivers/zorro/",
  ]

  private static func isRealTime(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    if parts.first == "arch", parts.count > 1 { return realTime.contains(parts[1]) }
    return !otherDrivers.contains { path.hasPrefix($0) }
  }

  private static func sleeps(_ kind: LockKind) -> Bool { kind == .spin || kind == .rwlock }

  private func chipFunctions(_ context: RuleContext) -> [FunctionID: String] {
    let chip = context.program.symbols.intern("irq_chip")
    var result: [FunctionID: String] = [:]
    for member in Self.members {
      let key = MemberKey(structure: chip, member: context.program.symbols.intern(member))
      for id in context.solver.callbacks.functions(in: key) { result[id] = "irq_chip.\(member)" }
    }
    return result
  }

  private func cause(
    _ held: [HeldLock], _ id: FunctionID, _ chips: [FunctionID: String], _ context: RuleContext
  ) -> (text: String, site: NodeID)? {
    if let raw = held.first(where: { $0.kind == .raw && $0.balance > 0 }) {
      return ("while '\(context.solver.lockText(raw.place, in: id))', a raw spinlock, is held", raw.site)
    }
    return chips[id].map { ("in '\(context.name(id))', which runs as \($0) under a raw spinlock", -1) }
  }

  private func taken(_ cause: (text: String, site: NodeID), _ id: FunctionID, _ context: RuleContext) -> [Evidence] {
    cause.site >= 0 ? [Evidence(context.place(id, cause.site), "the raw spinlock is taken here")] : []
  }

  /// How a call comes to the allocator of memory, itself or in what it calls, on every path or some.
  private func allocation(
    by call: CallEvent, in id: FunctionID, _ context: RuleContext, _ level: Int = 0
  ) -> [ChainStep]? {
    let step = ChainStep(function: id, node: call.node)
    if call.callee.exists, Self.isAllocator(context.text(call.callee)) { return [step] }
    guard level < 1, call.targets.count == 1, !call.isIndirect, let facts = context.solver.facts(call.targets[0]) else {
      return nil
    }
    for inner in facts.calls where !inner.held.contains(where: { $0.balance < 0 }) {
      if let rest = allocation(by: inner, in: call.targets[0], context, level + 1) { return [step] + rest }
    }
    return nil
  }

  /// The allocator of objects and that of pages, whatever the flags are (`Documentation/locking/locktypes.rst`).
  private static func isAllocator(_ name: String) -> Bool {
    ["kmalloc", "kzalloc", "kcalloc"].contains(where: name.hasSuffix) && !name.hasPrefix("free_")
      || ["kmem_cache_alloc", "kmem_cache_zalloc", "alloc_page", "alloc_pages", "__get_free_page"].contains(name)
  }

  private func finding(
    _ chain: [ChainStep], _ cause: (text: String, site: NodeID), _ id: FunctionID, _ context: RuleContext
  ) -> Finding {
    let last = chain[chain.count - 1]
    let name = context.text(context.callee(last.node, in: context.program.file(of: last.function)))
    return context.finding(
      description, id, chain[0].node, "'\(name)' allocates memory, which takes sleeping locks, \(cause.text)",
      evidence: taken(cause, id, context)
        + context.evidence(Array(chain.dropFirst()), last: "'\(name)' allocates here"), key: "\(name) raw")
  }

  private func finding(
    _ place: Place, _ cause: (text: String, site: NodeID), _ id: FunctionID, _ chain: [ChainStep],
    _ context: RuleContext
  ) -> Finding {
    let node = chain.first?.node ?? -1
    let lock = place >= 0 ? context.solver.lockText(place, in: id) : "a spinlock"
    let way = chain.count > 1 ? context.evidence(Array(chain.dropFirst()), last: "'\(lock)' is taken here") : []
    return context.finding(
      description, id, node, "'\(lock)' is taken \(cause.text)", evidence: taken(cause, id, context) + way,
      key: "\(lock) raw")
  }
}
