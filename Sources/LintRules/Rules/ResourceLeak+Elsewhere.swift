import Findings

extension ResourceLeak {
  /// What is undone by another name, by others or on demand, or was there before.
  static let undoneElsewhere: [RuleExample] = [
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	reset_control_assert(foo->reset);
      	udelay(2);
      	reset_control_deassert(foo->reset);
      	ret = start(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      int h(dev_t *major)
      {
      	int ret = alloc_chrdev_region(major, 0, 1, "foo");

      	if (ret)
      		return ret;
      	ret = start(1);
      	if (ret)
      		unregister_chrdev_region(*major, 1);
      	return ret;
      }

      static struct platform_device foo_device;

      int g(void)
      {
      	return platform_device_register(&foo_device);
      }
      """),
    RuleExample(
      """
      static int foo_probe(struct pci_dev *pdev, struct foo *foo)
      {
      	int ret;

      	ret = pcim_enable_device(pdev);
      	if (ret)
      		return ret;
      	ret = pci_request_regions(pdev, "foo");
      	if (ret)
      		return ret;
      	ret = start(foo);
      	if (ret)
      		return ret;
      	return 0;
      }

      static void foo_remove(struct pci_dev *pdev)
      {
      	pci_release_regions(pdev);
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, struct pci_dev *pdev)
      {
      	int ret;

      	foo->pdev = pdev;
      	ret = pci_enable_device(pdev);
      	if (ret)
      		return ret;
      	ret = start(foo);
      	if (ret) {
      		pci_disable_device(foo->pdev);
      		return ret;
      	}
      	return 0;
      }

      static void foo_teardown(struct foo *foo)
      {
      	clk_disable_unprepare(foo->clk);
      }

      int g(struct bar *bar, struct foo *foo)
      {
      	int ret = clk_prepare_enable(foo->clk);

      	if (ret)
      		return ret;
      	ret = start(bar);
      	if (ret) {
      		foo_teardown(bar->foo);
      		return ret;
      	}
      	ret = start(foo);
      	if (ret) {
      		clk_disable_unprepare(foo->clk);
      		return ret;
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      int foo_channel_alloc(struct foo *foo, int *port);

      int f(struct foo *foo)
      {
      	int ret, port = 0;

      	ret = foo_channel_alloc(foo, &port);
      	if (ret)
      		goto out;
      	ret = start(foo);
      out:
      	if (ret && port > 0)
      		foo_channel_free(foo, port);
      	return ret;
      }

      int g(struct foo *foo, int n)
      {
      	kfree(foo->buffer);
      	foo->buffer = kmalloc(n, GFP_KERNEL);
      	if (!foo->buffer)
      		return -ENOMEM;
      	if (start(foo))
      		return -EIO;
      	return 0;
      }
      """),
    RuleExample(
      """
      static struct foo *foo_find(struct table *table, int id)
      {
      	struct foo *foo;

      	list_for_each_entry(foo, &table->list, node)
      		if (foo->id == id)
      			return foo;
      	return NULL;
      }

      int f(struct table *table, int id)
      {
      	struct foo *foo = foo_find(table, id);

      	if (!foo)
      		return -ENOENT;
      	if (foo->busy)
      		return -EBUSY;
      	foo_release(foo);
      	return 0;
      }
      """),
    RuleExample(
      """
      struct fb *f(struct device *drm, struct file *file, struct cmd *cmd)
      {
      	struct plane *planes[4];
      	struct drm_gem_object *gem;
      	struct fb *fb;
      	unsigned int i;
      	int err;

      	for (i = 0; i < cmd->n; i++) {
      		gem = drm_gem_object_lookup(file, cmd->handles[i]);
      		if (!gem) {
      			err = -ENXIO;
      			goto unreference;
      		}
      		if (gem->size < cmd->size) {
      			err = -EINVAL;
      			drm_gem_object_put(gem);
      			goto unreference;
      		}
      		planes[i] = to_plane(gem);
      	}
      	fb = make(drm, planes, i);
      	if (IS_ERR(fb)) {
      		err = PTR_ERR(fb);
      		goto unreference;
      	}
      	return fb;
      unreference:
      	while (i--)
      		drm_gem_object_put(&planes[i]->gem);
      	return ERR_PTR(err);
      }

      int g(struct foo *foo, const char *name)
      {
      	const char *text;
      	char *copy;

      	copy = kstrdup(name, GFP_KERNEL);
      	if (!copy)
      		return -ENOMEM;
      	text = strreplace(copy, '/', '!');
      	foo->name = text;
      	return 0;
      }

      int h(struct owner *owner, int n)
      {
      	struct region *region = kzalloc(sizeof(*region), GFP_KERNEL);

      	if (!region)
      		return -ENOMEM;
      	region->pages = kcalloc(n, sizeof(*region->pages), GFP_KERNEL);
      	if (!region->pages) {
      		kfree(region);
      		return -ENOMEM;
      	}
      	if (n > 4) {
      		kfree(region->pages);
      		kfree(region);
      		return -EINVAL;
      	}
      	list_add(&region->node, &owner->regions);
      	if (send(owner))
      		return -EIO;
      	return 0;
      }
      """),
    RuleExample(
      """
      int foo_map_request(struct foo *foo, struct request *request);
      int acpi_foo_enable(void *handle);

      int f(struct foo *foo, struct request *request)
      {
      	int ret = foo_map_request(foo, request);

      	if (ret)
      		return ret;
      	ret = foo_send(foo, request->id);
      	if (ret == -EINPROGRESS)
      		return ret;
      	foo_unmap_request(foo, request);
      	return ret;
      }

      int g(struct foo *foo)
      {
      	int status = acpi_foo_enable(foo->handle);

      	if (ACPI_FAILURE(status))
      		return -ENODEV;
      	if (start(foo)) {
      		acpi_foo_disable(foo->handle);
      		return -EIO;
      	}
      	return 0;
      }

      int h(struct device *dev)
      {
      	int ret;

      	pm_runtime_enable(dev);
      	if (!pm_runtime_enabled(dev)) {
      		ret = start(dev);
      		if (ret)
      			return ret;
      		return 0;
      	}
      	ret = start(dev);
      	if (ret) {
      		pm_runtime_disable(dev);
      		return ret;
      	}
      	return 0;
      }
      """),
    RuleExample(
      """
      static struct inode *grab_inode(struct foo *foo)
      {
      	return igrab(foo->inode);
      }

      int f(struct foo *foo)
      {
      	struct inode *inode = grab_inode(foo);

      	if (!inode)
      		return 0;
      	iput(inode);
      	return -EAGAIN;
      }

      struct foo *get_foo_priv(const char *id)
      {
      	struct foo *foo = NULL;
      	int i = foo_index(id);

      	if (i >= 0) {
      		foo = &(foos[i]);
      		spin_lock(&foo->lock);
      	}
      	return foo;
      }

      void put_foo_priv(struct foo *foo)
      {
      	if (foo)
      		spin_unlock(&foo->lock);
      }

      int g(const char *id)
      {
      	struct foo *foo = get_foo_priv(id);
      	int ret;

      	if (!foo)
      		return -ENODEV;
      	put_foo_priv(foo);
      	ret = start(id);
      	if (ret < 0)
      		return ret;
      	return 0;
      }
      """),
  ]
}
