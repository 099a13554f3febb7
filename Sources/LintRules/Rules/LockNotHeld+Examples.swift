import Findings

extension LockNotHeld {
  static let triggering: [RuleExample] = [
    // What the head of a function says counts like an assertion.
    RuleExample(
      """
      struct foo { spinlock_t lock; int n; };

      static void set(struct foo *foo)
      	__must_hold(&foo->lock)
      {
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
  ]

  static let nonTriggering: [RuleExample] = [
    // A callee that may have taken the lock has.
    RuleExample(
      """
      struct ctx { struct mutex lock; struct list_head list; int n; };

      static void ring_lock(struct ctx *ctx, unsigned int flags)
      {
      	if (flags & F_UNLOCKED)
      		mutex_lock(&ctx->lock);
      	lockdep_assert_held(&ctx->lock);
      }

      static void ring_unlock(struct ctx *ctx, unsigned int flags)
      {
      	lockdep_assert_held(&ctx->lock);
      	if (flags & F_UNLOCKED)
      		mutex_unlock(&ctx->lock);
      }

      static void work(struct ctx *ctx, unsigned int flags)
      {
      	if (flags & F_UNLOCKED)
      		mutex_lock(&ctx->lock);
      	ctx->n = 0;
      }

      static void end(struct ctx *ctx)
      {
      	lockdep_assert_held(&ctx->lock);
      	ctx->n++;
      }

      static int foo_release(struct inode *inode, struct file *file)
      {
      	struct ctx *ctx = file->private_data;

      	work(ctx, file->f_flags);
      	end(ctx);
      	if (file->f_flags & F_UNLOCKED)
      		mutex_unlock(&ctx->lock);
      	return 0;
      }

      static int foo_flush(struct file *file, fl_owner_t id)
      {
      	struct ctx *ctx = file->private_data;

      	ring_lock(ctx, file->f_flags);
      	ctx->n = 0;
      	ring_unlock(ctx, file->f_flags);
      	return 0;
      }

      static const struct file_operations foo_fops = {
      	.release = foo_release,
      	.flush = foo_flush,
      };

      void cancel(struct ctx *ctx)
      {
      	mutex_lock(&ctx->lock);
      	end(ctx);
      	mutex_unlock(&ctx->lock);
      }
      """),
    // A lock that there is none of, and a section by its name.
    RuleExample(
      """
      struct foo { spinlock_t lock; int n; };

      static void set(struct foo *foo)
      	__must_hold(&foo->old_lock)
      	__must_hold(RCU)
      {
      	foo->n = 1;
      }

      void set_all(struct bar *bar)
      {
      	struct foo *foo;

      	list_for_each_entry(foo, &bar->foos, node)
      		set(foo);
      }
      """),
    RuleExample(
      """
      static void shrink(struct foo *foo)
      {
      	collect(foo, select_and_lock);
      	if (foo->victim) {
      		kill(foo->victim);
      		rcu_read_unlock();
      	}
      	rcu_read_lock();
      	look(foo);
      	rcu_read_unlock();
      }

      void all(struct foo *foo)
      {
      	rcu_read_lock();
      	foo->n++;
      	shrink(foo);
      	rcu_read_unlock();
      }

      void one(struct foo *foo)
      {
      	rcu_read_lock();
      	look(foo);
      	rcu_read_unlock();
      	shrink(foo);
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
    RuleExample(
      """
      static int speed(struct net_device *dev, bool take_rtnl)
      {
      	struct net_device *master;

      	if (take_rtnl)
      		rtnl_lock();
      	master = netdev_master_upper_dev_get(dev);
      	if (take_rtnl)
      		rtnl_unlock();
      	return master ? 1 : 0;
      }

      static int foo_suspend(struct device *d)
      {
      	return speed(dev_get_drvdata(d), true);
      }

      static const struct dev_pm_ops foo_pm = { .suspend = foo_suspend };
      """),
  ]
}
