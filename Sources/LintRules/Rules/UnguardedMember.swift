import Findings
import KernelC
import LockModel

/// A member that is always accessed under a lock, but for one function.
struct UnguardedMember: Rule {
  let description = RuleDescription(
    id: "unguarded-member",
    summary: "a member is written without the lock that every other function holds for it",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Collects under which locks of the same object each member is written (or a list in it is used), over the files under \
      review, and reports a function that holds none of them where at least four places in three functions hold one, and \
      no other place goes without.
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
        """)
    ],
    nonTriggering: [
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
        """)
    ])

  private struct Site {
    let function: FunctionID
    let node: NodeID
    let object: Place
    /// Members of the same object that were held as locks, on every path.
    var locks: Set<Symbol>
  }

  func check(_ context: RuleContext) -> [Finding] {
    var order: [MemberKey] = []
    var sites: [MemberKey: [Site]] = [:]
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isPartial else { continue }
      var own: [NodeID: (MemberKey, Site)] = [:]
      for access in facts.accesses {
        let locks = Set(
          access.held.compactMap { held -> Symbol? in
            guard held.balance > 0, !held.kind.isSection, context.solver.owner(of: held.place) == access.object else {
              return nil
            }
            return context.solver.lastMember(of: held.place)
          })
        if own[access.node] != nil {
          own[access.node]?.1.locks.formIntersection(locks)
        } else {
          own[access.node] = (
            access.member, Site(function: id, node: access.node, object: access.object, locks: locks)
          )
        }
      }
      for (_, item) in own.sorted(by: { $0.key < $1.key }) {
        if sites[item.0] == nil { order.append(item.0) }
        sites[item.0, default: []].append(item.1)
      }
    }
    let callers = CallerTable(context)
    return order.flatMap { judge($0, sites[$0] ?? [], callers, context) }
  }

  private func judge(
    _ member: MemberKey, _ all: [Site], _ callers: CallerTable, _ context: RuleContext
  ) -> [Finding] {
    let sites = all.filter {
      !isSetUp(context.name($0.function)) && context.solver.isPortable($0.object) || !$0.locks.isEmpty
    }
    var counts: [Symbol: Int] = [:]
    for site in sites { for lock in site.locks { counts[lock, default: 0] += 1 } }
    guard let (lock, count) = counts.max(by: { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }), count >= 4
    else { return [] }
    let guarded = Set(sites.filter { $0.locks.contains(lock) }.map(\.function))
    let lockClass = LockClass(structure: member.structure, name: lock)
    let bare = sites.filter { site in
      guard !site.locks.contains(lock), !guarded.contains(site.function) else { return false }
      if context.solver.facts(site.function)?.asserts.contains(where: { $0.lockClass?.name == lock }) == true {
        return false
      }
      return !context.name(site.function).contains("lock") && !context.hasLockFlag(site.function)
    }
    let functions = Set(bare.map(\.function))
    guard guarded.count >= 3, functions.count == 1, let site = bare.first, bare.count * 4 <= count,
      !callers.mayHold(lockClass, over: site.function),
      callers.isCalled(site.function) || context.isExported(site.function)
    else { return [] }
    let other = sites.first { $0.locks.contains(lock) }
    let name = "\(context.text(member.structure))::\(context.text(member.member))"
    return [
      context.finding(
        description, site.function, site.node,
        "'\(name)' is used without '\(context.text(lock))', which \(guarded.count) other functions hold for it",
        evidence: other.map {
          [Evidence(context.place($0.function, $0.node), "for example here, with '\(context.text(lock))' held")]
        } ?? [],
        key: "\(name) \(context.text(lock))")
    ]
  }

  /// Before the object is shared, or when it is not any more.
  private func isSetUp(_ name: String) -> Bool {
    let words: Set<Substring> = [
      "init", "probe", "alloc", "create", "new", "setup", "free", "destroy", "release", "remove", "exit", "cleanup",
      "register", "unregister", "attach", "detach", "open", "close", "teardown", "fini", "deinit", "constructor",
      "ctor",
      "dtor", "start", "bind", "unbind", "disconnect", "put", "get", "final", "show", "load", "mount", "unload",
    ]
    return name.split(separator: "_").contains { words.contains($0) || $0.hasSuffix("init") || $0.hasSuffix("alloc") }
  }
}
