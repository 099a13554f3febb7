import Findings
import KernelC
import LockModel

// Endings that are gone from a branch which leads on, and counts.
extension LostCleanup {
  /// A call that ended something is gone from the branch for a failure, from behind the question whether there is anything to
  /// end, from where its place was emptied, or from in front of the end of what it belonged to.
  func arms(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    var endings = GoneEndings(old, new, change)
    let places = Dictionary(new.lines.map { ($0.text, $0.node) }, uniquingKeysWith: { _, last in last })
    return old.definition.nodes.flatMap { node -> [Gone] in
      switch old.shapes.file[node].kind {
      case .ifStatement: return branches(node, old, new, places, &endings)
      case .block: return block(node, old, places, &endings)
      default: return []
      }
    }.map { gone in
      finding(
        at: gone.place, new, "'\(gone.call)' \(gone.what) before the patch, and does not any more",
        Evidence(change.placeBefore(gone.statement), "it ran here"), key: gone.call, change)
    }
  }

  /// A statement that is gone, what it was there for, and where that is missed.
  private struct Gone {
    let call: String
    let statement: NodeID
    let place: NodeID
    let what: String
  }

  /// The statements that end something and stand there less often than before, each of them given out once.
  private struct GoneEndings {
    let old: FunctionText
    let new: FunctionText
    let change: FileChange
    private var seen: Set<String> = []
    /// Whether the file mentions a name less often than before.
    private var fewer: [String: Bool] = [:]

    init(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) {
      (self.old, self.new, self.change) = (old, new, change)
    }

    /// The text of such a statement, in a file that does not do so more often elsewhere.
    mutating func call(_ statement: NodeID) -> String? {
      let file = old.shapes.file
      guard file[statement].kind == .expressionStatement, file[file[statement].a].kind == .call,
        case let call = old.text(file[statement].a), FunctionText.isEnding(call), !FunctionText.isUnlock(call),
        !seen.contains(call), new.counts[call, default: 0] < old.counts[call, default: 0],
        areFewer(String(call.prefix { $0 != "(" })),
        case let subject = FunctionText.subject(call), !subject.isEmpty, !subject.contains("("),
        // Whatever else is new about it may be its end.
        new.lines(mentioning: subject).allSatisfy({
          old.values.contains($0.text) || old.values.contains(FunctionText.value($0.text))
            || !FunctionText.mentionsWhole($0.text, subject)
        })
      else { return nil }
      return call
    }

    mutating func take(_ call: String) { seen.insert(call) }

    private mutating func areFewer(_ name: String) -> Bool {
      if let known = fewer[name] { return known }
      let result =
        LostCleanup.count(of: [name], change.after, change.symbols)
        < LostCleanup.count(of: [name], change.before, change.symbols)
      fewer[name] = result
      return result
    }
  }

  private func branches(
    _ node: NodeID, _ old: FunctionText, _ new: FunctionText, _ places: [String: NodeID], _ endings: inout GoneEndings
  ) -> [Gone] {
    let file = old.shapes.file
    let (condition, text) = (file[node].a, old.text(file[node].a))
    /// The first statement behind a place that both versions have.
    func behind(_ node: NodeID) -> NodeID? {
      let start = old.lines.partitioningIndex { file[$0.node].token > file[node].token }
      return old.lines[start...].lazy.compactMap { places[$0.text] }.first ?? new.lines.last?.node
    }
    var result: [Gone] = []
    for (branch, isElse) in [(file[node].b, false), (file[node].c, true)]
    where branch >= 0 && old.shapes.leaving(branch) == nil {
      for statement in old.shapes.list(branch) {
        guard let call = endings.call(statement),
          isElse ? hasCall(condition, old) : isFailure(condition, old) || text == FunctionText.subject(call),
          let place = behind(statement)
        else { continue }
        endings.take(call)
        let what = isElse ? "ran in front of this unless '\(text)'" : "ran in front of this if '\(text)'"
        result.append(Gone(call: call, statement: statement, place: place, what: what))
      }
    }
    return result
  }

  private func block(
    _ node: NodeID, _ old: FunctionText, _ places: [String: NodeID], _ endings: inout GoneEndings
  ) -> [Gone] {
    let file = old.shapes.file
    let statements = Array(file.list(file[node].a, file[node].b))
    lazy var texts = statements.map(old.text)
    var result: [Gone] = []
    for (index, statement) in statements.enumerated() {
      guard let call = endings.call(statement) else { continue }
      let subject = FunctionText.subject(call)
      if let (path, place) = emptied(subject, texts, old, places) {
        result.append(Gone(call: call, statement: statement, place: place, what: "ran where '\(path)' was given up"))
      } else if let owner = owner(of: subject),
        let end = texts[(index + 1)...].first(where: {
          FunctionText.isEnding($0) && FunctionText.subject($0) == owner
        }), let place = places[end]
      {
        result.append(Gone(call: call, statement: statement, place: place, what: "ran before this ended '\(owner)'"))
      } else {
        continue
      }
      endings.take(call)
    }
    return result
  }

  /// `x->items[i] = NULL;` among the statements, for a local that was taken from `x->items[i]`.
  private func emptied(
    _ subject: String, _ texts: [String], _ old: FunctionText, _ places: [String: NodeID]
  ) -> (path: String, place: NodeID)? {
    let root = subject.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    for line in old.lines(mentioning: String(root)) where line.text.hasPrefix("\(root) = ") {
      let path = FunctionText.value(line.text)
      if path.contains("->"), let place = places["\(path) = NULL"], texts.contains("\(path) = NULL") {
        return (path, place)
      }
    }
    return nil
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
    // `if (!atomic_add_unless(&foo->n, 1, MAX))`
    for call in ["atomic_add_unless(", "atomic_inc_not_zero(", "atomic_inc_unless_negative("] {
      if let found = text.firstRange(of: call) { return FunctionText.subject(String(text[found.lowerBound...])) }
    }
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
