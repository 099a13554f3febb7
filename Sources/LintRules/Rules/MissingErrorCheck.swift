import Findings
import KernelC
import LockModel

/// The result of something that can fail is thrown away.
struct MissingErrorCheck: Rule {
  let description = RuleDescription(
    id: "missing-error-check",
    summary: "the result of something that can fail is ignored",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports a call whose result nobody looks at, of a function that allocates and can fail: storing an entry in an xarray, \
      an idr or a radix tree, and the like. Storing NULL, which frees, is left alone. And a check for a negative number \
      behind a function that fails with 0, a check of another pointer than the one that was just made, and a thread that was \
      to take over what the function has made. And a result that is looked into in front of the question whether there is one.
      """,
    whyItMatters: "The caller goes on as if the entry were there.",
    accepts: [
      "(void) casts", "storing NULL", "functions that have no errors of their own to return, and those that tear down",
      "a second attempt in the branch for a failure of the first",
      "what many callers ignore, such as enabling a clock, where the rest of the file ignores it too",
    ],
    knownFalsePositives: ["a store over an entry that is known to exist, which does not allocate"],
    triggering: [
      RuleExample(
        """
        void work(struct foo *foo)
        {
        	struct encoder *outp = find_encoder(foo, 3);
        	struct drm *drm = drm_of(outp->base.dev); /* reported */
        	int ret;

        	if (!outp)
        		return;
        	ret = start(drm, outp);
        	if (ret)
        		stop(drm);
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret = 0;

        	foo->dir = kobject_create_and_add("foo", NULL);
        	if (!foo->dir)
        		return -ENOMEM;
        	foo->part = kobject_create_and_add("part", foo->dir);
        	if (!foo->dir) { /* reported */
        		ret = -ENOMEM;
        		goto out;
        	}
        	ret = sysfs_create_group(foo->part, &group);
        out:
        	return ret;
        }

        void off(struct foo *foo)
        {
        	if (foo->part)
        		kobject_put(foo->part);
        }

        int g(struct foo *foo)
        {
        	foo->core = devm_clk_get(foo->dev, "core");
        	if (IS_ERR(foo->core))
        		return PTR_ERR(foo->core);
        	foo->bus = devm_clk_get(foo->dev, "bus");
        	if (IS_ERR(foo->core)) /* reported */
        		return PTR_ERR(foo->core);
        	return clk_prepare_enable(foo->bus);
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo, void *entry)
        {
        	if (!entry)
        		return -EINVAL;
        	xa_store(&foo->xa, 1, entry, GFP_KERNEL); /* reported */
        	return 0;
        }
        """),
      RuleExample(
        """
        int probe(struct foo *foo)
        {
        	int ret = clk_prepare_enable(foo->core);

        	if (ret)
        		return ret;
        	return start(foo);
        }

        int resume(struct foo *foo)
        {
        	clk_prepare_enable(foo->core); /* reported */
        	clk_prepare_enable(foo->bus);
        	if (foo->gone)
        		return -EIO;
        	return 0;
        }
        """),
      RuleExample(
        """
        static int power(struct foo *foo, int on)
        {
        	if (!foo->n)
        		return -ENODEV;
        	return 0;
        }

        int f(struct foo *foo)
        {
        	if (!foo)
        		return -EINVAL;
        	power(foo, 1); /* reported */
        	return 0;
        }

        int g(struct foo *foo)
        {
        	int ret = power(foo, 1);

        	power(foo, 0);
        	return ret;
        }

        int h(struct foo *foo)
        {
        	return power(foo, 1);
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	if (!foo->n)
        		return -EINVAL;
        	input_register_device(foo->input); /* reported */
        	return 0;
        }

        int g(struct foo *foo, struct device *dev)
        {
        	struct clk *clk = devm_clk_get(dev, "bus"); /* reported */

        	foo->name = devm_kasprintf(dev, GFP_KERNEL, "foo%d", foo->n); /* reported */
        	foo->rate = clk_get_rate(clk);
        	return 0;
        }

        int h(struct i2c_client *client)
        {
        	int value = i2c_smbus_read_byte_data(client, 4); /* reported */

        	return (value & 0xf0) == 0x40;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	foo->irq = irq_of_parse_and_map(foo->node, 0);
        	if (foo->irq < 0) /* reported */
        		return foo->irq;
        	return 0;
        }
        """),
      RuleExample(
        """
        void send(struct foo *foo, u8 *address)
        {
        	struct sk_buff *skb = dev_alloc_skb(64);

        	if (!skb)
        		return;
        	skb->dev = foo->dev;
        	llc_mac_hdr_init(skb, foo->dev->dev_addr, address); /* reported */
        	skb_reset_mac_header(skb);
        	xmit(foo, skb);
        }
        """),
      RuleExample(
        """
        int refuse(struct foo *foo, struct dentry *dentry, char *buf)
        {
        	const char *path;

        	path = dentry_path(dentry, buf, 64); /* reported */
        	audit(foo, path, -EACCES);
        	return -EACCES;
        }
        """),
      RuleExample(
        """
        bool repair(struct foo *foo)
        {
        	struct device_node *np = of_get_parent(foo->node);

        	if (!np)
        		return true;
        	if (test_and_set_bit(0, &np->flags)) {
        		of_node_put(np);
        		return true;
        	}
        	kthread_run(repair_thread, np, "repair"); /* reported */
        	return true;
        }
        """),
      RuleExample(
        """
        int f(struct drm_atomic_state *state, struct drm_plane *plane)
        {
        	struct drm_plane_state *plane_state = drm_atomic_get_plane_state(state, plane);
        	struct drm_framebuffer *fb = plane_state->fb; /* reported */

        	if (!is_supported(plane_state, fb))
        		return -EINVAL;
        	return 0;
        }
        """),
      RuleExample(
        """
        static ssize_t dio_write(struct kiocb *iocb, struct iov_iter *from)
        {
        	ssize_t ret = generic_write_checks(iocb, from);

        	if (ret > 0)
        		generic_write_sync(iocb, ret); /* reported */
        	return ret;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        void work(struct foo *foo)
        {
        	struct encoder *outp = find_encoder(foo, 3);
        	struct encoder *view = to_encoder(foo);
        	struct list *list = &outp->list;
        	struct drm *drm = outp ? drm_of(outp->base.dev) : NULL;
        	struct drm *other = drm_of(view->base.dev);

        	if (!outp || !drm)
        		return;
        	if (!view)
        		return;
        	start(drm, other, list);
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	struct part *part = foo->part;

        	part->name = kstrdup("one", GFP_KERNEL);
        	if (!foo->part->name)
        		return -ENOMEM;
        	foo->one = kzalloc(16, GFP_KERNEL);
        	foo->two = kzalloc(16, GFP_KERNEL);
        	if (!foo->one)
        		return -ENOMEM;
        	if (!foo->two)
        		return -ENOMEM;
        	foo->three = kzalloc(16, GFP_KERNEL);
        	if (!foo->last)
        		return -EINVAL;
        	foo->four = kzalloc(16, GFP_KERNEL);
        	if (!foo->five)
        		foo->five = kzalloc(16, GFP_KERNEL);
        	foo->six = kzalloc(16, GFP_KERNEL);
        	return foo->three && foo->four && foo->five && foo->six ? 0 : -ENOMEM;
        }

        static char *set_up(struct foo *foo)
        {
        	foo->buffer = kzalloc(16, GFP_KERNEL);
        	return foo->buffer ? kstrdup("all", GFP_KERNEL) : NULL;
        }

        int g(struct foo *foo)
        {
        	foo->label = set_up(foo);
        	if (!foo->buffer)
        		return -ENOMEM;
        	return 0;
        }

        int h(struct foo *foo, int n)
        {
        	struct clk *clk, *bus;

        	bus = devm_clk_get(foo->dev, "bus");
        	clk = devm_clk_get(foo->dev, "core");
        	if (IS_ERR(bus))
        		return PTR_ERR(bus);
        	return n > 3 ? 0 : PTR_ERR_OR_ZERO(clk);
        }
        """),
      RuleExample(
        """
        void send(struct foo *foo, struct sk_buff *skb, u8 *address)
        {
        	struct device *dev = foo->dev;

        	if (!foo->on)
        		return;
        	llc_mac_hdr_init(skb, foo->dev->dev_addr, address);
        	sysfs_create_group(&dev->kobj, &group);
        	xmit(foo, skb, dev);
        }

        void last(struct foo *foo, u8 *address)
        {
        	struct sk_buff *skb = dev_alloc_skb(64);

        	if (!skb)
        		return;
        	llc_mac_hdr_init(skb, foo->dev->dev_addr, address);
        	kfree_skb(skb);
        }

        bool repair(struct foo *foo)
        {
        	struct device_node *np = of_get_parent(foo->node);

        	kthread_run(repair_thread, foo, "repair");
        	of_node_put(np);
        	return true;
        }

        void borrow(struct foo *foo)
        {
        	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);

        	if (!item)
        		return;
        	foo->item = item;
        	kthread_run(item_thread, item, "item");
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	if (!foo)
        		return -EINVAL;
        	xa_store(&foo->xa, 1, NULL, GFP_KERNEL);
        	return 0;
        }

        void g(struct foo *foo, void *entry)
        {
        	xa_store(&foo->xa, 1, entry, GFP_KERNEL);
        }

        int resume(struct foo *foo)
        {
        	clk_prepare_enable(foo->core);
        	if (foo->gone)
        		return -EIO;
        	return 0;
        }
        """),
      RuleExample(
        """
        static int set_rate(struct foo *foo, int rate)
        {
        	if (rate > foo->most)
        		return -EINVAL;
        	foo->rate = rate;
        	return 0;
        }

        int probe(struct foo *foo, int rate)
        {
        	if (!foo)
        		return -EINVAL;
        	if (set_rate(foo, rate)) {
        		set_rate(foo, foo->least);
        		dev_info(foo->dev, "the default rate is used");
        	}
        	return 0;
        }

        int other(struct foo *foo, struct clk *bus)
        {
        	int ret = clk_prepare_enable(foo->core);

        	if (ret)
        		return ret;
        	if (bus)
        		clk_prepare_enable(bus);
        	ret = set_rate(foo, foo->usual);
        	if (ret)
        		return ret;
        	return set_rate(foo, foo->most);
        }
        """),
      RuleExample(
        """
        int detect(struct i2c_client *client)
        {
        	int value = i2c_smbus_read_byte_data(client, 4);

        	if ((value & 0xf0) != 0x40)
        		return -ENODEV;
        	return 0;
        }
        """),
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	input_register_device(foo->input);
        }

        struct clk *g(struct foo *foo, struct device *dev)
        {
        	struct clk *clk = devm_clk_get(dev, "bus");

        	foo->clk = devm_clk_get(dev, "core");
        	if (IS_ERR(foo->clk))
        		return NULL;
        	return clk;
        }

        int h(struct i2c_client *client)
        {
        	int value = i2c_smbus_read_byte_data(client, 4);

        	if (value < 0)
        		return value;
        	return (value & 0xf0) == 0x40;
        }
        """),
      RuleExample(
        """
        int f(struct drm_atomic_state *state, struct drm_plane *plane)
        {
        	struct drm_plane_state *plane_state = drm_atomic_get_plane_state(state, plane);
        	struct drm_rect *rect = &plane_state->src;
        	int size = sizeof(plane_state->fb);

        	if (IS_ERR(plane_state))
        		return PTR_ERR(plane_state);
        	rect->x1 = plane_state->n + size;
        	return 0;
        }
        """),
      RuleExample(
        """
        int walk(struct drm_atomic_state *state, struct drm_plane_state *plane_state)
        {
        	plane_state = drm_atomic_get_plane_state(state, plane_state->plane);
        	if (IS_ERR(plane_state))
        		return PTR_ERR(plane_state);
        	return plane_state->n;
        }
        """),
      RuleExample(
        """
        static size_t written(struct kiocb *iocb, struct iov_iter *from)
        {
        	size_t ret = iov_iter_count(from);

        	generic_write_sync(iocb, ret);
        	return ret;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    var findings = known(context) + unlikeSiblings(context) + neverTrue(context) + unchecked(context) + early(context)
    findings += lostThreads(context) + otherPointers(context)
    return findings.sorted { $0.place < $1.place }
  }

  /// A function and the constants that it is given: `power(dev, 1)` and `power(dev, 0)` are two things.
  private struct Subject: Hashable {
    let file: Int
    let callee: Symbol
    let constants: String
  }

  private struct Uses {
    var checked = 0
    var ignored: [(function: FunctionID, call: NodeID)] = []
    var example: (function: FunctionID, call: NodeID)?
  }

  /// The one call in a file whose error nobody looks at, where all others are checked.
  private func unlikeSiblings(_ context: RuleContext) -> [Finding] {
    var order: [Subject] = []
    var uses: [Subject: Uses] = [:]
    for id in context.functions {
      let file = context.program.file(of: id)
      let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
      let definition = context.program.definition(id)
      var discarded: Set<NodeID> = []
      for node in definition.nodes where file[node].kind == .expressionStatement { discarded.insert(file[node].a) }
      for node in definition.nodes where file[node].kind == .call {
        let callee = context.callee(node, in: file)
        guard callee.exists, context.solver.returnsErrno(callee, fromFile: fileIndex) else { continue }
        let subject = Subject(file: fileIndex, callee: callee, constants: constants(node, file, context))
        if uses[subject] == nil { order.append(subject) }
        if discarded.contains(node) {
          uses[subject, default: Uses()].ignored.append((id, node))
        } else {
          uses[subject, default: Uses()].checked += 1
          uses[subject, default: Uses()].example = (id, node)
        }
      }
    }
    return order.compactMap { subject in
      guard let use = uses[subject], use.ignored.count == 1, use.checked >= 2, let example = use.example else {
        return nil
      }
      let (id, call) = use.ignored[0]
      let name = context.text(subject.callee)
      guard canFail(id, context), !context.solver.disposes(subject.callee), !isOnWayOut(call, id, context) else {
        return nil
      }
      return context.finding(
        description, id, call,
        "the result of '\(name)' is ignored here; the other \(use.checked) calls in this file look at it",
        evidence: [Evidence(context.place(example.function, example.call), "as here")],
        key: SourceText.text(of: call, context.program.file(of: id), context.program.symbols))
    }
  }

  private func constants(_ call: NodeID, _ file: ParsedFile, _ context: RuleContext) -> String {
    file.list(file[call].b, file[call].c).map { argument -> String in
      let item = file[argument]
      if item.kind == .number { return "\(item.a)" }
      guard item.kind == .name else { return "" }
      let text = context.text(Symbol(item.a))
      return text == "true" || text == "false" || text == "NULL" ? text : ""
    }.joined(separator: ",")
  }
}
