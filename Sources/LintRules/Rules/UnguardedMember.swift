import Findings
import KernelC
import LockModel

/// A member that is always accessed under a lock, but for one function.
struct UnguardedMember: Rule {
  let description = RuleDescription(
    id: "unguarded-member",
    summary: "a member or a function is used without the lock that every other function holds for it",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Collects under which locks of the same object (or of all) each member is written, each list in it is used and each \
      function is called with it, over the files under review, and reports a function that holds none of them where at \
      least three others hold one, and no other function goes without. Likewise for a list, an idr or another tree that is \
      a variable of a file; there the locks that all callers hold count too.
      """,
    whyItMatters: "The function races with the others; lists are corrupted, counts are lost.",
    accepts: [
      "functions that set up or tear down the object", "functions called under the lock", "objects the function made",
    ],
    knownFalsePositives: ["code that runs before anybody else can see the object, under a name that does not say so"],
    triggering: [
      RuleExample(
        """
        void a(struct foo *foo, struct item *item)
        {
        	spin_lock(&foo->lock);
        	list_add(&item->node, &foo->items);
        	spin_unlock(&foo->lock);
        }

        void b(struct foo *foo, struct item *item)
        {
        	spin_lock(&foo->lock);
        	list_add_tail(&item->node, &foo->items);
        	spin_unlock(&foo->lock);
        }

        void c(struct foo *foo)
        {
        	struct item *item;

        	spin_lock(&foo->lock);
        	list_for_each_entry(item, &foo->items, node)
        		use(item);
        	if (list_empty(&foo->items))
        		stop(foo);
        	spin_unlock(&foo->lock);
        }

        void d(struct foo *foo, struct item *item)
        {
        	list_add(&item->node, &foo->items); /* reported */
        }
        """),
      RuleExample(
        """
        static void set_speed(struct fan *fan, int speed)
        {
        	write_register(fan->base, speed);
        	fan->speed = speed;
        }

        int fan_store(struct fan *fan, int speed)
        {
        	mutex_lock(&fan->lock);
        	set_speed(fan, speed);
        	mutex_unlock(&fan->lock);
        	return 0;
        }

        int fan_suspend(struct fan *fan)
        {
        	mutex_lock(&fan->lock);
        	set_speed(fan, 0);
        	mutex_unlock(&fan->lock);
        	return 0;
        }

        int fan_resume(struct fan *fan)
        {
        	mutex_lock(&fan->lock);
        	set_speed(fan, fan->wanted);
        	mutex_unlock(&fan->lock);
        	return 0;
        }

        void fan_shutdown(struct fan *fan)
        {
        	set_speed(fan, 0); /* reported */
        }
        """),
      RuleExample(
        """
        static DEFINE_MUTEX(cleanup_lock);
        static DEFINE_SPINLOCK(target_lock);

        void enable(struct target *target)
        {
        	mutex_lock(&cleanup_lock);
        	spin_lock(&target_lock);
        	list_move(&target->list, &targets);
        	spin_unlock(&target_lock);
        	mutex_unlock(&cleanup_lock);
        }

        void disable(struct target *target)
        {
        	mutex_lock(&cleanup_lock);
        	spin_lock(&target_lock);
        	list_move(&target->list, &idle);
        	spin_unlock(&target_lock);
        	mutex_unlock(&cleanup_lock);
        }

        void expire(struct target *target)
        {
        	mutex_lock(&cleanup_lock);
        	spin_lock(&target_lock);
        	list_del(&target->list);
        	spin_unlock(&target_lock);
        	mutex_unlock(&cleanup_lock);
        }

        void add(struct target *target)
        {
        	spin_lock(&target_lock);
        	list_add(&target->list, &idle);
        	spin_unlock(&target_lock);
        }

        void drop(struct target *target)
        {
        	spin_lock(&target_lock);
        	list_del(&target->list); /* reported */
        	spin_unlock(&target_lock);
        }
        """),
      RuleExample(
        """
        static ssize_t limit_store(struct config_item *item, const char *page, size_t count)
        {
        	struct foo *foo = to_foo(item);

        	set_limit(foo, page); /* reported */
        	return count;
        }
        CONFIGFS_ATTR(foo_, limit);

        static void set_limit(struct foo *foo, const char *page)
        {
        	foo->limit = page[0];
        }

        void a(struct foo *foo)
        {
        	mutex_lock(&foo->lock);
        	set_limit(foo, "1");
        	mutex_unlock(&foo->lock);
        }

        void b(struct foo *foo)
        {
        	mutex_lock(&foo->lock);
        	set_limit(foo, "2");
        	mutex_unlock(&foo->lock);
        }

        void c(struct foo *foo)
        {
        	mutex_lock(&foo->lock);
        	set_limit(foo, "3");
        	mutex_unlock(&foo->lock);
        }
        """),
      RuleExample(
        """
        static DEFINE_MUTEX(all_lock);
        static DEFINE_IDR(all);

        static struct foo *find(int n)
        {
        	struct foo *foo;
        	int id;

        	idr_for_each_entry(&all, foo, id)
        		if (foo->n == n)
        			return foo;
        	return NULL;
        }

        int insert(struct foo *foo)
        {
        	int ret = -EEXIST;

        	mutex_lock(&all_lock);
        	if (!find(foo->n))
        		ret = idr_alloc(&all, foo, 1, 10, GFP_KERNEL);
        	mutex_unlock(&all_lock);
        	return ret;
        }

        void take_out(int n)
        {
        	mutex_lock(&all_lock);
        	if (find(n))
        		idr_remove(&all, n);
        	mutex_unlock(&all_lock);
        }

        void take_first(void)
        {
        	mutex_lock(&all_lock);
        	idr_remove(&all, 1);
        	mutex_unlock(&all_lock);
        }

        int foo_open(struct inode *inode)
        {
        	struct foo *foo = idr_find(&all, iminor(inode)); /* reported */

        	if (!foo)
        		return -ENODEV;
        	return foo->n;
        }

        static void foo_exit(void)
        {
        	idr_destroy(&all);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static DEFINE_MUTEX(cleanup_lock);

        void enable(struct target *target)
        {
        	mutex_lock(&cleanup_lock);
        	list_move(&target->list, &targets);
        	mutex_unlock(&cleanup_lock);
        }

        void disable(struct target *target)
        {
        	mutex_lock(&cleanup_lock);
        	list_move(&target->list, &idle);
        	mutex_unlock(&cleanup_lock);
        }

        void expire(struct target *target)
        {
        	mutex_lock(&cleanup_lock);
        	list_del(&target->list);
        	mutex_unlock(&cleanup_lock);
        }

        void let_go(struct target *target)
        {
        	list_del(&target->list);
        }
        """),
      RuleExample(
        """
        void a(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        }

        void b(struct foo *foo)
        {
        	foo->n = 0;
        }
        """),
      RuleExample(
        """
        static DEFINE_MUTEX(all_lock);

        static void enter(struct foo *foo)
        {
        	foo->next = all;
        	all = foo;
        }

        void a(struct foo *foo)
        {
        	mutex_lock(&all_lock);
        	enter(foo);
        	mutex_unlock(&all_lock);
        }

        void b(struct foo *foo)
        {
        	mutex_lock(&all_lock);
        	enter(foo);
        	mutex_unlock(&all_lock);
        }

        void c(struct foo *foo)
        {
        	mutex_lock(&all_lock);
        	enter(foo);
        	mutex_unlock(&all_lock);
        }

        void __init begin(struct foo *foo)
        {
        	enter(foo);
        }
        """),
      RuleExample(
        """
        void a(struct foo *foo, struct item *item)
        {
        	spin_lock(&foo->lock);
        	list_add(&item->node, &foo->items);
        	spin_unlock(&foo->lock);
        }

        void b(struct foo *foo, struct item *item)
        {
        	spin_lock(&foo->lock);
        	list_add_tail(&item->node, &foo->items);
        	spin_unlock(&foo->lock);
        }

        void c(struct foo *foo, struct item *item)
        {
        	spin_lock(&foo->lock);
        	list_add_tail(&item->node, &foo->items);
        	list_add_tail(&item->other, &foo->items);
        	spin_unlock(&foo->lock);
        }

        void d(struct foo *foo)
        {
        	WARN_ON(!list_empty(&foo->items));
        }
        """),
      RuleExample(
        """
        static DEFINE_MUTEX(all_lock);
        static LIST_HEAD(all);

        void a(struct foo *foo)
        {
        	mutex_lock(&all_lock);
        	list_add(&foo->node, &all);
        	mutex_unlock(&all_lock);
        }

        void b(struct foo *foo)
        {
        	mutex_lock(&all_lock);
        	list_add_tail(&foo->other, &all);
        	mutex_unlock(&all_lock);
        }

        static void under(struct foo *foo)
        {
        	list_add(&foo->third, &all);
        }

        void c(struct foo *foo)
        {
        	mutex_lock(&all_lock);
        	under(foo);
        	list_splice(&foo->more, &all);
        	mutex_unlock(&all_lock);
        }

        static void sub_init(struct foo *foo)
        {
        	list_add(&foo->fourth, &all);
        }

        void local(struct foo *foo)
        {
        	LIST_HEAD(all);

        	list_add(&foo->fifth, &all);
        }
        """),
      RuleExample(
        """
        static DEFINE_MUTEX(map_lock);
        static DEFINE_SPINLOCK(other_lock);
        static LIST_HEAD(map);

        void m1(struct foo *foo)
        {
        	mutex_lock(&map_lock);
        	list_add(&foo->one, &map);
        	mutex_unlock(&map_lock);
        }

        void m2(struct foo *foo)
        {
        	mutex_lock(&map_lock);
        	list_add(&foo->two, &map);
        	mutex_unlock(&map_lock);
        }

        void m3(struct foo *foo)
        {
        	mutex_lock(&map_lock);
        	list_add(&foo->three, &map);
        	list_add(&foo->four, &map);
        	mutex_unlock(&map_lock);
        }

        int reader(int n)
        {
        	struct foo *foo;

        	rcu_read_lock();
        	list_for_each_entry(foo, &map, one)
        		n += foo->n;
        	rcu_read_unlock();
        	return n;
        }

        static DEFINE_MUTEX(tree_lock);
        static DEFINE_IDR(tree);

        static void *tree_start(struct seq_file *s, loff_t *pos)
        {
        	mutex_lock(&tree_lock);
        	return idr_get_next(&tree, pos);
        }

        static void *tree_next(struct seq_file *s, void *v, loff_t *pos)
        {
        	return idr_get_next(&tree, pos);
        }

        static void tree_stop(struct seq_file *s, void *v)
        {
        	mutex_unlock(&tree_lock);
        }

        static const struct seq_operations tree_ops = { .start = tree_start, .next = tree_next, .stop = tree_stop };

        void t1(struct foo *foo)
        {
        	mutex_lock(&tree_lock);
        	idr_alloc(&tree, foo, 0, 0, GFP_KERNEL);
        	mutex_unlock(&tree_lock);
        }

        void t2(int n)
        {
        	mutex_lock(&tree_lock);
        	idr_remove(&tree, n);
        	idr_remove(&tree, n + 1);
        	mutex_unlock(&tree_lock);
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    let uses = GuardedUses(context, callers)
    var reported: Set<GuardedUses.Site.Location> = []
    return uses.order.compactMap { subject in
      guard let sites = uses.sites[subject] else { return nil }
      for (item, count) in guards(of: subject, sites, context) {
        guard let site = bare(subject, item, count, sites, callers, context) else { continue }
        return reported.insert(site.location).inserted ? finding(subject, item, site, sites, context) : nil
      }
      return nil
    }
  }

  /// The locks that are held at most uses, with how many those are; for what is taken off a list, all that often are.
  private func guards(
    of subject: GuardedUses.Subject, _ sites: [GuardedUses.Site], _ context: RuleContext
  ) -> [(key: GuardedUses.Guard, value: Int)] {
    if case .call(let name) = subject,
      context.solver.comesInPairs(name) || Statements.isPrint(context.text(name)) || !isOwnWriter(name, sites, context)
    {
      return []
    }
    var counts: [GuardedUses.Guard: Int] = [:]
    for site in sites { for item in site.guards { counts[item, default: 0] += 1 } }
    let ordered = counts.filter { $0.value >= 3 && (subject.isData || isKnown(subject, $0.key, sites, context)) }
      .sorted {
        ($1.value, context.text($0.key.lock), $0.key.relation.rank)
          < ($0.value, context.text($1.key.lock), $1.key.relation.rank)
      }
    return subject.isRemoval ? ordered : Array(ordered.prefix(1))
  }

  /// The use that should be under the lock and is not; nil where that is not sure.
  private func bare(
    _ subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ count: Int, _ sites: [GuardedUses.Site],
    _ callers: CallerTable, _ context: RuleContext
  ) -> GuardedUses.Site? {
    let isRemoval = subject.isRemoval
    let guarded = Set(sites.filter { $0.guards.contains(item) }.map(\.function))
    let bare = sites.filter { isBare($0, of: subject, item, guarded, callers, context) }
      // Whoever takes it off under another lock is neither setting up nor the last who knows it.
      .filter { !isRemoval || !$0.locks.isEmpty && !context.runsOnce($0.function) }
    let functions = Set(bare.map(\.function))
    guard guarded.count >= 3, count >= (subject.isData && !isRemoval ? 4 : 3), functions.count == 1,
      bare.count * 4 <= count + 1,
      let site = bare.first(where: { !isExcused($0, of: subject, item, callers, context) }),
      !callers.mayHold(named: item.lock, over: site.function),
      // What nothing names is in use all the same, or the compiler would say so: a macro pastes the name of an attribute's.
      callers.isCalled(site.function) || context.isExported(site.function)
        || !context.program.definition(site.function).isInline
          && !context.program.file(of: site.function).path.hasSuffix(".h")
    else { return nil }
    return site
  }

  private func finding(
    _ subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ site: GuardedUses.Site, _ sites: [GuardedUses.Site],
    _ context: RuleContext
  ) -> Finding {
    let guarded = Set(sites.filter { $0.guards.contains(item) }.map(\.function))
    let use = subject.isRemoval ? "taken off a list" : subject.isData ? "used" : "called"
    let name = name(of: subject, context)
    let other = sites.first { $0.guards.contains(item) }
    return context.finding(
      description, site.function, site.node,
      "'\(name)' is \(use) without '\(context.text(item.lock))', which "
        + "\(guarded.count) other functions hold for it",
      evidence: other.map {
        [Evidence(context.place($0.function, $0.node), "for example here, with '\(context.text(item.lock))' held")]
      } ?? [],
      key: "\(name) \(context.text(item.lock))")
  }

  /// Whether the use is on no path to the lock, in a function that should take it.
  private func isBare(
    _ site: GuardedUses.Site, of subject: GuardedUses.Subject, _ item: GuardedUses.Guard,
    _ guarded: Set<FunctionID>, _ callers: CallerTable, _ context: RuleContext
  ) -> Bool {
    guard !guarded.contains(site.function), !site.guards.contains(where: { $0.lock == item.lock }) else { return false }
    let name = context.name(site.function)
    if item.relation != .global {
      // An object that the function made itself is nobody else's yet.
      let object: Place =
        switch item.relation {
        case .argument(let position): position < site.arguments.count ? site.arguments[position] : -1
        default: site.object
        }
      guard context.solver.isPortable(object), !callers.isOnlySetUp(site.function) else { return false }
    } else if subject.isVariable, isOfModule(site.function, callers, context) {
      return false
    }
    let asserts = context.solver.facts(site.function)?.asserts ?? []
    return !asserts.contains { context.solver.lastMember(of: $0.place) == item.lock } && !name.contains("lock")
      && !context.hasLockFlag(site.function)
  }

  /// A use that needs no lock, or is under one that goes by the same name; others without it are still as many.
  private func isExcused(
    _ site: GuardedUses.Site, of subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ callers: CallerTable,
    _ context: RuleContext
  ) -> Bool {
    if site.isLook || site.locks.contains(item.lock) || context.runsOnce(site.function) { return true }
    // Of what is no part of an object, any lock or RCU section may be as good.
    if subject.isVariable { return !site.locks.isEmpty || isStep(site.function, context) }
    return callers.isOnlySetUp(site.function)
  }

  /// Whether a function is the begin or the end of the module, as whose variables nobody else uses yet or any more, or
  /// nothing but such functions calls it.
  private func isOfModule(
    _ id: FunctionID, _ callers: CallerTable, _ context: RuleContext, depth: Int = 0
  ) -> Bool {
    let words: Set<Substring> = ["init", "exit", "fini", "cleanup", "unload", "probe", "early"]
    if context.runsOnce(id) || context.name(id).split(separator: "_").contains(where: words.contains) { return true }
    let calls = callers.calls(of: id)
    return depth < 3 && !calls.isEmpty
      && calls.allSatisfy { isOfModule($0.caller, callers, context, depth: depth + 1) }
  }

  /// Whether the lock is taken by another function of the same table: a file that is read step by step.
  private func isStep(_ id: FunctionID, _ context: RuleContext) -> Bool {
    context.solver.callbacks.members(holding: id).contains { context.text($0.structure) == "seq_operations" }
  }

  /// A function without a body says nothing about the locks of its arguments.
  private func isKnown(
    _ subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ sites: [GuardedUses.Site], _ context: RuleContext
  ) -> Bool {
    guard case .call(let name) = subject, let first = sites.first else { return true }
    if item.relation == .global, item.isCall { return true }
    let index = Int(context.program.functions[Int(first.function.rawValue)].file)
    return context.program.resolve(name, fromFile: index) != nil
  }

  /// Whether a function changes something, and lives beside its callers; one that is not shown may.
  private func isOwnWriter(_ name: Symbol, _ sites: [GuardedUses.Site], _ context: RuleContext) -> Bool {
    guard let first = sites.first else { return false }
    let program = context.program
    let index = Int(program.functions[Int(first.function.rawValue)].file)
    guard let target = program.resolve(name, fromFile: index) else { return true }
    let folder = program.files[index].path.prefix { $0 != "." }.split(separator: "/").dropLast()
    guard program.file(of: target).path.split(separator: "/").dropLast() == folder else { return false }
    // A callee that takes a lock of its own needs none of its callers'.
    return context.solver.facts(target)?.acquires.isEmpty != false && writes(target, 0, context)
  }

  private func writes(_ id: FunctionID, _ depth: Int, _ context: RuleContext) -> Bool {
    guard depth < 2, let facts = context.solver.facts(id) else { return false }
    return !facts.accesses.isEmpty
      || facts.calls.contains { $0.targets.count == 1 && writes($0.targets[0], depth + 1, context) }
  }

  private func name(of subject: GuardedUses.Subject, _ context: RuleContext) -> String {
    switch subject {
    case .member(let key), .removal(let key): "\(context.text(key.structure))::\(context.text(key.member))"
    case .call(let name): context.text(name)
    case .slot(let member): "->\(context.text(member))"
    case .variable(_, let name): context.text(name)
    }
  }
}
