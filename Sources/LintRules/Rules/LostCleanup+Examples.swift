import Findings

extension LostCleanup {
  static let triggering = [
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
  ]
}
