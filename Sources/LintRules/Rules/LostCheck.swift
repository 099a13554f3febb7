import Findings
import KernelC

/// A patch takes away the check of a result that it goes on using.
struct LostCheck: ChangeRule {
  let description = RuleDescription(
    id: "lost-check",
    summary: "the result of a call is not checked any more where it was checked before the patch",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a branch left the function because of what a call had returned, \
      and the same call is still made without anything that looks at its result, the call is reported.
      """,
    whyItMatters: "The failure goes on as a success: an error pointer or NULL is used, an error is not returned.",
    accepts: [
      "a callee that returns nothing any more", "results that were compared with a bound, and not with an error",
      "another check of the result, of any kind", "results that are returned",
    ],
    knownFalsePositives: ["a callee that cannot fail any more"],
    triggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int ret = set_up(foo);

          	if (ret < 0)
          		return ret;
          	foo->n = 1;
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	set_up(foo); /* reported */
          	foo->n = 1;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	foo->name = make_name(foo);
          	if (!foo->name) {
          		foo->n = 0;
          		return -ENOMEM;
          	}
          	return run(foo);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	foo->name = make_name(foo); /* reported */
          	return run(foo);
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct item *item;

          	list_for_each_entry(item, &foo->all, node) {
          		struct clk *clk = clk_of(item);

          		if (IS_ERR(clk))
          			return PTR_ERR(clk);
          		start(item, clk);
          	}
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct item *item;

          	list_for_each_entry(item, &foo->all, node) {
          		struct clk *clk = clk_of(item); /* reported */

          		start(item, clk);
          	}
          	return 0;
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          static int set_up(struct foo *foo)
          {
          	foo->m = 1;
          	return 0;
          }

          int f(struct foo *foo)
          {
          	int ret = set_up(foo);

          	if (ret < 0)
          		return ret;
          	foo->n = 1;
          	return 0;
          }
          """,
        after: """
          static void set_up(struct foo *foo)
          {
          	foo->m = 1;
          }

          int f(struct foo *foo)
          {
          	set_up(foo);
          	foo->n = 1;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct clk *clk = clk_of(foo);

          	if (IS_ERR(clk))
          		return PTR_ERR(clk);
          	return start(foo, clk);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct clk *clk = clk_of(foo);

          	if (IS_ERR_OR_NULL(clk))
          		return -ENODEV;
          	return start(foo, clk);
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    let changed = Set(
      change.functions.compactMap { before, after in
        SourceText.text(of: before.body, change.before, change.symbols)
          == SourceText.text(of: after.body, change.after, change.symbols) ? nil : after.name
      })
    return change.functions.flatMap { before, after in
      changed.contains(after.name) && after.nodes.count < CallResults.limit
        ? check(before, after, changed, change) : []
    }
  }

  private func check(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ changed: Set<Symbol>, _ change: FileChange
  ) -> [Finding] {
    // Another type, another contract.
    guard before.returnType == after.returnType else { return [] }
    let old = results(before, change.before, change.symbols)
    let new = results(after, change.after, change.symbols)
    return new.keys.sorted().compactMap { text -> Finding? in
      guard let was = old[text], let now = new[text], was.count == now.count, was.allSatisfy(\.isFailure),
        let lost = now.first(where: { !$0.isChecked && ($0.isDiscarded || !$0.holder.isEmpty) })
      else { return nil }
      let callee = Statements(file: change.after, symbols: change.symbols).callee(lost.call)
      guard callee.exists, !changed.contains(callee), !isQuestion(change.symbols.text(callee)) else { return nil }
      let isUsed = lost.isDiscarded || isUsed(lost, after, change)
      guard isUsed else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(lost.call), function: change.symbols.text(after.name),
        message: "what '\(change.symbols.text(callee))' returns was checked before the patch, and is not any more",
        evidence: [Evidence(change.placeBefore(was[0].call), "its result was checked here")], key: text)
    }
  }

  /// Only looks: nobody misses the answer.
  private func isQuestion(_ name: String) -> Bool {
    name.first?.isUppercase == true || FunctionText.ends(name)
      || name.split(separator: "_").contains {
        [
          "is", "has", "test", "empty", "pending", "can", "should", "need", "needs", "likely", "unlikely", "cmp",
          "warn",
        ].contains($0)
      }
  }

  /// Something is done with the holder behind the call.
  private func isUsed(_ result: CallResults.Result, _ function: FunctionDefinition, _ change: FileChange) -> Bool {
    let file = change.after
    let isPath = result.holder.contains("->") || result.holder.contains(".")
    return isPath
      || function.nodes.contains { node in
        (file[node].kind == .name) && file[node].token > file[result.call].token
          && change.symbols.text(Symbol(file[node].a)) == result.holder
      }
  }

  /// The calls of a function by their text.
  private func results(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [String: [CallResults.Result]] {
    Dictionary(grouping: CallResults(function, file, symbols).all()) { SourceText.text(of: $0.call, file, symbols) }
  }
}
