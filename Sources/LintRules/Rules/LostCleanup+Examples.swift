import Findings

extension LostCleanup {
  static let triggering = [
    RuleExample(
      before: """
        int start(struct foo *foo)
        {
        	struct bar *bar;

        	if (!atomic_add_unless(&foo->n, 1, MAX_BARS))
        		return -EBUSY;
        	bar = kmalloc(sizeof(*bar), GFP_ATOMIC);
        	if (!bar) {
        		atomic_dec(&foo->n);
        		return -ENOMEM;
        	}
        	return run(foo, bar);
        }
        """,
      after: """
        int start(struct foo *foo)
        {
        	struct bar *bar;

        	if (!atomic_add_unless(&foo->n, 1, MAX_BARS))
        		return -EBUSY;
        	bar = kmalloc(sizeof(*bar), GFP_ATOMIC);
        	if (!bar)
        		return -ENOMEM; /* reported */
        	return run(foo, bar);
        }
        """),
    RuleExample(
      before: """
        int push(struct foo *foo, struct packet *packet)
        {
        	int ret = send(foo, packet);

        	if (ret) {
        		warn_about(foo, ret);
        		foo_free_packet(foo->hw, packet);
        		return ret;
        	}
        	return 0;
        }
        """,
      after: """
        int push(struct foo *foo, struct packet *packet)
        {
        	int ret = send(foo, packet);

        	if (ret) {
        		warn_about(foo, ret);
        		return ret; /* reported */
        	}
        	return 0;
        }
        """),
    RuleExample(
      before: """
        void run(struct foo *foo)
        {
        	struct plug plug;

        	start_plug(&plug);
        	if (prepare(foo)) {
        		complain(foo);
        		goto out;
        	}
        	submit(foo);
        out:
        	finish_plug(&plug);
        }
        """,
      after: """
        void run(struct foo *foo)
        {
        	struct plug plug;

        	start_plug(&plug);
        	if (prepare(foo)) {
        		complain(foo);
        		return; /* reported */
        	}
        	submit(foo);
        	finish_plug(&plug);
        }
        """),
    RuleExample(
      before: """
        int discard(struct foo *foo, struct bio *bio)
        {
        	if (!foo_wait(foo)) {
        		foo_would_block(bio);
        		foo_write_end(foo);
        		return 0;
        	}
        	if (bio->n > foo->n) {
        		foo_error(bio);
        		foo_write_end(foo);
        		return 0;
        	}
        	return foo_go(foo, bio);
        }

        int suspend(struct foo *foo)
        {
        	int ret;

        	disable_irq(foo->irq);
        	ret = regmap_write(foo->map, 0, 0);
        	if (ret) {
        		enable_irq(foo->irq);
        		return ret;
        	}
        	return 0;
        }
        """,
      after: """
        int discard(struct foo *foo, struct bio *bio)
        {
        	if (!foo_wait(foo)) {
        		foo_would_block(bio);
        		return 0; /* reported */
        	}
        	if (bio->n > foo->n) {
        		foo_error(bio);
        		foo_write_end(foo);
        		return 0;
        	}
        	return foo_go(foo, bio);
        }

        int suspend(struct foo *foo)
        {
        	int ret;

        	disable_irq(foo->irq);
        	ret = regmap_write(foo->map, 0, 0);
        	if (ret)
        		return ret; /* reported */
        	return 0;
        }
        """),
    RuleExample(
      before: """
        #ifdef CONFIG_FOO_TAGS
        static int save_tags(void)
        {
        	return write_tags();
        }
        #else
        static int save_tags(void)
        {
        	return 0;
        }
        #endif

        int suspend(struct foo *foo)
        {
        	unsigned long flags = daif_save();
        	int ret;

        	ret = save_tags();
        	if (ret) {
        		daif_restore(flags);
        		return ret;
        	}
        	foo_down(foo);
        	daif_restore(flags);
        	return 0;
        }

        int wait(struct foo *foo)
        {
        	int ret;

        	ret = foo_prep(foo);
        	if (ret)
        		return ret;
        	ret = wait_killable(foo->wait);
        	if (ret)
        		foo_unprep(foo);
        	return ret;
        }
        """,
      after: """
        #ifdef CONFIG_FOO_TAGS
        static int save_tags(void)
        {
        	return write_tags();
        }
        #else
        static int save_tags(void)
        {
        	return 0;
        }
        #endif

        int suspend(struct foo *foo)
        {
        	unsigned long flags = daif_save();
        	int ret;

        	ret = save_tags();
        	if (ret)
        		return ret; /* reported */
        	foo_down(foo);
        	daif_restore(flags);
        	return 0;
        }

        int wait(struct foo *foo)
        {
        	int ret;

        	ret = foo_prep(foo); /* reported */
        	if (ret)
        		return ret;
        	ret = wait_killable(foo->wait);
        	return ret;
        }
        """),
    RuleExample(
      before: """
        static int find(struct foo *foo)
        {
        	foo->np = of_parse_phandle(foo->dev->of_node, "phy", 0);
        	return foo->np ? 0 : -ENODEV;
        }

        int f(struct foo *foo)
        {
        	int ret = find(foo);

        	if (ret)
        		goto out;
        	return start(foo);
        out:
        	of_node_put(foo->np);
        	foo_log(foo);
        	return ret;
        }
        """,
      after: """
        static int find(struct foo *foo)
        {
        	foo->np = of_parse_phandle(foo->dev->of_node, "phy", 0);
        	return foo->np ? 0 : -ENODEV;
        }

        int f(struct foo *foo)
        {
        	int ret = find(foo);

        	if (ret)
        		goto out;
        	return start(foo);
        out:
        	foo_log(foo); /* reported */
        	return ret;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct region *rg = get_region(foo->region);
        	int ret = map(rg);

        	put_region(rg);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct region *rg = get_region(foo->region);
        	int ret = map(rg);

        	put_region(foo->region); /* reported */
        	return ret;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct page *page = page_of(foo);
        	int ret;

        	if (foo->source) {
        		ret = copy_in(foo, page);
        		if (ret) {
        			unlock_page(page);
        			put_page(page);
        			goto out;
        		}
        	}
        	foo->pfn = page_to_pfn(page);
        out:
        	finish(foo);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct page *page = page_of(foo);
        	int ret;

        	if (foo->source) {
        		ret = copy_in(foo, page);
        		if (ret)
        			goto out; /* reported */
        	}
        	foo->pfn = page_to_pfn(page);
        out:
        	finish(foo);
        	return ret;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		return ret;
        	}
        	keep(foo, p);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret)
        		return ret; /* reported */
        	keep(foo, p);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = get_args(foo, &foo->args);
        	if (ret)
        		return ret;
        	if (!foo->args.n) {
        		ret = -ENODEV;
        		goto put;
        	}
        	ret = use(foo);
        put:
        	node_put(foo->args.np);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = get_args(foo, &foo->args);
        	if (ret)
        		return ret;
        	if (!foo->args.n)
        		return -ENODEV; /* reported */
        	ret = use(foo);
        	node_put(foo->args.np);
        	return ret;
        }
        """),
    RuleExample(
      before: """
        void f(struct foo *foo, int id)
        {
        	struct foo_dev *dev;

        	dev = foo_dev_find(foo, id);
        	if (!dev)
        		return;
        	if (dev->other != foo) {
        		report(foo);
        		put_device(&dev->dev);
        		return;
        	}
        	foo->dev = dev;
        }
        """,
      after: """
        void f(struct foo *foo, int id)
        {
        	struct foo_dev *dev;

        	dev = foo_dev_find(foo, id);
        	if (!dev)
        		return;
        	if (dev->other != foo) {
        		report(foo);
        		return; /* reported */
        	}
        	foo->dev = dev;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct clk *clk = foo_clk(foo);
        	int rate;

        	rate = clk_get_rate(clk);
        	clk_put(clk);
        	return rate;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct clk *clk = foo_clk(foo); /* reported */

        	return clk_get_rate(clk);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo, struct list_head *all)
        {
        	struct bar *bar;
        	int i;

        	for (i = 0; i < foo->n; i++) {
        		bar = bar_lookup(foo, i);
        		if (!bar->ok) {
        			bar_put(bar);
        			break;
        		}
        		list_add(&bar->node, all);
        	}
        	return i;
        }
        """,
      after: """
        int f(struct foo *foo, struct list_head *all)
        {
        	struct bar *bar;
        	int i;

        	for (i = 0; i < foo->n; i++) {
        		bar = bar_lookup(foo, i);
        		if (!bar->ok)
        			break; /* reported */
        		list_add(&bar->node, all);
        	}
        	return i;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = wait_for(foo);
        	request_put(foo->request);
        	if (ret)
        		return ret;
        	foo->done = 1;
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = wait_for(foo);
        	if (ret)
        		return ret; /* reported */
        	request_put(foo->request);
        	foo->done = 1;
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int probe(struct foo *foo, struct device *dev)
        {
        	foo->clk = devm_clk_get(dev, NULL);
        	if (IS_ERR(foo->clk))
        		return PTR_ERR(foo->clk);
        	return 0;
        }
        """,
      after: """
        int probe(struct foo *foo, struct device *dev)
        {
        	foo->clk = clk_get(dev, NULL); /* reported */
        	if (IS_ERR(foo->clk))
        		return PTR_ERR(foo->clk);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        static int set_up(struct command *command)
        {
        	int ret;

        	if (!make(command))
        		return -ENOMEM;
        	ret = alloc_tables(command);
        	if (ret != STATUS_OK)
        		uninit_command(command);
        	return ret;
        }
        """,
      after: """
        static int set_up(struct command *command)
        {
        	if (!make(command))
        		return -ENOMEM;
        	return alloc_tables(command); /* reported */
        }
        """),
    RuleExample(
      before: """
        static void context_free(struct context *context)
        {
        	part_free(context->part);
        	kfree(context->private);
        }

        static int parse(struct foo *foo)
        {
        	struct context *context = kzalloc(sizeof(*context), GFP_KERNEL);
        	struct private *private = kzalloc(sizeof(*private), GFP_KERNEL);

        	if (!context || !private)
        		goto out;
        	context->private = private;
        	apply(foo, context);
        out:
        	context_free(context);
        	kfree(context);
        	return 0;
        }

        static void drop(struct context *context)
        {
        	context_free(context);
        }
        """,
      after: """
        static void context_free(struct context *context)
        {
        	part_free(context->part);
        	kfree(context->private);
        }

        static int parse(struct foo *foo)
        {
        	struct context *context = kzalloc(sizeof(*context), GFP_KERNEL);
        	struct private *private = kzalloc(sizeof(*private), GFP_KERNEL);

        	if (!context || !private)
        		goto out;
        	context->private = private;
        	apply(foo, context);
        out:
        	kfree(private); /* reported */
        	kfree(context);
        	return 0;
        }

        static void drop(struct context *context)
        {
        	context_free(context);
        }
        """),
    RuleExample(
      before: """
        int run(struct work *work, int size)
        {
        	int ret;

        	if (size < 8) {
        		ret = -EINVAL;
        		goto out;
        	}
        	ret = check(work);
        	if (ret)
        		goto out;
        	ret = send(work);
        	if (ret)
        		goto out;
        	return 0;
        out:
        	set_answer(work, ret);
        	return ret;
        }
        """,
      after: """
        int run(struct work *work, int size)
        {
        	int ret;

        	if (size < 8)
        		return -EINVAL; /* reported */
        	ret = check(work);
        	if (ret)
        		goto out;
        	ret = send(work);
        	if (ret)
        		goto out;
        	return 0;
        out:
        	set_answer(work, ret);
        	return ret;
        }
        """),
  ]

  static let nonTriggering = [
    RuleExample(
      before: """
        int discard(struct foo *foo, struct bio *bio)
        {
        	if (!foo_wait(foo)) {
        		foo_count(foo);
        		return 0;
        	}
        	if (bio->n > foo->n) {
        		foo_count(foo);
        		return 0;
        	}
        	return foo_go(foo, bio);
        }
        """,
      after: """
        int discard(struct foo *foo, struct bio *bio)
        {
        	foo_count(foo);
        	if (!foo_wait(foo))
        		return 0;
        	if (bio->n > foo->n) {
        		foo_count(foo);
        		return 0;
        	}
        	return foo_go(foo, bio);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	struct region *rg = get_region(foo->region);
        	int ret = map(rg);

        	put_region(rg);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	struct region *region = get_region(foo->region);
        	int ret = map(region);

        	put_region(region);
        	return ret;
        }
        """),
    RuleExample(
      before: """
        static int find(struct foo *foo)
        {
        	foo->np = of_parse_phandle(foo->dev->of_node, "phy", 0);
        	return foo->np ? 0 : -ENODEV;
        }

        void f(struct foo *foo)
        {
        	of_node_put(foo->np);
        	foo_log(foo);
        }
        """,
      after: """
        static int find(struct foo *foo)
        {
        	foo->np = of_parse_phandle(foo->dev->of_node, "phy", 0);
        	return foo->np ? 0 : -ENODEV;
        }

        static void drop(struct foo *foo)
        {
        	of_node_put(foo->np);
        }

        void f(struct foo *foo)
        {
        	drop(foo);
        	foo_log(foo);
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		return ret;
        	}
        	keep(foo, p);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = devm_kmalloc(foo->dev, 4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret)
        		return ret;
        	keep(foo, p);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		return ret;
        	}
        	keep(foo, p);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	foo->p = p;
        	ret = check(foo);
        	if (ret)
        		return ret;
        	keep(foo, p);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = make(foo);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		goto out;
        	}
        	use(foo, p);
        out:
        	kfree(p);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = make(foo);
        	int ret;

        	ret = check(foo);
        	if (ret)
        		goto out;
        	use(foo, p);
        out:
        	kfree(p);
        	return ret;
        }
        """),
    RuleExample(
      before: """
        void f(struct session *s)
        {
        	session_get(s);
        	unlock(s->owner);
        	wait(s);
        	session_put(s);
        }
        """,
      after: """
        void f(struct session *s)
        {
        	unlock(s->owner);
        	wait(s);
        }
        """),
    RuleExample(
      before: """
        int probe(struct foo *foo, struct device *dev)
        {
        	foo->clk = devm_clk_get(dev, NULL);
        	return 0;
        }

        void remove(struct foo *foo)
        {
        	stop(foo);
        }
        """,
      after: """
        int probe(struct foo *foo, struct device *dev)
        {
        	foo->clk = clk_get(dev, NULL);
        	return 0;
        }

        void remove(struct foo *foo)
        {
        	stop(foo);
        	clk_put(foo->clk);
        }
        """),
    RuleExample(
      before: """
        int f(struct device_node *np, int n)
        {
        	struct device_node *child;
        	int i = 0;

        	for_each_child_of_node(np, child) {
        		if (i++ == n) {
        			of_node_put(child);
        			return i;
        		}
        	}
        	return 0;
        }
        """,
      after: """
        int f(struct device_node *np, int n)
        {
        	int i = 0;

        	for_each_child_of_node_scoped(np, child) {
        		if (i++ == n)
        			return i;
        	}
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	foo->data = parse(foo);
        	if (!foo->data)
        		goto out;
        	return run(foo);
        out:
        	kfree(foo->data);
        	kfree(foo->blob);
        	return -ENOMEM;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	foo->data = parse(foo);
        	if (!foo->data)
        		goto out;
        	return run(foo);
        out:
        	kfree(foo->blob);
        	return -ENOMEM;
        }
        """),
    // The callee has learnt to undo it, and nothing else changes.
    RuleExample(
      before: """
        static int alloc_tables(struct foo *foo)
        {
        	return fill(foo);
        }

        static int set_up(struct foo *foo)
        {
        	int ret;

        	ret = alloc_tables(foo);
        	if (ret)
        		free_tables(foo);
        	return ret;
        }
        """,
      after: """
        static int alloc_tables(struct foo *foo)
        {
        	int ret = fill(foo);

        	if (ret)
        		free_tables(foo);
        	return ret;
        }

        static int set_up(struct foo *foo)
        {
        	return alloc_tables(foo);
        }
        """),
    // The callee has learnt to undo it; the wrapper is gone for good; nothing runs behind the label.
    RuleExample(
      before: """
        static void foo_free(struct foo *foo)
        {
        	kfree(foo);
        }

        static int alloc_tables(struct foo *foo)
        {
        	return fill(foo);
        }

        static int set_up(struct foo *foo, int size)
        {
        	int ret;

        	if (size < 8) {
        		ret = -EINVAL;
        		goto out;
        	}
        	ret = check(foo);
        	if (ret)
        		goto out;
        	ret = check_more(foo);
        	if (ret)
        		goto out;
        	ret = alloc_tables(foo);
        	if (ret)
        		uninit_tables(foo);
        	foo_free(foo);
        out:
        	return ret;
        }
        """,
      after: """
        static int alloc_tables(struct foo *foo)
        {
        	int ret = fill(foo);

        	if (ret)
        		uninit_tables(foo);
        	return ret;
        }

        static int set_up(struct foo *foo, int size)
        {
        	int ret;

        	if (size < 8)
        		return -EINVAL;
        	ret = check(foo);
        	if (ret)
        		goto out;
        	ret = check_more(foo);
        	if (ret)
        		goto out;
        	ret = alloc_tables(foo);
        	kfree(foo);
        out:
        	return ret;
        }
        """),
    // Counted where it is not counted up; the owner ends it; the branch leads on to the same call.
    RuleExample(
      before: """
        int run(struct foo *foo, struct entry *entry)
        {
        	int ret = start(foo);

        	if (ret) {
        		foo->failures--;
        		return ret;
        	}
        	ret = fill(foo);
        	if (ret)
        		entry_free(entry);
        	foo->n++;
        	return ret;
        }

        void drop(struct foo *foo)
        {
        	kref_put(&foo->kref, foo_release);
        }
        """,
      after: """
        int run(struct foo *foo, struct entry *entry)
        {
        	int ret = start(foo);

        	if (ret)
        		return ret;
        	ret = fill(foo);
        	if (ret)
        		entry_drop(foo, entry);
        	foo->n++;
        	return ret;
        }

        static void entry_drop(struct foo *foo, struct entry *entry)
        {
        	entry_free(entry);
        }

        void drop(struct foo *foo)
        {
        	foo_put(foo);
        }
        """),
  ]
}

extension LostCleanup {
  /// In branches that lead on, in front of the end of an owner, by counts, and by another call.
  static let onTheWay: [RuleExample] = [
    RuleExample(
      before: """
        int fill(struct foo *foo, struct regs *regs, int i)
        {
        	int err = alloc_one(foo, i);

        	if (err) {
        		one_teardown(foo->ones[i]);
        		all_free(foo, i);
        	}
        	if (queue_in(&ring, regs)) {
        		schedule_work(&work);
        	} else {
        		pr_err("full\\n");
        		regs_free(regs);
        	}
        	return err;
        }

        void kill(struct foo *foo)
        {
        	silence(foo);
        	if (foo->pipe) {
        		fput(foo->pipe);
        		foo->pipe = NULL;
        	}
        	stop_all(foo);
        }

        void drop_all(struct list_head *list)
        {
        	struct entry *entry, *next;

        	list_for_each_entry_safe(entry, next, list, node) {
        		list_del(&entry->node);
        		of_node_put(entry->parent);
        		kfree(entry);
        	}
        }

        void uncouple(struct foo *foo)
        {
        	for (int i = 0; i < foo->n; i++) {
        		struct other *other = foo->others[i];

        		forget(other, foo);
        		foo->others[i] = NULL;
        		put_device(&other->dev);
        	}
        }
        """,
      after: """
        int fill(struct foo *foo, struct regs *regs, int i)
        {
        	int err = alloc_one(foo, i);

        	if (err)
        		all_free(foo, i); /* reported */
        	if (queue_in(&ring, regs))
        		schedule_work(&work);
        	else
        		pr_err("full\\n");
        	return err; /* reported */
        }

        void kill(struct foo *foo)
        {
        	silence(foo);
        	stop_all(foo); /* reported */
        }

        void drop_all(struct list_head *list)
        {
        	struct entry *entry, *next;

        	list_for_each_entry_safe(entry, next, list, node) {
        		list_del(&entry->node);
        		kfree(entry); /* reported */
        	}
        }

        void uncouple(struct foo *foo)
        {
        	for (int i = 0; i < foo->n; i++) {
        		struct other *other = foo->others[i];

        		forget(other, foo);
        		foo->others[i] = NULL; /* reported */
        	}
        }
        """),
    RuleExample(
      before: """
        struct counter *bind(struct port *port, struct qp *qp)
        {
        	struct counter *counter = make(port);
        	int ret;

        	port->count++;
        	ret = bind_qp(counter, qp);
        	if (ret)
        		goto err_bind;
        	return counter;
        err_bind:
        	port->count--;
        	unmake(counter);
        	return NULL;
        }

        int wake(struct foo *foo)
        {
        	int ret = pm_runtime_resume_and_get(foo->dev);

        	if (ret < 0)
        		return ret;
        	ret = handle_create(foo->object);
        	if (ret)
        		object_put(foo->object);
        	return ret;
        }

        int look(struct foo *foo)
        {
        	struct device_node *np __free(device_node) = of_find_node_by_name(NULL, "foo");

        	if (np)
        		return look_at(foo, np);
        	return -ENODEV;
        }
        """,
      after: """
        struct counter *bind(struct port *port, struct qp *qp)
        {
        	struct counter *counter = make(port);
        	int ret;

        	port->count++;
        	ret = bind_qp(counter, qp);
        	if (ret)
        		goto err_mode; /* reported */
        	return counter;
        err_mode:
        	unmake(counter);
        	return NULL;
        }

        int wake(struct foo *foo)
        {
        	int ret = pm_runtime_get_sync(foo->dev); /* reported */

        	if (ret < 0)
        		return ret;
        	ret = handle_create(foo->object);
        	if (ret)
        		object_release(foo->object); /* reported */
        	return ret;
        }

        int look(struct foo *foo)
        {
        	struct device_node *np = of_find_node_by_name(NULL, "foo"); /* reported */

        	if (np)
        		return look_at(foo, np);
        	return -ENODEV;
        }
        """),
  ]
}
