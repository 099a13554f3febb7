import Findings

/// Examples of what owns a thing, and what only sounds like it.
extension ResourceLeak {
  static let ownerless: [RuleExample] = [
    // What is freed is another thing, in the function and in a helper that is shown both.
    RuleExample(
      """
      static void *stream_create(struct foo *foo, void *options)
      {
      	struct stream *stream;
      	int err = -ENOMEM;

      	stream = kmalloc(sizeof(*stream), GFP_KERNEL);
      	if (!stream)
      		goto out;
      	stream->self = stream;
      	err = foo_start(foo);
      	if (err)
      		goto out;
      	kfree(options);
      	return stream;
      out:
      	return ERR_PTR(err); /* reported */
      }

      static void note(struct foo *foo, struct buf *buf)
      {
      	kfree(foo->last);
      	foo->last = NULL;
      	foo->n = buf->n;
      }

      static int use(struct foo *foo)
      {
      	struct buf *buf = kmalloc(sizeof(*buf), GFP_KERNEL);

      	if (!buf)
      		return -ENOMEM;
      	note(foo, buf);
      	if (foo->n > 4)
      		return -EINVAL; /* reported */
      	kfree(buf);
      	return 0;
      }
      """),
    // The object goes, and with it the way to what it holds.
    RuleExample(
      """
      static int store_create(struct foo *foo)
      {
      	struct store *store;
      	int err;

      	store = kzalloc(sizeof(*store), GFP_KERNEL);
      	if (!store)
      		return -ENOMEM;
      	store->buffer = kmalloc(100, GFP_KERNEL);
      	if (!store->buffer) {
      		kfree(store);
      		return -ENOMEM;
      	}
      	err = foo_check(foo);
      	if (err) {
      		kfree(store); /* reported */
      		return err;
      	}
      	foo->store = store;
      	return 0;
      }
      """),
    // The kernel's habit says what ends it.
    RuleExample(
      """
      static struct inode *nfs_find(struct super_block *sb, u32 generation)
      {
      	struct inode *inode = foo_iget(sb, 4);

      	if (IS_ERR(inode))
      		return ERR_CAST(inode);
      	if (inode->i_generation != generation)
      		return ERR_PTR(-ESTALE); /* reported */
      	return inode;
      }

      static int wait_for(struct foo *foo)
      {
      	DECLARE_WAITQUEUE(wait, current);

      	add_wait_queue(&foo->wait, &wait);
      	if (foo->dead)
      		return -EIO; /* reported */
      	schedule();
      	remove_wait_queue(&foo->wait, &wait);
      	return 0;
      }

      static struct regmap *find_regmap(void)
      {
      	struct device_node *np = of_find_matching_node(NULL, foo_ids);

      	if (np)
      		return syscon_node_to_regmap(np); /* reported */
      	return ERR_PTR(-ENODEV);
      }
      """),
    // What runs behind the closer too does not end the thing.
    RuleExample(
      """
      static int codec_probe(struct pci_dev *pdev, struct foo *foo)
      {
      	foo->codec = codec_attach(pdev);
      	if (!foo->codec)
      		goto exit;
      	if (foo->codec->type != 4)
      		goto exit;
      	if (foo_start(foo))
      		goto detach;
      	return 0;
      detach:
      	codec_detach(foo->codec);
      exit:
      	foo_exit(foo);
      	return -EIO; /* reported */
      }
      """),
    // The counterpart ends what the local was stored in.
    RuleExample(
      """
      static int foo_probe(struct pci_dev *pdev)
      {
      	struct foo *foo = pci_get_drvdata(pdev);
      	struct clock *clock;
      	int err;

      	clock = bar_clock_get();
      	if (IS_ERR(clock))
      		return PTR_ERR(clock);
      	err = pci_set_mwi(pdev);
      	if (err)
      		return err; /* reported */
      	foo->clock = clock;
      	return 0;
      }

      static void foo_remove(struct pci_dev *pdev)
      {
      	struct foo *foo = pci_get_drvdata(pdev);

      	bar_clock_put(foo->clock);
      }

      static struct pci_driver foo_driver = { .probe = foo_probe, .remove = foo_remove };
      """),
  ]

  static let owned: [RuleExample] = [
    // The stack is the other place, and the comparison knows.
    RuleExample(
      """
      static long foo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
      {
      	char stack[128];
      	char *data = stack;
      	long ret = -EFAULT;

      	if (cmd > 128) {
      		data = kmalloc(cmd, GFP_KERNEL);
      		if (!data)
      			return -ENOMEM;
      	}
      	if (copy_from_user(data, (void __user *)arg, cmd))
      		goto out;
      	ret = foo_do(file, data);
      out:
      	if (data != stack)
      		kfree(data);
      	return ret;
      }

      static ssize_t foo_read(struct foo *foo, size_t n)
      {
      	char *buf;
      	ssize_t ret = -ENODEV;

      	buf = foo->spare;
      	if (!buf)
      		buf = kmalloc(n, GFP_KERNEL);
      	if (!buf)
      		return -ENOMEM;
      	if (!foo->active)
      		goto out;
      	ret = foo_fill(foo, buf);
      out:
      	if (buf != foo->spare)
      		kfree(buf);
      	return ret;
      }
      """),
    // An error pointer by its number, and a search that gives back what it starts from.
    RuleExample(
      """
      static struct dentry *foo_lookup(struct inode *dir, struct dentry *dentry)
      {
      	struct inode *inode = foo_iget(dir->i_sb, 4);

      	if (inode == ERR_PTR(-ESTALE))
      		return ERR_PTR(-EIO);
      	return d_splice_alias(inode, dentry);
      }

      static int foo_nodes(void)
      {
      	struct device_node *np = of_find_node_by_path("/foo");

      	np = of_find_node_by_name(np, "bar");
      	if (!np)
      		return -ENODEV;
      	of_node_put(np);
      	return 0;
      }
      """),
    // A helper that frees what it is given, by another name.
    RuleExample(
      """
      static void drop(struct foo *foo, struct buf *buf)
      {
      	struct buf *old = buf;

      	foo->n = 0;
      	kfree(old);
      }

      static int use(struct foo *foo)
      {
      	struct buf *buf = kmalloc(sizeof(*buf), GFP_KERNEL);

      	if (!buf)
      		return -ENOMEM;
      	if (foo->n > 4) {
      		drop(foo, buf);
      		return -EINVAL;
      	}
      	kfree(buf);
      	return 0;
      }

      static int store_create(struct foo *foo)
      {
      	struct store *store;
      	int err;

      	store = kzalloc(sizeof(*store), GFP_KERNEL);
      	if (!store)
      		return -ENOMEM;
      	store->buffer = kmalloc(100, GFP_KERNEL);
      	if (!store->buffer) {
      		kfree(store);
      		return -ENOMEM;
      	}
      	err = foo_check(foo);
      	if (err) {
      		foo_keep(foo, store->buffer);
      		kfree(store);
      		return err;
      	}
      	foo->store = store;
      	return 0;
      }
      """),
  ]
}
