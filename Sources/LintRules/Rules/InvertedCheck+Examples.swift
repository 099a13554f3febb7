import Findings

extension InvertedCheck {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      int probe(struct device *dev)
      {
      	struct foo *foo;
      	u8 *buffer;

      	foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	buffer = kzalloc(5, GFP_KERNEL);
      	if (!foo || buffer) /* reported */
      		goto out;
      	foo->buffer = buffer;
      	return attach(foo);
      out:
      	kfree(buffer);
      	kfree(foo);
      	return -ENOMEM;
      }
      """),
    RuleExample(
      """
      int wait_op(struct foo *foo, unsigned int timeout)
      {
      	u32 pending;
      	int ret;

      	if (foo->polled)
      		ret = poll_status(foo, timeout);
      	else
      		ret = wait_for_completion_timeout(&foo->done, timeout);
      	pending = clear_interrupts(foo);
      	if (ret && !pending) { /* reported */
      		dev_err(foo->dev, "timeout\\n");
      		return -ETIMEDOUT;
      	}
      	return 0;
      }

      int options(const char *name)
      {
      	bool is_of = false;

      	if (name)
      		is_of = strncmp(name, "offb", 4); /* reported */
      	return get_options(name, is_of);
      }

      int parse(struct desc *in, struct desc *out)
      {
      	if (!in && !out)
      		return -ENODEV;
      	if (!(in && is_valid(in)) || !(out && is_valid(out))) /* reported */
      		return -ENODEV;
      	if (in && in->length < 5)
      		return -ENODEV;
      	if (out && out->length < 6)
      		return -ENODEV;
      	return 0;
      }

      struct item *find(struct list_head *head, bool active)
      {
      	struct item *item;

      	list_for_each_entry(item, head, node) {
      		if ((active && is_active(item)) || (!active && is_active(item))) /* reported */
      			return item;
      	}
      	return NULL;
      }
      """),
    RuleExample(
      """
      int poll(struct foo *foo)
      {
      	int retries = 20;
      	int ret = 0;

      	while (retries--) {
      		if (is_ready(foo))
      			break;
      		msleep(1);
      	}
      	if (!retries) /* reported */
      		ret = -ETIMEDOUT;
      	return ret;
      }
      """),
    RuleExample(
      """
      static void update(struct foo *foo)
      {
      	int ret;

      	ret = ask_host(foo);
      	if (!ret) {
      		dev_err(foo->dev, "asking failed: %d\\n", ret); /* reported */
      		return;
      	}
      	apply(foo);
      }
      """),
    RuleExample(
      """
      static void set_mode(struct foo *foo)
      {
      	struct bar *bar = foo->bar;

      	if (bar)
      		return;
      	bar->mode = 1; /* reported */
      }
      """),
    RuleExample(
      """
      static int start(struct foo *foo)
      {
      	if (!foo->n)
      		return -EINVAL;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	int ret;

      	ret = start(foo);
      	if (!ret) { /* reported */
      		dev_err(foo->dev, "cannot start");
      		return ret;
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(int n)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	if (foo)
      		return -ENOMEM;
      	foo->n = n; /* reported */
      	return use(foo);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	foo->buffer = kmalloc(16, GFP_KERNEL);
      	if (foo->buffer) /* reported */
      		return -ENOMEM;
      	return fill(foo);
      }

      int g(struct foo *foo)
      {
      	struct task_struct *task;
      	int ret = 0;

      	task = kthread_run(work, foo, "foo");
      	if (IS_ERR(task)) {
      		ret = PTR_ERR(task);
      		goto out;
      	}
      	wait(foo);
      out:
      	if (task)
      		kthread_stop(task); /* reported */
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	if (foo->ops->run)
      		return -EOPNOTSUPP;
      	return foo->ops->run(foo); /* reported */
      }
      """),
    RuleExample(
      """
      static int check(struct foo *foo)
      {
      	if (!foo->n)
      		return -ERANGE;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	if (!check(foo)) /* reported */
      		return -EINVAL;
      	return start(foo);
      }
      """),
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	if (!foo->base) { /* reported */
      		iounmap(foo->base);
      		foo->base = NULL;
      	}
      }

      void g(struct foo *foo)
      {
      	struct data *data;

      	data = make(foo);
      	if (data)
      		return;
      	set_up(foo, data); /* reported */
      }

      int h(struct foo *foo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (!ret) /* reported */
      		return ret;
      	foo->n = 4;
      	return 0;
      }

      int i(struct foo *foo)
      {
      	if (capable(CAP_SYS_ADMIN)) /* reported */
      		return -EPERM;
      	return run(foo);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	if (foo->mode != MODE_ON || foo->mode != MODE_OFF) /* reported */
      		return -EINVAL;
      	if (foo->flags | FOO_BUSY) /* reported */
      		return -EBUSY;
      	if (!foo->flags & FOO_ALIVE) /* reported */
      		return -ENODEV;
      	return 0;
      }

      int g(struct foo *foo, void __user *to)
      {
      	struct item *item;

      	if (!list_empty(&foo->items))
      		return -EAGAIN;
      	item = list_first_entry(&foo->items, struct item, node); /* reported */
      	if (!copy_to_user(to, item, 8)) /* reported */
      		return -EFAULT;
      	return 0;
      }

      void h(struct foo *foo)
      {
      	if (refcount_dec_and_test(&foo->ref)) /* reported */
      		return;
      	kfree(foo);
      }
      """),
    RuleExample(
      """
      int drain(struct foo *foo)
      {
      	unsigned long stop = jiffies + HZ;
      	unsigned long end;
      	struct item *item;
      	int ret = 0;

      	list_for_each_entry(item, &foo->items, node) {
      		evict(item);
      		if (time_after(stop, jiffies)) { /* reported */
      			ret = -EAGAIN;
      			break;
      		}
      	}
      	end = jiffies + msecs_to_jiffies(20);
      	while (!foo->empty && time_before(end, jiffies)) /* reported */
      		cpu_relax();
      	return ret;
      }

      int wait(struct foo *foo)
      {
      	ktime_t timeout = ktime_add_us(ktime_get(), 100);

      	for (;;) {
      		if (foo->done)
      			return 0;
      		if (ktime_before(ktime_get(), timeout)) /* reported */
      			return -ETIMEDOUT;
      		udelay(10);
      	}
      }
      """),
    RuleExample(
      """
      #define for_each_part(part, foo) list_for_each_entry(part, &(foo)->parts, node)

      int f(struct foo *foo, int n)
      {
      	struct item *item, *next;
      	struct part *part;

      	mutex_lock(&foo->lock);
      	list_for_each_entry_safe(item, next, &foo->items, node) {
      		if (item->n == n)
      			break;
      	}
      	mutex_unlock(&foo->lock);
      	if (n < 0 || !item) /* reported */
      		return -ENODEV;
      	for_each_part(part, foo)
      		if (part->n == n)
      			break;
      	if (part == NULL) /* reported */
      		return -ENOENT;
      	return use(item, part);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	foo->one = make(foo);
      	foo->two = make(foo);
      	if (!foo->one || !foo->one) /* reported */
      		return -ENOMEM;
      	if (foo->n > 3 && !foo->flags & FOO_ALIVE) /* reported */
      		return -ENODEV;
      	while (foo->flags | FOO_BUSY) /* reported */
      		cpu_relax();
      	return foo->mode == MODE_ON && foo->n && foo->mode == MODE_OFF; /* reported */
      }
      """),
    RuleExample(
      """
      int set_root(struct foo *foo, bool disconnect)
      {
      	if (disconnect && FOO_CAP_TABLE(foo, reset)) /* reported */
      		return -EOPNOTSUPP;
      	return send(foo, disconnect);
      }

      int match(struct filter *filter, struct tuple *tuple, int flags)
      {
      	switch (tuple->family) {
      	case 4:
      		if ((flags & SRC) && filter->ip != tuple->ip)
      			return 0;
      		break;
      	case 6:
      		if ((flags & SRC) && !addr_cmp(&filter->ip6, &tuple->ip6)) /* reported */
      			return 0;
      		break;
      	}
      	return 1;
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    // Two strings.
    RuleExample(
      """
      bool is_same(struct foo *foo, const char *text)
      {
      	return (foo->connected && !strcmp(text, "connected")) || (!foo->connected && !strcmp(text, "datagram"));
      }
      """),
    RuleExample(
      """
      int probe(struct device *dev, struct bar *bar)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	struct bar *old = find_bar(dev);
      	u8 *buffer;

      	buffer = kzalloc(5, GFP_KERNEL);
      	if (!foo || !buffer || old)
      		goto out;
      	if (!foo || bar)
      		goto out;
      	foo->buffer = buffer;
      	return attach(foo);
      out:
      	kfree(buffer);
      	kfree(foo);
      	return -ENOMEM;
      }
      """),
    RuleExample(
      """
      int wait_op(struct foo *foo, unsigned int timeout)
      {
      	bool has_changed, is_same;
      	long left;

      	left = wait_for_completion_timeout(&foo->done, timeout);
      	if (!left && !clear_interrupts(foo))
      		return -ETIMEDOUT;
      	left = poll_status(foo, timeout);
      	if (left)
      		return -ETIMEDOUT;
      	has_changed = strcmp(foo->name, foo->old_name);
      	is_same = !strcmp(foo->name, foo->old_name);
      	return has_changed || is_same;
      }

      int parse(struct desc *in, struct desc *out, bool active)
      {
      	if (!(in && is_valid(in)) || !(out && is_valid(out)))
      		return -ENODEV;
      	if (in->length < 5)
      		return -ENODEV;
      	if ((active && is_active(in)) || (!active && is_active(out)))
      		return 1;
      	return (active && is_active(in)) || (!active && !is_active(in));
      }
      """),
    RuleExample(
      """
      int poll(struct foo *foo)
      {
      	int retries = 20;
      	int more = 20;

      	while (retries--) {
      		if (is_ready(foo))
      			break;
      		msleep(1);
      	}
      	while (--more) {
      		if (is_done(foo))
      			break;
      		msleep(1);
      	}
      	if (retries < 0 || !more)
      		return -ETIMEDOUT;
      	return 0;
      }
      """),
    RuleExample(
      """
      static int take(struct foo *foo)
      {
      	int ret;

      	ret = ask_host(foo);
      	if (!ret) {
      		dev_err(foo->dev, "nobody there\\n");
      		return -ENODEV;
      	}
      	return apply(foo, ret);
      }

      static void set_mode(struct foo *foo)
      {
      	struct bar *bar = foo->bar;

      	if (!bar)
      		return;
      	bar->mode = 1;
      }
      """),
    RuleExample(
      """
      int drain(struct foo *foo)
      {
      	unsigned long stop = jiffies + HZ;
      	unsigned long next = jiffies + HZ;
      	unsigned long last = foo->last;
      	struct item *item;

      	list_for_each_entry(item, &foo->items, node) {
      		if (time_after(last, jiffies))
      			break;
      		if (time_before(jiffies, stop))
      			continue;
      		if (!item->busy && time_before(jiffies, stop))
      			break;
      		if (time_after(jiffies, stop))
      			break;
      		switch (item->n) {
      		case 0:
      			if (time_before(jiffies, stop))
      				break;
      			return -EIO;
      		}
      		if (time_before(jiffies, next))
      			break;
      		next = jiffies + HZ;
      	}
      	while (!foo->empty && time_before(jiffies, stop))
      		cpu_relax();
      	if (time_before(jiffies, stop))
      		return 0;
      again:
      	if (poll(foo)) {
      		do {
      			if (time_before(jiffies, stop))
      				goto again;
      		} while (time_before_eq(jiffies, stop));
      	}
      	return time_after(jiffies, stop) ? -ETIMEDOUT : 0;
      }
      """),
    RuleExample(
      """
      #define for_each_sibling(part, foo) hlist_for_each_entry(part, &(foo)->parts, node)

      int f(struct foo *foo, int n)
      {
      	struct item *item = NULL, *other, *last, *head;
      	struct part *part;

      	if (!foo->n)
      		goto out;
      	list_for_each_entry(item, &foo->items, node) {
      		if (item->n == n)
      			break;
      	}
      out:
      	if (!item)
      		return -ENODEV;
      	hlist_for_each_entry(part, &foo->parts, node)
      		if (part->n == n)
      			break;
      	if (!part)
      		return -ENOENT;
      	for_each_sibling(part, foo)
      		if (part->n == n + 1)
      			break;
      	if (!part)
      		return -ENOENT;
      	list_for_each_entry(other, &foo->items, node) {
      		if (other->n == n) {
      			other = NULL;
      			break;
      		}
      	}
      	if (!other)
      		return -EEXIST;
      	list_for_each_entry(last, &foo->items, node)
      		use(last);
      	last = find(foo);
      	if (!last)
      		return -EIO;
      	list_for_each_entry(head, &foo->items, node)
      		use(head);
      	if (head->next == NULL || &head->node == &foo->items)
      		return -EIO;
      	return use(item, part);
      }

      int g(struct foo *foo, int n)
      {
      	struct item *item = NULL;

      	if (n) {
      		list_for_each_entry(item, &foo->items, node)
      			if (item->n == n)
      				break;
      	}
      	if (!item)
      		return -ENODEV;
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int flags = foo->flags | FOO_BUSY;

      	if (read_it(foo) || read_it(foo))
      		return -EIO;
      	if (!foo->n-- || !foo->n--)
      		return -EIO;
      	if (foo->a && (foo->a = next(foo)) && foo->a)
      		return -EIO;
      	if (foo->b == 0x55 && (foo->b = 0xaa) && foo->b == 0xaa)
      		return -EIO;
      	if ((foo && foo->a) && (foo && foo->b))
      		return -EIO;
      	if (foo->a && foo->b || foo->a && foo->c)
      		return -EIO;
      	if (!(foo->flags & FOO_ALIVE) || foo->mode != MODE_ON && foo->n)
      		return -EIO;
      	return foo->mode == MODE_ON || foo->mode == MODE_OFF ? flags | FOO_DONE : 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = fast(foo);
      	if (!ret)
      		return ret;
      	ret = slow(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      struct data *g(struct foo *foo)
      {
      	struct data *data;

      	data = find(foo);
      	if (data)
      		return data;
      	data = make(foo);
      	if (data)
      		insert(foo, data);
      	return data;
      }

      int h(struct foo *foo)
      {
      	if (!foo_supported(foo))
      		return -EOPNOTSUPP;
      	return run(foo);
      }

      static int lookup(struct foo *foo, int n)
      {
      	if (foo->n != n)
      		return -ENOENT;
      	return 0;
      }

      int add(struct foo *foo, int n)
      {
      	if (!lookup(foo, n)) {
      		dev_err(foo->dev, "there already");
      		return -EINVAL;
      	}
      	return 0;
      }

      static int has_bit(struct foo *foo)
      {
      	int ret = -EIO;

      	if (foo->on)
      		ret = foo->bits;
      	return ret;
      }

      int k(struct foo *foo)
      {
      	int ret;

      	ret = has_bit(foo);
      	if (!ret) {
      		dev_err(foo->dev, "not set");
      		return -EINVAL;
      	}
      	return 0;
      }

      static struct foo *current_foo;

      int set(struct foo *foo)
      {
      	if (current_foo)
      		return -EBUSY;
      	current_foo = foo;
      	return foo->n;
      }

      int fill(struct foo *foo)
      {
      	if (!foo->data) {
      		make_data(foo);
      		foo->data->n = 1;
      	}
      	if (!foo->other)
      		alloc_data(4, &foo->other);
      	return foo->other->n;
      }

      static void data_free(struct data *data)
      {
      	if (IS_ERR_OR_NULL(data))
      		return;
      	kfree(data);
      }

      int l(struct foo *foo)
      {
      	struct data *data = find_data(foo);

      	if (IS_ERR(data))
      		goto out;
      	use(data);
      out:
      	data_free(data);
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	if (!foo)
      		return -EINVAL;
      	return foo->n;
      }
      """),
    RuleExample(
      """
      int set_root(struct foo *foo, bool disconnect)
      {
      	if (disconnect && !FOO_CAP_TABLE(foo, reset))
      		return -EOPNOTSUPP;
      	if (FOO_CAP_BUSY(foo))
      		return -EBUSY;
      	return send(foo, disconnect);
      }

      int match(struct filter *filter, struct tuple *tuple, int flags)
      {
      	switch (tuple->family) {
      	case 4:
      		if ((flags & SRC) && filter->ip != tuple->ip)
      			return 0;
      		if ((flags & ANY) && filter->ip == tuple->any)
      			return 0;
      		break;
      	case 6:
      		if ((flags & SRC) && addr_cmp(&filter->ip6, &tuple->ip6))
      			return 0;
      		if ((flags & SRC) && !addr_equal(&filter->ip6, &tuple->ip6))
      			return 0;
      		if ((flags & SRC) && filter->state == 3)
      			return 0;
      		break;
      	}
      	return 1;
      }
      """),
    RuleExample(
      """
      int chosen(struct foo *foo, struct bar *bar, int mode)
      {
      	switch (mode) {
      	case NE_OWNER:
      		if (foo->set && foo->owner == bar->owner)
      			return 0;
      		break;
      	case EQ_OWNER:
      		if (foo->set && foo->owner != bar->owner)
      			return 0;
      		break;
      	}
      	return 1;
      }
      """),
  ]
}
