import Findings
import KernelC
import LockModel

/// Memory or a reference that an error path forgets.
struct ResourceLeak: Rule {
  let description = RuleDescription(
    id: "resource-leak",
    summary: "an error path does not free what other paths of the function free",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Follows memory, references and other things that come in pairs ('kcalloc' and 'kfree', 'x_create' and 'x_del') \
      through a function that contains both halves, and reports a return of an error code on a path that made the thing \
      and neither undid it nor handed it on.
      """,
    whyItMatters: "Each failure leaks; a user who can provoke the error can exhaust memory or pin an object for ever.",
    accepts: [
      "anything handed to a function whose name says that it keeps, queues, registers or releases things",
      "variables with __free()",
    ],
    knownFalsePositives: ["an owner that frees the thing later, known only to the caller"],
    triggering: [
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
        	reset(dev);
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
    ],
    nonTriggering: [
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
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else { return [] }
      return check(id, facts, context)
    }
  }

  private func check(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    var reported: Set<NodeID> = []
    var findings = facts.lostPairs.map { call in
      let opener = context.text(context.callee(call, in: context.program.file(of: id)))
      return context.finding(
        description, id, call, "what '\(opener)' returned in the turn before is lost here: nothing has freed it",
        key: "\(opener) lost")
    }
    let type = context.program.definition(id).returnType
    for exit in facts.exits {
      let isError = context.isError(exit, of: id) || (type.isPointer && exit.values == .zero)
      for held in exit.held
      where held.balance > 0 && held.kind == .pair && !LockImbalance.soundsLikeLock(held, id, context) {
        // To leave something switched off may be what the function is for.
        if context.text(context.callee(held.site, in: context.program.file(of: id))).contains("disable") { continue }
        let traits = context.solver.pairTraits(of: held.site, in: id)
        let undone = facts.exits.filter { other in
          other.closed.contains(held.place) && !other.held.contains { $0.place == held.place }
        }
        let isLeak =
          held.mode == .shared || traits.isReference
          || (isError
            ? !undone.isEmpty || traits.isKnown || traits.isStrict || (traits.isClosedHere && !facts.isJoined)
            // Success leaves it open here and closed there.
            : traits.isKnown && !traits.isResult && exit.values == .zero && undone.contains { $0.values == .zero })
        let node = exit.statement >= 0 ? exit.statement : held.site
        guard isLeak, reported.insert(node).inserted else { continue }
        let file = context.program.file(of: id)
        let opener = context.text(context.callee(held.site, in: file))
        let resource = context.solver.resourceText(held, in: id)
        findings.append(
          context.finding(
            description, id, node,
            "'\(context.name(id))' \(isError ? "returns an error here" : "ends") without undoing '\(opener)' of "
              + "'\(resource)'",
            evidence: [
              Evidence(
                context.place(id, held.site),
                held.mode == .shared
                  ? "'\(opener)' fails here, and must be undone then too" : "'\(opener)' succeeds here")
            ],
            key: "\(opener) \(resource)"))
      }
    }
    return findings
  }
}
