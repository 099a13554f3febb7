import Findings

extension DoubleLock {
  static let triggering: [RuleExample] = [
    // Readers too wait for a writer that waits for the first of them (`Documentation/locking/lockdep-design.rst`).
    RuleExample(
      """
      struct foo { rwlock_t lock; int n; };

      static void put(struct foo *foo)
      {
      	read_lock_bh(&foo->lock);
      	foo->ops->put(foo);
      	read_unlock_bh(&foo->lock);
      }

      void drain(struct foo *foo)
      {
      	read_lock_bh(&foo->lock);
      	while (foo->n)
      		put(foo); /* reported */
      	read_unlock_bh(&foo->lock);
      }
      """),
    // By way of a macro that is a guard.
    RuleExample(
      """
      #define foo_lock_here(foo) guard(mutex)(&(foo)->lock)

      static int foo_write(struct foo *foo, int value)
      {
      	foo_lock_here(foo);
      	return put(foo, value);
      }

      int foo_set(struct bar *bar, int value)
      {
      	foo_lock_here(&bar->foo);
      	if (value > 3)
      		return foo_write(&bar->foo, value); /* reported */
      	return put(&bar->foo, value);
      }
      """),
    // What the helper may give back is another object's lock.
    RuleExample(
      """
      struct device { struct mutex mutex; struct device *parent; int bound; };

      static void lock_both(struct device *dev, struct device *parent)
      {
      	if (parent)
      		mutex_lock(&parent->mutex);
      	mutex_lock(&dev->mutex);
      }

      static void unlock_both(struct device *dev, struct device *parent)
      {
      	mutex_unlock(&dev->mutex);
      	if (parent)
      		mutex_unlock(&parent->mutex);
      }

      static void bind(struct device *dev)
      {
      	lock_both(dev, dev->parent);
      	attach(dev);
      	unlock_both(dev, dev->parent);
      }

      void probe(struct device *dev)
      {
      	mutex_lock(&dev->mutex);
      	if (!dev->bound)
      		bind(dev); /* reported */
      	mutex_unlock(&dev->mutex);
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(foo_mutex);

      static int foo_open(struct inode *inode, struct file *file)
      {
      	mutex_lock(&foo_mutex);
      	file->private_data = inode->i_private;
      	mutex_unlock(&foo_mutex);
      	return 0;
      }

      static const struct file_operations foo_fops = {
      	.open = foo_open,
      };

      void foo_register(struct foo *foo)
      {
      	foo->file = debugfs_create_file("foo", 0400, NULL, foo, &foo_fops);
      }

      void foo_unregister(struct foo *foo)
      {
      	mutex_lock(&foo_mutex);
      	debugfs_remove(foo->file); /* reported */
      	mutex_unlock(&foo_mutex);
      }
      """),
    RuleExample(
      """
      static int get(struct foo *foo)
      {
      	int v;

      	mutex_lock(&foo->lock);
      	v = foo->value;
      	mutex_unlock(&foo->lock);
      	return v;
      }

      int f(struct foo *foo)
      {
      	int v;

      	mutex_lock(&foo->lock);
      	v = get(foo); /* reported */
      	mutex_unlock(&foo->lock);
      	return v;
      }
      """),
    RuleExample(
      """
      struct port { spinlock_t lock; struct timer_list timer; int n; };

      static struct port ports[4];

      static void expire(struct timer_list *timer)
      {
      	struct port *port = from_timer(port, timer, timer);

      	spin_lock(&port->lock);
      	port->n++;
      	spin_unlock(&port->lock);
      }

      void init(int i)
      {
      	timer_setup(&ports[i].timer, expire, 0);
      }

      void stop(struct port *port)
      {
      	spin_lock_irq(&port->lock);
      	del_timer_sync(&port->timer); /* reported */
      	spin_unlock_irq(&port->lock);
      }
      """),
    RuleExample(
      """
      static void poll_work(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, poll);

      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      }

      static void stop_polling(struct foo *foo)
      {
      	flush_workqueue(foo->queue);
      }

      void f(struct foo *foo)
      {
      	INIT_WORK(&foo->poll, poll_work);
      	queue_work(foo->queue, &foo->poll);
      }

      void g(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	stop_polling(foo); /* reported */
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      static void settle(struct foo *foo)
      {
      	cancel_work_sync(&foo->work);
      	mutex_lock(&foo->lock); /* reported */
      }

      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	settle(foo); /* reported */
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      static void foo_restart(struct net_device *dev)
      {
      	rtnl_lock();
      	dev_close(dev);
      	rtnl_unlock();
      }

      static int foo_reset(struct net_device *dev, u32 *flags)
      {
      	foo_restart(dev); /* reported */
      	return 0;
      }

      static const struct ethtool_ops foo_ops = {
      	.reset = foo_reset,
      };
      """),
    RuleExample(
      """
      static void account(struct foo *foo, int mode)
      {
      	if (mode == FOO_SLOW) {
      		mutex_lock(&foo->lock);
      		mutex_unlock(&foo->lock);
      	}
      }

      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	account(foo, FOO_SLOW); /* reported */
      	mutex_unlock(&foo->lock);
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      """
      static DEFINE_MUTEX(foo_mutex);

      static int foo_open(struct inode *inode, struct file *file)
      {
      	mutex_lock(&foo_mutex);
      	file->private_data = inode->i_private;
      	mutex_unlock(&foo_mutex);
      	return 0;
      }

      static const struct file_operations foo_fops = {
      	.open = foo_open,
      };

      void foo_register(struct foo *foo)
      {
      	foo->file = debugfs_create_file("foo", 0400, NULL, foo, &foo_fops);
      }

      void foo_unregister(struct foo *foo)
      {
      	mutex_lock(&foo_mutex);
      	list_del(&foo->node);
      	mutex_unlock(&foo_mutex);
      	debugfs_remove(foo->file);
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(foo_mutex);

      static int foo_ioctl(struct file *file, unsigned int cmd)
      {
      	mutex_lock(&foo_mutex);
      	mutex_unlock(&foo_mutex);
      	return 0;
      }

      static const struct file_operations foo_char_fops = {
      	.unlocked_ioctl = foo_ioctl,
      };

      void foo_unregister(struct foo *foo)
      {
      	mutex_lock(&foo_mutex);
      	debugfs_remove(foo->file);
      	mutex_unlock(&foo_mutex);
      }
      """),
    RuleExample(
      """
      static int foo_reset(struct net_device *dev, u32 *flags)
      {
      	rtnl_unlock();
      	msleep(20);
      	rtnl_lock();
      	return 0;
      }

      static const struct ethtool_ops foo_ops = {
      	.reset = foo_reset,
      };
      """),
    RuleExample(
      """
      static void settle(struct foo *foo)
      {
      	mutex_unlock(&foo->lock);
      	cancel_work_sync(&foo->work);
      	mutex_lock(&foo->lock);
      }

      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	settle(foo);
      	mutex_unlock(&foo->lock);
      }

      static void enter(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	foo->count++;
      }

      void g(struct foo *foo)
      {
      	enter(foo);
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      static void wait(struct foo *foo)
      {
      	lockdep_assert_held(&foo->lock);
      	mutex_unlock(&foo->lock);
      	msleep(10);
      	mutex_lock(&foo->lock);
      }

      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	wait(foo);
      	mutex_unlock(&foo->lock);
      }

      static void even(struct foo *foo, int n)
      {
      	if (n)
      		odd(foo, n - 1);
      }

      static void odd(struct foo *foo, int n)
      {
      	if (n)
      		even(foo, n - 1);
      }
      """),
    RuleExample(
      """
      static void twice(struct foo *a, struct foo *b)
      {
      	mutex_lock(&a->lock);
      	mutex_lock_nested(&b->lock, 1);
      	mutex_unlock(&b->lock);
      	mutex_unlock(&a->lock);
      }
      """),
    RuleExample(
      """
      struct foo { struct mutex lock; struct foo *child; };

      static void visit(struct foo *foo, void (*visitor)(void *data), void *data)
      {
      	mutex_lock(&foo->lock);
      	visitor(data);
      	mutex_unlock(&foo->lock);
      }

      static void show(void *data)
      {
      	struct foo *foo = data;

      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      }

      static void count(void *data)
      {
      	atomic_inc(data);
      }

      void f(struct foo *foo, atomic_t *number)
      {
      	visit(foo, count, number);
      	visit(foo, show, foo->child);
      }
      """),
    RuleExample(
      """
      #define CAN_NOT_WAIT false

      static void account(struct foo *foo, int mode)
      {
      	switch (mode) {
      	case FOO_SLOW:
      		mutex_lock(&foo->lock);
      		mutex_unlock(&foo->lock);
      		break;
      	case FOO_FAST:
      		foo->count++;
      		break;
      	}
      }

      static void update(struct foo *foo, bool is_locked)
      {
      	bool must_take = !is_locked && foo->count;

      	if (must_take)
      		mutex_lock(&foo->lock);
      	foo->count = 0;
      	if (must_take)
      		mutex_unlock(&foo->lock);
      }

      static void wait(struct foo *foo, bool may_wait)
      {
      	if (may_wait) {
      		mutex_lock(&foo->lock);
      		mutex_unlock(&foo->lock);
      	}
      }

      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	account(foo, FOO_FAST);
      	update(foo, true);
      	wait(foo, CAN_NOT_WAIT);
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      static void reset_work(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, reset);

      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      }

      static void stop(struct foo *foo)
      {
      	cancel_work_sync(&foo->reset);
      }

      static int run(struct foo *foo, void (*func)(struct foo *foo))
      {
      	if (current_work() == &foo->commands)
      		func(foo);
      	return 0;
      }

      static void silence(struct foo *foo, bool sync)
      {
      	if (sync)
      		cancel_work_sync(&foo->reset);
      }

      static void silence_all(struct foo *foo, bool sync)
      {
      	silence(foo, sync);
      }

      void f(struct foo *foo)
      {
      	INIT_WORK(&foo->reset, reset_work);
      	mutex_lock(&foo->lock);
      	run(foo, stop);
      	silence_all(foo, false);
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      struct channel { struct mutex mutex; };
      struct foo { struct channel commands, events; struct work_struct work; };

      static void event_work(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, work);

      	mutex_lock(&foo->events.mutex);
      	mutex_unlock(&foo->events.mutex);
      }

      void f(struct foo *foo)
      {
      	INIT_WORK(&foo->work, event_work);
      	mutex_lock(&foo->commands.mutex);
      	cancel_work_sync(&foo->work);
      	mutex_unlock(&foo->commands.mutex);
      }
      """),
  ]
}
