import Findings

extension UninitialisedInout {
  static let triggering: [RuleExample] = [
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
  ]

  static let nonTriggering: [RuleExample] = [
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
  ]
}
