import Findings
import KernelC
import LockModel

/// A local read on a path on which nothing set it, also through a callee that sets it only when it succeeds.
struct UninitialisedInout: Rule {
  let description = RuleDescription(
    id: "uninitialised-inout",
    summary: "a local is read on a path on which nothing has set it",
    severity: .warning, confidence: .medium, judgesPrograms: true,
    whatItDoes: """
      Follows scalars without an initialiser over all paths, a loop of zero turns included, and through '&x' into callees \
      whose bodies are known: a callee that writes its parameter only for some results sets it only where the caller has \
      checked for them, and one that reads what its parameter points to before it writes it needs a value to be there.
      """,
    whyItMatters: "The value is what the stack held before.",
    accepts: ["variables passed to macros, which may set them", "functions with inline assembly"],
    knownFalsePositives: ["a loop that cannot run zero times for reasons outside the function"],
    triggering: [
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
    ],
    nonTriggering: [
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

        int one(struct foo *foo)
        {
        	int a, ret;

        	ret = get(foo, &a);
        	if (ret < 0)
        		return ret;
        	return a;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    passings(context) + reads(context)
  }

  private func reads(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial, !facts.unsetReads.isEmpty
      else {
        return []
      }
      var reported: Set<Symbol> = []
      let uses = UnsetUses(id, facts, context)
      let unset = Set(facts.jumps.filter(\.isUnset).map(\.variable))
      return facts.unsetReads.compactMap { event in
        guard uses.isTelling(event) || event.call < 0 && unset.contains(event.variable) && uses.isReturned(event),
          reported.insert(event.variable).inserted
        else { return nil }
        let name = context.text(event.variable)
        var evidence: [Evidence] = []
        var message = "'\(name)' is read here on a path on which nothing has set it"
        if event.call >= 0 {
          let callee = context.text(context.callee(event.call, in: context.program.file(of: id)))
          message =
            event.isIgnored
            ? "'\(name)' is read here although '\(callee)' never sets it"
            : "'\(name)' is read here although '\(callee)' sets it only for results that were not checked for"
          evidence = [Evidence(context.place(id, event.call), "'\(callee)' may leave '\(name)' alone")]
        }
        return context.finding(description, id, event.node, message, evidence: evidence, key: name)
      }
    }
  }

  /// `f(&n)` where `n` has no value and `f` reads it first.
  private func passings(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
      var reported: Set<Symbol> = []
      return facts.unsetPassings.compactMap { event in
        guard reported.insert(event.variable).inserted, let last = event.chain.last else { return nil }
        let name = context.text(event.variable)
        let callee = context.text(context.callee(event.call, in: context.program.file(of: id)))
        let reader = context.name(last.function)
        return context.finding(
          description, id, event.node,
          "'\(name)' has no value when its address goes to '\(callee)', which reads it first",
          evidence: context.evidence(
            [ChainStep(function: id, node: event.call)] + event.chain, last: "'\(reader)' reads it here"),
          key: "\(name) \(callee)")
      }
    }
  }
}
