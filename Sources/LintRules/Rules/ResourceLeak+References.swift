import Findings

// Examples of references: how they are got, borrowed, returned, overwritten and left.
extension ResourceLeak {
  static let leftReferences: [RuleExample] = [
    RuleExample(
      """
      static struct foo_device *find_foo(struct fwnode_handle *fwnode)
      {
      	struct device *dev = bus_find_device_by_fwnode(&foo_bus, fwnode);

      	return dev ? to_foo_device(dev) : NULL;
      }

      int use(struct fwnode_handle *fwnode)
      {
      	struct foo_device *foo = find_foo(fwnode);

      	if (!foo)
      		return -ENODEV;
      	if (foo->id < 0)
      		return -EINVAL; /* reported */
      	return foo_start(foo->id);
      }
      """),
    RuleExample(
      """
      void foo_dev_get(struct foo_dev *foo);
      void foo_dev_put(struct foo_dev *foo)
      {
      	kref_put(&foo->kref, foo_release);
      }

      static struct foo_dev *foo_dev_find(int id)
      {
      	struct foo_dev *foo = foo_dev_find_locked(id);

      	if (foo)
      		foo_dev_get(foo);
      	return foo;
      }

      int foo_irq(int id)
      {
      	struct foo_dev *foo = foo_dev_find(id);

      	if (!foo)
      		return -ENODEV;
      	return foo->irq; /* reported */
      }
      """),
    RuleExample(
      """
      void set_up(struct device_node *parent, struct foo *foo)
      {
      	struct device_node *np = of_get_child_by_name(parent, "foo");

      	if (!np)
      		return;
      	if (of_property_read_u32(np, "n", &foo->n))
      		return; /* reported */
      	foo->on = 1;
      	of_node_put(np);
      }
      """),
    RuleExample(
      """
      int intc(struct foo *foo, struct device_node *parent)
      {
      	struct device_node *np = of_get_child_by_name(parent, "intc");

      	if (!np)
      		return -ENODEV;
      	foo->domain = irq_domain_add_linear(np, 32, &foo_ops, foo);
      	if (!foo->domain)
      		return -ENOMEM; /* reported */
      	of_node_put(np);
      	return 0;
      }
      """),
    RuleExample(
      """
      int resume(struct device *dev)
      {
      	int ret;

      	pm_runtime_enable(dev);
      	ret = start(dev);
      	if (ret)
      		return dev_err_probe(dev, ret, "no start"); /* reported */
      	ret = check(dev);
      	if (ret)
      		pm_runtime_disable(dev);
      	return ret;
      }
      """),
    RuleExample(
      """
      int range(struct fwnode_handle *fwnode, struct foo *foo)
      {
      	struct fwnode_reference_args args;
      	int ret;

      	ret = fwnode_property_get_reference_args(fwnode, "range", NULL, 3, 0, &args);
      	if (ret)
      		return ret;
      	foo->base = args.args[0];
      	return 0; /* reported */
      }
      """),
    RuleExample(
      """
      int first(const char *const *names, int n, int *value)
      {
      	struct power_supply *psy;
      	int i, ret;

      	for (i = 0; i < n; i++) {
      		psy = power_supply_get_by_name(names[i]); /* reported */
      		if (!psy)
      			continue;
      		ret = power_supply_get_property(psy, 1, value);
      		if (ret) {
      			power_supply_put(psy);
      			return ret;
      		}
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      int two(struct device_node *a, struct device_node *b, int n)
      {
      	struct device_node *child;
      	int i = 0;

      	for_each_child_of_node(a, child) {
      		if (i >= n)
      			break;
      		i++;
      	}
      	for_each_child_of_node(b, child) /* reported */
      		i++;
      	return i;
      }
      """),
    RuleExample(
      """
      int direction_out(struct foo *foo, int value)
      {
      	int ret = pm_runtime_get_sync(foo->dev);

      	if (ret < 0) {
      		pm_runtime_put(foo->dev);
      		return ret;
      	}
      	ret = regmap_read(foo->regmap, 4, &value);
      	if (ret) {
      		pm_runtime_put(foo->dev);
      		return ret;
      	}
      	return regmap_write(foo->regmap, 4, value); /* reported */
      }
      """),
  ]

  static let keptReferences: [RuleExample] = [
    // A view of the object is linked, and the object with it.
    RuleExample(
      """
      int collect(struct drm_file *file, struct list_head *all, int n)
      {
      	struct drm_gem_object *gem = drm_gem_object_lookup(file, n);
      	struct foo_bo *bo;

      	if (!gem)
      		return -ENOENT;
      	bo = foo_object(gem);
      	if (bo->busy) {
      		drm_gem_object_put(gem);
      		return -EBUSY;
      	}
      	list_add_tail(&bo->entry, all);
      	if (n > 7)
      		return -EINVAL;
      	return 0;
      }
      """),
    // A helper puts what it is given, one by way of a local.
    RuleExample(
      """
      static int take(struct device_node *node)
      {
      	struct device_node *np = node;
      	int n = of_property_count(np);

      	of_node_put(np);
      	return n;
      }

      int counted(struct device_node *np)
      {
      	struct of_phandle_args args;
      	int ret;

      	ret = of_parse_phandle_with_args(np, "foos", "#foo-cells", 0, &args);
      	if (ret)
      		return ret;
      	if (args.args_count != 1) {
      		of_node_put(args.np);
      		return -EINVAL;
      	}
      	return take(args.np);
      }
      """),
    // What the structure holds is shown to somebody who may take it.
    RuleExample(
      """
      int provider(struct device_node *np, struct foo *foo)
      {
      	struct of_phandle_args args;
      	int ret;

      	ret = of_parse_phandle_with_args(np, "foos", "#foo-cells", 0, &args);
      	if (ret)
      		return ret;
      	return foo_add_provider(foo, &args);
      }
      """),
    // The reference is for whoever gets the object, and another way has found out that nobody will.
    RuleExample(
      """
      int take(struct device_node *parent, struct foo *foo)
      {
      	struct device_node *np = of_get_child_by_name(parent, "foo");

      	if (!np)
      		return -ENODEV;
      	if (foo->np) {
      		of_node_put(np);
      		return -EBUSY;
      	}
      	foo->np = np;
      	return 0;
      }
      """),
    // A driver's data, whose owner frees it.
    RuleExample(
      """
      int probe_port(struct usb_serial_port *port)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	if (!foo)
      		return -ENOMEM;
      	dev_set_drvdata(&port->dev, foo);
      	return 0;
      }
      """),
    // An answer that only the device can give wakes it; a function without one may be there to wake it.
    RuleExample(
      """
      void power_on(struct foo *foo)
      {
      	if (pm_runtime_get_sync(foo->dev) < 0) {
      		pm_runtime_put_noidle(foo->dev);
      		return;
      	}
      	foo->on = 1;
      }
      """),
    // Whoever frees the control frees what it was made with.
    RuleExample(
      """
      static void free_value(struct snd_kcontrol *control)
      {
      	kfree(control->private_data);
      }

      int add(struct foo *foo)
      {
      	struct value *value = kzalloc(sizeof(*value), GFP_KERNEL);
      	struct snd_kcontrol *control;
      	int ret;

      	if (!value)
      		return -ENOMEM;
      	control = snd_ctl_new1(&foo_control, value);
      	if (!control) {
      		kfree(value);
      		return -ENOMEM;
      	}
      	control->private_free = free_value;
      	ret = foo_add_control(foo, control);
      	if (ret < 0)
      		return ret;
      	return 0;
      }
      """),
  ]
}
