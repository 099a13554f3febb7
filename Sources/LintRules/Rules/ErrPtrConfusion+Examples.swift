import Findings

extension ErrPtrConfusion {
  static let triggering: [RuleExample] = [
    // Set again further down, which says nothing of the first.
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	struct bar *bar;
      	int ret;

      	if (!foo->object) {
      		bar = kzalloc(sizeof(*bar), GFP_KERNEL);
      		ret = prepare(bar, 5);
      		if (ret)
      			goto error;
      		bar->n = 5; /* reported */
      	}
      	bar = container_of(foo->object, struct bar, object);
      	bar->m = 5;
      	return;
      error:
      	kfree(bar);
      }
      """),
    RuleExample(
      """
      struct state *get_state(struct set *set, struct thing *thing)
      {
      	int i;

      	for (i = 0; i < set->n; i++)
      		if (set->things[i].thing == thing)
      			return set->things[i].state;
      	return NULL;
      }

      int look(struct set *set, struct thing *thing)
      {
      	struct state *state = get_state(set, thing);

      	if (IS_ERR(state)) /* reported */
      		return PTR_ERR(state);
      	return state->n;
      }
      """),
    RuleExample(
      """
      static struct dentry *foo_root;

      void foo_init(struct foo *foo)
      {
      	foo_root = debugfs_create_dir("foo", NULL);
      	if (!foo_root) /* reported */
      		pr_debug("no directory\\n");
      }
      """),
    // `a ?: b`; NULL or an error pointer; an error label that asks for NULL alone, and then for both.
    RuleExample(
      """
      static struct foo *make(struct device *dev)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	int err = -ENOMEM;

      	if (!foo)
      		goto out;
      	err = register_it(foo);
      	if (err) {
      		free_it(foo);
      		foo = NULL;
      	}
      out:
      	return foo ?: ERR_PTR(err);
      }

      int start(struct device *dev)
      {
      	struct foo *foo = make(dev);

      	if (!foo) /* reported */
      		return -ENOMEM;
      	foo->on = true;
      	return 0;
      }

      struct peer *find_peer(struct socket *sock, struct addr *addr)
      {
      	int ret = validate(addr);

      	if (ret < 0)
      		return ERR_PTR(ret);
      	return look_up_peer(sock->local, addr);
      }

      int merge(struct socket *sock, struct addr *addr, struct list *list)
      {
      	struct peer *peer = find_peer(sock, addr);

      	if (!peer) /* reported */
      		return -ENOMEM;
      	add_peer(list, peer);
      	return 0;
      }

      int probe(struct device *dev, struct isp *isp)
      {
      	isp->sys = sys_init(dev);
      	if (IS_ERR(isp->sys))
      		goto out;
      	return 0;
      out:
      	if (isp->sys) /* reported */
      		free_dir(isp->sys);
      	if (!IS_ERR_OR_NULL(isp->sys))
      		free_mmu(isp->sys);
      	return -ENODEV;
      }
      """),
    // By way of a callee that has next to nothing of its own.
    RuleExample(
      """
      static struct task *run_task(int n)
      {
      	struct task *task = kzalloc(8, GFP_KERNEL);

      	if (!task)
      		return ERR_PTR(-ENOMEM);
      	task->n = n;
      	return task;
      }

      static struct task *call(int n)
      {
      	return run_task(n);
      }

      void f(struct foo *foo)
      {
      	struct task *task = call(foo->n);

      	task->owner = foo; /* reported */
      }
      """),
    RuleExample(
      """
      int start_streaming(struct foo *foo)
      {
      	int ret;

      	if (foo->task)
      		return 0;
      	foo->task = kthread_run(foo_thread, foo, "foo"); /* reported */
      	ret = PTR_ERR_OR_ZERO(foo->task);
      	if (!ret)
      		return 0;
      	foo_off(foo);
      	return ret;
      }

      void stop_streaming(struct foo *foo)
      {
      	if (!foo->task)
      		return;
      	kthread_stop(foo->task);
      	foo->task = NULL;
      }
      """),
    RuleExample(
      """
      struct frame *create(struct foo *foo, int n)
      {
      	struct frame *frame;
      	int ret;

      	if (n > foo->most)
      		return ERR_PTR(-EINVAL);
      	frame = kzalloc(sizeof(*frame), GFP_KERNEL);
      	if (!frame)
      		return ERR_PTR(-ENOMEM);
      	ret = frame_init(frame, n);
      	if (ret) {
      		kfree(frame);
      		return NULL; /* reported */
      	}
      	return frame;
      }
      """),
    RuleExample(
      """
      static struct foo *make(int n)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	if (!foo)
      		return ERR_PTR(-ENOMEM);
      	return foo;
      }

      int f(int n)
      {
      	struct foo *foo;

      	foo = make(n);
      	if (!foo) /* reported */
      		return -ENOMEM;
      	foo->n = n;
      	return 0;
      }
      """),
    RuleExample(
      """
      static struct peer *make(struct foo *foo)
      {
      	struct peer *peer = kzalloc(sizeof(*peer), GFP_KERNEL);

      	if (peer)
      		peer->n = foo->n;
      	return peer ?: ERR_PTR(-ENOMEM);
      }

      int f(struct foo *foo)
      {
      	struct peer *one = make(foo);

      	if (!one) /* reported */
      		return -ENOMEM;
      	return one->n;
      }
      """),
    RuleExample(
      """
      struct folio *f(struct address_space *mapping, pgoff_t index)
      {
      	struct folio *folio = NULL;

      	if (use_large)
      		folio = filemap_grab_folio(mapping, round_down(index, 512));

      	if (!folio) /* reported */
      		folio = filemap_grab_folio(mapping, index);

      	return folio;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	foo->clk = clk_get(foo->dev, NULL);
      	if (!foo->clk) /* reported */
      		return -ENODEV;
      	return 0;
      }

      int g(int n)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	foo->n = n; /* reported */
      	return add(foo);
      }

      struct foo *h(struct list_head *all, int n)
      {
      	struct foo *foo;
      	int ret;

      	ret = walk(all, &foo);
      	if (!ret)
      		return &foo[1];
      	if (ret > 0)
      		ret = 0;
      	return ERR_PTR(ret); /* reported */
      }
      """),
    RuleExample(
      """
      static void __iomem *map(struct device *dev, int index, bool shared)
      {
      	struct resource res;

      	if (shared) {
      		if (find_resource(dev, index, &res))
      			return IOMEM_ERR_PTR(-EINVAL);
      		return devm_ioremap(dev, res.start, resource_size(&res)); /* reported */
      	}
      	return devm_platform_ioremap_resource(dev, index);
      }

      int probe(struct foo *foo)
      {
      	foo->base = map(foo->dev, 0, foo->shared);
      	if (IS_ERR(foo->base))
      		return PTR_ERR(foo->base);
      	return 0;
      }
      """),
    RuleExample(
      """
      int set_rate(struct foo *foo, long rate)
      {
      	struct clk *parent = clk_get_parent(foo->clk);

      	if (IS_ERR(parent)) /* reported */
      		return PTR_ERR(parent);
      	return clk_set_rate(parent, rate);
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	struct bar *bar = first(foo);

      	bar->n = 1;
      	bar = kzalloc(sizeof(*bar), GFP_KERNEL);
      	keep(foo, bar);
      }

      int g(struct foo *foo)
      {
      	struct bar *bar = first(foo);

      	keep(foo, bar);
      	bar = kzalloc(sizeof(*bar), GFP_KERNEL);
      	bar->n = 1;
      	if (!bar)
      		return -ENOMEM;
      	keep(foo, bar);
      	return 0;
      }
      """),
    // What is used belongs to another source, or has been asked about.
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	struct bar *bar;

      	bar = kzalloc(sizeof(*bar), GFP_KERNEL);
      	keep(foo, bar);
      	bar = container_of(foo->object, struct bar, object);
      	bar->m = 5;
      }

      void g(struct foo *foo)
      {
      	struct bar *bar = container_of(foo->object, struct bar, object);

      	bar->n = 1;
      	bar = kzalloc(sizeof(*bar), GFP_KERNEL);
      	if (bar)
      		bar->m = 5;
      	foo->bar = bar;
      }
      """),
    // A stub, and a callee that asks another.
    RuleExample(
      """
      struct file *open_none(struct set *set)
      {
      	return NULL;
      }

      struct state *get_state(struct set *set)
      {
      	if (!set->n)
      		return NULL;
      	return set->ops->state(set);
      }

      int look(struct set *set)
      {
      	struct file *file = open_none(set);
      	struct state *state = get_state(set);

      	if (IS_ERR(file))
      		return PTR_ERR(file);
      	if (IS_ERR(state))
      		return PTR_ERR(state);
      	return 0;
      }
      """),
    // The question is about what was there before.
    RuleExample(
      """
      static struct dentry *foo_root;

      void foo_init(struct foo *foo)
      {
      	if (!foo_root)
      		foo_root = debugfs_create_dir("foo", NULL);
      	foo->root = debugfs_create_dir(foo->name, foo_root);
      }
      """),
    // What is not there is made or handed on; a flag decides about the error; whoever had an error has left before.
    RuleExample(
      """
      struct peer *find_peer(struct socket *sock, struct addr *addr)
      {
      	int ret = validate(addr);

      	if (ret < 0)
      		return ERR_PTR(ret);
      	return look_up_peer(sock->local, addr);
      }

      struct peer *get_peer(struct socket *sock, struct addr *addr)
      {
      	struct peer *peer = find_peer(sock, addr);

      	if (!peer)
      		peer = make_peer(sock, addr);
      	return peer;
      }

      struct peer *lock_peer(struct peer *from, int mode)
      {
      	struct peer *peer = next_peer(from);

      	if (mode == TRY) {
      		if (!try_peer(peer))
      			return ERR_PTR(-EBUSY);
      	}
      	return peer;
      }

      int drop_peer(struct peer *from)
      {
      	struct peer *peer = lock_peer(from, WAIT);

      	if (!peer)
      		return -ENOENT;
      	peer->n--;
      	return 0;
      }

      int create(struct foo *foo, struct pd *pd)
      {
      	if (IS_ERR(pd))
      		goto out;
      	if (pd)
      		get_pd(pd);
      	return 0;
      out:
      	if (!IS_ERR_OR_NULL(pd))
      		put_pd(pd);
      	return -EINVAL;
      }
      """),
    RuleExample(
      """
      int start_streaming(struct foo *foo)
      {
      	if (foo->task)
      		return 0;
      	foo->task = kthread_run(foo_thread, foo, "foo");
      	if (IS_ERR(foo->task)) {
      		int ret = PTR_ERR(foo->task);

      		foo->task = NULL;
      		return ret;
      	}
      	return 0;
      }

      int start_other(struct foo *foo)
      {
      	if (!IS_ERR_OR_NULL(foo->other))
      		return 0;
      	foo->other = kthread_run(foo_thread, foo, "other");
      	return PTR_ERR_OR_ZERO(foo->other);
      }

      void stop_streaming(struct foo *foo)
      {
      	if (foo->task)
      		kthread_stop(foo->task);
      	if (!IS_ERR_OR_NULL(foo->other))
      		kthread_stop(foo->other);
      }
      """),
    RuleExample(
      """
      struct frame *lookup(struct foo *foo, int n)
      {
      	struct frame *frame;
      	int ret;

      	if (n > foo->most)
      		return ERR_PTR(-EINVAL);
      	ret = find(foo, n);
      	if (ret == -ENOENT)
      		return NULL;
      	if (ret < 0)
      		return ERR_PTR(ret);
      	frame = kzalloc(sizeof(*frame), GFP_KERNEL);
      	if (!frame)
      		return ERR_PTR(-ENOMEM);
      	return frame;
      }

      struct frame *next(struct foo *foo, int n)
      {
      	int ret;

      	if (n > foo->most)
      		return ERR_PTR(-EINVAL);
      	if (n < 0)
      		return ERR_PTR(-ERANGE);
      	ret = is_last(foo, n);
      	if (!ret)
      		return foo->frames[n];
      	ret = wait(foo);
      	if (ret) {
      		if (ret != -ENOENT)
      			return ERR_PTR(ret);
      		return NULL;
      	}
      	return foo->frames[n + 1];
      }

      struct encoder *probe(struct foo *foo)
      {
      	struct encoder *encoder = kzalloc(sizeof(*encoder), GFP_KERNEL);
      	int ret;

      	if (!encoder)
      		return ERR_PTR(-ENOMEM);
      	if (foo->n > 4)
      		return ERR_PTR(-EINVAL);
      	ret = parse(foo, encoder);
      	if (ret < 0) {
      		kfree(encoder);
      		return NULL;
      	}
      	return encoder;
      }

      int start(struct foo *foo)
      {
      	foo->encoder = probe(foo);
      	if (IS_ERR(foo->encoder))
      		return PTR_ERR(foo->encoder);
      	return 0;
      }

      int bind(struct foo *foo)
      {
      	return foo->encoder ? bind_encoder(foo->encoder) : 0;
      }

      static struct group *make_group(struct group *parent)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	int ret;

      	if (!foo)
      		return ERR_PTR(-ENOMEM);
      	if (parent->n)
      		return ERR_PTR(-EINVAL);
      	ret = add(foo);
      	if (ret) {
      		kfree(foo);
      		return NULL;
      	}
      	return &foo->group;
      }

      static struct configfs_group_operations ops = {
      	.make_group = make_group,
      };
      """),
    RuleExample(
      """
      static struct foo *make(int n)
      {
      	return kzalloc(sizeof(struct foo), GFP_KERNEL);
      }

      int f(int n)
      {
      	struct foo *foo = make(n);

      	if (!foo)
      		return -ENOMEM;
      	foo->n = n;
      	return 0;
      }

      struct foo *g(struct foo *foo)
      {
      	if (!foo->clk)
      		foo->clk = clk_get(foo->dev, NULL);
      	return foo;
      }

      static struct foo *first(struct foo *foo)
      {
      	BUG_ON(!foo);
      	return foo;
      }

      int h(struct foo *foo)
      {
      	struct foo *one = first(foo);

      	if (!one)
      		return -EINVAL;
      	return one->n;
      }
      """),
    RuleExample(
      """
      struct folio *f(struct address_space *mapping, pgoff_t index)
      {
      	struct folio *folio = NULL;

      	if (use_large)
      		folio = filemap_grab_folio(mapping, round_down(index, 512));

      	if (IS_ERR_OR_NULL(folio))
      		folio = filemap_grab_folio(mapping, index);

      	return folio;
      }
      """),
    RuleExample(
      """
      static struct foo *make(int n)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	if (!foo)
      		return ERR_PTR(-ENOMEM);
      	return foo;
      }

      int a(int n)
      {
      	struct foo *foo = make(n);

      	if (foo == ERR_PTR(-ENOMEM))
      		return -ENOMEM;
      	return foo->n;
      }

      int b(int n)
      {
      	struct foo *foo;

      	if (IS_ERR((foo = make(n))))
      		return PTR_ERR(foo);
      	return foo->n;
      }

      int c(int n)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	if (NULL == foo)
      		return -ENOMEM;
      	return foo->n;
      }

      int d(struct kunit *test)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	KUNIT_ASSERT_NOT_NULL(test, foo);
      	return foo->n;
      }

      int e(struct foo **all, int i)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	all[i] = foo;
      	if (!all[i])
      		return -ENOMEM;
      	return foo->n;
      }

      int f(struct foo *one)
      {
      	struct foo *foo, *first;

      	first = foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	if (!first)
      		return -ENOMEM;
      	return foo->n;
      }
      """),
    RuleExample(
      """
      static struct foo *first(struct bar *bar)
      {
      	struct foo *foo = bar->first;

      	BUG_ON(!foo);
      	return foo;
      }

      int f(struct bar *bar)
      {
      	struct foo *foo = first(bar);

      	foo->n++;
      	return 0;
      }

      int g(struct device *dev)
      {
      	struct clk *clk = devm_clk_get_optional(dev, NULL);

      	if (!clk)
      		return 0;
      	return clk->n;
      }
      """),
    RuleExample(
      """
      static struct part *make(struct foo *foo, int n)
      {
      	if (n > foo->n)
      		return ERR_PTR(-EINVAL);
      	return kzalloc(n, GFP_KERNEL);
      }

      int asks_both(struct foo *foo)
      {
      	struct part *part = make(foo, 3);

      	if (IS_ERR(part))
      		return PTR_ERR(part);
      	if (!part)
      		return -ENOMEM;
      	foo->part = part;
      	return 0;
      }

      static struct part *look(struct foo *foo, int n)
      {
      	if (n > foo->n)
      		return ERR_PTR(-EINVAL);
      	return idr_find(&foo->parts, n);
      }

      int found(struct foo *foo)
      {
      	struct part *part = look(foo, 3);

      	if (IS_ERR(part))
      		return PTR_ERR(part);
      	foo->part = part;
      	return 0;
      }
      """),
  ]
}
