import Findings
import KernelC
import LockModel

/// Two locks of one object taken in both orders.
struct LockOrder: Rule {
  let description = RuleDescription(
    id: "lock-order",
    summary: "two locks are taken in one order here and in the other there",
    severity: .error, confidence: .high, judgesPrograms: true,
    whatItDoes: """
      Collects which lock class is taken while which other is held, directly and through calls and callbacks, and reports \
      pairs that occur in both orders: where both locks belong to one object, both are global, or one is the lock of the \
      task's own address space; and where one function alone takes them in an order that at least two others reverse. The \
      lock of the address space the kernel holds around a fault handler and around mmap(), and every access to user \
      memory may take it.
      """,
    whyItMatters: "Two tasks that run the two functions at once wait for each other.",
    accepts: ["trylocks, which do not wait", "classes of different objects in both orders in several functions each"],
    knownFalsePositives: ["paths that never run at the same time"],
    triggering: [
      // A lock that the callers hold; one that a local leads to on some paths.
      RuleExample(
        """
        struct foo { struct mutex lock; struct bar *bar; int n; };
        struct bar { struct mutex lock; refcount_t refs; int n; };

        static void stop(struct bar *bar)
        {
        	mutex_lock(&bar->lock);
        	bar->n++;
        	mutex_unlock(&bar->lock);
        }

        static int set(struct foo *foo)
        	__must_hold(&foo->lock)
        {
        	struct bar *bar = NULL;

        	if (foo->n)
        		bar = foo->bar;
        	if (bar)
        		stop(bar); /* reported */
        	return 0;
        }

        int get(struct bar *bar, struct foo *foo)
        {
        	int n = 0;

        	if (foo->n)
        		bar = foo->bar;
        	mutex_lock(&bar->lock);
        	mutex_lock(&foo->lock); /* reported */
        	n = foo->n;
        	mutex_unlock(&foo->lock);
        	mutex_unlock(&bar->lock);
        	return n;
        }
        """),
      // What no constant says may be the one that takes it.
      RuleExample(
        """
        static DEFINE_MUTEX(types_lock);
        static DEFINE_MUTEX(event_lock);

        static void record(bool on)
        {
        	mutex_lock(&event_lock);
        	note(on);
        	mutex_unlock(&event_lock);
        }

        static int set_flag(struct foo *foo, unsigned int mask, bool on)
        {
        	if (mask == FLAG_RECORD)
        		record(on);
        	return 0;
        }

        void set_options(struct foo *foo, int index)
        {
        	mutex_lock(&types_lock);
        	set_flag(foo, 1 << index, true); /* reported */
        	mutex_unlock(&types_lock);
        }

        void set_other(struct foo *foo)
        {
        	mutex_lock(&types_lock);
        	set_flag(foo, FLAG_OTHER, true);
        	mutex_unlock(&types_lock);
        }

        void open(struct foo *foo)
        {
        	mutex_lock(&event_lock);
        	mutex_lock(&types_lock); /* reported */
        	foo->n++;
        	mutex_unlock(&types_lock);
        	mutex_unlock(&event_lock);
        }
        """),
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	mutex_lock(&foo->a);
        	mutex_lock(&foo->b); /* reported */
        	mutex_unlock(&foo->b);
        	mutex_unlock(&foo->a);
        }

        void g(struct foo *foo)
        {
        	mutex_lock(&foo->b);
        	mutex_lock(&foo->a); /* reported */
        	mutex_unlock(&foo->a);
        	mutex_unlock(&foo->b);
        }
        """),
      RuleExample(
        """
        struct foo { struct mutex lock; };

        static vm_fault_t foo_fault(struct vm_fault *vmf)
        {
        	struct foo *foo = vmf->vma->vm_private_data;

        	mutex_lock(&foo->lock); /* reported */
        	mutex_unlock(&foo->lock);
        	return 0;
        }

        static const struct vm_operations_struct foo_vm_ops = { .fault = foo_fault };

        long foo_read(struct foo *foo, char __user *buffer)
        {
        	long r = 0;

        	mutex_lock(&foo->lock);
        	if (copy_to_user(buffer, foo, 8)) /* reported */
        		r = -EFAULT;
        	mutex_unlock(&foo->lock);
        	return r;
        }
        """),
      RuleExample(
        """
        struct foo { spinlock_t lock; struct bar *bar; struct list_head list; };
        struct bar { spinlock_t lock; struct list_head foos; };

        void f(struct foo *foo)
        {
        	struct bar *bar = foo->bar;

        	spin_lock(&foo->lock);
        	spin_lock(&bar->lock); /* reported */
        	spin_unlock(&bar->lock);
        	spin_unlock(&foo->lock);
        }

        void g(struct bar *bar)
        {
        	struct foo *foo;

        	spin_lock(&bar->lock);
        	list_for_each_entry(foo, &bar->foos, list) {
        		spin_lock(&foo->lock); /* reported */
        		spin_unlock(&foo->lock);
        	}
        	spin_unlock(&bar->lock);
        }
        """),
      RuleExample(
        """
        void f(struct dev *dev, struct conn *conn)
        {
        	mutex_lock(&dev->lock);
        	mutex_lock(&conn->mutex);
        	mutex_unlock(&conn->mutex);
        	mutex_unlock(&dev->lock);
        }

        void g(struct dev *dev, struct conn *conn)
        {
        	mutex_lock(&dev->lock);
        	mutex_lock(&conn->mutex);
        	mutex_unlock(&conn->mutex);
        	mutex_unlock(&dev->lock);
        }

        void h(struct dev *dev, struct conn *conn)
        {
        	mutex_lock(&conn->mutex);
        	mutex_lock(&dev->lock); /* reported */
        	mutex_unlock(&dev->lock);
        	mutex_unlock(&conn->mutex);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        struct foo { spinlock_t lock; struct bar *bar; struct list_head list; };
        struct bar { spinlock_t lock; struct list_head foos; };

        void f(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	spin_lock(&foo->bar->lock);
        	spin_unlock(&foo->bar->lock);
        	spin_unlock(&foo->lock);
        }

        void g(struct bar *bar, struct bar *other)
        {
        	struct foo *foo;

        	spin_lock(&bar->lock);
        	list_for_each_entry(foo, &other->foos, list) {
        		spin_lock(&foo->lock);
        		spin_unlock(&foo->lock);
        	}
        	spin_unlock(&bar->lock);
        }
        """),
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	mutex_lock(&foo->a);
        	mutex_lock(&foo->b);
        	mutex_unlock(&foo->b);
        	mutex_unlock(&foo->a);
        }
        """),
    ])

  private struct Edge: Hashable {
    let first: LockClass
    let second: LockClass

    var reversed: Edge { Edge(first: second, second: first) }
  }

  private struct Site {
    let function: FunctionID
    let node: NodeID
    /// What is held; nil where the kernel holds it around the function.
    let held: HeldLock?
    let chain: [ChainStep]
    /// Both locks belong to one object, or to none.
    let isTogether: Bool
    /// The function says that its callers hold the lock.
    var isStated = false
  }

  func check(_ context: RuleContext) -> [Finding] {
    var order: [Edge] = []
    var sites: [Edge: [Site]] = [:]
    func add(_ edge: Edge, _ site: Site) {
      if sites[edge] == nil { order.append(edge) }
      sites[edge, default: []].append(site)
    }
    func collect(_ id: FunctionID) {
      guard let facts = context.solver.facts(id), !facts.isApproximate else { return }
      let around = context.solver.heldAround(id)?.held.lockClass
      let asserted = facts.asserts.filter { !$0.isHeldHere && !$0.isConditional }.map {
        HeldLock(place: $0.place, kind: $0.kind, mode: $0.mode, balance: 1, site: $0.node)
      }
      func all(_ held: [HeldLock]) -> [HeldLock] {
        held + asserted.filter { lock in !held.contains { $0.place == lock.place } }
      }
      func take(_ second: LockClass?, _ place: Place, held: [HeldLock], _ node: NodeID, _ chain: [ChainStep]) {
        guard let second else { return }
        for lock in held where lock.balance > 0 && !lock.kind.nests && lock.kind != .semaphore {
          guard let first = context.solver.lockClass(of: lock, in: id), first != second, !context.isUnordered(first),
            !context.isUnordered(second)
          else { continue }
          // What the tree gives classes of their own are many locks, unless one object has both.
          let owner = context.solver.owner(of: lock.place)
          if context.tables.isSplit(first) || context.tables.isSplit(second),
            owner < 0 || owner != context.solver.owner(of: place)
          {
            continue
          }
          let edge = Edge(first: first, second: second)
          // What a chain of calls takes by way of an object may be another object's of the kind.
          let isTogether =
            areTogether(lock.place, place, edge, context)
            || chain.count <= Self.near && areRelated(lock.place, place, id, context)
          let isStated = asserted.contains { $0.place == lock.place && $0.site == lock.site }
          add(
            edge,
            Site(
              function: id, node: node, held: lock, chain: chain, isTogether: isTogether, isStated: isStated))
        }
        if let around, around != second, second.structure.exists {
          let edge = Edge(first: around, second: second)
          add(edge, Site(function: id, node: node, held: nil, chain: chain, isTogether: true))
        }
      }
      for event in facts.acquires where !event.isTry && !event.kind.nests && event.kind != .semaphore {
        take(event.lockClass, event.place, held: all(event.held), event.node, [])
      }
      for call in facts.calls
      where around != nil || !asserted.isEmpty || call.held.contains(where: { $0.balance > 0 && !$0.kind.nests }) {
        for item in context.solver.acquisitions(at: call, in: id, assumingCallers: true)
        where !item.kind.nests && item.kind != .semaphore && !item.isRecursive
          && context.isPlausible(item.chain, from: id)
          && !call.held.contains(where: { $0.place == item.place || $0.balance < 0 })
        {
          take(
            item.lockClass, item.place, held: all(call.held).filter { !item.dropped.contains($0.place) }, call.node,
            item.chain)
        }
      }
    }
    for id in context.functions { collect(id) }
    let own = order
    // The other order may be that of functions that nobody changed.
    let wanted = Set(own.lazy.filter { sites[$0.reversed] == nil }.map(\.second.name))
    for id in context.bystanders(mentioning: wanted, limit: Self.bystanderLimit) { collect(id) }
    return findings(own, sites, context)
  }

  /// Through more calls than this, an object may be another one of its kind.
  private static let near = 3

  /// More functions than this are not looked at for the other order.
  private static let bystanderLimit = 300

  /// Whether the locks belong together: one object's, both global, or one the task's own.
  private func areTogether(_ held: Place, _ place: Place, _ edge: Edge, _ context: RuleContext) -> Bool {
    let solver = context.solver
    if !edge.first.structure.exists, !edge.second.structure.exists { return true }
    if solver.isOfCurrentTask(held) || solver.isOfCurrentTask(place) { return true }
    let owner = solver.owner(of: held)
    return owner >= 0 && place >= 0 && owner == solver.owner(of: place)
  }

  /// Whether the locks are those of an object and of one that it points to, or has in a list.
  private func areRelated(_ held: Place, _ place: Place, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let solver = context.solver
    let (first, second) = (solver.owner(of: held), solver.owner(of: place))
    guard first >= 0, second >= 0 else { return false }
    return solver.isReached(first, from: second) || solver.isReached(second, from: first)
      || isListed(second, in: first, id, context) || isSet(second, from: first, id, context)
      || isSet(first, from: second, id, context)
  }

  /// Whether a local is set to what the object points to: `item = object->item`, on some paths.
  private func isSet(_ item: Place, from object: Place, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let (local, owner) = (context.solver.lockText(item, in: id), context.solver.lockText(object, in: id))
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .assign, file[file[node].a].kind == .name else { return false }
      return SourceText.text(of: file[node].a, file, context.program.symbols) == local
        && SourceText.text(of: file[node].b, file, context.program.symbols).hasPrefix("\(owner)->")
    }
  }

  /// Whether a local goes through a list of the object: `list_for_each_entry(item, &object->items, node)`.
  private func isListed(_ item: Place, in object: Place, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let symbols = context.program.symbols
    let loops = context.program.definition(id).nodes.filter {
      file[$0].kind == .macroLoop && file[file[$0].a].kind == .call
    }
    guard !loops.isEmpty else { return false }
    let (local, owner) = (context.solver.lockText(item, in: id), context.solver.lockText(object, in: id))
    return loops.contains { loop in
      let call = file[file[loop].a]
      let arguments = file.list(call.b, call.c).map { SourceText.text(of: $0, file, symbols) }
      return arguments.first == local && arguments.contains { $0.hasPrefix("&\(owner)->") }
    }
  }

  private func findings(_ order: [Edge], _ sites: [Edge: [Site]], _ context: RuleContext) -> [Finding] {
    let reviewed = Set(context.functions)
    var findings: [Finding] = []
    for edge in order {
      guard var all = sites[edge], var others = sites[edge.reversed] else { continue }
      var reported: Set<FunctionID> = []
      for site in all where site.isTogether && reviewed.contains(site.function) && !reported.contains(site.function) {
        let other = others.first { other in
          // Whose callers hold a lock is only seen where both are near.
          other.isTogether && (!site.isStated && !other.isStated || areNear(site, other, context))
        }
        guard let other else { continue }
        reported.insert(site.function)
        findings.append(finding(edge, site, other, context))
      }
      all.removeAll(where: \.isStated)
      others.removeAll { other in other.isStated && !all.contains { areNear($0, other, context) } }
      // Locks of different objects: the order that one function alone has is the wrong one.
      let functions = Set(all.map(\.function))
      let rivals = Set(others.map(\.function)).subtracting(functions)
      if functions.count == 1, rivals.count > 1, let other = others.first(where: { rivals.contains($0.function) }),
        reviewed.contains(all[0].function), reported.insert(all[0].function).inserted
      {
        findings.append(finding(edge, all[0], other, context))
      }
    }
    return findings
  }

  private func areNear(_ left: Site, _ right: Site, _ context: RuleContext) -> Bool {
    context.program.file(of: left.function).path == context.program.file(of: right.function).path
  }

  private func finding(_ edge: Edge, _ site: Site, _ other: Site, _ context: RuleContext) -> Finding {
    let first = edge.first.text(context.program.symbols)
    let second = edge.second.text(context.program.symbols)
    return context.finding(
      description, site.function, site.node,
      "'\(second)' is taken while '\(first)' is held; '\(context.name(other.function))' takes them in the other order",
      evidence: steps(site, first, second, context) + steps(other, second, first, context), key: "\(first) \(second)",
      cause: Cause([edge.first, edge.second].map { name($0, context) }.sorted().joined(separator: " "), side: first))
  }

  /// The class, with the file where only that knows it: two files may have a lock of the same name each.
  private func name(_ lock: LockClass, _ context: RuleContext) -> String {
    let file = lock.file.map { context.program.files[Int($0)].path + ":" } ?? ""
    return file + lock.text(context.program.symbols)
  }

  /// How a site gets from one lock to the other.
  private func steps(_ site: Site, _ first: String, _ second: String, _ context: RuleContext) -> [Evidence] {
    let name = context.name(site.function)
    let start: Evidence
    if let held = site.held {
      start = Evidence(
        context.place(site.function, held.site),
        site.isStated ? "callers of '\(name)' hold '\(first)'" : "'\(name)' takes '\(first)'")
    } else {
      let member = context.solver.heldAround(site.function)?.member
      let slot = member.map { "\(context.text($0.structure))::\(context.text($0.member))" } ?? "an interface"
      start = Evidence(
        context.place(of: site.function), "'\(name)' is called through \(slot) with '\(first)' held")
    }
    let end =
      site.chain.isEmpty
      ? [Evidence(context.place(site.function, site.node), "and then '\(second)'")]
      : context.evidence(site.chain, last: "'\(second)' is taken here")
    return [start] + end
  }
}
