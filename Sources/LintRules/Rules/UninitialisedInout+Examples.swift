import Findings

extension UninitialisedInout {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	struct netlink_ext_ack extack;
      	int err;

      	err = replace(foo, &extack); /* reported */
      	if (err)
      		pr_err("%s", extack._msg);
      	return err;
      }
      """),
    RuleExample(
      """
      void f(struct foo *foo)
      {
      	unsigned long map;
      	int i;

      	for (i = 0; i < foo->n; i++)
      		if (foo->valid & (1 << i))
      			set_bit(i, &map); /* reported */
      	foo->map = map;
      }
      """),
    RuleExample(
      """
      int f(struct usbnet *dev, u32 index, u32 *data)
      {
      	int (*fn)(struct usbnet *, u8, u8, u16, u16, void *, u16);
      	u32 buf;
      	int ret;

      	if (current != dev->pm_task)
      		fn = usbnet_read_cmd;
      	else
      		fn = usbnet_read_cmd_nopm;
      	ret = fn(dev, 1, USB_DIR_IN | USB_TYPE_VENDOR, 0, index, &buf, 4);
      	if (ret < 0) { /* reported */
      		if (ret != -ENODEV)
      			netdev_warn(dev->net, "failed: %d", ret);
      		return ret;
      	}
      	*data = buf;
      	return ret;
      }

      static int read_cmd(struct usbnet *dev, u8 cmd, u16 size, void *data)
      {
      	int ret;

      	ret = usbnet_read_cmd(dev, cmd, USB_DIR_IN, 0, 0, data, size);
      	if (ret < 0)
      		netdev_warn(dev->net, "failed: %d", ret);
      	return ret;
      }

      int g(struct usbnet *dev)
      {
      	u8 buf[2];
      	int ret;

      	ret = read_cmd(dev, 4, 2, buf);
      	if (ret < 0) /* reported */
      		goto error;
      	ret = buf[1];
      	return ret;
      error:
      	netdev_warn(dev->net, "failed: %d", ret);
      	return ret;
      }
      """),
    RuleExample(
      """
      union addr {
      	u32 ip;
      	u8 all[16];
      };

      struct hooks {
      	int (*session)(struct foo *foo, const union addr *addr);
      };

      static int mangle(struct foo *foo, const union addr *addr)
      {
      	return foo->n == addr->ip;
      }

      static const struct hooks my_hooks = { .session = mangle };

      int f(struct foo *foo, const struct hooks *hooks)
      {
      	union addr addr, last;
      	int i;

      	if (parse(foo, &addr) > 0)
      		memcpy(&last, &addr, sizeof(last));
      	for (i = 0; i < foo->n; i++) {
      		if (parse(foo, &addr) <= 0)
      			continue;
      		memcpy(&last, &addr, sizeof(last));
      	}
      	return hooks->session(foo, &last); /* reported */
      }
      """),
    RuleExample(
      """
      struct text {
      	char *name;
      	int len;
      };

      static int read_name(struct foo *foo, struct text *text)
      {
      	char *buffer = kmalloc(16, GFP_KERNEL);

      	if (!buffer)
      		return -ENOMEM;
      	copy_name(foo, buffer);
      	text->name = buffer;
      	text->len = 16;
      	return 0;
      }

      static int get_fields(struct foo *foo, int n, struct text *text)
      {
      	if (n < 4)
      		return -EINVAL;
      	return read_name(foo, text);
      }

      int f(struct foo *foo)
      {
      	struct text text;
      	int ret;

      	ret = get_fields(foo, foo->n, &text);
      	if (ret)
      		goto out;
      	ret = use(foo, text.name);
      out:
      	kfree(text.name); /* reported */
      	return ret;
      }

      int set_mask(struct foo *foo, unsigned long mask);

      int g(struct foo *foo, int n)
      {
      	unsigned long mask;
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		goto out;
      	mask = foo->mask;
      	ret = run(foo, mask);
      out:
      	stop(foo, n);
      	set_mask(foo, mask); /* reported */
      	return ret;
      }
      """),
    RuleExample(
      """
      struct ops {
      	int (*read)(struct foo *foo, int offset, u8 *value);
      };

      static int read_old(struct foo *foo, int offset, u8 *value)
      {
      	int ret = poll(foo, offset);

      	if (ret)
      		return ret;
      	*value = foo->last;
      	return 0;
      }

      static int read_new(struct foo *foo, int offset, u8 *value)
      {
      	int ret = send(foo, offset);

      	if (ret < 0)
      		return ret;
      	*value = foo->next;
      	return 0;
      }

      static const struct ops old_ops = { .read = read_old };
      static const struct ops new_ops = { .read = read_new };

      static inline int read_it(struct foo *foo, const struct ops *ops, int offset, u8 *value)
      {
      	return ops->read(foo, offset, value);
      }

      void f(struct foo *foo, const struct ops *ops)
      {
      	u8 value;

      	read_it(foo, ops, 4, &value);
      	foo->cap = value; /* reported */
      }

      void g(struct foo *foo)
      {
      	u8 value;

      	read_old(foo, 4, &value);
      	value |= 1; /* reported */
      	write_it(foo, 4, value);
      }
      """),
    RuleExample(
      """
      struct foo *f(struct foo *foo)
      {
      	int err;

      	if (!foo->n)
      		goto out;
      	err = run(foo);
      	if (!err)
      		return foo;
      out:
      	put_foo(foo);
      	return ERR_PTR(err); /* reported */
      }

      int g(struct foo *foo, int n)
      {
      	int err;

      	if (!foo->n)
      		goto out;
      	err = run(foo);
      out:
      	put_foo(foo);
      	return err ?: n; /* reported */
      }
      """),
    RuleExample(
      """
      static int get(int n, int *order)
      {
      	if (n >> *order)
      		*order = 0;
      	return n;
      }

      int f(int n)
      {
      	int order;

      	return get(n, &order); /* reported */
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	struct item *item;
      	int rc;

      	list_for_each_entry(item, &foo->items, node) {
      		rc = use(item);
      		if (rc)
      			break;
      	}
      	return rc; /* reported */
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	struct item *item;
      	bool found;

      	list_for_each_entry(item, &foo->items, node) {
      		if (item->n == 3)
      			found = true;
      	}
      	if (!found) /* reported */
      		return -ENOENT;
      	return 0;
      }

      int g(struct foo *foo)
      {
      	unsigned int sum;
      	int i;

      	for (i = 0; i < foo->n; i++)
      		sum += foo->all[i]; /* reported */
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int ret;

      	if (!foo->n)
      		goto err;
      	ret = run(foo);
      	if (ret)
      		goto err;
      	return 0;
      err:
      	dev_dbg(foo->dev, "failed %d", ret);
      	return ret; /* reported */
      }
      """),
    RuleExample(
      """
      static struct folio *get(struct foo *foo, int index, int *order)
      {
      	struct folio *folio;

      	if (!foo->n) {
      		pr_warn("nothing there");
      		return ERR_PTR(-EIO);
      	}
      	folio = find(foo, index);
      	if (IS_ERR(folio))
      		return folio;
      	foo->n--;
      	foo->last = index;
      	return folio;
      }

      int use(struct folio *folio, int order);

      int f(struct foo *foo, int index)
      {
      	struct folio *folio;
      	int order;

      	folio = get(foo, index, &order);
      	if (IS_ERR(folio))
      		return PTR_ERR(folio);
      	if (foo->single)
      		order = 0;
      	return use(folio, order); /* reported */
      }
      """),
    RuleExample(
      """
      static int get(struct foo *foo, int *value)
      {
      	int ret = foo->ops->read(foo);

      	if (ret)
      		return ret;
      	*value = foo->value;
      	return 0;
      }

      int sum(struct foo *foo)
      {
      	int a, b, ret;

      	ret = get(foo, &a);
      	ret |= get(foo, &b);
      	foo->sum = a; /* reported */
      	return ret;
      }

      int retry(struct foo *foo, int count)
      {
      	int status;

      	while (count--) {
      		status = try(foo);
      		if (status == 1)
      			break;
      	}
      	return status; /* reported */
      }
      """),
    RuleExample(
      """
      static int do_read(struct mtd *mtd, int from, size_t *retlen, char *buf)
      {
      	int ret;

      	mtd->command(mtd, 1, from);
      	ret = read_it(mtd, from, buf);
      	mtd->command(mtd, 0, 0);
      	mtd->wait(mtd, from);
      	return ret;
      }

      static int do_write(struct mtd *mtd, int from, size_t *retlen, char *buf)
      {
      	*retlen = mtd->size;
      	return write_it(mtd, from, buf);
      }

      static int walk(struct mtd *mtd, int from, char *buf, int (*action)(struct mtd *, int, size_t *, char *))
      {
      	size_t retlen;
      	int ret;

      	ret = action(mtd, from, &retlen, buf);
      	if (ret < 0)
      		return ret;
      	return retlen; /* reported */
      }

      int read_all(struct mtd *mtd, char *buf)
      {
      	return walk(mtd, 0, buf, do_read);
      }

      int write_all(struct mtd *mtd, char *buf)
      {
      	return walk(mtd, 0, buf, do_write);
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    // A barrier changes nothing about the configuration.
    RuleExample(
      """
      int show(struct foo *foo)
      {
      	unsigned int *counters;

      	if (IS_ENABLED(CONFIG_NUMA))
      		counters = kmalloc_array(8, sizeof(int), GFP_KERNEL);
      	smp_rmb();
      	if (foo->dead)
      		return 0;
      	if (IS_ENABLED(CONFIG_NUMA))
      		kfree(counters);
      	return 0;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	struct netlink_ext_ack extack = {};
      	struct netlink_ext_ack other;
      	unsigned long map = 0;
      	int err;

      	set_bit(3, &map);
      	memset(&other, 0, sizeof(other));
      	err = replace(foo, &extack, map) ?: replace(foo, &other, map);
      	if (err)
      		pr_err("%s %s", extack._msg, other._msg);
      	return err;
      }
      """),
    RuleExample(
      """
      int probe(struct foo *foo)
      {
      	void *buffer = make(foo);
      	int i, ret = 0;

      	for (i = 0; i < foo->n; i++) {
      		void *buffer;

      		if (foo->all[i]) {
      			ret = -EBUSY;
      			goto out;
      		}
      		buffer = make(foo);
      		foo->all[i] = buffer;
      	}
      out:
      	kfree(buffer);
      	return ret;
      }

      struct item *get(struct foo *foo)
      {
      	int err;
      	struct item *item __free(kfree) = kzalloc(16, GFP_KERNEL);

      	if (!item) {
      		err = -ENOMEM;
      		goto out;
      	}
      	return_ptr(item);
      out:
      	put_foo(foo);
      	return ERR_PTR(err);
      }

      static int enum_all(struct foo *foo, int n, int *code)
      {
      	if (n > foo->n)
      		return -EINVAL;
      	*code = foo->codes[n];
      	return 0;
      }

      static int enum_one(struct foo *foo, int *code)
      {
      	return enum_all(foo, 0, code);
      }

      void first(struct foo *foo)
      {
      	int code;

      	enum_one(foo, &code);
      	foo->code = code;
      }
      """),
    RuleExample(
      """
      int f(struct usbnet *dev, struct foo *foo)
      {
      	u8 one, cleared[4] = {}, all[4], half[4], out[4];
      	u8 *buffer = kzalloc(4, GFP_KERNEL);
      	int ret, n;

      	ret = usbnet_read_cmd(dev, 1, USB_DIR_IN, 0, 0, &one, 1);
      	if (ret < 0)
      		return ret;
      	ret = usbnet_read_cmd(dev, 1, USB_DIR_IN, 0, 0, cleared, 4);
      	if (ret < 0)
      		return ret;
      	ret = usbnet_read_cmd(dev, 1, USB_DIR_IN, 0, 0, buffer, 4);
      	if (ret < 0)
      		return ret;
      	n = usbnet_read_cmd(dev, 1, USB_DIR_IN, 0, 0, all, 4);
      	if (n < 0)
      		return n;
      	memcpy(foo->all, all, n);
      	ret = usbnet_read_cmd(dev, 1, USB_DIR_IN, 0, 0, half, 4);
      	if (ret < 0)
      		goto out;
      	if (ret < 4)
      		return -EIO;
      	ret = usb_control_msg(foo->udev, usb_sndctrlpipe(foo->udev, 0), 1, USB_DIR_OUT, 0, 0, out, 4, 100);
      	if (ret < 0)
      		goto out;
      	return one + cleared[1] + buffer[1] + half[1] + out[2];
      out:
      	kfree(buffer);
      	return ret;
      }
      """),
    RuleExample(
      """
      struct addr {
      	u32 ip;
      	u8 all[16];
      };

      static int look(struct foo *foo, const struct addr *addr)
      {
      	return foo->n == addr->ip;
      }

      static void fill(struct foo *foo, struct addr *addr)
      {
      	addr->ip = foo->n;
      }

      int f(struct foo *foo, const struct addr *from)
      {
      	struct addr flagged, walked, filled, named;
      	bool is_set = false;
      	int i;

      	if (foo->n) {
      		memcpy(&flagged, from, sizeof(flagged));
      		is_set = true;
      	}
      	for (i = 0; i < foo->n; i++)
      		memcpy(&walked, &from[i], sizeof(walked));
      	if (foo->n > 2)
      		memcpy(&named, from, sizeof(named));
      	else
      		named.ip = 0;
      	if (foo->n > 3)
      		memset(&filled, 0, sizeof(filled));
      	else
      		fill(foo, &filled);
      	if (is_set)
      		look(foo, &flagged);
      	return look(foo, &walked) + look(foo, &filled) + look(foo, &named);
      }
      """),
    RuleExample(
      """
      struct text {
      	char *name;
      	int len;
      };

      static int read_name(struct foo *foo, struct text *text)
      {
      	char *buffer;

      	text->name = NULL;
      	buffer = kmalloc(16, GFP_KERNEL);
      	if (!buffer)
      		return -ENOMEM;
      	text->name = buffer;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	struct text text;
      	int ret;

      	ret = read_name(foo, &text);
      	if (ret)
      		goto out;
      	ret = use(foo, text.name);
      out:
      	kfree(text.name);
      	return ret;
      }

      int g(struct foo *foo, int n)
      {
      	unsigned long mask, last;
      	bool is_set = false;
      	int ret;

      	ret = prepare(foo);
      	if (ret)
      		goto out;
      	is_set = true;
      	mask = foo->mask;
      	last = foo->last;
      	ret = run(foo, mask);
      out:
      	if (is_set)
      		restore(foo, mask);
      	if (is_set && last)
      		stop(foo);
      	last = foo->n;
      	return ret + last;
      }
      """),
    RuleExample(
      """
      static int read_it(struct foo *foo, int offset, u8 *value)
      {
      	if (offset > 8)
      		return -EINVAL;
      	*value = foo->data[offset];
      	return 0;
      }

      static int read_all(struct foo *foo, int offset, u8 *value)
      {
      	int ret = poll(foo, offset);

      	*value = ret < 0 ? 0 : ret;
      	return ret;
      }

      void f(struct foo *foo)
      {
      	u8 value, other;

      	read_it(foo, 4, &value);
      	read_all(foo, 4, &other);
      	foo->cap = value + other;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo, int n)
      {
      	int err, last;

      	if (!foo->n)
      		goto out;
      	last = run(foo);
      out:
      	err = stop(foo);
      	return foo->n && last ? err : n;
      }

      struct foo *g(struct foo *foo)
      {
      	int err;

      	if (foo->n)
      		err = run(foo);
      	if (foo->n && err)
      		return ERR_PTR(err);
      	return foo;
      }
      """),
    RuleExample(
      """
      static int get(int n, int *order)
      {
      	if (n >> *order)
      		*order = 0;
      	return n;
      }

      int f(int n)
      {
      	int order = 4;

      	return get(n, &order) + order;
      }
      """),
    RuleExample(
      """
      int f(struct foo *foo)
      {
      	int rc;

      	if (foo->on)
      		rc = use(foo);
      	if (foo->on)
      		return rc;
      	return 0;
      }
      """),
    RuleExample(
      """
      static int find(struct foo *foo, struct item **item)
      {
      	if (!foo->n)
      		return -ENOENT;
      	*item = foo->first;
      	return 0;
      }

      int f(struct foo *foo)
      {
      	struct item *item;
      	int error;

      	error = find(foo, &item);
      	if (error)
      		return error;
      	error = use(foo);
      	if (error)
      		goto out;
      	foo->n--;
      out:
      	item_put(item);
      	return error;
      }
      """),
    RuleExample(
      """
      #define for_each_thing(start) for (t = start; t; t = t->next)
      #define TRIES 10

      struct thing *find(struct thing *first, int n)
      {
      	struct thing *t;

      	for_each_thing(first)
      		if (t->n == n)
      			break;
      	return t;
      }

      int retry(struct foo *foo)
      {
      	int count = TRIES;
      	int status;

      	foo->busy = 1;
      	while (count--) {
      		status = try(foo);
      		if (status == 1)
      			break;
      	}
      	return status;
      }
      """),
    RuleExample(
      """
      static int get(struct foo *foo, int *value)
      {
      	int ret = foo->ops->read(foo);

      	if (ret)
      		return ret;
      	*value = foo->value;
      	return 0;
      }

      int sum(struct foo *foo)
      {
      	int a, b, ret;

      	ret = get(foo, &a);
      	ret |= get(foo, &b);
      	if (ret)
      		return 0;
      	return a + b;
      }

      static inline u64 divide(u64 n, u32 by, u32 *rest)
      {
      	union parts d = { n };
      	u32 high = d.half[1];

      	d.half[1] = 0;
      	if (high >= by) {
      		d.half[1] = high / by;
      		high %= by;
      	}
      	asm ("divl %2" : "=a" (d.half[0]), "=d" (*rest) : "rm" (by), "0" (d.half[0]), "1" (high));
      	return d.whole;
      }

      int rest(struct foo *foo)
      {
      	unsigned int rest;

      	foo->n = divide(foo->n, 4, &rest);
      	return rest;
      }

      int passed(struct foo *foo)
      {
      	int a, ret;

      	ret = get(foo, &a);
      	foo->last = a;
      	return ret;
      }

      int chosen(struct foo *foo)
      {
      	int a, b, ret;
      	bool on;

      	ret = get(foo, &a);
      	on = ret == 0 && a > 4;
      	if (on)
      		return 1;
      	ret = get(foo, &b);
      	return ret ?: b;
      }

      int summed(struct foo *foo)
      {
      	int a, b, ret;

      	ret = get(foo, &a) + get(foo, &b);
      	if (ret)
      		return -EIO;
      	return a + b;
      }

      int selected(struct foo *foo)
      {
      	int a;

      	switch (get(foo, &a)) {
      	case 0:
      		return a;
      	default:
      		return -EIO;
      	}
      }

      int parts(struct foo *foo)
      {
      	int i, ret;

      	for (i = 0; i < foo->parts; i++) {
      		ret = start(foo, i);
      		if (ret)
      			break;
      	}
      	return ret;
      }

      static int keep(struct foo *foo, unsigned long *flags)
      {
      	spin_lock_irqsave(&foo->lock, *flags);
      	return *flags != 0;
      }

      int kept(struct foo *foo)
      {
      	unsigned long flags;
      	int ret = keep(foo, &flags);

      	spin_unlock_irqrestore(&foo->lock, flags);
      	return ret;
      }

      int best(struct foo *foo, int n)
      {
      	unsigned int error = ~0;
      	int i, found;

      	for (i = 0; i < n; i++) {
      		if (foo->all[i] < 4) {
      			error = foo->all[i];
      			found = i;
      		}
      	}
      	if (error == ~0)
      		return -EINVAL;
      	return found;
      }

      static int same(struct foo *foo, int key, int *last, int *count)
      {
      	if (*count && *last == key)
      		return 1;
      	*last = key;
      	*count = 4;
      	return 0;
      }

      int walk_all(struct foo *foo)
      {
      	int last, count = 0;

      	return same(foo, foo->n, &last, &count);
      }

      #define READ 0
      #define WRITE 1

      static int access(struct foo *foo, int way, int *value)
      {
      	if (way == WRITE)
      		foo->n = *value;
      	else
      		*value = foo->n;
      	return 0;
      }

      int read_one(struct foo *foo)
      {
      	int value;

      	access(foo, READ, &value);
      	return value;
      }

      int again(struct foo *foo)
      {
      	int status, tries = 4, i = 0;

      	while (tries) {
      		tries--;
      		status = try(foo);
      		if (status == 1)
      			break;
      	}
      	return status;
      }

      int one(struct foo *foo)
      {
      	int a, ret;

      	ret = get(foo, &a);
      	if (ret < 0)
      		return ret;
      	return a;
      }
      """),
    RuleExample(
      """
      static int do_read(struct mtd *mtd, int from, size_t *retlen, char *buf)
      {
      	int ret;

      	mtd->command(mtd, 1, from);
      	ret = read_it(mtd, from, buf, retlen);
      	mtd->command(mtd, 0, 0);
      	mtd->wait(mtd, from);
      	return ret;
      }

      static int do_write(struct mtd *mtd, int from, size_t *retlen, char *buf)
      {
      	*retlen = mtd->size;
      	return write_it(mtd, from, buf);
      }

      static int walk(struct mtd *mtd, int from, char *buf, int (*action)(struct mtd *, int, size_t *, char *))
      {
      	size_t retlen;
      	int ret;

      	ret = action(mtd, from, &retlen, buf);
      	if (ret < 0)
      		return ret;
      	return retlen;
      }

      int read_all(struct mtd *mtd, char *buf)
      {
      	return walk(mtd, 0, buf, do_read);
      }

      int write_all(struct mtd *mtd, char *buf)
      {
      	return walk(mtd, 0, buf, do_write);
      }
      """),
  ]
}
