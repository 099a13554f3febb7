import Findings

extension ResourceLeak {
  static let nonTriggering: [RuleExample] = [
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	struct property *property;
      	int i;

      	for (i = 0; i < foo->n; i++) {
      		property = kzalloc(sizeof(*property) + 6, GFP_KERNEL);
      		if (!property)
      			return;
      		property->value = property + 1;
      		property->name = kstrdup("address", GFP_KERNEL);
      		if (!property->name) {
      			kfree(property);
      			return;
      		}
      		of_update_property(foo->node, property);
      	}
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, struct clk **best)
      {
      	struct clk *clk;
      	int i;

      	for (i = 0; i < foo->n; i++) {
      		clk = clk_get(foo->dev, names[i]);
      		if (IS_ERR(clk))
      			continue;
      		if (!clk_get_rate(clk)) {
      			clk_put(clk);
      			continue;
      		}
      		if (foo->wanted == i) {
      			*best = clk;
      			continue;
      		}
      		clk_put(clk);
      	}
      	return 0;
      }

      int g(struct foo *foo)
      {
      	struct item *item;
      	int i;

      	for (i = 0; i < foo->n; i++) {
      		item = kzalloc(sizeof(*item), GFP_KERNEL);
      		if (!item)
      			break;
      		if (fill(item)) {
      			kfree(item);
      			break;
      		}
      		list_add(&item->node, &foo->items);
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      static inline int clk_prepare_enable(struct clk *clk)
      {
      	int ret;

      	ret = clk_prepare(clk);
      	if (ret)
      		return ret;
      	ret = clk_enable(clk);
      	if (ret)
      		clk_unprepare(clk);
      	return ret;
      }

      static inline void clk_disable_unprepare(struct clk *clk)
      {
      	clk_disable(clk);
      	clk_unprepare(clk);
      }

      int f(struct foo *foo)
      {
      	int ret;

      	ret = clk_prepare_enable(foo->clk);
      	if (ret)
      		return ret;
      	ret = clk_prepare_enable(foo->other);
      	if (ret) {
      		clk_disable_unprepare(foo->clk);
      		return ret;
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      vm_fault_t f(struct vm_fault *vmf, struct address_space *mapping)
      {
      	struct folio *folio = filemap_get_folio(mapping, vmf->pgoff);

      	if (IS_ERR(folio))
      		return VM_FAULT_SIGBUS;
      	vmf->page = folio_file_page(folio, vmf->pgoff);
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int *p = kcalloc(4, sizeof(*p), GFP_KERNEL);

      	if (!p)
      		return -ENOMEM;
      	if (!foo->node) {
      		kfree(p);
      		return -EINVAL;
      	}
      	foo->p = p;
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct device *dev)
      {
      	struct device_node *child, *found = NULL;
      	int ret;

      	for_each_child_of_node(dev->of_node, child) {
      		ret = add(dev, child);
      		if (ret < 0) {
      			of_node_put(child);
      			return ret;
      		}
      		if (ret > 0) {
      			found = child;
      			break;
      		}
      	}
      	if (!found)
      		return -ENODEV;
      	return 0;
      }

      int g(struct device *dev)
      {
      	int ret = pm_runtime_get_sync(dev);

      	if (ret < 0) {
      		pm_runtime_put_noidle(dev);
      		return ret;
      	}
      	pm_runtime_put(dev);
      	return 0;
      }

      struct pci_dev *h(void)
      {
      	struct pci_dev *bridge = pci_get_domain_bus_and_slot(0, 0, 1);

      	return bridge;
      }
      """),
    RuleExample(
      """
      static int foo_probe(struct platform_device *pdev)
      {
      	struct foo *foo = platform_get_drvdata(pdev);
      	int ret;

      	ret = foo_rings_init(foo);
      	if (ret)
      		return ret;
      	ret = devm_add_action_or_reset(&pdev->dev, foo_rings_action, foo);
      	if (ret)
      		return ret;
      	ret = start(1);
      	if (ret)
      		return ret;
      	return 0;
      }

      static void foo_remove(struct platform_device *pdev)
      {
      	foo_rings_exit(platform_get_drvdata(pdev));
      }

      static struct platform_driver foo_driver = {
      	.probe = foo_probe,
      	.remove = foo_remove,
      };

      static int set_up(struct foo *foo)
      {
      	int ret = clk_prepare_enable(foo->clk);

      	if (ret)
      		return ret;
      	return start(1);
      }

      static int resume(struct foo *foo)
      {
      	int ret = set_up(foo);

      	if (ret)
      		clk_disable_unprepare(foo->clk);
      	return ret;
      }
      """),
  ]
}
