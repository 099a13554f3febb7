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
      a call on a path that does not hold the lock, where the caller neither asserts it nor is itself called under it. What \
      a function asserts whatever it is given is also asked of those who call it through others. A lock held for reading \
      does not do where it is asserted to be held for writing, and a pointer that RCU protects is not loaded outside the \
      sections that the function enters itself. And a call of what drops a lock for a while and takes it again, where others \
      hold that lock and this function takes it only elsewhere.
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
      RuleExample(
        """
        static void resize(struct foo *foo)
        {
        	lockdep_assert_held_write(&foo->sem);
        	foo->n = 1;
        }

        void good(struct foo *foo)
        {
        	down_write(&foo->sem);
        	resize(foo);
        	up_write(&foo->sem);
        }

        void bad(struct foo *foo)
        {
        	down_read(&foo->sem);
        	resize(foo); /* reported */
        	up_read(&foo->sem);
        }
        """),
      RuleExample(
        """
        static void set(struct foo *foo)
        {
        	lockdep_assert_held(&foo->lock);
        	foo->n = 1;
        }

        static void reset(struct foo *foo)
        {
        	set(foo);
        }

        int enable(struct foo *foo)
        {
        	int err;

        	mutex_lock(&foo->lock);
        	set(foo);
        	mutex_unlock(&foo->lock);
        	err = foo_register(foo->dev);
        	if (err)
        		reset(foo); /* reported */
        	return err;
        }
        """),
      RuleExample(
        """
        int path_mtu(struct foo *foo)
        {
        	struct route *route;
        	int mtu;

        	rcu_read_lock();
        	mtu = rcu_dereference(foo->dev)->mtu;
        	rcu_read_unlock();
        	route = rcu_dereference(foo->route); /* reported */
        	return min(mtu, route->mtu);
        }
        """),
      RuleExample(
        """
        static int foo_open(struct net_device *dev)
        {
        	struct foo *foo = netdev_priv(dev);

        	foo->n = 1;
        	return start(foo);
        }

        static const struct net_device_ops foo_ops = { .ndo_open = foo_open };

        static int foo_suspend(struct device *d)
        {
        	return d->driver->pm->resume(d);
        }

        static int foo_resume(struct device *d)
        {
        	return foo_open(dev_get_drvdata(d)); /* reported */
        }

        static const struct dev_pm_ops foo_pm = { .suspend = foo_suspend, .resume = foo_resume };
        """),
      RuleExample(
        """
        struct sub_ops { void (*suspend)(struct sub *sub); };
        struct sub { const struct sub_ops *ops; struct phylink *phylink; };

        static void sub_suspend(struct sub *sub)
        {
        	phylink_stop(sub->phylink); /* reported */
        }

        static const struct sub_ops ops = { .suspend = sub_suspend };

        static int foo_suspend(struct device *d)
        {
        	struct sub *sub = dev_get_drvdata(d);

        	sub->ops->suspend(sub);
        	return 0;
        }

        static const struct dev_pm_ops foo_pm = { .suspend = foo_suspend };
        """),
      RuleExample(
        """
        static void stop(struct foo *foo)
        {
        	if (!foo->is_on)
        		return;
        	lockdep_assert_held(&foo->lock);
        	foo->n = 0;
        }

        static void disable(struct foo *foo)
        {
        	stop(foo);
        }

        int enable(struct foo *foo)
        {
        	int err;

        	mutex_lock(&foo->lock);
        	err = start(foo);
        	mutex_unlock(&foo->lock);
        	if (err)
        		disable(foo); /* reported */
        	return err;
        }
        """),
      RuleExample(
        """
        static void wake(struct foo *foo)
        {
        	if (foo->ops) {
        		spin_unlock(&foo->lock);
        		foo->ops->wake(foo);
        		spin_lock(&foo->lock);
        	}
        }

        static void leave_sleep(struct foo *foo)
        {
        	foo->asleep = 0;
        	wake(foo);
        }

        void interrupt(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	leave_sleep(foo);
        	spin_unlock(&foo->lock);
        }

        int stop(struct foo *foo)
        {
        	if (foo->asleep)
        		leave_sleep(foo); /* reported */
        	spin_lock(&foo->lock);
        	foo->n = 0;
        	spin_unlock(&foo->lock);
        	return 0;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static int foo_open(struct net_device *dev)
        {
        	struct foo *foo = netdev_priv(dev);

        	foo->n = 1;
        	return start(foo);
        }

        static int foo_change_mtu(struct net_device *dev, int mtu)
        {
        	dev->mtu = mtu;
        	return foo_open(dev);
        }

        static const struct net_device_ops foo_ops = { .ndo_open = foo_open, .ndo_change_mtu = foo_change_mtu };

        static int foo_resume(struct device *d)
        {
        	int ret;

        	rtnl_lock();
        	ret = foo_open(dev_get_drvdata(d));
        	rtnl_unlock();
        	return ret;
        }

        static const struct dev_pm_ops foo_pm = { .resume = foo_resume };
        """),
      RuleExample(
        """
        static void stop(struct foo *foo)
        {
        	if (!foo->is_on)
        		return;
        	lockdep_assert_held(&foo->lock);
        	foo->n = 0;
        }

        static void disable(struct foo *foo)
        {
        	stop(foo);
        }

        void give_up(struct foo *foo)
        {
        	disable(foo);
        }

        static ssize_t off_store(struct device *d, struct device_attribute *attr, const char *buf, size_t count)
        {
        	disable(dev_get_drvdata(d));
        	return count;
        }
        """),
      RuleExample(
        """
        DEFINE_GUARD(foo, struct foo *, mutex_lock(&_T->lock), mutex_unlock(&_T->lock))

        static void set(struct foo *foo)
        {
        	lockdep_assert_held(&foo->lock);
        	foo->n = 1;
        }

        static ssize_t n_store(struct device *d, const char *buf)
        {
        	struct foo *foo = dev_get_drvdata(d);

        	guard(foo)(foo);
        	set(foo);
        	return 0;
        }
        """),
      RuleExample(
        """
        static struct node *find(struct tree *tree)
        {
        	struct node *node = lookup(tree);

        	mutex_lock(&node->lock);
        	return node;
        }

        static void write(struct node *node)
        {
        	lockdep_assert_held(&node->lock);
        	node->n = 1;
        }

        void f(struct tree *tree)
        {
        	struct node *node = find(tree);

        	write(node);
        	mutex_unlock(&node->lock);
        }
        """),
      RuleExample(
        """
        static void calibrate(struct foo *foo)
        {
        	lockdep_assert_held(&foo->lock);
        	foo->n = 1;
        }

        static void first_step(struct foo *foo)
        {
        	calibrate(foo);
        }

        static void (*const steps[])(struct foo *foo) = { first_step };

        void f(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	calibrate(foo);
        	spin_unlock(&foo->lock);
        }
        """),
      RuleExample(
        """
        static void show(struct foo *foo)
        {
        	lockdep_assert_held(&foo->sem);
        	print(foo->n);
        }

        static int find(struct foo *foo)
        {
        	struct bar *bar = rcu_dereference_protected(foo->bar, lockdep_is_held(&foo->sem));

        	return bar->n;
        }

        int f(struct foo *foo)
        {
        	int n;

        	down_read(&foo->sem);
        	show(foo);
        	n = find(foo);
        	up_read(&foo->sem);
        	return n;
        }
        """),
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
      RuleExample(
        """
        static void wake(struct foo *foo)
        {
        	if (foo->ops) {
        		spin_unlock(&foo->lock);
        		foo->ops->wake(foo);
        		spin_lock(&foo->lock);
        	}
        }

        void interrupt(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	wake(foo);
        	spin_unlock(&foo->lock);
        }

        void caller_has_it(struct foo *foo)
        {
        	wake(foo);
        	foo->n = 0;
        }

        static void inner(struct foo *foo)
        {
        	wake(foo);
        	spin_unlock(&foo->lock);
        	msleep(1);
        	spin_lock(&foo->lock);
        }

        void outer(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	inner(foo);
        	spin_unlock(&foo->lock);
        }

        static void own(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	foo->n = 1;
        	spin_unlock(&foo->lock);
        	msleep(1);
        	spin_lock(&foo->lock);
        	foo->n = 2;
        	spin_unlock(&foo->lock);
        }

        void before(struct foo *foo)
        {
        	own(foo);
        	spin_lock(&foo->lock);
        	foo->n = 0;
        	spin_unlock(&foo->lock);
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    let folders = StructureFolders(context)
    let judge = Judge(
      context: context, callers: callers, folders: folders, entries: EntryPoints(context, callers, folders))
    var lacking: [Lacking] = []
    var findings: [Finding] = []
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { continue }
      findings += ownSections(id, facts, callers, context) + drops(id, facts, callers, context)
      var reported: Set<NodeID> = []
      for call in facts.calls where call.targets.count <= 1 && !call.isIndirect {
        for requirement in context.solver.requirements(of: call) where !isAssertion(requirement, of: call, context) {
          let place = context.solver.substitute(requirement.place, call.arguments)
          guard let lack = judge.lack(of: requirement, at: place, call, id, facts), reported.insert(call.node).inserted
          else { continue }
          lacking.append(
            Lacking(
              function: id, target: call.targets.first, statement: requirement.statement,
              finding: finding(requirement, place, lack, call, id, context)))
        }
      }
    }
    return findings + outermost(lacking)
  }

  /// A call without the lock, and who states that it must be held.
  private struct Lacking {
    let function: FunctionID
    let target: FunctionID?
    let statement: Requirement.Statement
    let finding: Finding
  }

  /// Without those in functions that a call on the list leads to: one mistake is told once.
  private func outermost(_ lacking: [Lacking]) -> [Finding] {
    var led: [Requirement.Statement: Set<FunctionID>] = [:]
    for item in lacking { if let target = item.target { led[item.statement, default: []].insert(target) } }
    return lacking.filter { led[$0.statement]?.contains($0.function) != true }.map(\.finding)
  }

  /// Whether the callee is nothing but an assertion under another name, so that the caller is who asserts.
  private func isAssertion(_ requirement: Requirement, of call: CallEvent, _ context: RuleContext) -> Bool {
    guard requirement.isExplicit, let function = requirement.function, call.targets == [function] else { return false }
    let file = context.program.file(of: function)
    let body = file[context.program.definition(function).body]
    return body.kind == .block && body.b == 1
  }

  /// What is wrong with a call.
  enum Lack { case missing, shared }

  private func finding(
    _ requirement: Requirement, _ place: Place, _ lack: Lack, _ call: CallEvent, _ id: FunctionID,
    _ context: RuleContext
  ) -> Finding {
    let lock = context.solver.lockText(place, in: id)
    let callee = context.text(call.callee)
    let how = lack == .shared ? "asserts that '\(lock)' is held for writing, and it is held for reading" : nil
    let verb = requirement.function.map { call.targets == [$0] ? "asserts" : "relies on" } ?? "must be called with"
    let evidence = requirement.function.map {
      [Evidence(context.place($0, requirement.node), "'\(context.name($0))' asserts it here")]
    }
    return context.finding(
      description, id, call.node, "'\(callee)' " + (how ?? "\(verb) '\(lock)', which is not held here"),
      evidence: evidence ?? [], key: "\(callee) \(lock)\(lack == .shared ? " shared" : "")")
  }

  /// Assertions of the function itself that its own locking contradicts.
  private func ownSections(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext
  ) -> [Finding] {
    var reported: Set<NodeID> = []
    return facts.asserts.compactMap { event in
      let lock = context.solver.lockText(event.place, in: id)
      if event.isHeldHere {
        guard event.mode == .exclusive, event.isShared, reported.insert(event.node).inserted else { return nil }
        return context.finding(
          description, id, event.node, "'\(lock)' is asserted to be held for writing, and is held for reading",
          key: "own \(lock) shared")
      }
      // Whoever enters RCU sections of its own is not called in one; what a table holds, the kernel may call in one.
      guard event.kind == .rcu, !event.isUnderLock, let lockClass = event.lockClass,
        facts.acquires.contains(where: { $0.place == event.place }), !callers.mayHold(lockClass, over: id),
        !callers.mayBeAtomic(over: id), context.solver.callbacks.members(holding: id).isEmpty,
        !context.solver.callbacks.isPassed(id), reported.insert(event.node).inserted
      else { return nil }
      let callee = context.text(context.callee(event.node, in: context.program.file(of: id)))
      return context.finding(
        description, id, event.node, "'\(callee)' is used outside the RCU sections that the function enters",
        key: "own \(callee)")
    }
  }
}
