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
      behind a function that fails with 0.
      """,
    whyItMatters: "The caller goes on as if the entry were there.",
    accepts: ["(void) casts", "storing NULL"],
    knownFalsePositives: ["a store over an entry that is known to exist, which does not allocate"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo, void *entry)
        {
        	xa_store(&foo->xa, 1, entry, GFP_KERNEL); /* reported */
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
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	xa_store(&foo->xa, 1, NULL, GFP_KERNEL);
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
    ])

  /// Name and the argument that is the entry; -1 when there is none.
  private static let table: [(String, Int)] = [
    ("xa_store", 2), ("xa_store_range", 3), ("xa_insert", 2), ("xa_alloc", 2), ("xa_reserve", -1), ("idr_alloc", 1),
    ("radix_tree_insert", 2), ("mas_store_gfp", 1), ("mtree_store", 2), ("mtree_insert", 2),
    ("rhashtable_insert_fast", 1),
    ("maple_tree_insert", -1), ("xa_store_bh", 2), ("xa_store_irq", 2), ("ida_alloc", -1), ("pci_enable_device", -1),
    ("clk_prepare_enable", -1), ("regulator_enable", -1), ("kstrtoint", -1), ("kstrtouint", -1), ("kstrtoul", -1),
    ("kstrtobool", -1), ("device_add", -1), ("device_register", -1), ("dma_set_mask_and_coherent", -1),
    ("generic_write_sync", -1), ("sb_set_blocksize", -1), ("sb_min_blocksize", -1), ("pm_runtime_resume_and_get", -1),
    ("skb_linearize", -1), ("skb_cow", -1), ("pskb_expand_head", -1), ("skb_copy_bits", -1),
    ("clk_bulk_prepare_enable", -1), ("regulator_bulk_enable", -1),
    ("request_irq", -1), ("request_threaded_irq", -1), ("copy_from_user", -1),
  ]

  func check(_ context: RuleContext) -> [Finding] {
    (known(context) + unlikeSiblings(context) + neverTrue(context) + unchecked(context)).sorted { $0.place < $1.place }
  }

  private func known(_ context: RuleContext) -> [Finding] {
    let table = Dictionary(
      Self.table.map { (context.program.symbols.intern($0.0), $0.1) }, uniquingKeysWith: { first, _ in first })
    return context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      return context.program.definition(id).nodes.compactMap { node -> Finding? in
        guard file[node].kind == .expressionStatement else { return nil }
        let call = file[node].a
        let name = context.callee(call, in: file)
        guard name.exists else { return nil }
        guard let position = table[name] else { return learnt(call, name, id, context) }
        let arguments = Array(file.list(file[call].b, file[call].c))
        if position >= 0 {
          guard position < arguments.count else { return nil }
          let entry = file[arguments[position]]
          if entry.kind == .name, Symbol(entry.a) == context.names.null { return nil }
        }
        return context.finding(
          description, id, call, "the result of '\(context.text(name))' is ignored although it can fail",
          key: SourceText.text(of: call, file, context.program.symbols))
      }
    }
  }

  /// A function that nearly everybody checks, in one that returns errors itself.
  private func learnt(_ call: NodeID, _ name: Symbol, _ id: FunctionID, _ context: RuleContext) -> Finding? {
    guard context.solver.mustBeChecked(name), canFail(id, context), !isOnWayOut(call, id, context) else { return nil }
    return context.finding(
      description, id, call, "the result of '\(context.text(name))' is ignored here; nearly all callers look at it",
      key: SourceText.text(of: call, context.program.file(of: id), context.program.symbols))
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

  /// The function has a way to say that something went wrong, and says so elsewhere.
  func canFail(_ id: FunctionID, _ context: RuleContext) -> Bool {
    let type = context.program.definition(id).returnType
    guard type.base == .integer, !type.isPointer, !context.solver.disposes(context.program.definition(id).name) else {
      return false
    }
    return context.solver.facts(id)?.exits.contains { context.isError($0, of: id) } == true
  }

  /// Behind a label, or in a branch that leaves: something else has failed already.
  func isOnWayOut(_ call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return definition.nodes.contains { node in
      switch file[node].kind {
      case .label: return file[node].token < file[call].token
      case .ifStatement:
        return shapes.leaving(file[node].b) != nil && shapes.contains(file[node].b, call)
      default: return false
      }
    }
  }
}
