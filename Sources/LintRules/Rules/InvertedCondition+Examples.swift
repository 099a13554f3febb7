import Findings

extension InvertedCondition {
  static let triggering: [RuleExample] = [
    RuleExample(
      before: """
        void set_wake(struct foo *foo, unsigned int flags, bool wakeup)
        {
        	if ((flags & WAKE_ON_CONNECT) && wakeup && !foo->configured)
        		foo->value |= WOC;
        }
        """,
      after: """
        void set_wake(struct foo *foo, unsigned int flags, bool wakeup)
        {
        	if (((flags & WAKE_ON_CONNECT) | wakeup) && !foo->configured) /* reported */
        		foo->value |= WOC;
        }
        """),
    RuleExample(
      before: """
        bool less(struct task *a, struct task *b)
        {
        	a->synced = mode_of(a) == MODE_SYNC;
        	if (has_op(a))
        		return call_op(sched_before, (struct task *)b, (struct task *)a);
        	return time_after(a->at, b->at);
        }
        """,
      after: """
        bool less(struct task *a, struct task *b)
        {
        	a->synced = mode_of(a) && MODE_SYNC; /* reported */
        	if (has_op(a))
        		return call_op(sched_before, (struct task *)a, (struct task *)b); /* reported */
        	return time_after(a->at, b->at);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int result, bool valid, bool deferred)
        {
        	if (!is_condition(result) || !valid || deferred)
        		goto out;
        	foo->key = key_of(result);
        out:
        	return foo->key;
        }
        """,
      after: """
        int f(struct foo *foo, int result, bool valid, bool deferred)
        {
        	if (!is_condition(result) && (!valid || deferred)) /* reported */
        		goto out;
        	foo->key = key_of(result);
        out:
        	return foo->key;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	bool ready = false;

        	get(foo, &ready);
        	if (!ready)
        		prepare(foo);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	get(foo);
        	if (foo_is_ready(foo)) /* reported */
        		prepare(foo);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int n)
        {
        	if (foo->on && foo->n != n)
        		return -EINVAL;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo, int n)
        {
        	if (foo->on && foo->n == n) /* reported */
        		return -EINVAL;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, unsigned long stop)
        {
        	bool gone = false;

        	while (foo->n) {
        		if (time_after(jiffies, stop))
        			return -ETIMEDOUT;
        		if (foo_is_gone(foo))
        			gone = true;
        	}
        	if (gone)
        		return -ENODEV;
        	return !foo_ready(foo);
        }
        """,
      after: """
        int f(struct foo *foo, unsigned long stop)
        {
        	bool gone = true; /* reported */

        	while (foo->n) {
        		if (time_after(stop, jiffies)) /* reported */
        			return -ETIMEDOUT;
        		if (foo_is_gone(foo))
        			gone = false;
        	}
        	if (gone)
        		return -ENODEV;
        	return foo_ready(foo); /* reported */
        }
        """),
    RuleExample(
      before: """
        bool f(struct foo *foo)
        {
        	if (foo->count == 0)
        		return false;
        	return foo_joins(foo);
        }

        void set(struct foo *foo, int value)
        {
        	if (value)
        		foo->state = ON;
        	else
        		foo->state = OFF;
        	foo_write(foo);
        }
        """,
      after: """
        bool f(struct foo *foo)
        {
        	if (foo->count > 0) /* reported */
        		return false;
        	return foo_joins(foo);
        }

        void set(struct foo *foo, int value)
        {
        	if (value) /* reported */
        		foo->state = OFF;
        	else
        		foo->state = ON;
        	foo_write(foo);
        }
        """),
  ]

  static let nonTriggering: [RuleExample] = [
    // '|' asks in a condition what '||' asks.
    RuleExample(
      before: """
        void set_wake(struct foo *foo, unsigned int flags, bool wakeup)
        {
        	if (((flags & WAKE_ON_CONNECT) | wakeup) && !foo->configured)
        		foo->value |= WOC;
        }
        """,
      after: """
        void set_wake(struct foo *foo, unsigned int flags, bool wakeup)
        {
        	if (((flags & WAKE_ON_CONNECT) || wakeup) && !foo->configured)
        		foo->value |= WOC;
        }
        """),
    RuleExample(
      before: """
        int add(struct foo *foo)
        {
        	port = port_alloc(foo->parent);
        	if (add_port(port)) {
        		complain(foo);
        		goto out;
        	}
        	return 0;
        out:
        	return -ENOMEM;
        }
        """,
      after: """
        int add(struct foo *foo)
        {
        	port = port_alloc(foo->parent);
        	if (!port) {
        		complain(foo);
        		goto out;
        	}
        	if (add_port(port)) {
        		complain(foo);
        		port_free(port);
        		goto out;
        	}
        	return 0;
        out:
        	return -ENOMEM;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, bool valid, bool deferred)
        {
        	if (!(valid && !deferred) || !foo->on)
        		return -EINVAL;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo, bool valid, bool deferred)
        {
        	if (!foo->on || deferred || !valid)
        		return -EINVAL;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        bool f(struct foo *foo, int value)
        {
        	if (foo->count == 0)
        		return false;
        	if (foo->left != 0)
        		foo_more(foo);
        	if (value)
        		foo->state = ON;
        	else
        		foo->state = OFF;
        	return foo_joins(foo);
        }
        """,
      after: """
        bool f(struct foo *foo, int value)
        {
        	if (!foo->count)
        		return false;
        	if (foo->left > 0)
        		foo_more(foo);
        	if (!value)
        		foo->state = OFF;
        	else
        		foo->state = ON;
        	return foo_joins(foo);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	bool ready = foo_is_ready(foo);

        	if (!ready)
        		prepare(foo);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	if (!foo_is_ready(foo))
        		prepare(foo);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int n)
        {
        	if (n > foo->n)
        		return -EINVAL;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo, int n)
        {
        	if (n >= foo->n)
        		return -EINVAL;
        	return 0;
        }
        """),
  ]
}
