import Findings
import KernelC

// Questions that were asked again under the lock.
extension LostCheck {
  /// `mutex_lock(…); if (!x->ring) goto out;` without the question, where others ask it before they take the lock.
  func rechecks(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = FunctionText(before, change.before, change.symbols)
    let new = FunctionText(after, change.after, change.symbols)
    let kept = Set(new.exits.map(\.condition))
    let lost = old.exits.filter { !kept.contains($0.condition) }
    guard !lost.isEmpty else { return [] }
    let regions = Dictionary(
      LockRegions(before, change.before, change.symbols, withActions: false).regions.map { ($0.node, $0) },
      uniquingKeysWith: { first, _ in first })
    guard !regions.isEmpty else { return [] }
    let now = LockRegions(after, change.after, change.symbols, withActions: false).regions
    let places = Dictionary(
      old.lines.enumerated().map { ($0.element.text, $0.offset) }, uniquingKeysWith: { first, _ in first })
    return lost.compactMap { exit -> Finding? in
      guard
        let line = places[exit.condition],
        line > 0, case let subject = Self.member(exit.condition),
        let region = old.shapes.calls(in: old.lines[line - 1].node).lazy.compactMap({ regions[$0] }).first,
        let lock = now.first(where: { $0.key == region.key && $0.name == region.name }),
        let name = FunctionText.names(in: subject).last, subject.contains("->"),
        !new.lines(mentioning: subject).contains(where: { isQuestion(at: $0.node, change) }),
        let other = change.after.functions.first(where: { asks($0, of: name, except: after.name, change) })
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(lock.node), function: change.symbols.text(after.name),
        message: "'\(subject)' was asked for under '\(region.key.text)' before the patch, and is not any more; "
          + "'\(change.symbols.text(other.name))' still asks for it",
        evidence: [Evidence(change.placeBefore(exit.node), "the function was left here")], key: "\(subject) recheck")
    }
  }

  /// A condition without its hint and negation.
  private static func member(_ condition: String) -> String {
    var text = condition[...]
    for prefix in ["unlikely(", "likely("] where text.hasPrefix(prefix) && text.hasSuffix(")") {
      text = text.dropFirst(prefix.utf8.count).dropLast()
    }
    if text.first == "!" { text = text.dropFirst() }
    return text.allSatisfy { $0.isLetter || $0.isNumber || "_->.".contains($0) } ? String(text) : ""
  }

  private func asks(
    _ function: FunctionDefinition, of member: Substring, except name: Symbol, _ change: FileChange
  ) -> Bool {
    guard !function.isMacro, function.name != name else { return false }
    let file = change.after
    let shapes = Statements(file: file, symbols: change.symbols)
    return function.nodes.contains { node in
      guard file[node].kind == .ifStatement, case let core = shapes.core(file[node].a).node, core >= 0 else {
        return false
      }
      return file[core].kind == .member && change.symbols.text(Symbol(file[core].b)) == member
    }
  }

  /// `if (!IS_ERR_OR_NULL(p))` that has become `if (p)`, where others still expect an error pointer in it.
  func halves(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = FunctionText(before, change.before, change.symbols)
    var plain: [String: (subject: String, node: NodeID)] = [:]
    for line in old.lines where change.before[line.node].kind == .ifStatement {
      guard let start = line.text.firstRange(of: "IS_ERR_OR_NULL(") else { continue }
      let subject = line.text[start.upperBound...].prefix { $0 != ")" }
      guard !subject.contains("(") else { continue }
      let asked = "IS_ERR_OR_NULL(\(subject))"
      let text = line.text.replacing("!\(asked)", with: subject).replacing(asked, with: "!\(subject)")
      plain[text] = (String(subject), line.node)
    }
    guard !plain.isEmpty else { return [] }
    let new = FunctionText(after, change.after, change.symbols)
    return new.lines.compactMap { line -> Finding? in
      guard old.counts[line.text, default: 0] < new.counts[line.text, default: 0], let was = plain[line.text],
        change.after[line.node].kind == .ifStatement,
        new.lines(mentioning: was.subject).contains(where: {
          $0.text.contains("IS_ERR") && $0.text.contains(was.subject)
        })
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(line.node), function: change.symbols.text(after.name),
        message:
          "'\(was.subject)' may be an error pointer, which was asked for here before the patch, and only NULL is now",
        evidence: [Evidence(change.placeBefore(was.node), "both were asked for here")], key: "\(was.subject) half")
    }
  }
}
