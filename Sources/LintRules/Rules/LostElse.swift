import Findings
import KernelC
import LockModel

/// A value that one `if` accepts and the chain of comparisons behind it refuses.
struct LostElse: Rule {
  let description = RuleDescription(
    id: "lost-else",
    summary: "a value that is accepted by one comparison is refused by the chain behind it",
    severity: .warning, confidence: .high,
    whatItDoes: """
      Looks for 'if (v == A)' with a branch that goes on, followed by a chain 'if (v == B) … else' about the same v that \
      ends in an error for everything else. Where the chain does not know A, a v that is A is handled and then refused.
      """,
    whyItMatters: "A setting that is valid, and documented, is answered with an error.",
    accepts: [
      "a chain that knows the value too", "a branch that leaves, or that changes what is compared",
      "a chain that accepts what it does not know",
    ],
    knownFalsePositives: ["constants of different names with the same value"],
    triggering: [
      RuleExample(
        """
        int set_rate(struct foo *foo, int val, int base)
        {
        	int ctrl = 0;

        	if (val == base / 2)
        		ctrl |= DIV_2;
        	if (val == base / 4) /* reported */
        		ctrl |= DIV_4;
        	else if (val != base)
        		return -EINVAL;
        	return write(foo, ctrl);
        }

        int set_mode(struct foo *foo)
        {
        	if (foo->mode == MODE_A) {
        		foo->n = 1;
        	}
        	if (foo->mode == MODE_B) { /* reported */
        		foo->n = 2;
        	} else if (foo->mode == MODE_C) {
        		foo->n = 3;
        	} else {
        		return -EINVAL;
        	}
        	return 0;
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        int known(struct foo *foo, int val)
        {
        	if (val == 1)
        		foo->first = true;
        	if (val == 2)
        		foo->n = 2;
        	else if (val != 1)
        		return -EINVAL;
        	return 0;
        }

        int leaves(struct foo *foo, int val)
        {
        	if (val == 1)
        		return first(foo);
        	if (val == 2)
        		foo->n = 2;
        	else
        		return -EINVAL;
        	return 0;
        }

        int changes(struct foo *foo, int val)
        {
        	if (val == 0)
        		val = foo->preset;
        	if (val == 2)
        		foo->n = 2;
        	else
        		return -EINVAL;
        	return 0;
        }

        int accepts(struct foo *foo, int val)
        {
        	if (val == 1)
        		foo->first = true;
        	if (val == 2)
        		foo->n = 2;
        	else if (val > 7)
        		return -EINVAL;
        	return 0;
        }

        int another(struct foo *foo, int val)
        {
        	if (val == 1)
        		foo->first = true;
        	if (foo->state == 2)
        		foo->n = 2;
        	else
        		return -EINVAL;
        	return 0;
        }

        int succeeds(struct foo *foo, int val)
        {
        	if (val == 1)
        		foo->first = true;
        	if (val == 2)
        		foo->n = 2;
        	else
        		return 0;
        	return finish(foo);
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      return context.program.definition(id).nodes.filter { file[$0].kind == .block }.flatMap { block in
        let statements = Array(file.list(file[block].a, file[block].b))
        return zip(statements, statements.dropFirst()).compactMap { first, second in
          judge(first, second, id, shapes, context)
        }
      }
    }
  }

  private func judge(
    _ first: NodeID, _ second: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    guard file[first].kind == .ifStatement, file[first].c < 0, file[second].kind == .ifStatement,
      let accepted = comparison(file[first].a, .equalEqual, shapes), shapes.leaving(file[first].b) == nil,
      !shapes.writes(file[first].b, accepted.subject),
      shapes.calls(in: file[first].b).isEmpty || isPlain(accepted.subject)
    else { return nil }
    var known: [String] = []
    var part = second
    while file[part].kind == .ifStatement {
      if let equal = comparison(file[part].a, .equalEqual, shapes), equal.subject == accepted.subject {
        known.append(equal.value)
        part = file[part].c
        guard part >= 0 else { return nil }
        continue
      }
      guard !known.isEmpty, let other = comparison(file[part].a, .bangEqual, shapes), other.subject == accepted.subject,
        file[part].c < 0
      else { return nil }
      known.append(other.value)
      part = file[part].b
      break
    }
    guard !known.contains(accepted.value), refuses(part, shapes) else { return nil }
    return context.finding(
      description, id, second,
      "'\(accepted.subject)' may be \(accepted.value), which the branch above accepts and this chain refuses",
      evidence: [Evidence(context.place(id, first), "accepted here")], key: "\(accepted.subject) \(accepted.value)")
  }

  /// A local that no call can change.
  private func isPlain(_ subject: String) -> Bool { subject.utf8.allSatisfy { $0 != 0x2E && $0 != 0x3E && $0 != 0x5B } }

  /// `subject == value`, with no call in either.
  private func comparison(
    _ condition: NodeID, _ operation: TokenKind, _ shapes: Statements
  ) -> (subject: String, value: String)? {
    let node = shapes.file[condition]
    guard node.kind == .binary, node.operation == operation, shapes.calls(in: condition).isEmpty else { return nil }
    func text(_ id: NodeID) -> String { SourceText.text(of: id, shapes.file, shapes.symbols) }
    let kind = shapes.file[node.a].kind
    guard kind == .name || kind == .member else { return nil }
    return (text(node.a), text(node.b))
  }

  /// Whether a branch returns a negative errno.
  private func refuses(_ branch: NodeID, _ shapes: Statements) -> Bool {
    guard let leaving = shapes.leaving(branch), shapes.file[leaving].kind == .returnStatement else { return false }
    let value = shapes.file[leaving].a
    return value >= 0 && shapes.file[value].kind == .unary && shapes.file[value].operation == .minus
  }
}
