import Findings
import KernelC
import LockModel

/// A reference that is taken only to see whether there is one.
struct DroppedReference: Rule {
  let description = RuleDescription(
    id: "dropped-reference",
    summary: "what takes a reference is only asked whether it found anything",
    severity: .warning, confidence: .high,
    whatItDoes: """
      Reports a call that returns a reference to something that others own too, where it stands in a condition by itself: \
      nothing holds what it returns.
      """,
    whyItMatters: "Where something is found, the reference to it can never be given back.",
    accepts: [
      "results that are stored in the condition",
      "arguments of anything but WARN_ON() and hints: assertions that nothing is found",
      "functions of the same name that return no pointer",
    ],
    knownFalsePositives: [
      "code that runs once, where what is found stays for ever (the reference is lost, and nobody minds)"
    ],
    triggering: [
      RuleExample(
        """
        int setup(struct foo *foo)
        {
        	int i;

        	for (i = 0; i < 2; i++) {
        		if (of_find_compatible_node(NULL, NULL, names[i])) /* reported */
        			break;
        	}
        	if (foo->n && !of_get_child_by_name(foo->node, "layout")) /* reported */
        		return 0;
        	if (of_parse_phandle(foo->node, "parent", 0) == NULL) /* reported */
        		return -EINVAL;
        	return i;
        }

        bool both(struct foo *foo)
        {
        	if (WARN_ON(!pci_get_device(1, 2, NULL))) /* reported */
        		return false;
        	return foo->on && !of_get_next_child(foo->node, NULL); /* reported */
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        static bool class_find_device(struct foo *foo)
        {
        	return foo->device && foo->device->n;
        }

        int setup(struct foo *foo)
        {
        	struct device_node *np;
        	struct pci_dev *pdev = NULL;

        	if (!(np = of_find_compatible_node(NULL, NULL, "a")))
        		return -ENODEV;
        	of_node_put(np);
        	while ((pdev = pci_get_device(1, 2, pdev)) != NULL)
        		foo->n++;
        	if (!of_property_present(foo->node, "b") || !class_find_device(foo))
        		return -EINVAL;
        	if (foo->node == of_get_parent(foo->child))
        		foo->n++;
        	np = of_parse_phandle(foo->node, "c", 0) ?: of_node_get(foo->node);
        	foo->other = np;
        	BUG_ON(of_find_node_by_path("/gone"));
        	unittest(!of_find_node_by_path("/gone"), "still there");
        	return 0;
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] { context.functions.flatMap { check($0, context) } }

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let takes = definition.nodes.filter { node in
      let name = shapes.callee(node)
      return name.exists && KnownPairs.takesReference(context.text(name)) && isPointer(name, context)
    }
    guard !takes.isEmpty else { return [] }
    let asked = Set(definition.nodes.flatMap { questions($0, shapes) }.map { shapes.core($0).node })
    return takes.filter { asked.contains($0) && !isHandedOn($0, definition, shapes) }.map { call in
      let name = context.text(shapes.callee(call))
      let closer = KnownPairs.closers(of: name).first ?? ""
      return context.finding(
        description, id, call,
        "'\(name)' takes a reference, which is only tested here: nothing can hand it to '\(closer)'",
        key: SourceText.text(of: call, file, context.program.symbols))
    }
  }

  /// In an argument: whoever takes it may be an assertion that nothing is found.
  private func isHandedOn(_ call: NodeID, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    definition.nodes.contains { node in
      guard shapes.file[node].kind == .call, node != call else { return false }
      let name = shapes.symbols.text(shapes.callee(node))
      return !name.hasPrefix("WARN") && !name.hasSuffix("likely")
        && shapes.file.list(shapes.file[node].b, shapes.file[node].c).contains { shapes.contains($0, call) }
    }
  }

  /// What a driver of its own calls by such a name may be something else.
  private func isPointer(_ name: Symbol, _ context: RuleContext) -> Bool {
    context.program.definitions(of: name).allSatisfy {
      let definition = context.program.definition($0)
      return definition.isMacro || definition.returnType.isPointer
    }
  }

  /// The expressions of which a node asks no more than whether they are NULL.
  private func questions(_ id: NodeID, _ shapes: Statements) -> [NodeID] {
    let node = shapes.file[id]
    switch node.kind {
    case .ifStatement, .whileStatement: return [node.a]
    case .doStatement: return [node.b]
    case .forStatement: return Array(shapes.file.list(node.a, 4).dropFirst().prefix(1)).filter { $0 >= 0 }
    // `a ?: b` is a value.
    case .conditional: return node.b >= 0 ? [node.a] : []
    case .unary where node.operation == .bang: return [node.a]
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe: return [node.a, node.b]
    case .binary where node.operation == .equalEqual || node.operation == .bangEqual: return [id]
    case .call where shapes.symbols.text(shapes.callee(id)).hasPrefix("WARN"):
      return Array(shapes.file.list(node.b, node.c).prefix(1))
    default: return []
    }
  }
}
