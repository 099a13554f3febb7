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
      before ('kfree(p)', 'of_node_put(np)', on its way there, directly or behind the label it went to) it does not end \
      any more, while nothing else about the thing has changed, the way out is reported. So is a call that ended something \
      and is gone, a local that was cleaned up by its scope, and a getter of a kind that the device undoes \
      ('devm_clk_get') for which one has come that nothing undoes. And a member that another function fills and nothing gives \
      back any more, a call that ends another thing than it did, a 'kfree()' in the place of what frees more, and a way out past \
      what the others still go through.
      """,
    whyItMatters: "Each time the function leaves there, it leaks.",
    accepts: [
      "something else that ends it", "another way to get it", "a callee that the patch changes too",
      "statements about the thing that are new", "more than two ways out that go past a label at a time",
    ],
    knownFalsePositives: ["an owner outside the file that has learnt to clean up"],
    triggering: Self.triggering + Self.onTheWay, nonTriggering: Self.nonTriggering)

  let leavesOutLong = true

  func check(_ change: FileChange) -> [Finding] {
    change.comparable.flatMap { check($0.before, $0.after, change) }
  }

  private func check(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange
  ) -> [Finding] {
    // Another type, another contract.
    guard before.returnType == after.returnType else { return [] }
    let old = FunctionText(before, change.before, change.symbols)
    let new = FunctionText(after, change.after, change.symbols)
    let others = {
      exchanged(old, new, change) + unlike(old, new, change) + plain(old, new, change) + skipped(old, new, change)
        + counts(old, new, change) + weaker(old, new, change)
    }
    // Something else may clean up now.
    if new.lines.contains(where: { !old.values.contains($0.text) && Self.isAction($0.text) }) { return others() }
    let exits = Dictionary(old.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    var findings: [Finding] = []
    for exit in new.exits {
      guard let previous = exits[exit.key], !change.changed.contains(exit.callee) else { continue }
      let lost = (previous.cleanup + previous.before).filter { !exit.cleanup.contains($0) && !exit.before.contains($0) }
      // What takes the place of something is not followed.
      guard !lost.isEmpty, exit.cleanup.allSatisfy(previous.cleanup.contains) else { continue }
      for call in lost
      where stillNeeded(call, old, new).map({ !exit.isWithout($0) }) == true
        && !isKeptEarlier(call, old, previous.node, new, exit.node)
        && !isLeftToCaller(call, new, change) && seen.insert(call).inserted
      {
        findings.append(
          finding(
            at: exit.node, new, "this way out ran '\(call)' before the patch, and does not any more",
            Evidence(change.placeBefore(previous.node), "it left here"), key: call, change))
      }
    }
    guard findings.isEmpty else { return findings }
    let ended = ends(old, new, change)
    let gone = ended.isEmpty ? failures(old, new, change) : ended
    let found = scopes(old, new, change) + gone + unmanaged(old, new, change) + members(old, new, change) + others()
    return found.isEmpty ? arms(old, new, change) : found
  }

  /// What the call ends, where it is got as before and nothing new is done with it.
  func stillNeeded(_ call: String, _ old: FunctionText, _ new: FunctionText) -> String? {
    let known = old.values
    let values = new.values
    return FunctionText.subjects(call).first { subject in
      let root = String(subject.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
      guard !subject.isEmpty, !subject.contains("("), !new.cleanedUp.contains(root) else { return false }
      let mentions = new.lines(mentioning: subject)
      guard !mentions.isEmpty,
        mentions.allSatisfy({
          known.contains($0.text) || known.contains(FunctionText.value($0.text))
            || !FunctionText.mentionsWhole($0.text, subject)
        })
      else { return false }
      return old.lines(mentioning: subject).allSatisfy { line in
        values.contains(line.text)
          || values.contains(FunctionText.value(line.text)) || FunctionText.isEnding(line.text)
          || FunctionText.isUnlock(line.text)
          || !FunctionText.mentionsWhole(line.text, subject) || line.text.contains("devm_add_action")
          || line.text.hasSuffix(" = NULL")
      }
    }
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
    let subjects = FunctionText.subjects(call)
    guard new.definition.parameters.contains(where: { subjects.contains(change.symbols.text($0.name)) }) else {
      return false
    }
    return change.edited.contains { before, after in
      guard after.name != new.definition.name else { return false }
      let text = FunctionText(after, change.after, change.symbols)
      guard text.calls(new.definition.name) else { return false }
      let known = Set(FunctionText(before, change.before, change.symbols).lines.map(\.text))
      return text.lines.contains { !known.contains($0.text) && FunctionText.isEnding($0.text) }
    }
  }

  /// Arranges for a cleanup elsewhere, or is one of another kind.
  static func isAction(_ text: String) -> Bool {
    text.contains("devm_") || text.contains("_or_reset(") || text.contains("no_free_ptr(")
      || FunctionText.isEnding(text)
  }

  /// `struct foo *foo __free(kfree) = …` that has become a plain local, or has gone.
  private func scopes(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let lost = old.cleanedUp.subtracting(new.cleanedUp)
    guard new.cleanedUp.isSubset(of: old.cleanedUp) else { return [] }
    return lost.sorted().compactMap { name in
      guard let line = old.lines.first(where: { $0.text.hasPrefix("\(name) = ") }) else { return nil }
      let exit = new.exits.first { exit in
        old.exits.contains { $0.key == exit.key } && change.after[exit.node].token > 0
          && isBehind(exit.node, name, line.text, new)
      }
      let start = new.lines.first { $0.text == line.text && isLeft(name, new) }
      guard let place = exit?.node ?? start?.node else { return nil }
      return finding(
        at: place, new, "'\(name)' was cleaned up at the end of its scope before the patch, and is not any more",
        Evidence(change.placeBefore(line.node), "it was declared here"), key: "\(name) scope", change)
    }
  }

  /// Whether nothing in the function ends what the local holds, stores it or returns it.
  private func isLeft(_ name: String, _ function: FunctionText) -> Bool {
    let file = function.shapes.file
    return !function.lines.contains { line in
      FunctionText.isEnding(line.text) && FunctionText.mentionsWhole(line.text, name)
        || line.text.hasSuffix(" = \(name)")
        || file[line.node].kind == .returnStatement && function.text(file[line.node].a) == name
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

  func finding(
    at node: NodeID, _ function: FunctionText, _ message: String, _ evidence: Evidence, key: String,
    _ change: FileChange
  ) -> Finding {
    Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(node), function: change.symbols.text(function.definition.name), message: message,
      evidence: [evidence], key: key)
  }
}
