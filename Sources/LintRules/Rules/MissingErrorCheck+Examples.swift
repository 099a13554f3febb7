import Findings

extension MissingErrorCheck {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      int probe(struct platform_device *pdev, struct foo *foo)
      {
      	struct resource *res;

      	res = platform_get_resource_byname(pdev, IORESOURCE_MEM, "memory"); /* reported */
      	foo->start = res->start;
      	return 0;
      }
      """),
    RuleExample(
      """
      void work(struct foo *foo)
      {
      	struct encoder *outp = find_encoder(foo, 3);
      	struct drm *drm = drm_of(outp->base.dev); /* reported */
      	int ret;

      	if (!outp)
      		return;
      	ret = start(drm, outp);
      	if (ret)
      		stop(drm);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret = 0;

      	foo->dir = kobject_create_and_add("foo", NULL);
      	if (!foo->dir)
      		return -ENOMEM;
      	foo->part = kobject_create_and_add("part", foo->dir);
      	if (!foo->dir) { /* reported */
      		ret = -ENOMEM;
      		goto out;
      	}
      	ret = sysfs_create_group(foo->part, &group);
      out:
      	return ret;
      }

      void off(struct foo *foo)
      {
      	if (foo->part)
      		kobject_put(foo->part);
      }

      int g(struct foo *foo)
      {
      	foo->core = devm_clk_get(foo->dev, "core");
      	if (IS_ERR(foo->core))
      		return PTR_ERR(foo->core);
      	foo->bus = devm_clk_get(foo->dev, "bus");
      	if (IS_ERR(foo->core)) /* reported */
      		return PTR_ERR(foo->core);
      	return clk_prepare_enable(foo->bus);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, void *entry)
      {
      	if (!entry)
      		return -EINVAL;
      	xa_store(&foo->xa, 1, entry, GFP_KERNEL); /* reported */
      	return 0;
      }
      """),
    RuleExample(
      """
      int probe(struct foo *foo)
      {
      	int ret = clk_prepare_enable(foo->core);

      	if (ret)
      		return ret;
      	return start(foo);
      }

      int resume(struct foo *foo)
      {
      	clk_prepare_enable(foo->core); /* reported */
      	clk_prepare_enable(foo->bus);
      	if (foo->gone)
      		return -EIO;
      	return 0;
      }
      """),
    RuleExample(
      """
      static int power(struct foo *foo, int on)
      {
      	if (!foo->n)
      		return -ENODEV;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	if (!foo)
      		return -EINVAL;
      	power(foo, 1); /* reported */
      	return 0;
      }

      int g(struct foo *foo)
      {
      	int ret = power(foo, 1);

      	power(foo, 0);
      	return ret;
      }

      int h(struct foo *foo)
      {
      	return power(foo, 1);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	if (!foo->n)
      		return -EINVAL;
      	input_register_device(foo->input); /* reported */
      	return 0;
      }

      int g(struct foo *foo, struct device *dev)
      {
      	struct clk *clk = devm_clk_get(dev, "bus"); /* reported */

      	foo->name = devm_kasprintf(dev, GFP_KERNEL, "foo%d", foo->n); /* reported */
      	foo->rate = clk_get_rate(clk);
      	return 0;
      }

      int h(struct i2c_client *client)
      {
      	int value = i2c_smbus_read_byte_data(client, 4); /* reported */

      	return (value & 0xf0) == 0x40;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	foo->irq = irq_of_parse_and_map(foo->node, 0);
      	if (foo->irq < 0) /* reported */
      		return foo->irq;
      	return 0;
      }
      """),
    RuleExample(
      """
      void send(struct foo *foo, u8 *address)
      {
      	struct sk_buff *skb = dev_alloc_skb(64);

      	if (!skb)
      		return;
      	skb->dev = foo->dev;
      	llc_mac_hdr_init(skb, foo->dev->dev_addr, address); /* reported */
      	skb_reset_mac_header(skb);
      	xmit(foo, skb);
      }
      """),
    RuleExample(
      """
      int refuse(struct foo *foo, struct dentry *dentry, char *buf)
      {
      	const char *path;

      	path = dentry_path(dentry, buf, 64); /* reported */
      	audit(foo, path, -EACCES);
      	return -EACCES;
      }
      """),
    RuleExample(
      """
      bool repair(struct foo *foo)
      {
      	struct device_node *np = of_get_parent(foo->node);

      	if (!np)
      		return true;
      	if (test_and_set_bit(0, &np->flags)) {
      		of_node_put(np);
      		return true;
      	}
      	kthread_run(repair_thread, np, "repair"); /* reported */
      	return true;
      }
      """),
    RuleExample(
      """
      int f(struct drm_atomic_state *state, struct drm_plane *plane)
      {
      	struct drm_plane_state *plane_state = drm_atomic_get_plane_state(state, plane);
      	struct drm_framebuffer *fb = plane_state->fb; /* reported */

      	if (!is_supported(plane_state, fb))
      		return -EINVAL;
      	return 0;
      }
      """),
    RuleExample(
      """
      static ssize_t dio_write(struct kiocb *iocb, struct iov_iter *from)
      {
      	ssize_t ret = generic_write_checks(iocb, from);

      	if (ret > 0)
      		generic_write_sync(iocb, ret); /* reported */
      	return ret;
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    // It was there for the probe; whoever is given it first knows that it may not be.
    RuleExample(
      """
      void foo_remove(struct platform_device *pdev)
      {
      	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);

      	release_mem_region(res->start, resource_size(res));
      }

      int probe(struct platform_device *pdev, struct foo *foo)
      {
      	struct resource *res;

      	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
      	foo->base = devm_ioremap_resource(&pdev->dev, res);
      	if (IS_ERR(foo->base))
      		return PTR_ERR(foo->base);
      	foo->start = res->start;
      	return 0;
      }
      """),
    RuleExample(
      """
      void work(struct foo *foo)
      {
      	struct encoder *outp = find_encoder(foo, 3);
      	struct encoder *view = to_encoder(foo);
      	struct list *list = &outp->list;
      	struct drm *drm = outp ? drm_of(outp->base.dev) : NULL;
      	struct drm *other = drm_of(view->base.dev);

      	if (!outp || !drm)
      		return;
      	if (!view)
      		return;
      	start(drm, other, list);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	struct part *part = foo->part;

      	part->name = kstrdup("one", GFP_KERNEL);
      	if (!foo->part->name)
      		return -ENOMEM;
      	foo->one = kzalloc(16, GFP_KERNEL);
      	foo->two = kzalloc(16, GFP_KERNEL);
      	if (!foo->one)
      		return -ENOMEM;
      	if (!foo->two)
      		return -ENOMEM;
      	foo->three = kzalloc(16, GFP_KERNEL);
      	if (!foo->last)
      		return -EINVAL;
      	foo->four = kzalloc(16, GFP_KERNEL);
      	if (!foo->five)
      		foo->five = kzalloc(16, GFP_KERNEL);
      	foo->six = kzalloc(16, GFP_KERNEL);
      	return foo->three && foo->four && foo->five && foo->six ? 0 : -ENOMEM;
      }

      static char *set_up(struct foo *foo)
      {
      	foo->buffer = kzalloc(16, GFP_KERNEL);
      	return foo->buffer ? kstrdup("all", GFP_KERNEL) : NULL;
      }

      int g(struct foo *foo)
      {
      	foo->label = set_up(foo);
      	if (!foo->buffer)
      		return -ENOMEM;
      	return 0;
      }

      int h(struct foo *foo, int n)
      {
      	struct clk *clk, *bus;

      	bus = devm_clk_get(foo->dev, "bus");
      	clk = devm_clk_get(foo->dev, "core");
      	if (IS_ERR(bus))
      		return PTR_ERR(bus);
      	return n > 3 ? 0 : PTR_ERR_OR_ZERO(clk);
      }
      """),
    RuleExample(
      """
      void send(struct foo *foo, struct sk_buff *skb, u8 *address)
      {
      	struct device *dev = foo->dev;

      	if (!foo->on)
      		return;
      	llc_mac_hdr_init(skb, foo->dev->dev_addr, address);
      	sysfs_create_group(&dev->kobj, &group);
      	xmit(foo, skb, dev);
      }

      void last(struct foo *foo, u8 *address)
      {
      	struct sk_buff *skb = dev_alloc_skb(64);

      	if (!skb)
      		return;
      	llc_mac_hdr_init(skb, foo->dev->dev_addr, address);
      	kfree_skb(skb);
      }

      bool repair(struct foo *foo)
      {
      	struct device_node *np = of_get_parent(foo->node);

      	kthread_run(repair_thread, foo, "repair");
      	of_node_put(np);
      	return true;
      }

      void borrow(struct foo *foo)
      {
      	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);

      	if (!item)
      		return;
      	foo->item = item;
      	kthread_run(item_thread, item, "item");
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	if (!foo)
      		return -EINVAL;
      	xa_store(&foo->xa, 1, NULL, GFP_KERNEL);
      	return 0;
      }

      void g(struct foo *foo, void *entry)
      {
      	xa_store(&foo->xa, 1, entry, GFP_KERNEL);
      }

      int resume(struct foo *foo)
      {
      	clk_prepare_enable(foo->core);
      	if (foo->gone)
      		return -EIO;
      	return 0;
      }
      """),
    RuleExample(
      """
      static int set_rate(struct foo *foo, int rate)
      {
      	if (rate > foo->most)
      		return -EINVAL;
      	foo->rate = rate;
      	return 0;
      }

      int probe(struct foo *foo, int rate)
      {
      	if (!foo)
      		return -EINVAL;
      	if (set_rate(foo, rate)) {
      		set_rate(foo, foo->least);
      		dev_info(foo->dev, "the default rate is used");
      	}
      	return 0;
      }

      int other(struct foo *foo, struct clk *bus)
      {
      	int ret = clk_prepare_enable(foo->core);

      	if (ret)
      		return ret;
      	if (bus)
      		clk_prepare_enable(bus);
      	ret = set_rate(foo, foo->usual);
      	if (ret)
      		return ret;
      	return set_rate(foo, foo->most);
      }
      """),
    RuleExample(
      """
      int detect(struct i2c_client *client)
      {
      	int value = i2c_smbus_read_byte_data(client, 4);

      	if ((value & 0xf0) != 0x40)
      		return -ENODEV;
      	return 0;
      }
      """),
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	input_register_device(foo->input);
      }

      struct clk *g(struct foo *foo, struct device *dev)
      {
      	struct clk *clk = devm_clk_get(dev, "bus");

      	foo->clk = devm_clk_get(dev, "core");
      	if (IS_ERR(foo->clk))
      		return NULL;
      	return clk;
      }

      int h(struct i2c_client *client)
      {
      	int value = i2c_smbus_read_byte_data(client, 4);

      	if (value < 0)
      		return value;
      	return (value & 0xf0) == 0x40;
      }
      """),
    RuleExample(
      """
      int f(struct drm_atomic_state *state, struct drm_plane *plane)
      {
      	struct drm_plane_state *plane_state = drm_atomic_get_plane_state(state, plane);
      	struct drm_rect *rect = &plane_state->src;
      	int size = sizeof(plane_state->fb);

      	if (IS_ERR(plane_state))
      		return PTR_ERR(plane_state);
      	rect->x1 = plane_state->n + size;
      	return 0;
      }
      """),
    RuleExample(
      """
      int walk(struct drm_atomic_state *state, struct drm_plane_state *plane_state)
      {
      	plane_state = drm_atomic_get_plane_state(state, plane_state->plane);
      	if (IS_ERR(plane_state))
      		return PTR_ERR(plane_state);
      	return plane_state->n;
      }
      """),
    RuleExample(
      """
      static size_t written(struct kiocb *iocb, struct iov_iter *from)
      {
      	size_t ret = iov_iter_count(from);

      	generic_write_sync(iocb, ret);
      	return ret;
      }
      """),
  ]
}
