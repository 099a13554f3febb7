import Findings
import KernelC

/// A patch turned round what a condition asks, as where a flag was replaced by the call that computes it.
struct InvertedCondition: ChangeRule {
  let description = RuleDescription(
    id: "inverted-condition",
    summary: "a condition asks what it asked before the patch, and holds for other answers",
    severity: .error, confidence: .high,
    whatItDoes: """
      Compares each function before and after a patch. Where a flag that was set from a predicate ('x = is_ready(a)', or \
      'f(…, &x)' whose body sets it so) is replaced in a condition by the predicate itself, the two must have the same \
      sense: '!x' must become '!is_ready(a)'. So must a condition in front of the same statements that asks the same things: \
      one that holds for other answers, its negations and '&&' and '||' taken together, is reported, and so are branches \
      that have changed places, a comparison that has become '&&', and a call that is given the same in the other order.
      """,
    whyItMatters: "The guarded code runs exactly when it must not.",
    accepts: ["a condition whose guarded statement changed as well"],
    knownFalsePositives: ["a patch that inverts the sense on purpose"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ change: FileChange) -> [Finding] {
    change.edited.flatMap { before, after -> [Finding] in
      let found = check(before, after, change) + statements(before, after, change) + flags(before, after, change)
      // A comparison in the form of a call is one already.
      let swapped = arguments(before, after, change).filter { call in
        !found.contains { $0.place.line == call.place.line }
      }
      return (found + swapped).sorted { $0.place < $1.place }
    }
  }

  /// A condition with the negations taken off, and what it guards.
  private struct Guarded {
    let node: NodeID
    /// The condition as written.
    let text: String
    /// The same without its negations, and with `==` for `!=`.
    var core: String { sense.core }
    /// What was taken off, in the order of the text.
    var bits: [Bool] { sense.bits }
    let sense: ConditionSense
    /// The questions that it is made of, in whatever order they stand.
    let parts: String
    /// The flag or the function that is asked; empty for what is made of several parts.
    let name: String
    let isCall: Bool
    let isNegated: Bool
    /// What is asked, without its negations.
    var flagText: String { String(text.drop { $0 == "!" }) }
    let body: String
    /// What runs where the condition does not hold; empty where nothing does.
    let otherwise: String
  }

  private func check(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = guards(before, change.before, change.symbols)
    let new = guards(after, change.after, change.symbols)
    guard !old.isEmpty, !new.isEmpty else { return [] }
    var findings: [Finding] = []
    let kept = Set(old.map { $0.text + $0.body })
    let known = KnownGuards(old, new)
    for guarded in new where !kept.contains(guarded.text + guarded.body) {
      if let previous = known.exchanged(guarded) {
        findings.append(
          Finding(
            rule: description.id, severity: description.severity, confidence: .medium,
            place: change.place(guarded.node), function: change.symbols.text(after.name),
            message: "what runs where '\(guarded.text)' holds and what runs where it does not have changed places",
            evidence: [Evidence(change.placeBefore(previous.node), "the same question before the patch")],
            key: "\(guarded.text) exchanged"))
        continue
      }
      guard let previous = known.previous(of: guarded), !previous.body.isEmpty else { continue }
      let isSame = previous.core == guarded.core && previous.bits != guarded.bits
      if previous.core != guarded.core, previous.sense.contradicts(guarded.sense) {
        findings.append(
          Finding(
            rule: description.id, severity: description.severity, confidence: .medium,
            place: change.place(guarded.node), function: change.symbols.text(after.name),
            message: "'\(previous.text)' became '\(guarded.text)': the same questions, put together in another way",
            evidence: [
              Evidence(
                change.placeBefore(previous.node), "before the patch the same statements ran if '\(previous.text)'")
            ],
            key: "\(previous.text) \(guarded.text)"))
        continue
      }
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

  /// The conditions of a function before the patch, by what a new one may have been.
  private struct KnownGuards {
    private struct Question: Hashable {
      let text: String
      let body: String
    }

    private struct Answer: Hashable {
      let core: String
      let bits: [Bool]
    }

    private let byBody: [String: [Guarded]]
    private let byCore: [Question: [Guarded]]
    private let byParts: [Question: [Guarded]]
    private let before: [Answer: [Guarded]]
    private let after: [Answer: Int]

    init(_ old: [Guarded], _ new: [Guarded]) {
      let remaining = Set(new.map { $0.text + $0.body })
      let gone = old.filter { !remaining.contains($0.text + $0.body) }
      byBody = Dictionary(grouping: gone, by: \.body)
      byCore = Dictionary(grouping: gone) { Question(text: $0.core, body: $0.body) }
      byParts = Dictionary(grouping: gone) { Question(text: $0.parts, body: $0.body) }
      before = Dictionary(grouping: old) { Answer(core: $0.core, bits: $0.bits) }
      after = Dictionary(new.map { (Answer(core: $0.core, bits: $0.bits), 1) }, uniquingKeysWith: +)
    }

    /// The one that stood in front of the same statements, and stands nowhere any more.
    func previous(of guarded: Guarded) -> Guarded? {
      let core = byCore[Question(text: guarded.core, body: guarded.body)] ?? []
      let parts = byParts[Question(text: guarded.parts, body: guarded.body)] ?? []
      let alike = core + parts.filter { $0.core != guarded.core }
      if alike.count == 1 { return alike[0] }
      guard let all = byBody[guarded.body], all.count == 1 else { return nil }
      return all[0]
    }

    /// The only one that asked the same with both branches in the other order.
    func exchanged(_ guarded: Guarded) -> Guarded? {
      guard !guarded.body.isEmpty, !guarded.otherwise.isEmpty else { return nil }
      let answer = Answer(core: guarded.core, bits: guarded.bits)
      guard let candidates = before[answer], candidates.count == 1, after[answer] == 1,
        candidates[0].body == guarded.otherwise, candidates[0].otherwise == guarded.body
      else { return nil }
      return candidates[0]
    }
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
    // A call that is given the flag has changed it, or has not: another question.
    let (asked, given) = previous.isCall ? (new, previous) : (previous, new)
    guard let last = flag.last(where: { $0.utf8.count > 2 }),
      !FunctionText.arguments(given.text).contains(asked.flagText)
    else { return false }
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
          node: condition, text: text, sense: sense, parts: Set(sense.atoms).sorted().joined(separator: "\n"),
          name: name.exists ? symbols.text(name) : "",
          isCall: core.kind == .call, isNegated: isNegated, body: SourceText.text(of: node.b, file, symbols),
          otherwise: SourceText.text(of: node.c, file, symbols)))
    }
    return result
  }
}
