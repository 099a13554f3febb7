import Findings

extension LostCheck {
  static let triggering: [RuleExample] = [
    RuleExample(
      before: """
        int probe(struct foo *foo, struct device *other)
        {
        	struct wrap *wrap;

        	if (is_there(other)) {
        		wrap = find_wrap(other);
        		if (!wrap) {
        			complain(foo);
        			return -EPROBE_DEFER;
        		}
        	} else {
        		wrap = kzalloc(sizeof(*wrap), GFP_KERNEL);
        		if (!wrap)
        			return -ENOMEM;
        	}
        	wrap->foo = foo;
        	return 0;
        }
        """,
      after: """
        int probe(struct foo *foo, struct device *other)
        {
        	struct wrap *wrap;

        	if (is_there(other)) {
        		wrap = find_wrap(other); /* reported */
        	} else {
        		wrap = kzalloc(sizeof(*wrap), GFP_KERNEL);
        		if (!wrap)
        			return -ENOMEM;
        	}
        	wrap->foo = foo;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int copy(struct foo *foo, int entry)
        {
        	struct bar *bar = bar_info(foo, entry);

        	if (!bar)
        		return -EINVAL;
        	bar->users++;
        	return 0;
        }
        """,
      after: """
        int copy(struct foo *foo, int entry)
        {
        	struct bar *bar = bar_info(foo, entry); /* reported */

        	bar->users++;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int handle(struct foo *foo)
        {
        	if (is_atomic() || !foo->mm)
        		return -EFAULT;
        	lock_map(foo->mm);
        	unlock_map(foo->mm);
        	return 0;
        }

        int handle_secure(struct foo *foo)
        {
        	if (is_atomic())
        		return -EFAULT;
        	lock_map(foo->mm);
        	unlock_map(foo->mm);
        	return 0;
        }
        """,
      after: """
        int handle(struct foo *foo)
        {
        	if (is_atomic() || !foo->mm)
        		return -EFAULT;
        	lock_map(foo->mm);
        	unlock_map(foo->mm);
        	return 0;
        }

        int handle_secure(struct foo *foo)
        {
        	lock_map(foo->mm); /* reported */
        	unlock_map(foo->mm);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        bool is_chained(struct worker *worker, struct wq *wq)
        {
        	return worker && worker->current_pwq && worker->current_pwq->wq == wq;
        }

        int link(struct foo *foo, struct dev *dev)
        {
        	if (dev->type != TYPE_FOO || !dev->ptr)
        		return -EINVAL;
        	dev->ptr->n++;
        	return 0;
        }
        """,
      after: """
        bool is_chained(struct worker *worker, struct wq *wq)
        {
        	return worker && worker->current_pwq->wq == wq; /* reported */
        }

        int link(struct foo *foo, struct dev *dev)
        {
        	if (dev->type != TYPE_FOO) /* reported */
        		return -EINVAL;
        	dev->ptr->n++;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int n)
        {
        	struct item *item = item_of(foo, n);
        	int status;

        	if (WARN_ON_ONCE(!item))
        		return -EINVAL;
        	status = item_set(item, n);
        	if (status != nfs_ok)
        		goto out;
        	switch (item->type) {
        	case 1:
        		status = link_item(foo);
        		break;
        	default:
        		status = make_item(foo);
        	}
        	if (item->n < n || status)
        		foo->failed++;
        out:
        	return status;
        }
        """,
      after: """
        int f(struct foo *foo, int n)
        {
        	struct item *item = item_of(foo, n); /* reported */
        	int status;

        	status = item_set(item, n); /* reported */
        	switch (item->type) {
        	case 1:
        		status = link_item(foo);
        		break;
        	default:
        		status = make_item(foo);
        	}
        	if (item->n < n || status)
        		foo->failed++;
        out:
        	return status;
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	if (foo->path)
        		activate(foo, foo->path, true);
        	foo->on = true;
        }

        void set(struct foo *foo)
        {
        	foo->path = add_new_path(foo);
        }

        int show(struct foo *foo, char *buf)
        {
        	int ret = update(foo);

        	if (ret < 0)
        		return ret;
        	else if (ret > 0)
        		return -EIO;
        	return emit(buf, foo->n);
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	activate(foo, foo->path, true); /* reported */
        	foo->on = true;
        }

        void set(struct foo *foo)
        {
        	foo->path = add_new_path(foo);
        }

        int show(struct foo *foo, char *buf)
        {
        	int ret = update(foo); /* reported */

        	if (ret)
        		return ret;
        	return emit(buf, foo->n);
        }
        """),
    RuleExample(
      before: """
        static int find(struct foo *foo, int n)
        {
        	struct item *item = idr_find(&foo->idr, n);

        	if (IS_ERR(item))
        		return -EBUSY;
        	return item ? item->n : 0;
        }

        int f(struct foo *foo, int n)
        {
        	struct item *item = idr_find(&foo->idr, n);

        	if (IS_ERR_OR_NULL(item))
        		return -ENOENT;
        	return item->n;
        }

        int wait(struct foo *foo)
        {
        	int ret = check_status(foo);

        	if (ret < 0)
        		return ret;
        	if (ret)
        		return 0;
        	return -ETIMEDOUT;
        }
        """,
      after: """
        static int find(struct foo *foo, int n)
        {
        	struct item *item = idr_find(&foo->idr, n);

        	if (IS_ERR(item))
        		return -EBUSY;
        	return item ? item->n : 0;
        }

        int f(struct foo *foo, int n)
        {
        	struct item *item = idr_find(&foo->idr, n); /* reported */

        	if (!item)
        		return -ENOENT;
        	return item->n;
        }

        int wait(struct foo *foo)
        {
        	if (check_status(foo)) /* reported */
        		return 0;
        	return -ETIMEDOUT;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret = set_up(foo);

        	if (ret < 0)
        		return ret;
        	foo->n = 1;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	set_up(foo); /* reported */
        	foo->n = 1;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	foo->name = make_name(foo);
        	if (!foo->name) {
        		foo->n = 0;
        		return -ENOMEM;
        	}
        	return run(foo);
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	foo->name = make_name(foo); /* reported */
        	return run(foo);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct item *item;

        	list_for_each_entry(item, &foo->all, node) {
        		struct clk *clk = clk_of(item);

        		if (IS_ERR(clk))
        			return PTR_ERR(clk);
        		start(item, clk);
        	}
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct item *item;

        	list_for_each_entry(item, &foo->all, node) {
        		struct clk *clk = clk_of(item); /* reported */

        		start(item, clk);
        	}
        	return 0;
        }
        """),
    RuleExample(
      before: """
        static int send_ring(struct foo *foo)
        {
        	int err = -EBUSY;

        	mutex_lock(&foo->ring_lock);
        	if (unlikely(!foo->ring.pages))
        		goto out;
        	err = walk(foo);
        out:
        	mutex_unlock(&foo->ring_lock);
        	return err;
        }

        int send(struct foo *foo)
        {
        	if (foo->ring.pages)
        		return send_ring(foo);
        	return send_plain(foo);
        }
        """,
      after: """
        static int send_ring(struct foo *foo)
        {
        	int err;

        	mutex_lock(&foo->ring_lock); /* reported */
        	err = walk(foo);
        	mutex_unlock(&foo->ring_lock);
        	return err;
        }

        int send(struct foo *foo)
        {
        	if (foo->ring.pages)
        		return send_ring(foo);
        	return send_plain(foo);
        }
        """),
    RuleExample(
      before: """
        int merge(struct foo *foo)
        {
        	struct peer *peer = lookup_peer(foo->socket);

        	if (IS_ERR(peer))
        		return PTR_ERR(peer);
        	foo->peer = peer;
        	return 0;
        }
        """,
      after: """
        int merge(struct foo *foo)
        {
        	struct peer *peer = lookup_peer(foo->socket); /* reported */

        	if (!peer)
        		return -ENOMEM;
        	foo->peer = peer;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        void undo(struct foo *foo)
        {
        	if (!IS_ERR_OR_NULL(foo->part))
        		unmap(foo->part);
        	if (!IS_ERR_OR_NULL(foo->part) && foo->part->mmu)
        		drop(foo->part->mmu);
        }
        """,
      after: """
        void undo(struct foo *foo)
        {
        	if (foo->part) /* reported */
        		unmap(foo->part);
        	if (!IS_ERR_OR_NULL(foo->part) && foo->part->mmu)
        		drop(foo->part->mmu);
        }
        """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      before: """
        int measure(struct foo *foo, void __user *argument)
        {
        	struct params params;

        	if (copy_from_user(&params, argument, sizeof(params)))
        		return -EFAULT;
        	foo->address = physical(foo->buffer);
        	return issue(foo);
        }

        int finish(struct foo *foo, void __user *argument)
        {
        	struct params params;

        	if (copy_from_user(&params, argument, sizeof(params)))
        		return -EFAULT;
        	foo->address = physical(foo->buffer);
        	return issue(foo);
        }
        """,
      after: """
        int measure(struct foo *foo, void __user *argument)
        {
        	struct params params;

        	if (copy_from_user(&params, argument, sizeof(params)))
        		return -EFAULT;
        	foo->address = physical(foo->buffer);
        	return issue(foo);
        }

        int finish(struct foo *foo, const struct params *params)
        {
        	foo->address = physical(foo->buffer);
        	return issue(foo);
        }
        """),
    RuleExample(
      before: """
        int create(struct foo *foo)
        {
        	int ret;

        	ret = load(foo, foo->table);
        	release(foo->buffer);
        	if (ret)
        		goto fail;
        	return ret;
        fail:
        	return load_default(foo);
        }

        int probe(struct foo *foo)
        {
        	if (!foo->table)
        		return dev_err_probe(foo->dev, -EINVAL, "no table\n");
        	return 0;
        }
        """,
      after: """
        int create(struct foo *foo)
        {
        	int ret;

        	if (foo->size) {
        		ret = load(foo, foo->table);
        	} else {
        		complain(foo);
        		ret = -EINVAL;
        	}
        	release(foo->buffer);
        	if (ret)
        		goto fail;
        	return ret;
        fail:
        	return load_default(foo);
        }

        int probe(struct foo *foo)
        {
        	if (!foo->table) {
        		dev_err_probe(foo->dev, -EINVAL, "no table\n");
        		return complain(foo);
        	}
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int link(struct foo *foo, struct dev *dev)
        {
        	if (dev->type != TYPE_FOO || !dev->ptr)
        		return -EINVAL;
        	if (foo->on && foo->flag)
        		foo->n++;
        	dev->ptr->n++;
        	return 0;
        }
        """,
      after: """
        int link(struct foo *foo, struct dev *dev)
        {
        	if (!dev->ptr)
        		return -ENODEV;
        	if (dev->type != TYPE_FOO)
        		return -EINVAL;
        	if (foo->on)
        		foo->n++;
        	dev->ptr->n++;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	if (foo->path)
        		kfree(foo->path);
        	if (foo->debug)
        		dump(foo);
        	if (foo->clk)
        		clk_disable_unprepare(foo->clk);
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	kfree(foo->path);
        	dump(foo);
        	clk_disable_unprepare(foo->clk);
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo)
        {
        	if (foo->path)
        		activate(foo, foo->path, true);
        }
        """,
      after: """
        void f(struct foo *foo)
        {
        	if (!foo->path)
        		return;
        	activate(foo, foo->path, true);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, int n)
        {
        	struct item *item = item_get(foo, n);

        	if (IS_ERR_OR_NULL(item))
        		return -ENOENT;
        	return item->n;
        }

        int start(struct foo *foo)
        {
        	int ret = power_on(foo);

        	if (ret < 0)
        		return ret;
        	return run(foo);
        }
        """,
      after: """
        int f(struct foo *foo, int n)
        {
        	struct item *item = item_get(foo, n);

        	if (!item)
        		return -ENOENT;
        	return item->n;
        }

        int start(struct foo *foo)
        {
        	int ret = power_on(foo);

        	if (ret)
        		return ret;
        	return run(foo);
        }
        """),
    RuleExample(
      before: """
        static int set_up(struct foo *foo)
        {
        	foo->m = 1;
        	return 0;
        }

        int f(struct foo *foo)
        {
        	int ret = set_up(foo);

        	if (ret < 0)
        		return ret;
        	foo->n = 1;
        	return 0;
        }
        """,
      after: """
        static void set_up(struct foo *foo)
        {
        	foo->m = 1;
        }

        int f(struct foo *foo)
        {
        	set_up(foo);
        	foo->n = 1;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct clk *clk = clk_of(foo);

        	if (IS_ERR(clk))
        		return PTR_ERR(clk);
        	return start(foo, clk);
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct clk *clk = clk_of(foo);

        	if (IS_ERR_OR_NULL(clk))
        		return -ENODEV;
        	return start(foo, clk);
        }
        """),
    // Nobody asks before the lock is taken; or the question has only moved.
    RuleExample(
      before: """
        static int send_ring(struct foo *foo)
        {
        	int err = -EBUSY;

        	mutex_lock(&foo->ring_lock);
        	if (!foo->ring.pages)
        		goto out;
        	err = walk(foo);
        out:
        	mutex_unlock(&foo->ring_lock);
        	return err;
        }

        static int drop_ring(struct foo *foo)
        {
        	mutex_lock(&foo->ring_lock);
        	if (foo->ring.users)
        		goto out;
        	drop(foo);
        out:
        	mutex_unlock(&foo->ring_lock);
        	return 0;
        }

        int send(struct foo *foo)
        {
        	if (foo->ring.users)
        		return -EBUSY;
        	return send_ring(foo);
        }
        """,
      after: """
        static int send_ring(struct foo *foo)
        {
        	int err;

        	mutex_lock(&foo->ring_lock);
        	err = walk(foo);
        	mutex_unlock(&foo->ring_lock);
        	return err;
        }

        static int drop_ring(struct foo *foo)
        {
        	mutex_lock(&foo->ring_lock);
        	if (!foo->ring.users)
        		drop(foo);
        	mutex_unlock(&foo->ring_lock);
        	return 0;
        }

        int send(struct foo *foo)
        {
        	if (foo->ring.users)
        		return -EBUSY;
        	return send_ring(foo);
        }
        """),
    RuleExample(
      before: """
        int make(struct foo *foo)
        {
        	foo->data = kzalloc(8, GFP_KERNEL);
        	if (IS_ERR(foo->data))
        		return PTR_ERR(foo->data);
        	return 0;
        }
        """,
      after: """
        int make(struct foo *foo)
        {
        	foo->data = kzalloc(8, GFP_KERNEL);
        	if (!foo->data)
        		return -ENOMEM;
        	return 0;
        }
        """),
    // Nobody expects an error pointer any more.
    RuleExample(
      before: """
        void undo(struct foo *foo)
        {
        	if (!IS_ERR_OR_NULL(foo->part))
        		unmap(foo->part);
        }
        """,
      after: """
        void undo(struct foo *foo)
        {
        	if (foo->part)
        		unmap(foo->part);
        }
        """),
  ]
}
