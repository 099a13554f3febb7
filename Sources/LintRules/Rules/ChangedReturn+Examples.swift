import Findings

extension ChangedReturn {
  static let triggering: [RuleExample] = [
    RuleExample(
      before: """
        int set(struct foo *foo, const char __user *from, unsigned int size)
        {
        	if (!size)
        		return -EINVAL;
        	if (copy_from_user(foo->text, from, 32))
        		return -EFAULT;
        	return use(foo);
        }
        """,
      after: """
        int set(struct foo *foo, const char __user *from, unsigned int size)
        {
        	if (!size)
        		return 0; /* reported */
        	if (copy_from_user(foo->text, from, 32))
        		return -EFAULT;
        	return use(foo);
        }
        """),
    RuleExample(
      before: """
        int thaw(struct foo *foo)
        {
        	int error = -EINVAL;

        	mutex_lock(&foo->lock);
        	if (foo->state != FROZEN)
        		goto out;
        	if (foo->users--) {
        		error = 0;
        		goto out;
        	}
        	error = wake(foo);
        out:
        	mutex_unlock(&foo->lock);
        	return error;
        }
        """,
      after: """
        int thaw(struct foo *foo)
        {
        	int error = -EINVAL;

        	mutex_lock(&foo->lock);
        	if (foo->state != FROZEN)
        		goto out;
        	if (foo->users--)
        		goto out; /* reported */
        	error = wake(foo);
        out:
        	mutex_unlock(&foo->lock);
        	return error;
        }
        """),
    RuleExample(
      before: """
        int write(struct foo *foo, int mask, int val)
        {
        	switch (mask) {
        	case 1:
        		foo->scale = val;
        		return 0;
        	case 2:
        		return write_time(foo, val);
        	default:
        		return -EINVAL;
        	}
        }

        struct state *reset(struct foo *foo)
        {
        	struct state *state = kzalloc(sizeof(*state), GFP_KERNEL);

        	if (!state)
        		return ERR_PTR(-ENOMEM);
        	state->foo = foo;
        	return state;
        }
        """,
      after: """
        int write(struct foo *foo, int mask, int val)
        {
        	switch (mask) {
        	case 1:
        		foo->scale = val;
        		return val; /* reported */
        	case 2:
        		return write_time(foo, val);
        	default:
        		return -EINVAL;
        	}
        }

        struct state *reset(struct foo *foo)
        {
        	struct state *state = kzalloc(sizeof(*state), GFP_KERNEL);

        	if (!state)
        		return NULL; /* reported */
        	state->foo = foo;
        	return state;
        }
        """),
    RuleExample(
      before: """
        int will(struct foo *foo)
        {
        	int ret;

        	ret = is_existent(foo);
        	if (ret <= 0)
        		return ret;
        	return look_up(foo);
        }
        """,
      after: """
        int will(struct foo *foo)
        {
        	int ret;

        	ret = is_existent(foo);
        	if (ret <= 0)
        		return 0; /* reported */
        	return look_up(foo);
        }
        """),
    RuleExample(
      before: """
        int map(struct foo *foo)
        {
        	int err = prepare(foo);

        	if (err)
        		return err;
        	err = map_pages(foo);
        	if (err)
        		undo(foo);
        	return err;
        }
        """,
      after: """
        int map(struct foo *foo)
        {
        	int err = prepare(foo);

        	if (err)
        		return err;
        	err = map_pages(foo);
        	if (err)
        		undo(foo);
        	return 0; /* reported */
        }
        """),
    RuleExample(
      before: """
        static int capacity(struct foo *foo, int *value)
        {
        	u8 raw;
        	int ret = read_raw(foo, &raw);

        	if (ret < 0)
        		return ret;
        	*value = raw;
        	return 0;
        }

        int get(struct foo *foo, int *value)
        {
        	return capacity(foo, value);
        }
        """,
      after: """
        static int capacity(struct foo *foo, int *value)
        {
        	u8 raw;
        	int ret = read_raw(foo, &raw);

        	if (ret < 0)
        		return ret;
        	*value = raw;
        	return raw; /* reported */
        }

        int get(struct foo *foo, int *value)
        {
        	return capacity(foo, value);
        }
        """),
    RuleExample(
      before: """
        static int parse(struct foo *foo, int size)
        {
        	if (!foo)
        		return 0;
        	if (size < 8)
        		return -EINVAL;
        	foo->n = size;
        	return 0;
        }
        """,
      after: """
        static void parse(struct foo *foo, int size)
        {
        	if (!foo)
        		return;
        	if (size < 8)
        		return; /* reported */
        	foo->n = size;
        }
        """),
    RuleExample(
      before: """
        int probe(struct foo *foo)
        {
        	foo->irq = platform_get_irq(foo->pdev, 0);
        	if (foo->irq < 0)
        		return foo->irq;
        	foo->clk = clk_get(foo->dev, NULL);
        	if (IS_ERR(foo->clk))
        		return PTR_ERR(foo->clk);
        	return 0;
        }
        """,
      after: """
        int probe(struct foo *foo)
        {
        	foo->irq = platform_get_irq(foo->pdev, 0);
        	if (foo->irq < 0)
        		return dev_err_probe(foo->dev, -ENODEV, "no interrupt\\n"); /* reported */
        	foo->clk = clk_get(foo->dev, NULL);
        	if (IS_ERR(foo->clk))
        		return -EINVAL; /* reported */
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int probe(struct foo *foo)
        {
        	int ret;

        	ret = init_all(foo);
        	if (ret < 0)
        		return ret;
        	return set_up_one(foo);
        }
        """,
      after: """
        void probe(struct foo *foo)
        {
        	init_all(foo); /* reported */
        	set_up_one(foo);
        }
        """),
    RuleExample(
      before: """
        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	if (!readl(foo->status))
        		return IRQ_NONE;
        	writel(1, foo->status);
        	return IRQ_HANDLED;
        }
        """,
      after: """
        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	if (!readl(foo->status))
        		return IRQ_HANDLED; /* reported */
        	writel(1, foo->status);
        	return IRQ_HANDLED;
        }
        """),
  ]

  static let nonTriggering: [RuleExample] = [
    // It has another meaning now, and says so; what is not there is no error.
    RuleExample(
      before: """
        int set(struct foo *foo, unsigned int size)
        {
        	if (!size)
        		return -EINVAL;
        	if (!foo->clock)
        		return -ENODEV;
        	return use(foo);
        }
        """,
      after: """
        int set(struct foo *foo, unsigned int size)
        {
        	if (!size)
        		return 0;
        	if (!foo->clock)
        		return 0;
        	foo->size = size;
        	return use(foo);
        }
        """),
    // It was no errno of anybody else's before.
    RuleExample(
      before: """
        int probe(struct foo *foo, int code)
        {
        	if (code == -EIO)
        		return -EIO;
        	if (-foo->left < 0)
        		return -foo->left;
        	foo->irq = code;
        	return 0;
        }
        """,
      after: """
        int probe(struct foo *foo, int code)
        {
        	if (code == -EIO)
        		return -EIO;
        	if (-foo->left < 0)
        		return -ENOSPC;
        	foo->irq = code;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int thaw(struct foo *foo)
        {
        	int error = -EINVAL;

        	mutex_lock(&foo->lock);
        	if (foo->state != FROZEN)
        		goto out;
        	error = look(foo);
        	if (error)
        		goto out;
        	if (foo->users--) {
        		error = 0;
        		goto out;
        	}
        	error = wake(foo);
        out:
        	mutex_unlock(&foo->lock);
        	return error;
        }
        """,
      after: """
        int thaw(struct foo *foo)
        {
        	int error = -EINVAL;

        	mutex_lock(&foo->lock);
        	if (foo->state != FROZEN)
        		goto out;
        	error = look(foo);
        	if (error)
        		goto out;
        	if (foo->users--)
        		goto out;
        	error = wake(foo);
        out:
        	mutex_unlock(&foo->lock);
        	return error;
        }
        """),
    RuleExample(
      before: """
        int will(struct foo *foo)
        {
        	int ret;

        	ret = is_existent(foo);
        	if (ret < 0)
        		return ret;
        	return look_up(foo);
        }
        """,
      after: """
        int will(struct foo *foo)
        {
        	int ret;

        	ret = is_existent(foo);
        	if (ret < 0) {
        		pr_info("none, which is fine");
        		return 0;
        	}
        	return look_up(foo);
        }
        """),
    RuleExample(
      before: """
        int start(struct foo *foo)
        {
        	int err;

        	err = start_hardware(foo);
        	if (err)
        		return err;
        	foo->on = true;
        	return err;
        }
        """,
      after: """
        int start(struct foo *foo)
        {
        	int err;

        	err = start_hardware(foo);
        	if (err)
        		return err;
        	foo->on = true;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int stop(struct foo *foo)
        {
        	int err;

        	err = stop_hardware(foo);
        	return err;
        }
        """,
      after: """
        int stop(struct foo *foo)
        {
        	stop_hardware(foo);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        static int count(struct foo *foo)
        {
        	int n = foo->n;

        	if (!foo->on)
        		return -ENODEV;
        	return 0;
        }

        int get(struct foo *foo)
        {
        	return count(foo);
        }
        """,
      after: """
        static int count(struct foo *foo)
        {
        	int n = foo->n;

        	if (!foo->on)
        		return -ENODEV;
        	return n;
        }

        int get(struct foo *foo)
        {
        	int n = count(foo);

        	return n < 0 ? n : 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret = start(foo);

        	if (ret < 0)
        		return ret;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int ret = start(foo);

        	if (ret < 0)
        		return ret;
        	ret = more(foo);
        	return ret;
        }
        """),
    // Nothing could fail.
    RuleExample(
      before: """
        static int drop(struct foo *foo)
        {
        	if (!foo)
        		return 0;
        	foo->n--;
        	return 0;
        }
        """,
      after: """
        static void drop(struct foo *foo)
        {
        	if (!foo)
        		return;
        	foo->n--;
        }
        """),
    // What is tested is no errno.
    RuleExample(
      before: """
        int probe(struct foo *foo)
        {
        	int ret = read(foo);

        	if (ret < 0)
        		return dev_err_probe(foo->dev, ret, "no answer\\n");
        	if (ret != FOO_ID)
        		return ret;
        	return 0;
        }
        """,
      after: """
        int probe(struct foo *foo)
        {
        	int ret = read(foo);

        	if (ret < 0)
        		return ret;
        	if (ret != FOO_ID)
        		return -ENODEV;
        	return 0;
        }
        """),
  ]
}
