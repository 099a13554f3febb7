import Findings

extension InvertedCheck {
  static let triggering: [RuleExample] = [
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
  ]

  static let nonTriggering: [RuleExample] = [
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
  ]
}
