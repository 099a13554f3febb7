import Findings

extension WrongError {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      static int copy(struct foo *foo, unsigned long pos, unsigned int count)
      {
      	int bpos;

      	bpos = get_position(foo, pos, count);
      	if (bpos < 0)
      		return pos; /* reported */
      	return copy_at(foo, bpos, count);
      }
      """),
    RuleExample(
      """
      static ssize_t foo_write(struct file *file, const char __user *from, size_t size, loff_t *position)
      {
      	char text[33];

      	if (copy_from_user(text, from, 32))
      		return 0; /* reported */
      	return size;
      }
      """),
    // Nothing is stored where it fails; after `err < 0` the code may be more than 0, and its type may be s32.
    RuleExample(
      """
      s32 connect(struct foo *foo, bool psk)
      {
      	s32 err;

      	if (!foo->on) {
      		err = -ENODEV;
      		goto done;
      	}
      	err = set_number(foo, "sup_wpa", 1);
      	if (err < 0) {
      		foo_err(foo, "failed to enable\\n");
      		goto done;
      	}
      	if (psk) {
      		if (set_data(foo, "wpaie", NULL, 0)) {
      			foo_err(foo, "failed to clean up\\n");
      			goto done; /* reported */
      		}
      	}
      	err = join(foo);
      done:
      	foo_dbg(foo, "exit\\n");
      	return err;
      }
      """),
    RuleExample(
      """
      static int mark_return(struct foo *foo)
      {
      	if (foo->busy)
      		return -EBUSY;
      	foo->n++;
      	return 0;
      }

      bool needs_return(struct foo *foo)
      {
      	if (!foo->asked)
      		return false;
      	return mark_return(foo) != EBUSY; /* reported */
      }
      """),
    RuleExample(
      """
      int map(struct foo *foo)
      {
      	int err;

      	err = prepare(foo);
      	if (err)
      		return err;
      	err = map_pages(foo);
      	if (!err) {
      		foo->mapped++;
      	} else {
      		foo_free_pages(foo);
      		atomic_dec(&foo->disabled);
      	}
      	return 0; /* reported */
      }
      """),
    RuleExample(
      """
      static int check_status(struct foo *foo)
      {
      	u32 value;
      	int ret;

      	ret = regmap_read(foo->map, 4, &value);
      	if (ret)
      		return ret;
      	return !!(value & 8);
      }

      static int poll_status(struct foo *foo)
      {
      	int n = 9;

      	while (n--)
      		if (check_status(foo)) /* reported */
      			return 0;
      	return -ETIMEDOUT;
      }

      int is_on(struct foo *foo)
      {
      	int ret;

      	ret = check_status(foo);
      	if (ret < 0)
      		return ret;
      	return ret ? 5 : 6;
      }
      """),
    RuleExample(
      """
      static int phy_start(struct foo *foo)
      {
      	int ret;

      	ret = reset_control_reset(foo->reset);
      	if (ret)
      		return ret;
      	ret = clk_prepare(foo->clk);
      	if (ret)
      		return 0; /* reported */
      	ret = foo_run(foo);
      	if (ret < 0)
      		goto unprepare;
      	return 0;
      unprepare:
      	clk_unprepare(foo->clk);
      	return ret;
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

      	ret = prepare(foo);
      	if (ret)
      		goto abort;
      	if (start(foo)) /* reported */
      		goto abort;
      	return 0;
      abort:
      	drop(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	if (foo->n > 4)
      		goto err_drop; /* reported */
      	ret = run(foo);
      	if (ret)
      		goto err_drop;
      	return 0;
      err_drop:
      	drop(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int n, ret;

      	if (!foo)
      		return -EINVAL;
      	ret = send(foo, &n);
      	if (ret || n != 10) {
      		dev_err(foo->dev, "sending failed: %d", ret);
      		return ret; /* reported */
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int irq, ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	irq = get_irq(foo);
      	if (irq < 0) /* reported */
      		return ret;
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = one(foo);
      	if (ret)
      		return ret;
      	ret = two(foo);
      	if (ret)
      		return ret;
      	ret = three(foo);
      	if (ret)
      		return ret;
      	ret = four(foo);
      	if (ret) /* reported */
      		dev_err(foo->dev, "no four: %d", ret);
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, int *value)
      {
      	int ret = 0;

      	if (!stale(foo))
      		goto skip;
      	ret = one(foo);
      	if (ret)
      		goto err_drop;
      	if (!valid(foo))
      		goto err_drop; /* reported */
      	ret = two(foo);
      	if (ret)
      		goto err_drop;
      skip:
      	*value = foo->n;
      err_drop:
      	drop(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, int count)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret) {
      		pr_err("cannot prepare: %d", ret);
      		return count; /* reported */
      	}
      	ret = run(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      int g(struct foo *foo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	ret = run(foo);
      	if (ret) {
      		dev_err(foo->dev, "cannot run: %d", ret);
      		return 0; /* reported */
      	}
      	return 0;
      }

      int h(struct foo *foo)
      {
      	int ret;

      	ret = run(foo);
      	if (!ret) {
      		dev_err(foo->dev, "cannot run: %d", ret);
      		return ret; /* reported */
      	}
      	foo->n = 4;
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	foo->queue = create_singlethread_workqueue("foo");
      	if (!foo->queue)
      		goto out_release; /* reported */
      	ret = run(foo);
      	if (ret)
      		goto out_free;
      	ret = walk(foo);
      	if (ret)
      		goto out_free;
      	return 0;
      out_free:
      	destroy_workqueue(foo->queue);
      out_release:
      	release(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, void __user *from)
      {
      	int ret;

      	ret = copy_from_user(foo, from, sizeof(*foo));
      	if (ret)
      		return ret; /* reported */
      	return 0;
      }

      int g(struct foo *foo)
      {
      	long left;

      	left = wait_for_completion_timeout(&foo->done, HZ);
      	if (!left)
      		return left; /* reported */
      	return 0;
      }

      int h(struct foo *foo)
      {
      	struct data *data = find(foo);

      	if (IS_ERR_OR_NULL(data))
      		return PTR_ERR(data); /* reported */
      	return use(data);
      }
      """),
    RuleExample(
      """
      static int send(struct foo *foo)
      {
      	if (!foo->n)
      		return -EAGAIN;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	int ret = send(foo);

      	if (ret == EAGAIN) /* reported */
      		return 0;
      	return ret;
      }

      int g(struct foo *foo)
      {
      	int err;

      	err = send(foo);
      	if (err == 1) /* reported */
      		return 0;
      	return err;
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      """
      static int room(struct foo *foo, int position)
      {
      	int room = foo->size;

      	room -= foo->used;
      	if (room < 0)
      		return position;
      	return take(foo, room);
      }

      static int sources(struct foo *foo, int default_sources)
      {
      	int count;

      	count = count_elements(foo, "sources");
      	if (count < 0)
      		return default_sources;
      	return read_elements(foo, "sources", count);
      }

      static int at(struct foo *foo, int fallback, int pos)
      {
      	int found;

      	found = lookup(foo, pos);
      	if (found == 0)
      		return fallback;
      	foo->n = pos;
      	if (foo->last < 0)
      		return pos;
      	pos = next(foo, pos);
      	found = lookup(foo, pos);
      	if (found < 0)
      		return pos;
      	return found;
      }
      """),
    // The branch has a value of its own, which is no error.
    RuleExample(
      """
      struct foo { bool on; u16 last; struct device *dev; struct mutex lock; };
      int get_value(struct foo *foo)
      {
      	int ret;

      	if (!foo->on) {
      		ret = -ENODEV;
      		goto done;
      	}
      	ret = read_status(foo);
      	if (ret < 0) {
      		dev_err(foo->dev, "failed to read\\n");
      		goto done;
      	}
      	if (!(ret & VALID)) {
      		dev_err(foo->dev, "not valid, the last one is taken\\n");
      		ret = foo->last;
      		goto done;
      	}
      	ret = read_value(foo);
      done:
      	mutex_unlock(&foo->lock);
      	return ret;
      }
      """),
    // How much was copied is the answer.
    RuleExample(
      """
      static int fill(char __user *to, const char *from, int size)
      {
      	if (copy_to_user(to, from, size))
      		return 0;
      	return size;
      }

      static ssize_t foo_write(struct file *file, const char __user *from, size_t size, loff_t *position)
      {
      	char text[33];

      	if (copy_from_user(text, from, 32))
      		return -EFAULT;
      	if (!text[0])
      		return 0;
      	return size;
      }
      """),
    // The value that the last read gave is the answer.
    RuleExample(
      """
      int get_value(struct foo *foo)
      {
      	int ret;

      	if (!foo->on) {
      		ret = -ENODEV;
      		goto done;
      	}
      	ret = read_status(foo);
      	if (ret < 0) {
      		dev_err(foo->dev, "failed to read\\n");
      		goto done;
      	}
      	if (!(ret & VALID)) {
      		dev_err(foo->dev, "not valid, the last one is taken\\n");
      		ret = foo->last;
      		goto done;
      	}
      	ret = read_value(foo);
      done:
      	mutex_unlock(&foo->lock);
      	return ret;
      }
      """),
    RuleExample(
      """
      static int mark_return(struct foo *foo)
      {
      	if (foo->busy)
      		return -EBUSY;
      	foo->n++;
      	return 0;
      }

      bool needs_return(struct foo *foo)
      {
      	return mark_return(foo) != -EBUSY && old_style(foo) != EBUSY;
      }
      """),
    RuleExample(
      """
      int map(struct foo *foo)
      {
      	int err;

      	err = prepare(foo);
      	if (err)
      		return err;
      	err = map_pages(foo);
      	if (err) {
      		pr_warn("falling back");
      		foo_free_pages(foo);
      	}
      	return 0;
      }

      int other(struct foo *foo)
      {
      	int err;

      	err = prepare(foo);
      	if (err)
      		return err;
      	err = map_pages(foo);
      	if (!err)
      		foo->mapped++;
      	return 0;
      }
      """),
    RuleExample(
      """
      static int check_status(struct foo *foo)
      {
      	u32 value;
      	int ret;

      	ret = regmap_read(foo->map, 4, &value);
      	if (ret)
      		return ret;
      	return !!(value & 8);
      }

      static int start(struct foo *foo)
      {
      	if (check_status(foo))
      		return -EBUSY;
      	return write(foo);
      }

      int is_on(struct foo *foo)
      {
      	int ret;

      	ret = check_status(foo);
      	if (ret < 0)
      		return ret;
      	return ret ? 5 : 6;
      }
      """),
    RuleExample(
      """
      static int phy_parse(struct foo *foo)
      {
      	int ret;

      	ret = reset_control_reset(foo->reset);
      	if (ret)
      		return ret;
      	ret = of_property_read_u32(foo->np, "rate", &foo->rate);
      	if (ret)
      		return 0;
      	ret = foo_run(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      static int phy_fallback(struct foo *foo)
      {
      	int ret;

      	ret = reset_control_reset(foo->reset);
      	if (ret)
      		return ret;
      	ret = foo_run_slowly(foo);
      	if (ret) {
      		dev_info(foo->dev, "going on without");
      		return 0;
      	}
      	ret = foo_run(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      static int phy_once(struct foo *foo)
      {
      	int ret;

      	ret = reset_control_reset(foo->reset);
      	if (ret)
      		return ret;
      	ret = foo_run(foo);
      	if (ret)
      		return 0;
      	return foo_more(foo);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = count(foo);
      	if (ret < 0)
      		return 0;
      	ret = run(foo);
      	if (ret)
      		return ret;
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      int g(struct foo *foo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	if (!foo->n)
      		goto out_drop;
      	ret = run(foo);
      	if (ret)
      		goto out_drop;
      	return 0;
      out_drop:
      	drop(foo);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, bool undo)
      {
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		return ret;
      	if (undo)
      		goto err_drop;
      	if (!foo_present(foo)) {
      		dev_warn(foo->dev, "nothing there");
      		ret = 0;
      		goto err_drop;
      	}
      	ret = run(foo);
      	if (ret)
      		goto err_drop;
      	return 0;
      err_drop:
      	drop(foo);
      	return ret;
      }

      int g(struct foo *foo)
      {
      	int ret;

      	ret = one(foo);
      	if (ret)
      		goto err_unlock;
      	ret = two(foo);
      	if (ret)
      		goto err_unlock;
      	if (foo->wanted && foo->on)
      		goto err_unlock;
      	foo->on = 1;
      err_unlock:
      	drop(foo);
      	return ret;
      }

      int h(struct foo *foo)
      {
      	int ret;

      	ret = one(foo);
      	if (ret)
      		return ret;
      	ret = two(foo);
      	if (ret)
      		return ret;
      	ret = three(foo);
      	if (ret)
      		return ret;
      	if (foo->trigger) {
      		ret = four(foo);
      		if (ret)
      			dev_err(foo->dev, "no trigger: %d", ret);
      	}
      	foo->n++;
      	return 0;
      }

      int k(struct foo *foo)
      {
      	int size = 0, ret;

      	ret = one(foo);
      	if (ret)
      		return size;
      	size += two(foo);
      	return size;
      }
      """),
    RuleExample(
      """
      static int check(struct foo *foo)
      {
      	if (!foo->n)
      		return -EINVAL;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	int done = 0, ret = 0;

      	if (check(foo))
      		goto out;
      	ret = 1;
      out:
      	drop(foo);
      	return ret;
      }

      int g(struct foo *foo)
      {
      	int ret;

      	ret = check(foo);
      	if (ret)
      		goto err;
      	if (wait_for(foo) == 4)
      		goto err;
      	return 0;
      err:
      	drop(foo);
      	if (ret)
      		return ret;
      	return foo->n;
      }

      int h(struct foo *foo)
      {
      	struct data *data = find(foo);

      	if (IS_ERR_OR_NULL(data)) {
      		if (!data)
      			data = ERR_PTR(-ENODEV);
      		return PTR_ERR(data);
      	}
      	return use(data);
      }
      """),
  ]
}
