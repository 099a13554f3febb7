import Findings
import KernelC
import LockModel

/// A function that relies on a caller's lock and does not say so.
struct LockAssertCoverage: Rule {
  static let id = "lock-assert-coverage"

  let description = RuleDescription(
    id: id,
    summary: "a function relies on a lock of its callers and does not assert it",
    severity: .note, confidence: .low, onByDefault: false,
    whatItDoes: """
      Looks for functions of which every call that is known is made with a lock held that the function can name, and that \
      write to the lock's own object, drop the lock, or call what asserts it, without a lockdep_assert_held() or an \
      annotation of their own. For each class of locks the report has a figure: how many of the functions that rely on it \
      assert it, before and after each patch.
      """,
    whyItMatters: """
      An assertion turns a call without the lock into a splat at its first run, and tells the next reader what the function \
      counts on. Without it the mistake shows as a corrupted list, months later.
      """,
    accepts: [
      "functions that take the lock themselves", "functions whose callers do not all hold the lock",
      "functions that are stored or passed somewhere, whose callers are not known",
    ],
    knownFalsePositives: [
      "a function that happens to be called under the lock and needs it for nothing",
      "callers outside the files under review that do not hold the lock",
    ],
    triggering: [
      RuleExample(
        """
        struct foo { spinlock_t lock; int n; };

        static void add(struct foo *foo) /* reported */
        {
        	foo->n++;
        }

        void a(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	add(foo);
        	spin_unlock(&foo->lock);
        }

        void b(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	add(foo);
        	spin_unlock(&foo->lock);
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        struct foo { spinlock_t lock; int n; };

        static void add(struct foo *foo)
        {
        	lockdep_assert_held(&foo->lock);
        	foo->n++;
        }

        static void set(struct foo *foo)
        {
        	foo->n = 0;
        }

        void a(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	add(foo);
        	set(foo);
        	spin_unlock(&foo->lock);
        }

        void b(struct foo *foo)
        {
        	set(foo);
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    return context.functions.flatMap { id in
      relied(id, callers, context).map { lock in
        let text = context.solver.lockText(lock.place, in: id)
        let count = Set(callers.calls(of: id).map(\.caller)).count
        let example = callers.calls(of: id).first
        var finding = context.finding(
          description, id, context.program.definition(id).body,
          "'\(context.name(id))' relies on '\(text)', held by \(count == 1 ? "its caller" : "all its \(count) callers"), "
            + "and does not assert it",
          evidence: example.map {
            [
              Evidence(
                context.place($0.caller, $0.call.node), "'\(context.name($0.caller))' calls it with the lock held")
            ]
          } ?? [], key: text)
        finding.place = context.place(of: id)
        return finding
      }
    }
  }

  /// Per class of locks, how many functions state what they rely on; in the order of the classes' names.
  func figures(_ context: RuleContext) -> [LockAssertFigure] {
    let callers = CallerTable(context)
    var figures: [String: LockAssertFigure] = [:]
    func count(_ lockClass: LockClass, isAsserted: Bool) {
      let lock = lockClass.text(context.program.symbols)
      var figure = figures[lock] ?? LockAssertFigure(lock: lock, asserting: 0, relying: 0)
      figure.relying += 1
      if isAsserted { figure.asserting += 1 }
      figures[lock] = figure
    }
    for id in context.functions {
      let asserted = Set((context.solver.summary(id)?.requires ?? []).filter { !$0.isWeak }.compactMap(\.lockClass))
      for lockClass in asserted { count(lockClass, isAsserted: true) }
      let bare = Set(relied(id, callers, context).map(\.lockClass)).subtracting(asserted)
      for lockClass in bare { count(lockClass, isAsserted: false) }
    }
    return figures.values.sorted { $0.lock.utf8.lexicographicallyPrecedes($1.lock.utf8) }
  }

  private struct Relied: Hashable {
    let place: Place
    let lockClass: LockClass
  }

  /// The locks that every known call of a function is made under, that it uses and does not assert.
  private func relied(_ id: FunctionID, _ callers: CallerTable, _ context: RuleContext) -> [Relied] {
    let solver = context.solver
    guard let facts = solver.facts(id), !facts.isPartial, !facts.isApproximate,
      solver.callbacks.members(holding: id).isEmpty, !solver.callbacks.isPassed(id)
    else { return [] }
    let calls = callers.calls(of: id)
    guard !calls.isEmpty else { return [] }
    var common: [Relied]?
    for (caller, call, _) in calls {
      let held = call.held.compactMap { lock -> Relied? in
        guard lock.balance > 0, lock.kind != .pair, !lock.kind.isSection, !lock.kind.nests,
          let lockClass = solver.lockClass(of: lock, in: caller)
        else { return nil }
        let place = solver.calleePlace(of: lock.place, call.arguments)
        return place >= 0 ? Relied(place: place, lockClass: lockClass) : nil
      }
      // A caller that asserts the lock holds it as well.
      let asserted = (solver.summary(caller)?.requires ?? []).filter { !$0.isWeak }.compactMap {
        requirement -> Relied? in
        guard let lockClass = requirement.lockClass else { return nil }
        let place = solver.calleePlace(of: requirement.place, call.arguments)
        return place >= 0 ? Relied(place: place, lockClass: lockClass) : nil
      }
      let all = held + asserted
      common = common.map { $0.filter(all.contains) } ?? all
    }
    var seen: Set<Relied> = []
    return (common ?? []).filter { lock in
      seen.insert(lock).inserted && !facts.asserts.contains { $0.lockClass == lock.lockClass }
        && !facts.acquires.contains { $0.lockClass == lock.lockClass } && uses(lock, facts, context)
    }
  }

  /// Whether the function does something that the lock is for.
  private func uses(_ lock: Relied, _ facts: FunctionFacts, _ context: RuleContext) -> Bool {
    let owner = context.solver.owner(of: lock.place)
    if facts.released.contains(lock.place) { return true }
    if owner >= 0, facts.accesses.contains(where: { $0.object == owner }) { return true }
    return facts.calls.contains { call in
      guard call.targets.count == 1, !call.isIndirect, let summary = context.solver.summary(call.targets[0]) else {
        return false
      }
      return summary.requires.contains { !$0.isWeak && $0.lockClass == lock.lockClass }
    }
  }
}
