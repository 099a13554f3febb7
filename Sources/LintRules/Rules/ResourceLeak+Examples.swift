import Findings

extension ResourceLeak {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      int f(struct foo *foo, struct clk **best)
      {
      	struct clk *clk;
      	int i;

      	for (i = 0; i < foo->n; i++) {
      		clk = clk_get(foo->dev, names[i]); /* reported */
      		if (IS_ERR(clk))
      			continue;
      		if (!clk_get_rate(clk))
      			continue;
      		if (foo->wanted == i)
      			*best = clk;
      		else
      			clk_put(clk);
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      static int create(struct kobject *parent)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	int ret;

      	if (!foo)
      		return -ENOMEM;
      	ret = kobject_init_and_add(&foo->kobj, &foo_type, parent, "foo");
      	if (ret) {
      		kfree(foo);
      		return ret; /* reported */
      	}
      	list_add(&foo->node, &all);
      	return 0;
      }

      int init(struct kobject *parent)
      {
      	int ret = create(parent);

      	if (ret)
      		kobject_put(parent);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	reset_control_assert(foo->other);
      	reset_control_deassert(foo->reset);
      	ret = start(foo);
      	if (ret)
      		return ret; /* reported */
      	return 0;
      }

      int g(struct foo *foo, struct pci_dev *pdev)
      {
      	int ret;

      	foo->pdev = pdev;
      	ret = pci_enable_device(pdev);
      	if (ret)
      		return ret;
      	ret = start(foo);
      	if (ret)
      		return ret; /* reported */
      	ret = resume(foo);
      	if (ret)
      		pci_disable_device(foo->pdev);
      	return ret;
      }

      int h(struct pci_dev *pdev)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);
      	int ret;

      	if (!foo)
      		return -ENOMEM;
      	foo->pdev = pdev;
      	ret = pci_enable_device(pdev);
      	if (ret)
      		goto free;
      	ret = dma_set_mask(&pdev->dev, 32);
      	if (ret)
      		goto free;
      	ret = start(pdev);
      	if (ret)
      		goto disable;
      	return 0;
      disable:
      	pci_disable_device(foo->pdev);
      free:
      	kfree(foo);
      	return ret; /* reported */
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int *p = kcalloc(4, sizeof(*p), GFP_KERNEL);
      	int err;

      	if (!p)
      		return -ENOMEM;
      	if (!foo->node)
      		return -EINVAL; /* reported */
      	err = use(foo, p);
      	kfree(p);
      	return err;
      }
      """),
    RuleExample(
      """
      int f(struct device *dev)
      {
      	struct device_node *child;
      	int ret;

      	for_each_child_of_node(dev->of_node, child) {
      		ret = add(dev, child);
      		if (ret < 0)
      			return ret; /* reported */
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      void f(struct device *dev)
      {
      	int ret = pm_runtime_get_sync(dev);

      	if (ret < 0)
      		return; /* reported */
      	start(dev);
      	pm_runtime_put(dev);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	struct pci_dev *bridge = pci_get_domain_bus_and_slot(0, 0, 1);
      	unsigned int n;

      	if (!bridge)
      		return -ENODEV;
      	pci_read_config_dword(bridge, 0x7c, &n);
      	return start(foo, n); /* reported */
      }
      """),
    RuleExample(
      """
      int f(struct list_head *all)
      {
      	struct foo *foo;
      	int i, err;

      	for (i = 0; i < 4; i++) {
      		foo = kzalloc(sizeof(*foo), GFP_KERNEL); /* reported */
      		if (!foo)
      			return -ENOMEM;
      		err = check(i);
      		if (err == 0)
      			list_add_tail(&foo->node, all);
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      struct foo {
      	struct net_device *node;
      };

      int f(struct foo *foo)
      {
      	int ret;

      	foo->node = foo_dev_get(foo);
      	if (!foo->node)
      		return -ENODEV;
      	ret = start(1);
      	if (ret < 0)
      		return ret; /* reported */
      	ret = run(2);
      	if (ret < 0)
      		goto put;
      	return 0;
      put:
      	foo_dev_put(foo->node);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, const void *data)
      {
      	void *copy = kmemdup(data, 8, GFP_KERNEL);
      	int ret;

      	if (!copy)
      		return -ENOMEM;
      	foo->copy = copy;
      	ret = start(1);
      	if (ret < 0)
      		return ret; /* reported */
      	ret = run(2);
      	if (ret < 0)
      		goto free;
      	return 0;
      free:
      	kfree(foo->copy);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, int id)
      {
      	struct net_device *dev = foo_find(id);

      	if (!dev)
      		return -ENODEV;
      	if (!foo->on)
      		return -EINVAL; /* reported */
      	foo->n = dev->ifindex;
      	dev_put(dev);
      	return 0;
      }
      """),
    RuleExample(
      """
      static int set_up(struct foo *foo)
      {
      	int ret = clk_prepare_enable(foo->clk);

      	if (ret)
      		return ret;
      	ret = start(1);
      	if (ret)
      		return ret; /* reported */
      	return 0;
      }

      static int probe(struct foo *foo)
      {
      	return set_up(foo);
      }

      static void remove(struct foo *foo)
      {
      	clk_disable_unprepare(foo->clk);
      }
      """),
    RuleExample(
      """
      static int foo_probe(struct platform_device *pdev)
      {
      	struct foo *foo = platform_get_drvdata(pdev);
      	int ret;

      	foo->node = foo_node_get(pdev);
      	if (!foo->node)
      		return -ENODEV;
      	ret = foo_rings_init(foo);
      	if (ret)
      		return ret;
      	ret = start(1);
      	if (ret)
      		return ret; /* reported */
      	return 0;
      }

      static void foo_remove(struct platform_device *pdev)
      {
      	struct foo *foo = platform_get_drvdata(pdev);

      	foo_rings_exit(foo);
      }

      static struct platform_driver foo_driver = {
      	.probe = foo_probe,
      	.remove = foo_remove,
      };
      """),
    RuleExample(
      """
      static int foo_probe(struct platform_device *pdev)
      {
      	struct foo *foo = platform_get_drvdata(pdev);
      	int ret;

      	foo->clk = clk_get(&pdev->dev, "bus");
      	if (IS_ERR(foo->clk))
      		return PTR_ERR(foo->clk);
      	ret = start(1);
      	if (ret)
      		return ret; /* reported */
      	return 0;
      }

      static struct platform_driver foo_driver = {
      	.probe = foo_probe,
      };
      """),
    RuleExample(
      """
      int f(struct device *dev, struct resource *res)
      {
      	struct device_node *node = of_parse_phandle(dev->of_node, "memory-region", 0);
      	int ret;

      	if (!node)
      		return -ENODEV;
      	ret = of_address_to_resource(node, 0, res);
      	if (ret)
      		return ret; /* reported */
      	of_node_put(node);
      	return 0;
      }
      """),
    RuleExample(
      """
      static struct device_node *foo_node(struct device *dev)
      {
      	struct device_node *np = of_get_parent(dev->of_node);

      	return np;
      }

      int f(struct device *dev, u32 *value)
      {
      	struct device_node *np = foo_node(dev);

      	if (!np)
      		return -ENODEV;
      	return of_property_read_u32(np, "reg", value); /* reported */
      }
      """),
    RuleExample(
      """
      int f(struct list *all, int n)
      {
      	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);
      	int ret;

      	if (!item)
      		return -ENOMEM;
      	item->n = n;
      	ret = list_register(all, item);
      	if (ret < 0)
      		return ret; /* reported */
      	return 0;
      }
      """),
    RuleExample(
      """
      void f(struct address_space *mapping, int n)
      {
      	for (int i = 0; i < n; i++) {
      		struct folio *folio = filemap_lock_folio(mapping, i); /* reported */

      		if (IS_ERR(folio))
      			continue;
      		folio_mark_dirty(folio);
      		folio_unlock(folio);
      	}
      }
      """),
    RuleExample(
      """
      int f(struct device_node *np)
      {
      	struct of_phandle_args args;
      	int ret;

      	ret = of_parse_phandle_with_args(np, "phys", "#cells", 0, &args);
      	if (ret)
      		return ret;
      	if (of_device_is_compatible(args.np, "foo"))
      		return -ENODEV; /* reported */
      	ret = use(args.args[0]);
      	of_node_put(args.np);
      	return ret;
      }
      """),
    RuleExample(
      """
      static struct foo *find_foo(struct device_node *node)
      {
      	struct device_node *child;
      	struct foo *foo;

      	list_for_each_entry(foo, &all, list) {
      		child = of_get_next_child(foo->np, NULL);
      		of_node_put(child);
      		if (child == node)
      			return foo;
      	}
      	return NULL;
      }

      int f(struct device_node *np)
      {
      	struct of_phandle_args args;
      	struct foo *foo;
      	int ret;

      	ret = of_parse_phandle_with_args(np, "phys", "#cells", 0, &args);
      	if (ret)
      		return ret;
      	if (of_device_is_compatible(args.np, "foo"))
      		return -ENODEV; /* reported */
      	foo = find_foo(args.np);
      	ret = foo ? use(foo) : -EPROBE_DEFER;
      	of_node_put(args.np);
      	return ret;
      }
      """),
    RuleExample(
      """
      netdev_tx_t f(struct sk_buff *skb, struct net_device *dev)
      {
      	if (skb->len > 1500)
      		return NETDEV_TX_OK; /* reported */
      	if (!dev->flags) {
      		dev_kfree_skb(skb);
      		return NETDEV_TX_OK;
      	}
      	send(dev, skb);
      	return NETDEV_TX_OK;
      }

      int g(struct foo *foo, struct sk_buff *skb, int id)
      {
      	int ret;

      	if (!id)
      		return -EOPNOTSUPP; /* reported */
      	if (skb->len > 1500) {
      		kfree_skb(skb);
      		return -EMSGSIZE;
      	}
      	ret = send(foo, skb);
      	return ret;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	device_initialize(&foo->dev);
      	ret = dev_set_name(&foo->dev, "foo");
      	if (ret)
      		return ret; /* reported */
      	ret = start(foo->n);
      	if (ret)
      		goto put;
      	return 0;
      put:
      	put_device(&foo->dev);
      	return ret;
      }
      """),
  ]
}
