import Findings

extension LostCleanup {
  static let triggering = [
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		return ret;
        	}
        	keep(foo, p);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret)
        		return ret; /* reported */
        	keep(foo, p);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = get_args(foo, &foo->args);
        	if (ret)
        		return ret;
        	if (!foo->args.n) {
        		ret = -ENODEV;
        		goto put;
        	}
        	ret = use(foo);
        put:
        	node_put(foo->args.np);
        	return ret;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = get_args(foo, &foo->args);
        	if (ret)
        		return ret;
        	if (!foo->args.n)
        		return -ENODEV; /* reported */
        	ret = use(foo);
        	node_put(foo->args.np);
        	return ret;
        }
        """),
  ]

  static let nonTriggering = [
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		return ret;
        	}
        	keep(foo, p);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = devm_kmalloc(foo->dev, 4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret)
        		return ret;
        	keep(foo, p);
        	return 0;
        }
        """),
    RuleExample(
      before: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	ret = check(foo);
        	if (ret) {
        		kfree(p);
        		return ret;
        	}
        	keep(foo, p);
        	return 0;
        }
        """,
      after: """
        int f(struct foo *foo)
        {
        	char *p = kmalloc(4, GFP_KERNEL);
        	int ret;

        	foo->p = p;
        	ret = check(foo);
        	if (ret)
        		return ret;
        	keep(foo, p);
        	return 0;
        }
        """),
  ]
}
