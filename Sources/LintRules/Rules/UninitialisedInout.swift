import Findings
import KernelC
import LockModel

/// A local read on a path on which nothing set it, also through a callee that sets it only when it succeeds.
struct UninitialisedInout: Rule {
  let description = RuleDescription(
    id: "uninitialised-inout",
    summary: "a local is read on a path on which nothing has set it",
    severity: .warning, confidence: .medium,
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
    ])

  /// The caller looks at what the call returns, just not on this path.
  private func isKept(_ call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    return !context.program.definition(id).nodes.contains {
      file[$0].kind == .expressionStatement && file[$0].a == call
    }
  }

  /// The variable that takes the call's result is handed on by its address: what looks at it is another function.
  private func isJudgedElsewhere(_ call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let nodes = context.program.definition(id).nodes
    let result = nodes.first { file[$0].kind == .assign && file[$0].b == call }.map { file[$0].a }
    guard let result, file[result].kind == .name else { return false }
    return nodes.contains { node in
      file[node].kind == .unary && file[node].operation == .ampersand && file[file[node].a].kind == .name
        && file[file[node].a].a == file[result].a
    }
  }

  func check(_ context: RuleContext) -> [Finding] {
    passings(context) + reads(context)
  }

  private func reads(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
      var reported: Set<Symbol> = []
      let returned = Set(facts.exits.map(\.value))
      return facts.unsetReads.compactMap { event in
        // Without a callee to blame, only what is returned: the rest is mostly correlated in ways the text does not show.
        // Where states were joined, that the call had succeeded is forgotten.
        guard !facts.isJoined,
          event.call >= 0
            ? isKept(event.call, id, context) && !isJudgedElsewhere(event.call, id, context)
            : returned.contains(event.node), reported.insert(event.variable).inserted
        else {
          return nil
        }
        let name = context.text(event.variable)
        var evidence: [Evidence] = []
        var message = "'\(name)' is read here on a path on which nothing has set it"
        if event.call >= 0 {
          let callee = context.text(context.callee(event.call, in: context.program.file(of: id)))
          message = "'\(name)' is read here although '\(callee)' sets it only for results that were not checked for"
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
