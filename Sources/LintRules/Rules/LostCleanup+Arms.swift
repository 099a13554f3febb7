import Findings
import KernelC
import LockModel

// Endings that are gone from a branch which leads on, and counts.
extension LostCleanup {
  /// A call that ended something is gone from the branch for a failure, from behind the question whether there is anything to
  /// end, or from in front of the end of what it belonged to.
  func arms(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let file = old.shapes.file
    let places = Dictionary(new.lines.map { ($0.text, $0.node) }, uniquingKeysWith: { _, last in last })
    /// The first statement behind a place that both versions have.
    func behind(_ node: NodeID) -> NodeID? {
      let start = old.lines.partitioningIndex { file[$0.node].token > file[node].token }
      return old.lines[start...].lazy.compactMap { places[$0.text] }.first ?? new.lines.last?.node
    }
    var used = Uses(change)
    var seen: Set<String> = []
    var findings: [Finding] = []
    for block in old.definition.nodes {
      if file[block].kind == .ifStatement {
        for (branch, isElse) in [(file[block].b, false), (file[block].c, true)] where branch >= 0 {
          let statements = old.shapes.list(branch)
          guard old.shapes.leaving(branch) == nil else { continue }
          for statement in statements {
            guard let call = gone(statement, old, new, &used), !seen.contains(call),
              isElse
                ? hasCall(file[block].a, old) : isFailure(file[block].a, old) || asks(file[block].a, for: call, old)
            else { continue }
            guard let place = behind(statement) else { continue }
            seen.insert(call)
            findings.append(
              finding(
                at: place, new,
                "'\(call)' ran in front of this before the patch where '\(isElse ? "!" : "")"
                  + "\(old.text(file[block].a))', and does not any more",
                Evidence(change.placeBefore(statement), "it ran here"), key: call, change))
          }
        }
      } else if file[block].kind == .block {
        let statements = Array(file.list(file[block].a, file[block].b))
        for (index, statement) in statements.enumerated() where index + 1 < statements.count {
          guard let call = gone(statement, old, new, &used), !seen.contains(call),
            let owner = owner(of: FunctionText.subject(call)),
            let end = statements[(index + 1)...].first(where: { other in
              let text = old.text(other)
              return FunctionText.isEnding(text) && FunctionText.subject(text) == owner
            }), let place = places[old.text(end)]
          else { continue }
          seen.insert(call)
          findings.append(
            finding(
              at: place, new, "'\(call)' ran before this ended '\(owner)' before the patch, and does not any more",
              Evidence(change.placeBefore(statement), "it ran here"), key: call, change))
        }
      }
    }
    return findings
  }

  /// How often names stand in the file before and after, each counted once.
  private struct Uses {
    let change: FileChange
    private var known: [String: Bool] = [:]

    init(_ change: FileChange) { self.change = change }

    mutating func areFewer(_ name: String) -> Bool {
      if let known = known[name] { return known }
      let result =
        LostCleanup.count(of: [name], change.after, change.symbols)
        < LostCleanup.count(of: [name], change.before, change.symbols)
      known[name] = result
      return result
    }
  }

  /// The text of a statement that ends something and stands there less often than before, in a file that does not do so more
  /// often elsewhere.
  private func gone(_ statement: NodeID, _ old: FunctionText, _ new: FunctionText, _ used: inout Uses) -> String? {
    let file = old.shapes.file
    guard file[statement].kind == .expressionStatement, file[file[statement].a].kind == .call,
      case let call = old.text(file[statement].a), FunctionText.isEnding(call), !FunctionText.isUnlock(call),
      new.counts[call, default: 0] < old.counts[call, default: 0],
      used.areFewer(String(call.prefix { $0 != "(" })),
      case let subject = FunctionText.subject(call), !subject.isEmpty, !subject.contains("("),
      // Whatever else is new about it may be its end.
      new.lines(mentioning: subject).allSatisfy({
        old.values.contains($0.text) || old.values.contains(FunctionText.value($0.text))
          || !FunctionText.mentionsWhole($0.text, subject)
      })
    else { return nil }
    return call
  }

  /// `err`, `ret < 0`
  private func isFailure(_ condition: NodeID, _ text: FunctionText) -> Bool {
    let core = text.shapes.core(condition)
    guard core.node >= 0, !core.isNegated else { return false }
    let item = text.shapes.file[core.node]
    let name = item.kind == .binary && item.operation == .less ? item.a : core.node
    return Statements.errorNames.contains(text.text(name))
  }

  /// Whether the condition makes a call, so that the other branch is for its failure.
  private func hasCall(_ condition: NodeID, _ text: FunctionText) -> Bool {
    let core = text.shapes.core(condition)
    return core.node >= 0 && !core.isNegated && text.shapes.file[core.node].kind == .call
  }

  /// `if (x->pipe) fput(x->pipe);`
  private func asks(_ condition: NodeID, for call: String, _ text: FunctionText) -> Bool {
    text.text(condition) == FunctionText.subject(call)
  }

  /// `x` for `x->member`.
  func owner(of subject: String) -> String? {
    subject.firstRange(of: "->").map { String(subject[..<$0.lowerBound]) }
  }

  /// `x->count++` in front of a way out that does not count down any more.
  func counts(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let raised = Dictionary(
      new.lines.compactMap { line in Self.raised(line.text).map { ($0, line) } },
      uniquingKeysWith: { first, _ in first })
    guard !raised.isEmpty else { return [] }
    let (before, after) = (Countdowns(old), Countdowns(new))
    let exits = Dictionary(old.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    return new.exits.compactMap { exit -> Finding? in
      guard let previous = exits[exit.key], case let was = before.texts(of: previous, old), !was.isEmpty else {
        return nil
      }
      let kept = Set(after.texts(of: exit, new))
      guard
        let lost = was.first(where: { !kept.contains($0) }), let subject = Self.lowered(lost),
        let start = raised[subject],
        new.shapes.file[start.node].token < new.shapes.file[exit.node].token, old.counts[start.text] != nil,
        new.counts[lost, default: 0] < old.counts[lost, default: 0],
        !new.lines(mentioning: subject).contains(where: { old.counts[$0.text] == nil })
      else { return nil }
      return finding(
        at: exit.node, new, "this way out ran '\(lost)' before the patch, and does not any more",
        Evidence(change.placeBefore(previous.node), "it left here"), key: lost, change)
    }
  }

  /// What counts down behind the labels of a function.
  private struct Countdowns {
    private var labels: [Int32: Int] = [:]
    private var statements: [(index: Int, text: String)] = []
    private var returns: [Int] = []

    init(_ function: FunctionText) {
      let file = function.shapes.file
      let body = file[function.definition.body]
      guard body.kind == .block else { return }
      for (index, statement) in file.list(body.a, body.b).enumerated() {
        switch file[statement].kind {
        case .label: labels[file[statement].a] = index
        case .returnStatement: returns.append(index)
        case .expressionStatement:
          let text = function.text(file[statement].a)
          if LostCleanup.lowered(text) != nil { statements.append((index, text)) }
        default: break
        }
      }
    }

    /// What counts down in the branch of a way out, and behind the label that it goes to.
    func texts(of exit: FunctionText.Exit, _ function: FunctionText) -> [String] {
      let file = function.shapes.file
      let own = function.shapes.list(exit.branch).filter { file[$0].kind == .expressionStatement }
        .map { function.text(file[$0].a) }.filter { LostCleanup.lowered($0) != nil }
      guard file[exit.node].kind == .gotoStatement, let start = labels[file[exit.node].a] else { return own }
      let end = returns.first { $0 > start } ?? Int.max
      let from = statements.partitioningIndex { $0.index > start }
      return own + statements[from...].prefix { $0.index < end }.map(\.text)
    }
  }

  /// What a statement counts down.
  static func lowered(_ text: String) -> String? {
    if text.hasSuffix("--") { return String(text.dropLast(2)) }
    if text.hasPrefix("--") { return String(text.dropFirst(2)) }
    guard text.hasPrefix("atomic_dec(") || text.hasPrefix("atomic64_dec(") || text.hasPrefix("atomic_long_dec(") else {
      return nil
    }
    return FunctionText.subject(text)
  }

  /// What a statement counts up.
  private static func raised(_ text: String) -> String? {
    if text.hasSuffix("++") { return String(text.dropLast(2)) }
    if text.hasPrefix("++") { return String(text.dropFirst(2)) }
    guard text.hasPrefix("atomic_inc(") || text.hasPrefix("atomic64_inc(") || text.hasPrefix("atomic_long_inc(") else {
      return nil
    }
    return FunctionText.subject(text)
  }

  /// `pm_runtime_resume_and_get()` has become `pm_runtime_get_sync()`, which counts where it fails, too; and `x_put(x)` something
  /// that does not drop a reference.
  func weaker(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let gone = old.lines.filter { new.counts[$0.text, default: 0] < old.counts[$0.text, default: 0] }
    let (strict, loose) = ("pm_runtime_resume_and_get(", "pm_runtime_get_sync(")
    let wakes = Dictionary(
      gone.filter { $0.text.contains(strict) }.map { ($0.text.replacing(strict, with: loose), $0.node) },
      uniquingKeysWith: { first, _ in first })
    let puts = Dictionary(
      gone.filter { FunctionText.isEnding($0.text) && Self.drops(String($0.text.prefix { $0 != "(" })) }
        .map { (FunctionText.subject($0.text), $0) }, uniquingKeysWith: { first, _ in first })
    guard !wakes.isEmpty || !puts.isEmpty else { return [] }
    let added = new.lines.filter { old.counts[$0.text, default: 0] < new.counts[$0.text, default: 0] }
    let isPut = added.contains { $0.text.hasPrefix("pm_runtime_put") }
    return added.compactMap { line -> Finding? in
      if let was = wakes[line.text], !isPut {
        return finding(
          at: line.node, new, "'pm_runtime_get_sync()' counts a use where it fails, which nothing takes back",
          Evidence(change.placeBefore(was), "what stood here does not"), key: line.text, change)
      }
      let name = String(line.text.prefix { $0 != "(" })
      guard FunctionText.isEnding(line.text), !Self.drops(name), let was = puts[FunctionText.subject(line.text)] else {
        return nil
      }
      return finding(
        at: line.node, new, "'\(was.text)' dropped a reference here before the patch, and '\(name)' does not",
        Evidence(change.placeBefore(was.node), "the reference was dropped here"), key: "\(was.text) \(name)", change)
    }
  }

  private static func drops(_ name: String) -> Bool { name.split(separator: "_").contains { $0.hasSuffix("put") } }
}
