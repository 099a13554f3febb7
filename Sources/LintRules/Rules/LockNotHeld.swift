import Findings
import KernelC
import LockModel

/// A call to a function that asserts a lock, without that lock.
struct LockNotHeld: Rule {
  let description = RuleDescription(
    id: "lock-not-held",
    summary: "a function that asserts a lock is called without it",
    severity: .error, confidence: .high,
    whatItDoes: """
      Takes what a function asserts (lockdep_assert_held() and kin) as a demand on its callers, in their terms, and reports \
      a call on a path that does not hold the lock, where the caller neither asserts it nor is itself called under it.
      """,
    whyItMatters: "The data that the lock protects changes under the reader; with lockdep it is a splat.",
    accepts: [
      "callers that assert the same lock", "callers all of whose own callers hold a lock of the class",
      "functions that nobody calls by name, whose callers are not known",
    ],
    knownFalsePositives: ["set-up code that runs before anybody else can see the object"],
    triggering: [
      RuleExample(
        """
        static void set(struct foo *foo)
        {
        	lockdep_assert_held(&foo->lock);
        	foo->n = 1;
        }

        void good(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	set(foo);
        	spin_unlock(&foo->lock);
        }

        void bad(struct bar *bar)
        {
        	struct foo *foo;

        	list_for_each_entry(foo, &bar->foos, node)
        		set(foo); /* reported */
        }
        """),
      RuleExample(
        """
        static int set_power(struct radio *radio, int power)
        {
        	lockdep_assert_held(&radio->mutex);
        	radio->power = power;
        	return 0;
        }

        static ssize_t power_store(struct device *d, const char *buf)
        {
        	struct radio *radio = dev_get_drvdata(d);

        	return set_power(radio, buf[0]); /* reported */
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static void check(struct foo *foo, int flags)
        {
        	if (flags & 1)
        		lockdep_assert_held(&foo->lock);
        }

        static void f(struct foo *foo)
        {
        	check(foo, 0);
        }
        """),
      RuleExample(
        """
        static void set(struct foo *foo)
        {
        	lockdep_assert_held(&foo->lock);
        	foo->n = 1;
        }

        void f(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	set(foo);
        	spin_unlock(&foo->lock);
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    let folders = StructureFolders(context)
    return context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      for call in facts.calls where call.targets.count == 1 && !call.isIndirect {
        guard let summary = context.solver.summary(call.targets[0]) else { continue }
        for requirement in summary.requires {
          guard isMissing(requirement, call, id, facts, callers, folders, context), reported.insert(call.node).inserted
          else {
            continue
          }
          let place = context.solver.substitute(requirement.place, call.arguments)
          let lock = context.solver.lockText(place, in: id)
          let callee = context.name(call.targets[0])
          findings.append(
            context.finding(
              description, id, call.node, "'\(callee)' asserts '\(lock)', which is not held here",
              evidence: [Evidence(context.place(call.targets[0], requirement.node), "'\(callee)' asserts it here")],
              key: "\(callee) \(lock)"))
        }
      }
      return findings
    }
  }

  private func isMissing(
    _ requirement: Requirement, _ call: CallEvent, _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable,
    _ folders: StructureFolders, _ context: RuleContext
  ) -> Bool {
    let place = context.solver.substitute(requirement.place, call.arguments)
    guard place >= 0, let lockClass = requirement.lockClass, context.solver.isThroughPointer(place),
      !context.solver.hasElement(place)
    else { return false }
    if context.name(id).contains("lock") || context.hasLockFlag(id) { return false }
    // Another name for the lock, or a lock of the class on another object, may be it.
    let holds = call.held.contains { held in
      held.place == place || (held.kind != .pair && context.solver.lockClass(of: held, in: id) == lockClass)
        || (held.balance > 0 && context.solver.lastMember(of: held.place) == lockClass.name)
    }
    if call.unsure.contains(where: { $0 == place || context.solver.lastMember(of: $0) == lockClass.name }) {
      return false
    }
    if holds || facts.asserts.contains(where: { $0.lockClass == lockClass }) { return false }
    // The text of the caller shows that it takes this lock elsewhere, or the object is one of its own.
    let takes = facts.acquires.contains { $0.place == place } && !context.solver.isVarying(place, in: id)
    let isOwn = !context.solver.isPortable(place) && !facts.acquires.contains { $0.lockClass == lockClass }
    if takes || isOwn { return !callers.mayHold(lockClass, over: id) }
    // Or nobody is left who could have taken it: all callers are known, and those of the outermost ones do not know it.
    if context.isSetUp(id) { return false }
    let isKnown = folders.isPrivate(lockClass, to: id, call.targets[0], context) && callers.areKnown(of: id)
    // Whoever says which locks it needs would have said this one.
    let isStated = facts.asserts.contains { !$0.isHeldHere } && folders.areTogether(id, call.targets[0], context)
    return (isKnown || isStated) && !callers.mayHold(lockClass, over: id)
  }
}
