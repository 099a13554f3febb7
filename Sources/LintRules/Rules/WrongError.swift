import Findings
import KernelC
import LockModel

/// A failure that is reported as success, or by the wrong variable.
struct WrongError: Rule {
  let description = RuleDescription(
    id: "wrong-error",
    summary: "a failed call leads to a return of 0, or of another variable than the one tested",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports a path on which a call that returns an errno has failed and the function returns a variable that is known to \
      be 0 there, as after 'if (f()) goto abort;' with 'abort: return ret;'; and 'if (rc < 0) return other;'.
      """,
    whyItMatters: "The caller believes that the operation succeeded.",
    accepts: ["a literal 'return 0'", "a variable that is set after the failure"],
    knownFalsePositives: ["a failure that is meant to be ignored"],
    triggering: [
      RuleExample(
        """
        static int start(struct foo *foo)
        {
        	if (!foo->n)
        		return -EINVAL;
        	return 0;
        }

        int f(struct foo *foo)
        {
        	int ret;

        	ret = prepare(foo);
        	if (ret)
        		goto abort;
        	if (start(foo)) /* reported */
        		goto abort;
        	return 0;
        abort:
        	drop(foo);
        	return ret;
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = prepare(foo);
        	if (ret)
        		return ret;
        	return 0;
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id in failedAsSuccess(id, context) + otherVariable(id, context) }
  }

  private func failedAsSuccess(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
    let file = context.program.file(of: id)
    let type = context.program.definition(id).returnType
    guard type.base == .integer, !type.isPointer else { return [] }
    var reported: Set<NodeID> = []
    return facts.exits.compactMap { exit in
      guard exit.failed >= 0, exit.values == .zero, exit.value >= 0, file[exit.value].kind == .name,
        Self.errorNames.contains(context.text(Symbol(file[exit.value].a))), reported.insert(exit.failed).inserted
      else { return nil }
      let callee = context.text(context.callee(exit.failed, in: file))
      let variable = context.text(Symbol(file[exit.value].a))
      return context.finding(
        description, id, exit.failed, "when '\(callee)' fails the function returns '\(variable)', which is 0 by then",
        evidence: [Evidence(context.place(id, exit.statement), "'\(variable)' is returned here")],
        key: "\(callee) \(variable)")
    }
  }

  private static let errorNames: Set<String> = [
    "ret", "rc", "err", "error", "r", "res", "retval", "rv", "status", "result", "rval", "ret_val", "ret2", "errno",
  ]

  /// `if (rc < 0) return offset;`
  private func otherVariable(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer else { return [] }
    return definition.nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement else { return nil }
      let test = file[file[node].a]
      guard test.kind == .binary, test.operation == .less, file[test.a].kind == .name, file[test.b].kind == .number,
        file[test.b].a == 0
      else { return nil }
      let tested = context.text(Symbol(file[test.a].a))
      var body = file[node].b
      if file[body].kind == .block {
        guard file[body].b == 1, let only = file.list(file[body].a, 1).first else { return nil }
        body = only
      }
      guard file[body].kind == .returnStatement, file[body].a >= 0, file[file[body].a].kind == .name else { return nil }
      let token = file.tokens[Int(file[file[body].a].token)]
      let returned = context.text(Symbol(file[file[body].a].a))
      guard Self.errorNames.contains(tested), !Self.errorNames.contains(returned), !token.traits.contains(.upperCase),
        returned != "false", returned != "true"
      else { return nil }
      return context.finding(
        description, id, body, "'\(tested)' is the error, but '\(returned)' is returned", key: "\(tested) \(returned)")
    }
  }
}
