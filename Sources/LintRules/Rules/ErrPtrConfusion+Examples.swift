import Findings

extension ErrPtrConfusion {
  static let triggering: [RuleExample] = [
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
  ]

  static let nonTriggering: [RuleExample] = [
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
  ]
}
