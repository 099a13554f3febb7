import Findings
import KernelC

/// A patch takes the cleanup away from a way out that still needs it.
struct LostCleanup: ChangeRule {
  let description = RuleDescription(
    id: "lost-cleanup",
    summary: "a way out does not clean up any more what it cleaned up before the patch",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where the same check leaves the function in both, and what it ended \
      before ('kfree(p)', 'of_node_put(np)', directly or behind the label it went to) it does not end any more, while \
      nothing else about the thing has changed, the way out is reported. So is a local that was cleaned up by its scope.
      """,
    whyItMatters: "Each time the function leaves there, it leaks.",
    accepts: [
      "something else that ends it", "another way to get it", "a callee that the patch changes too",
      "statements about the thing that are new",
    ],
    knownFalsePositives: ["an owner outside the file that has learnt to clean up"],
    triggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	char *p = kmalloc(4, GFP_KERNEL);
          	int ret;

          	ret = check(foo);
          	if (ret) {
          		kfree(p);
          		return ret;
          	}
          	keep(foo, p);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	char *p = kmalloc(4, GFP_KERNEL);
          	int ret;

          	ret = check(foo);
          	if (ret)
          		return ret; /* reported */
          	keep(foo, p);
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int ret;

          	ret = get_args(foo, &foo->args);
          	if (ret)
          		return ret;
          	if (!foo->args.n) {
          		ret = -ENODEV;
          		goto put;
          	}
          	ret = use(foo);
          put:
          	node_put(foo->args.np);
          	return ret;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int ret;

          	ret = get_args(foo, &foo->args);
          	if (ret)
          		return ret;
          	if (!foo->args.n)
          		return -ENODEV; /* reported */
          	ret = use(foo);
          	node_put(foo->args.np);
          	return ret;
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	char *p = kmalloc(4, GFP_KERNEL);
          	int ret;

          	ret = check(foo);
          	if (ret) {
          		kfree(p);
          		return ret;
          	}
          	keep(foo, p);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	char *p = devm_kmalloc(foo->dev, 4, GFP_KERNEL);
          	int ret;

          	ret = check(foo);
          	if (ret)
          		return ret;
          	keep(foo, p);
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	char *p = kmalloc(4, GFP_KERNEL);
          	int ret;

          	ret = check(foo);
          	if (ret) {
          		kfree(p);
          		return ret;
          	}
          	keep(foo, p);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	char *p = kmalloc(4, GFP_KERNEL);
          	int ret;

          	foo->p = p;
          	ret = check(foo);
          	if (ret)
          		return ret;
          	keep(foo, p);
          	return 0;
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    let changed = changedFunctions(change)
    return change.functions.flatMap { check($0.before, $0.after, changed, change) }
  }

  /// Functions of the file whose text is not the same any more.
  private func changedFunctions(_ change: FileChange) -> Set<Symbol> {
    Set(
      change.functions.compactMap { before, after in
        SourceText.text(of: before.body, change.before, change.symbols)
          == SourceText.text(of: after.body, change.after, change.symbols) ? nil : after.name
      })
  }

  private func check(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ changed: Set<Symbol>, _ change: FileChange
  ) -> [Finding] {
    // Another type, another contract.
    guard changed.contains(after.name), after.nodes.count < CallResults.limit, before.returnType == after.returnType
    else { return [] }
    let old = FunctionText(before, change.before, change.symbols)
    let new = FunctionText(after, change.after, change.symbols)
    let exits = Dictionary(old.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    var findings: [Finding] = []
    for exit in new.exits {
      guard let previous = exits[exit.key], !changed.contains(exit.callee) else { continue }
      let lost = previous.cleanup.filter { !exit.cleanup.contains($0) }
      // What takes the place of something is not followed.
      guard !lost.isEmpty, exit.cleanup.allSatisfy(previous.cleanup.contains) else { continue }
      for call in lost
      where isStillNeeded(call, old, new) && !isKeptEarlier(call, old, previous.node, new, exit.node)
        && !isLeftToCaller(call, new, change) && seen.insert(call).inserted
      {
        findings.append(
          finding(
            at: exit.node, new, "this way out ran '\(call)' before the patch, and does not any more",
            Evidence(change.placeBefore(previous.node), "it left here"), key: call, change))
      }
    }
    return findings.isEmpty ? scopes(old, new, change) + ends(old, new, change) : findings
  }

  /// The thing is got as before, nothing new is done with it, and no other call of the kind has come.
  private func isStillNeeded(_ call: String, _ old: FunctionText, _ new: FunctionText) -> Bool {
    let subject = FunctionText.subject(call)
    guard !subject.isEmpty, !subject.contains("("), !new.cleanedUp.contains(subject) else { return false }
    let known = Set(old.lines.map(\.text))
    let mentions = new.lines.filter { FunctionText.mentions($0.text, subject) }
    guard !mentions.isEmpty, mentions.allSatisfy({ known.contains($0.text) }) else { return false }
    let gone = old.lines.filter { line in
      FunctionText.mentions(line.text, subject) && !new.lines.contains { $0.text == line.text }
    }
    return gone.allSatisfy { FunctionText.ends(String($0.text.prefix { $0 != "(" })) }
      && !new.lines.contains { !known.contains($0.text) && Self.isAction($0.text) }
  }

  /// What was stored behind the way out is stored in front of it now: it has an owner there.
  private func isKeptEarlier(
    _ call: String, _ old: FunctionText, _ was: NodeID, _ new: FunctionText, _ exit: NodeID
  ) -> Bool {
    let subject = FunctionText.subject(call)
    let owner = subject.firstRange(of: "->").map { String(subject[..<$0.lowerBound]) } ?? subject
    func isStored(_ text: FunctionText, before node: NodeID) -> Bool {
      text.lines.contains { line in
        text.shapes.file[line.node].token < text.shapes.file[node].token && line.text.hasSuffix(" = \(owner)")
      }
    }
    return isStored(new, before: exit) && !isStored(old, before: was)
  }

  /// The thing is the caller's, and a caller in the file has got a cleanup of its own.
  private func isLeftToCaller(_ call: String, _ new: FunctionText, _ change: FileChange) -> Bool {
    let subject = FunctionText.subject(call)
    guard new.definition.parameters.contains(where: { change.symbols.text($0.name) == subject }) else { return false }
    return change.functions.contains { before, after in
      guard after.name != new.definition.name else { return false }
      let text = FunctionText(after, change.after, change.symbols)
      guard text.calls(new.definition.name) else { return false }
      let known = Set(FunctionText(before, change.before, change.symbols).lines.map(\.text))
      return text.lines.contains { !known.contains($0.text) && FunctionText.ends(String($0.text.prefix { $0 != "(" })) }
    }
  }

  /// Arranges for a cleanup elsewhere, or is one of another kind.
  private static func isAction(_ text: String) -> Bool {
    text.contains("devm_") || text.contains("_or_reset(") || text.contains("no_free_ptr(")
      || FunctionText.ends(String(text.prefix { $0 != "(" }))
  }

  /// `struct foo *foo __free(kfree) = …` that has become a plain local, or has gone.
  private func scopes(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let known = Set(old.lines.map(\.text))
    let lost = old.cleanedUp.subtracting(new.cleanedUp)
    guard new.cleanedUp.isSubset(of: old.cleanedUp),
      !new.lines.contains(where: { !known.contains($0.text) && Self.isAction($0.text) })
    else { return [] }
    return lost.sorted().compactMap { name in
      guard let line = old.lines.first(where: { $0.text.hasPrefix("\(name) = ") }),
        let exit = new.exits.first(where: { exit in
          old.exits.contains { $0.key == exit.key } && change.after[exit.node].token > 0
            && isBehind(exit.node, name, line.text, new)
        })
      else { return nil }
      return finding(
        at: exit.node, new, "'\(name)' was cleaned up at the end of its scope before the patch, and is not any more",
        Evidence(change.placeBefore(line.node), "it was declared here"), key: "\(name) scope", change)
    }
  }

  /// The way out lies behind the place where the local, or what it was made from, gets its value.
  private func isBehind(_ exit: NodeID, _ name: String, _ line: String, _ new: FunctionText) -> Bool {
    let value = line.dropFirst(name.utf8.count + 3)
    let file = new.shapes.file
    let start = new.lines.first { line in
      guard let end = line.text.firstRange(of: " = ") else { return false }
      let target = String(line.text[..<end.lowerBound])
      return target == name || !target.isEmpty && FunctionText.mentions(String(value), target)
    }
    guard let start else { return false }
    let behind = new.exits.filter { file[$0.node].token > file[start.node].token }
    // The first check behind it says that there is nothing to clean up.
    return behind.count > 1 && behind[0].node != exit && file[exit].token > file[start.node].token
  }

  /// The only call that ended something is gone, and everything else about the thing is as it was.
  private func ends(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let file = old.shapes.file
    return old.lines.compactMap { line in
      guard file[line.node].kind == .expressionStatement, FunctionText.ends(String(line.text.prefix { $0 != "(" })),
        file[file[line.node].a].kind == .call, !new.lines.contains(where: { $0.text == line.text }),
        !isOfGoneExit(line.text, old, new)
      else { return nil }
      let subject = FunctionText.subject(line.text)
      let opener = "\(subject) = "
      guard isStillNeeded(line.text, old, new),
        let start = new.lines.first(where: { $0.text.hasPrefix(opener) && $0.text.hasSuffix(")") }),
        !new.lines.contains(where: {
          FunctionText.ends(String($0.text.prefix { $0 != "(" })) && FunctionText.mentions($0.text, subject)
        })
      else { return nil }
      return finding(
        at: start.node, new, "nothing runs '\(line.text)' any more, as the function did before the patch",
        Evidence(change.placeBefore(line.node), "it ran here"), key: line.text, change)
    }
  }

  /// The way out on which it ran is gone as a whole.
  private func isOfGoneExit(_ call: String, _ old: FunctionText, _ new: FunctionText) -> Bool {
    let exits = old.exits.filter { $0.cleanup.contains(call) }
    return !exits.isEmpty && !exits.contains { exit in new.exits.contains { $0.key == exit.key } }
  }

  private func finding(
    at node: NodeID, _ function: FunctionText, _ message: String, _ evidence: Evidence, key: String,
    _ change: FileChange
  ) -> Finding {
    Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(node), function: change.symbols.text(function.definition.name), message: message,
      evidence: [evidence], key: key)
  }
}
