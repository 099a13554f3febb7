import Findings

extension LockImbalance {
  static let triggering: [RuleExample] = [
    // The same where the bodies are known, and say nothing of a lock.
    RuleExample(
      """
      static inline int mark_trylock(struct foo *foo)
      {
      	return test_and_set_mark(foo, 3);
      }

      static inline void mark_unlock(int bit)
      {
      	clear_mark(bit);
      }

      static void f(struct foo *foo)
      {
      	int bit;

      	bit = mark_trylock(foo);
      	if (bit < 0)
      		return;
      	if (foo->busy)
      		return; /* reported */
      	work(foo);
      	mark_unlock(bit);
      }
      """),
    // Whoever learns nothing cannot unlock; a token that is the lock; a mutex that a work item releases for another.
    RuleExample(
      """
      static void f(struct foo *foo)
      {
      	foo_lock(foo);
      	if (foo->busy) {
      		foo->missed++;
      		return; /* reported */
      	}
      	work(foo);
      	foo_unlock(foo);
      }

      static void g(unsigned long ip, struct foo *foo)
      {
      	int bit;

      	bit = recursion_trylock(ip, foo);
      	if (bit < 0) {
      		foo->missed++;
      		return;
      	}
      	if (foo->busy)
      		return; /* reported */
      	work(foo);
      	recursion_unlock(bit);
      }
      """),
    RuleExample(
      """
      static void put(struct foo *foo)
      {
      	mutex_unlock(&foo->lock);
      }

      static void send(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, work);

      	transmit(foo);
      	put(foo); /* reported */
      }

      int write(struct foo *foo)
      {
      	INIT_WORK(&foo->work, send);
      	mutex_lock(&foo->lock);
      	if (foo->nonblocking) {
      		queue_work(foo->queue, &foo->work);
      		return 0;
      	}
      	transmit(foo);
      	put(foo);
      	return 0;
      }
      """),
    // An error keeps what only success hands over; a semaphore that is a lock; a lock by flags; what was tested before a barrier.
    RuleExample(
      """
      static int begin(struct foo *foo)
      {
      	int ret = mutex_lock_interruptible(&foo->lock);

      	if (ret)
      		return ret;
      	foo->data = kzalloc(64, GFP_KERNEL);
      	if (!foo->data)
      		return -ENOMEM; /* reported */
      	return 0;
      }

      static void end(struct foo *foo)
      {
      	mutex_unlock(&foo->lock);
      }

      bool read_block(struct foo *foo)
      {
      	bool result;

      	if (down_interruptible(&foo->sem))
      		return false;
      	if (!fill(foo))
      		return false; /* reported */
      	result = check(foo);
      	up(&foo->sem);
      	return result;
      }

      void x_ilock(struct foo *foo, unsigned int flags)
      {
      	if (flags & EXCL)
      		down_write(&foo->rwsem);
      	else if (flags & SHARED)
      		down_read(&foo->rwsem);
      }

      void x_iunlock(struct foo *foo, unsigned int flags)
      {
      	if (flags & EXCL)
      		up_write(&foo->rwsem);
      	else if (flags & SHARED)
      		up_read(&foo->rwsem);
      }

      unsigned int x_ilock_map(struct foo *foo)
      {
      	unsigned int mode = foo->n ? EXCL : SHARED;

      	x_ilock(foo, mode);
      	return mode;
      }

      int next(struct foo *foo)
      {
      	unsigned int mode;
      	int error;

      	mode = x_ilock_map(foo);
      	error = fill(foo);
      	if (error)
      		return error; /* reported */
      	foo->n++;
      	x_iunlock(foo, mode);
      	return 0;
      }

      int iterate(struct foo *foo, int n)
      {
      	int idx, ret = -EINVAL;

      	idx = srcu_read_lock(&foos_srcu);
      	if (foo->is_freed)
      		goto out;
      	while (n--) {
      		smp_rmb();
      		if (foo->is_freed)
      			return -EINVAL; /* reported */
      		if (!emit(foo))
      			goto out;
      	}
      	ret = 1;
      out:
      	srcu_read_unlock(&foos_srcu, idx);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	if (foo->dead)
      		return -EPERM; /* reported */
      	mutex_unlock(&foo->lock);
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, void __user *from)
      {
      	int ret = -EFAULT;

      	if (copy_from_user(&foo->data, from, 8))
      		goto out;
      	mutex_lock(&foo->lock);
      	ret = send(foo);
      out:
      	mutex_unlock(&foo->lock); /* reported */
      	return ret;
      }

      int g(struct foo *foo, int n)
      {
      	int ret;

      	mutex_lock(&foo->lock);
      	ret = push(foo, n);
      	if (ret) {
      		mutex_unlock(&foo->lock);
      		goto out;
      	}
      	foo->n = n;
      out:
      	mutex_unlock(&foo->lock); /* reported */
      	return ret;
      }
      """),
    RuleExample(
      """
      static inline int foo_suspend_and_lock(struct foo *foo)
      {
      	int ret;

      	ret = foo_suspend(foo);
      	if (ret)
      		return ret;
      	ret = mutex_lock_interruptible(&foo->lock);
      	if (ret)
      		foo_resume(foo);
      	return ret;
      }

      static inline void foo_unlock_and_resume(struct foo *foo)
      {
      	foo_unlock(foo);
      	foo_resume(foo);
      }

      static ssize_t store(struct foo *foo, int n)
      {
      	int ret;

      	ret = foo_suspend_and_lock(foo);
      	if (ret)
      		return ret;
      	if (n > 5) {
      		foo_unlock(foo);
      		return -EINVAL; /* reported */
      	}
      	foo->n = n;
      	foo_unlock_and_resume(foo);
      	return 0;
      }
      """),
    RuleExample(
      """
      static bool has_room(struct foo *foo)
      {
      	struct item *item;

      	spin_lock(&foo->lock);
      	list_for_each_entry(item, &foo->items, node) {
      		if (!item->room)
      			return false; /* reported */
      	}
      	spin_unlock(&foo->lock);
      	return true;
      }

      static int set_online(struct foo *foo)
      {
      	spin_lock(&foo->lock);
      	if (!foo->ready) {
      		spin_unlock(&foo->lock);
      		return -EINVAL;
      	}
      	foo->online = true;
      	return 0; /* reported */
      }

      static int online_store(struct foo *foo)
      {
      	return set_online(foo);
      }

      static const struct foo_ops ops = { .store = online_store };
      """),
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	if (foo->slow) {
      		mutex_unlock(&foo->lock);
      		wait_for(foo);
      		mutex_lock(&foo->lock);
      	}
      	if (!foo->n)
      		return; /* reported */
      	foo->n--;
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      static int config_and_unlock(struct foo *foo)
      {
      	struct info *info = alloc_info(foo);
      	int ret;

      	if (!info)
      		return -ENOMEM; /* reported */
      	ret = check(foo, info);
      	if (ret < 0) {
      		mutex_unlock(&foo->lock);
      		return ret;
      	}
      	foo->info = info;
      	mutex_unlock(&foo->lock);
      	return register_info(info);
      }

      int config(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	return config_and_unlock(foo);
      }

      int plug(struct foo *foo)
      {
      	int ret;

      	mutex_lock(&foo->lock);
      	if (foo->late) {
      		ret = config_and_unlock(foo);
      		return ret;
      	}
      	foo->n++;
      	mutex_unlock(&foo->lock);
      	return 0;
      }
      """),
    RuleExample(
      """
      static int print(struct node *node, unsigned long flags)
      	__releases(node->lock)
      {
      	int n = 0;

      	if (list_empty(&node->tasks))
      		return 0; /* reported */
      	n = count(node);
      	raw_spin_unlock_irqrestore(&node->lock, flags);
      	return n;
      }
      """),
    RuleExample(
      """
      static void receive(struct foo *foo, struct sk_buff *skb)
      {
      	struct chan *chan = chan_find(foo, skb);

      	if (!chan)
      		return;
      	mutex_lock(&chan->lock);
      	if (chan->size < skb->len)
      		goto drop;
      	if (!chan->ops->receive(chan, skb)) {
      		chan_put(chan); /* reported */
      		return;
      	}
      drop:
      	chan_put(chan);
      	kfree_skb(skb);
      }
      """),
    // Others release the lock for who has taken it; but not for who has been refused.
    RuleExample(
      """
      static void release(struct kref *ref)
      {
      	struct entry *entry = container_of(ref, struct entry, ref);

      	spin_unlock(&entry->lock);
      	kfree(entry);
      }

      static void drop(struct entry *entry)
      {
      	kref_put(&entry->ref, release);
      }

      static void take(struct entry *entry)
      {
      	spin_lock(&entry->lock);
      }

      static bool isolate(struct page *page)
      {
      	struct entry *entry = page_address(page);

      	spin_lock(&entry->lock);
      	if (entry->n)
      		goto out;
      	if (test_and_set_bit(CLAIMED, &page->private))
      		return false; /* reported */
      	list_del_init(&entry->node);
      	spin_unlock(&entry->lock);
      	return true;
      out:
      	spin_unlock(&entry->lock);
      	return false;
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    // A state that is left as it is; a warning whose condition is the second argument; a work item that may have the mutex.
    RuleExample(
      """
      static void f(struct foo *foo)
      {
      	foo_timer_pause(foo);
      	if (foo->is_fast)
      		return;
      	work(foo);
      	foo_timer_resume(foo);
      }

      static void g(struct drm_device *dev, struct foo *foo)
      {
      	int ret = foo_resv_lock(foo, NULL);

      	if (drm_WARN_ONCE(dev, ret, "foo_resv_lock() failed, ret=%d\\n", ret))
      		return;
      	work(foo);
      	foo_resv_unlock(foo);
      }

      static void send(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, work);

      	foo->ops->begin(foo);
      	transmit(foo);
      	mutex_unlock(&foo->lock);
      }

      static void again(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, again);

      	mutex_unlock(&foo->own);
      	transmit(foo);
      	mutex_lock(&foo->own);
      }

      void h(struct foo *foo)
      {
      	INIT_WORK(&foo->work, send);
      }

      static int helper(struct foo *foo)
      {
      	transmit(foo);
      	mutex_unlock(&foo->lock);
      	return 0;
      }
      """),
    // Whoever is told the mode releases it.
    RuleExample(
      """
      void z_ilock(struct foo *foo, unsigned int flags)
      {
      	if (flags & EXCL)
      		down_write(&foo->rwsem);
      }

      void z_iunlock(struct foo *foo, unsigned int flags)
      {
      	if (flags & EXCL)
      		up_write(&foo->rwsem);
      }

      unsigned int z_ilock_map(struct foo *foo)
      {
      	unsigned int mode = foo->n ? EXCL : SHARED;

      	z_ilock(foo, mode);
      	return mode;
      }

      int read_next(struct foo *foo, unsigned int *mode)
      {
      	int error;

      	*mode = z_ilock_map(foo);
      	error = fill(foo);
      	if (error)
      		return error;
      	z_iunlock(foo, *mode);
      	*mode = 0;
      	return 0;
      }
      """),
    // Every error comes with the lock; what starts with nothing is given by somebody else.
    RuleExample(
      """
      static int begin(struct foo *foo)
      {
      	int ret;

      	mutex_lock(&foo->lock);
      	ret = fill(foo);
      	if (ret)
      		return ret;
      	if (!foo->n)
      		return -ENODATA;
      	return 0;
      }
      void set_up(struct foo *foo)
      {
      	sema_init(&foo->done_sem, 0);
      }
      bool has_ended(struct foo *foo)
      {
      	if (!foo->on)
      		return false;
      	if (down_interruptible(&foo->done_sem))
      		return false;
      	if (foo->failed)
      		return false;
      	up(&foo->done_sem);
      	return check(foo);
      }
      """),
    // Every error keeps it, or none comes without it; a semaphore that counts; flags that say whether there is a lock.
    RuleExample(
      """
      static int begin(struct foo *foo)
      {
      	int ret;

      	mutex_lock(&foo->lock);
      	ret = fill(foo);
      	if (ret)
      		return ret;
      	return check(foo);
      }

      static int find(struct foo *foo)
      {
      	int ret = look_up(foo);

      	if (ret)
      		return ret;
      	mutex_lock(&foo->lock);
      	return foo->n;
      }

      static int fetch(struct queue *queue)
      {
      	int ret = down_interruptible(&queue->sem);

      	if (ret)
      		return ret;
      	if (!queue->n)
      		return -ENODEV;
      	return 0;
      }

      void wait(struct foo *foo)
      {
      	sema_init(&foo->init_sem, 0);
      	start(foo);
      	if (foo->late)
      		return;
      	down(&foo->init_sem);
      }

      void z_ilock(struct foo *foo, unsigned int flags)
      {
      	if (flags & EXCL)
      		down_write(&foo->rwsem);
      }

      void z_iunlock(struct foo *foo, unsigned int flags)
      {
      	if (flags & EXCL)
      		up_write(&foo->rwsem);
      }

      int set(struct foo *foo)
      {
      	unsigned int flags = EXCL;
      	int error;

      	z_ilock(foo, flags);
      	error = fill(foo);
      	if (error)
      		goto out;
      	z_iunlock(foo, flags);
      	flags = 0;
      	error = send(foo);
      out:
      	if (flags)
      		z_iunlock(foo, flags);
      	return error;
      }
      """),
    // Who refuses the object drops its lock first; who puts it where the lock is held has taken it for the caller.
    RuleExample(
      """
      static int receive(struct foo *foo, struct sk_buff *skb)
      {
      	struct chan *chan = chan_find(foo, skb);

      	if (!chan)
      		return -ENOENT;
      	mutex_lock(&chan->lock);
      	if (chan->size < skb->len) {
      		mutex_unlock(&chan->lock);
      		chan_put(chan);
      		return -EMSGSIZE;
      	}
      	foo->busy = chan;
      	chan_put(chan);
      	return 0;
      }
      """),
    RuleExample(
      """
      static int pre_step(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	if (!foo->armed) {
      		mutex_unlock(&foo->lock);
      		return 0;
      	}
      	foo->armed = false;
      	return 0;
      }

      static int post_step(struct foo *foo)
      {
      	foo->n++;
      	mutex_unlock(&foo->lock);
      	return 0;
      }

      #define trace_enter() printk("enter\n")
      #define trace_leave() printk("leave\n")

      int f(struct foo *foo)
      {
      	trace_enter();
      	if (foo->dead)
      		return -EINVAL;
      	trace_leave();
      	return 0;
      }
      """),
    RuleExample(
      """
      void drop_and_take(struct foo *foo)
      {
      	mutex_unlock(&foo->lock);
      	wait_for(foo);
      	mutex_lock(&foo->lock);
      	foo->n++;
      	mutex_unlock(&foo->lock);
      }

      void taken_unseen(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	foo->n++;
      	mutex_unlock(&foo->lock);
      	foo_relock(foo);
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, int n)
      {
      	bool kept = true;
      	int i;

      	mutex_lock(&foo->lock);
      	for (i = 0; i < n; i++)
      		if (drop_if_idle(foo, i))
      			kept = false;
      	if (kept)
      		mutex_unlock(&foo->lock);
      	return 0;
      }

      static void release_locked(struct kref *ref)
      {
      	struct foo *foo = container_of(ref, struct foo, ref);

      	mutex_unlock(&foo->lock);
      	kfree(foo);
      }

      void g(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	if (kref_put(&foo->ref, release_locked))
      		return;
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, bool locked)
      {
      	if (!locked)
      		mutex_lock(&foo->lock);
      	foo->count++;
      	if (!locked)
      		mutex_unlock(&foo->lock);
      	return 0;
      }
      """),
    RuleExample(
      """
      static bool claim(struct foo *foo)
      {
      	spin_lock(&foo->lock);
      	if (foo->dead) {
      		spin_unlock(&foo->lock);
      		return false;
      	}
      	return true;
      }

      static int reserve(struct foo *foo)
      {
      	spin_lock(&foo->lock);
      	if (!foo->ready) {
      		spin_unlock(&foo->lock);
      		return -EINVAL;
      	}
      	return 0;
      }

      int f(struct foo *foo)
      {
      	int ret;

      	if (claim(foo))
      		spin_unlock(&foo->lock);
      	ret = reserve(foo);
      	if (ret)
      		return ret;
      	spin_unlock(&foo->lock);
      	return 0;
      }
      """),
    RuleExample(
      """
      int lock_foo(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	if (foo->dead) {
      		mutex_unlock(&foo->lock);
      		return -EPERM;
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      static int check_and_unlock(struct foo *foo)
      {
      	if (foo->dead)
      		return -ENODEV;
      	if (foo->n > 3) {
      		mutex_unlock(&foo->lock);
      		return -EBUSY;
      	}
      	foo->n++;
      	mutex_unlock(&foo->lock);
      	return 0;
      }

      int knows(struct foo *foo)
      {
      	int ret;

      	mutex_lock(&foo->lock);
      	ret = check_and_unlock(foo);
      	if (ret == -ENODEV)
      		mutex_unlock(&foo->lock);
      	return ret;
      }

      static int take_or_drop(struct foo *foo)
      {
      	if (foo->n > 3)
      		return 1;
      	mutex_unlock(&foo->lock);
      	return -EBUSY;
      }

      int told(struct foo *foo)
      {
      	int ret;

      	mutex_lock(&foo->lock);
      	ret = take_or_drop(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      static int print(struct node *node, unsigned long flags)
      	__releases(node->lock)
      {
      	if (list_empty(&node->tasks)) {
      		raw_spin_unlock_irqrestore(&node->lock, flags);
      		return 0;
      	}
      	raw_spin_unlock_irqrestore(&node->lock, flags);
      	return count(node);
      }

      static void begin(struct foo *foo)
      {
      	struct chan *chan = chan_find(foo, 1);

      	mutex_lock(&chan->lock);
      	chan->users++;
      }
      """),
  ]
}
