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
        """)
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
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else { return [] }
      return check(id, facts, context)
    }
  }

  private func check(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    var findings: [Finding] = []
    var reported: Set<NodeID> = []
    let returnsPointer = context.program.definition(id).returnType.isPointer
    for exit in facts.exits where exit.statement >= 0 {
      let isError = context.isError(exit, of: id) || (returnsPointer && exit.values == .zero)
      for held in exit.held
      where held.balance > 0 && held.kind == .pair && !LockImbalance.soundsLikeLock(held, id, context) {
        let traits = context.solver.pairTraits(of: held.site, in: id)
        let undone = facts.exits.filter { other in
          other.closed.contains(held.place) && !other.held.contains { $0.place == held.place }
        }
        let isLeak =
          isError
          ? !undone.isEmpty || traits.isKnown || traits.isStrict || (traits.isClosedHere && !facts.isJoined)
          // Success leaves it open here and closed there.
          : traits.isKnown && !traits.isResult && exit.values == .zero && undone.contains { $0.values == .zero }
        guard isLeak, reported.insert(exit.statement).inserted else { continue }
        let file = context.program.file(of: id)
        let opener = context.text(context.callee(held.site, in: file))
        let resource = context.solver.resourceText(held, in: id)
        findings.append(
          context.finding(
            description, id, exit.statement,
            "'\(context.name(id))' returns an error here without undoing '\(opener)' of '\(resource)'",
            evidence: [Evidence(context.place(id, held.site), "'\(opener)' succeeds here")],
            key: "\(opener) \(resource)"))
      }
    }
    return findings
  }
}
