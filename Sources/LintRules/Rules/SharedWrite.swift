import Findings
import KernelC
import LockModel

/// A member that is written while its lock is held for reading only.
struct SharedWrite: Rule {
  let description = RuleDescription(
    id: "shared-write",
    summary: "a member is written under a lock held for reading, which the others hold for writing",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Collects under which reader-writer locks (rwlock, rwsem) of the same object each member is set, counted or changed as \
      a list, over the files under review. Where at least two functions hold the lock for writing and one holds no more \
      than the readers' side of it, and no other lock that keeps the others out, that one is reported.
      """,
    whyItMatters: "Other readers run at the same time: both write, and readers see the member change under them.",
    accepts: [
      "another mutex or spinlock that is held as well",
      "members that more than one function writes under the readers' side",
    ],
    knownFalsePositives: ["a flag that several writers may set to the same value"],
    triggering: [
      RuleExample(
        """
        struct foo { rwlock_t lock; void (*ready)(struct foo *foo); void *data; };

        void attach(struct foo *foo, void *data)
        {
        	write_lock_bh(&foo->lock);
        	foo->data = data;
        	write_unlock_bh(&foo->lock);
        }

        void detach(struct foo *foo)
        {
        	write_lock_bh(&foo->lock);
        	foo->data = NULL;
        	write_unlock_bh(&foo->lock);
        }

        void reset(struct foo *foo)
        {
        	read_lock_bh(&foo->lock);
        	foo->data = NULL; /* reported */
        	read_unlock_bh(&foo->lock);
        }
        """),
      RuleExample(
        """
        struct foo { struct rw_semaphore sem; struct list_head items; int n; };

        void add(struct foo *foo, struct item *item)
        {
        	down_write(&foo->sem);
        	list_add(&item->node, &foo->items);
        	foo->n++;
        	up_write(&foo->sem);
        }

        void clear(struct foo *foo)
        {
        	down_write(&foo->sem);
        	INIT_LIST_HEAD(&foo->items);
        	foo->n = 0;
        	up_write(&foo->sem);
        }

        int take(struct foo *foo)
        {
        	guard(rwsem_read)(&foo->sem);
        	foo->n--; /* reported */
        	return foo->n;
        }
        """),
    ],
    nonTriggering: [
      // A spinlock for the writers among the readers; a member that readers write as a rule; another object's lock.
      RuleExample(
        """
        struct foo { struct rw_semaphore sem; spinlock_t slock; int n; int hits; };

        void set(struct foo *foo, int n)
        {
        	down_write(&foo->sem);
        	foo->n = n;
        	foo->hits = 0;
        	up_write(&foo->sem);
        }

        void clear(struct foo *foo)
        {
        	down_write(&foo->sem);
        	foo->n = 0;
        	foo->hits = 0;
        	up_write(&foo->sem);
        }

        void count(struct foo *foo)
        {
        	down_read(&foo->sem);
        	spin_lock(&foo->slock);
        	foo->n++;
        	spin_unlock(&foo->slock);
        	foo->hits++;
        	up_read(&foo->sem);
        }

        void copy(struct foo *foo, struct foo *other)
        {
        	down_read(&foo->sem);
        	other->n = foo->n;
        	up_read(&foo->sem);
        }

        int hit(struct foo *foo, struct foo *other)
        {
        	down_read(&foo->sem);
        	foo->hits++;
        	down_write(&other->sem);
        	other->n = foo->n;
        	up_write(&other->sem);
        	up_read(&foo->sem);
        	return 0;
        }
        """)
    ])

  /// A lock by its member in the object that is written.
  private struct Subject: Hashable {
    let member: MemberKey
    let lock: Symbol
  }

  private struct Site {
    let function: FunctionID
    let node: NodeID
    let isShared: Bool
  }

  func check(_ context: RuleContext) -> [Finding] {
    var order: [Subject] = []
    var sites: [Subject: [Site]] = [:]
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isPartial, !facts.accesses.isEmpty else { continue }
      let writes = writes(in: id, context)
      for access in facts.accesses where writes.contains(access.node) {
        guard let (lock, isShared) = guarding(access, context) else { continue }
        let subject = Subject(member: access.member, lock: lock)
        if sites[subject] == nil { order.append(subject) }
        sites[subject, default: []].append(Site(function: id, node: access.node, isShared: isShared))
      }
    }
    return order.compactMap { subject in
      let all = sites[subject] ?? []
      let exclusive = all.filter { !$0.isShared }
      let shared = all.filter { site in site.isShared && !exclusive.contains { $0.function == site.function } }
      guard let site = shared.first, let other = exclusive.first, Set(exclusive.map(\.function)).count >= 2,
        Set(shared.map(\.function)).count == 1
      else { return nil }
      let name = "\(context.text(subject.member.structure))::\(context.text(subject.member.member))"
      let lock = context.text(subject.lock)
      return context.finding(
        description, site.function, site.node,
        "'\(name)' is written with '\(lock)' held for reading, which others hold for writing",
        evidence: [Evidence(context.place(other.function, other.node), "for example here")], key: "\(name) \(lock)")
    }
  }

  /// The reader-writer lock of the object that is held around a write, and whether for reading; nil where there is none, or
  /// something else keeps other writers out.
  private func guarding(_ access: MemberAccessEvent, _ context: RuleContext) -> (lock: Symbol, isShared: Bool)? {
    let held = access.held.filter { $0.balance > 0 && !$0.kind.isSection }
    guard
      let lock = held.first(where: {
        ($0.kind == .rwlock || $0.kind == .rwsem) && context.solver.owner(of: $0.place) == access.object
      })
    else { return nil }
    let isShared = lock.mode == .shared
    if isShared, held.contains(where: { $0.mode == .exclusive }) { return nil }
    return (context.solver.lastMember(of: lock.place), isShared)
  }

  /// The members that a function sets, counts, or changes as lists.
  private func writes(in id: FunctionID, _ context: RuleContext) -> Set<NodeID> {
    let file = context.program.file(of: id)
    var result: Set<NodeID> = []
    for node in context.program.definition(id).nodes {
      let item = file[node]
      switch item.kind {
      case .assign, .postfix: result.insert(item.a)
      case .unary where item.operation == .plusPlus || item.operation == .minusMinus: result.insert(item.a)
      case .call:
        let name = context.text(context.callee(node, in: file))
        guard Self.changesLists(name) else { continue }
        for argument in file.list(item.b, item.c) where file[argument].kind == .unary {
          result.insert(file[argument].a)
        }
      default: continue
      }
    }
    return result
  }

  private static func changesLists(_ name: String) -> Bool {
    ["list_add", "list_del", "list_move", "list_splice", "hlist_add", "hlist_del"].contains(where: name.hasPrefix)
  }
}
