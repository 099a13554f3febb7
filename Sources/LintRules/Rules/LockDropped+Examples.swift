import Findings

extension LockDropped {
  static let triggering: [RuleExample] = [
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int n;

        	mutex_lock(&foo->lock);
        	n = foo_count(foo);
        	mutex_unlock(&foo->lock);
        	return n;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int n;

        	n = foo_count(foo); /* reported */
        	return n;
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	scoped_guard(spinlock_irqsave, &foo->lock)
        		foo->owner = NULL;
        	foo_put(foo);
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	foo->owner = NULL; /* reported */
        	foo_put(foo);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int err;

        	foo_lock(foo);
        	err = foo_start(foo);
        	foo_unlock(foo);
        	if (err)
        		return err;
        	err = foo_register(foo);
        	if (err) {
        		foo_lock(foo);
        		foo_stop(foo);
        		foo_unlock(foo);
        	}
        	return err;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int err;

        	foo_lock(foo);
        	err = foo_start(foo);
        	foo_unlock(foo);
        	if (err)
        		return err;
        	err = foo_register(foo);
        	if (err)
        		foo_stop(foo); /* reported */
        	return err;
        }
        """),
    RuleExample(
      before: """
        void f(int minor)
        {
        	struct foo *foo;

        	mutex_lock(&foos_lock);
        	foo = foos[minor];
        	foo->exists = 0;
        	foos[minor] = NULL;
        	mutex_unlock(&foos_lock);
        }
        """,
      after: """
        void f(int minor)
        {
        	struct foo *foo;

        	mutex_lock(&foos_lock);
        	foo = foos[minor];
        	mutex_unlock(&foos_lock);
        	foo->exists = 0; /* reported */
        	mutex_lock(&foos_lock);
        	foos[minor] = NULL;
        	mutex_unlock(&foos_lock);
        }
        """),
    RuleExample(
      before: """
        static void work(struct work_struct *work)
        {
        	struct foo *foo = container_of(work, struct foo, work);
        	struct queue *queue;

        	mutex_lock(&foo->lock);
        	if (!foo->is_running)
        		goto out;
        	queue = foo->queues[FOO_RX];
        	empty(queue);
        out:
        	mutex_unlock(&foo->lock);
        }
        """,
      after: """
        static void work(struct work_struct *work)
        {
        	struct foo *foo = container_of(work, struct foo, work);
        	struct queue *queue;

        	queue = foo->queues[FOO_RX]; /* reported */
        	mutex_lock(&foo->lock);
        	if (!foo->is_running)
        		goto out;
        	empty(queue);
        out:
        	mutex_unlock(&foo->lock);
        }
        """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      before: """
        void stop(struct foo *foo)
        {
        	mutex_lock(&foo->lock);
        	WARN_ON(foo->users);
        	mutex_unlock(&foo->lock);
        	kfree(foo);
        }
        """,
      after: """
        void stop(struct foo *foo)
        {
        	WARN_ON(foo->users);
        	kfree(foo);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct item *item;

        	mutex_lock(&foo->lock);
        	item = kzalloc(sizeof(*item), GFP_KERNEL);
        	item->n = 1;
        	foo_log(foo);
        	list_add(&item->node, &foo->items);
        	mutex_unlock(&foo->lock);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct item *item;

        	item = kzalloc(sizeof(*item), GFP_KERNEL);
        	item->n = 1;
        	foo_log(foo);
        	mutex_lock(&foo->lock);
        	list_add(&item->node, &foo->items);
        	mutex_unlock(&foo->lock);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int n)
        {
        	mutex_lock(&foo->lock);
        	n = min_t(int, n, 8);
        	foo_set(foo, n);
        	mutex_unlock(&foo->lock);
        	return n;
        }
        """,
      after: """
        int f(struct foo *foo, int n)
        {
        	n = min_t(int, n, 8);
        	return n;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int n)
        {
        	mutex_lock(&foo->lock);
        	while (n--) {
        		if (signal_pending(current)) {
        			pr_warn("interrupted");
        			break;
        		}
        		foo_put_one(foo, n);
        	}
        	mutex_unlock(&foo->lock);
        	return n;
        }
        """,
      after: """
        int f(struct foo *foo, int n)
        {
        	while (n--) {
        		if (signal_pending(current)) {
        			pr_warn("interrupted");
        			break;
        		}
        		foo_put_one_locked(foo, n);
        	}
        	return n;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int n;

        	mutex_lock(&foo->lock);
        	n = foo_count(foo);
        	mutex_unlock(&foo->lock);
        	return n;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int n;

        	guard(mutex)(&foo->lock);
        	n = foo_count(foo);
        	return n;
        }
        """),
    // Nobody asked first; and another object's.
    RuleExample(
      before: """
        static void work(struct foo *foo, struct bar *bar)
        {
        	struct queue *queue;
        	int n;

        	mutex_lock(&foo->lock);
        	queue = foo->queues[FOO_RX];
        	if (!foo->is_running)
        		goto out;
        	n = bar->n;
        	empty(queue, n);
        out:
        	mutex_unlock(&foo->lock);
        }
        """,
      after: """
        static void work(struct foo *foo, struct bar *bar)
        {
        	struct queue *queue;
        	int n;

        	queue = foo->queues[FOO_RX];
        	n = bar->n;
        	mutex_lock(&foo->lock);
        	if (!foo->is_running)
        		goto out;
        	empty(queue, n);
        out:
        	mutex_unlock(&foo->lock);
        }
        """),
  ]
}
