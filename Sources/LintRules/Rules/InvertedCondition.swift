import Findings
import KernelC

/// A patch replaced a flag by the call that computes it and lost the negation.
struct InvertedCondition: ChangeRule {
  let description = RuleDescription(
    id: "inverted-condition",
    summary: "a condition lost or gained its negation when a flag was replaced by what it stands for",
    severity: .error, confidence: .high,
    whatItDoes: """
      Compares each function before and after a patch. Where a flag that was set from a predicate ('x = is_ready(a)', or \
      'f(…, &x)' whose body sets it so) is replaced in a condition by the predicate itself, the two must have the same \
      sense: '!x' must become '!is_ready(a)'.
      """,
    whyItMatters: "The guarded code runs exactly when it must not.",
    accepts: ["a condition whose guarded statement changed as well"],
    knownFalsePositives: ["a patch that inverts the sense on purpose"],
    triggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	bool ready = false;

          	get(foo, &ready);
          	if (!ready)
          		prepare(foo);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	get(foo);
          	if (foo_is_ready(foo)) /* reported */
          		prepare(foo);
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, int n)
          {
          	if (foo->on && foo->n != n)
          		return -EINVAL;
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo, int n)
          {
          	if (foo->on && foo->n == n) /* reported */
          		return -EINVAL;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, unsigned long stop)
          {
          	bool gone = false;

          	while (foo->n) {
          		if (time_after(jiffies, stop))
          			return -ETIMEDOUT;
          		if (foo_is_gone(foo))
          			gone = true;
          	}
          	if (gone)
          		return -ENODEV;
          	return !foo_ready(foo);
          }
          """,
        after: """
          int f(struct foo *foo, unsigned long stop)
          {
          	bool gone = true; /* reported */

          	while (foo->n) {
          		if (time_after(stop, jiffies)) /* reported */
          			return -ETIMEDOUT;
          		if (foo_is_gone(foo))
          			gone = false;
          	}
          	if (gone)
          		return -ENODEV;
          	return foo_ready(foo); /* reported */
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	bool ready = foo_is_ready(foo);

          	if (!ready)
          		prepare(foo);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	if (!foo_is_ready(foo))
          		prepare(foo);
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, int n)
          {
          	if (n > foo->n)
          		return -EINVAL;
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo, int n)
          {
          	if (n >= foo->n)
          		return -EINVAL;
          	return 0;
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    change.functions.flatMap { before, after in
      (check(before, after, change) + statements(before, after, change) + flags(before, after, change))
        .sorted { $0.place < $1.place }
    }
  }

  /// A condition with the negations taken off, and what it guards.
  private struct Guarded {
    let node: NodeID
    /// The condition as written.
    let text: String
    /// The same without its negations, and with `==` for `!=`.
    let core: String
    /// What was taken off, in the order of the text.
    let bits: [Bool]
    /// The flag or the function that is asked; empty for what is made of several parts.
    let name: String
    let isCall: Bool
    let isNegated: Bool
    let body: String
  }

  private func check(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = guards(before, change.before, change.symbols)
    let new = guards(after, change.after, change.symbols)
    guard !old.isEmpty, !new.isEmpty else { return [] }
    var findings: [Finding] = []
    let kept = Set(old.map { $0.text + $0.body })
    let remaining = Set(new.map { $0.text + $0.body })
    for guarded in new where !kept.contains(guarded.text + guarded.body) {
      // The one that stood in front of the same statements, and stands nowhere any more.
      var candidates = old.filter { $0.body == guarded.body && !remaining.contains($0.text + $0.body) }
      let alike = candidates.filter { $0.core == guarded.core }
      if alike.count == 1 { candidates = alike }
      guard candidates.count == 1, let previous = candidates.first, !previous.body.isEmpty else { continue }
      let isSame = previous.core == guarded.core && previous.bits != guarded.bits
      guard isSame || previous.isNegated != guarded.isNegated && related(previous, guarded) else { continue }
      findings.append(
        Finding(
          rule: description.id, severity: description.severity, confidence: isSame ? .medium : description.confidence,
          place: change.place(guarded.node), function: change.symbols.text(after.name),
          message: "'\(previous.text)' became '\(guarded.text)': \(what(previous, guarded))",
          evidence: [
            Evidence(
              change.placeBefore(previous.node), "before the patch the same statements ran if '\(previous.text)'")
          ],
          key: "\(previous.text) \(guarded.text)"))
    }
    return findings
  }

  private func what(_ previous: Guarded, _ new: Guarded) -> String {
    let (old, now) = (negations(previous.text), negations(new.text))
    return old == now ? "the opposite" : "the negation was \(old > now ? "lost" : "added")"
  }

  private func negations(_ text: String) -> Int { text.utf8.count { $0 == UInt8(ascii: "!") } }

  /// A flag and a call that sound alike: the last word of the flag is in the call's name.
  private func related(_ previous: Guarded, _ new: Guarded) -> Bool {
    guard !previous.name.isEmpty, !new.name.isEmpty, previous.isCall != new.isCall else { return false }
    let call = Set((previous.isCall ? previous : new).name.split(separator: "_"))
    let flag = (previous.isCall ? new : previous).name.split(separator: "_")
    guard let last = flag.last(where: { $0.utf8.count > 2 }) else { return false }
    return call.contains(last)
  }

  private func guards(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> [Guarded] {
    var result: [Guarded] = []
    for id in function.nodes where file[id].kind == .ifStatement {
      let node = file[id]
      var condition = node.a
      var isNegated = false
      while file[condition].kind == .unary, file[condition].operation == .bang {
        isNegated.toggle()
        condition = file[condition].a
      }
      let core = file[condition]
      var name = Symbol.none
      if core.kind == .name { name = Symbol(core.a) }
      if core.kind == .member { name = Symbol(core.b) }
      if core.kind == .call, file[core.a].kind == .name { name = Symbol(file[core.a].a) }
      let text = SourceText.text(of: node.a, file, symbols)
      let sense = ConditionSense(node.a, file, symbols)
      result.append(
        Guarded(
          node: condition, text: text, core: sense.core, bits: sense.bits, name: name.exists ? symbols.text(name) : "",
          isCall: core.kind == .call, isNegated: isNegated, body: SourceText.text(of: node.b, file, symbols)))
    }
    return result
  }
}
