import Findings
import KernelC
import LockModel

// What another function got, and what is ended in the place of something else.
extension LostCleanup {
  /// A member that a getter of the file fills, whose closer is gone from the function that ran it.
  func members(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    old.lines.compactMap { line in
      let subject = FunctionText.subject(line.text)
      guard new.counts[line.text] == nil, FunctionText.isEnding(line.text), let arrow = subject.lastIndex(of: ">"),
        !subject.contains("("), new.lines(mentioning: subject).isEmpty
      else { return nil }
      let closer = String(line.text.prefix { $0 != "(" })
      let member = subject[subject.index(after: arrow)...]
      let isGot = change.after.functions.contains { function in
        function.name != new.definition.name
          && (gets("->\(member) = ", closer, function, change)
            || stores("->\(member) = ", function, change) && isEndedNowhere(member, closer, change))
      }
      guard isGot,
        Self.count(of: [closer], change.after, change.symbols)
          < Self.count(of: [closer], change.before, change.symbols),
        let place = following(line.node, old, new)
      else { return nil }
      return finding(
        at: place, new, "'\(line.text)' ran here before the patch, and nothing gives back '\(subject)' any more",
        Evidence(change.placeBefore(line.node), "it ran here"), key: line.text, change)
    }
  }

  /// Whether a function stores into a member what a getter returns that `closer` undoes.
  private func gets(_ store: String, _ closer: String, _ function: FunctionDefinition, _ change: FileChange) -> Bool {
    let shapes = Statements(file: change.after, symbols: change.symbols)
    return function.nodes.contains { node in
      let item = change.after[node]
      guard item.kind == .assign, change.after[item.a].kind == .member, change.after[item.b].kind == .call,
        SourceText.text(of: node, change.after, change.symbols).contains(store)
      else { return false }
      return KnownPairs.closers(of: change.symbols.text(shapes.callee(item.b))).contains(closer)
    }
  }

  /// Whether a function stores something other than NULL in a member.
  private func stores(_ store: String, _ function: FunctionDefinition, _ change: FileChange) -> Bool {
    function.nodes.contains { node in
      guard change.after[node].kind == .assign, change.after[change.after[node].a].kind == .member else { return false }
      let text = SourceText.text(of: node, change.after, change.symbols)
      return text.contains(store) && FunctionText.value(text) != "NULL"
    }
  }

  /// Whether nothing in the file ends what a member holds any more.
  private func isEndedNowhere(_ member: Substring, _ closer: String, _ change: FileChange) -> Bool {
    !change.after.functions.contains { function in
      function.nodes.contains { node in
        guard change.after[node].kind == .call,
          case let text = SourceText.text(of: node, change.after, change.symbols), text.hasPrefix("\(closer)(")
        else { return false }
        return FunctionText.subject(text).hasSuffix("->\(member)")
      }
    }
  }

  /// The first statement behind a place in the version before that the version after still has.
  private func following(_ node: NodeID, _ old: FunctionText, _ new: FunctionText) -> NodeID? {
    let token = old.shapes.file[node].token
    for line in old.lines where old.shapes.file[line.node].token > token {
      if let same = new.lines.last(where: { $0.text == line.text }) { return same.node }
    }
    return new.lines.last?.node
  }

  /// A call of whatever name that is gone from a branch which leaves, while others that leave still make it.
  func unlike(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    func calls(_ branch: NodeID, _ text: FunctionText, _ depth: Int = 0) -> [String] {
      text.shapes.list(branch).flatMap { statement -> [String] in
        let item = text.shapes.file[statement]
        // What only runs under a condition of its own counts as well.
        if item.kind == .ifStatement, item.c < 0, depth < 3, text.shapes.leaving(item.b) == nil {
          return calls(item.b, text, depth + 1)
        }
        let isCall = item.kind == .expressionStatement && text.shapes.file[item.a].kind == .call
        return isCall ? [text.text(item.a)] : []
      }
    }
    let exits = Dictionary(old.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    let made = new.exits.map { calls($0.branch, new) }
    // In how many ways out each stands.
    let elsewhere = made.reduce(into: [String: Int]()) { counts, own in
      for call in Set(own) { counts[call, default: 0] += 1 }
    }
    let file = new.shapes.file
    let places = Dictionary(new.lines.map { ($0.text, file[$0.node].token) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    return zip(new.exits, made).compactMap { exit, kept -> Finding? in
      guard let previous = exits[exit.key], !change.changed.contains(exit.callee) else { return nil }
      let had = calls(previous.branch, old)
      let leaving = file[exit.node].token
      guard had.count > kept.count, kept.allSatisfy(had.contains) else { return nil }
      let lost = had.first { call in
        let name = String(call.prefix { $0 != "(" })
        return !kept.contains(call) && !Statements.isPrint(name) && !FunctionText.isUnlock(call)
          && !FunctionText.isEnding(call) && !name.hasPrefix("trace_")
          // As many as before, in another place: what has moved is another change.
          && new.counts[call, default: 0] < old.counts[call, default: 0] && !seen.contains(call)
          && (elsewhere[call, default: 0] > 0 || begun(by: call).contains { places[$0].map { $0 < leaving } == true })
      }
      guard let lost else { return nil }
      seen.insert(lost)
      return finding(
        at: exit.node, new, "this way out ran '\(lost)' before the patch, and does not any more",
        Evidence(change.placeBefore(previous.node), "it left here"), key: lost, change)
    }
  }

  /// The statements whose end a call is by its name: `x_disable(a)` for `x_enable(a)`.
  private func begun(by call: String) -> [String] {
    let name = call.prefix { $0 != "(" }
    let words = name.split(separator: "_", omittingEmptySubsequences: false)
    return [("disable", "enable"), ("stop", "start"), ("suspend", "resume"), ("off", "on")].compactMap {
      undone, redone in
      guard words.contains(where: { $0 == redone }) else { return nil }
      let opener = words.map { $0 == redone ? undone : String($0) }.joined(separator: "_")
      return opener + call[name.endIndex...]
    }
  }

  /// `put(rg)` has become `put(foo->rg)` while `rg = get(…)` stands as before.
  func exchanged(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    new.lines.compactMap { line in
      guard old.counts[line.text] == nil, FunctionText.isEnding(line.text) || FunctionText.isUnlock(line.text) else {
        return nil
      }
      let closer = line.text.prefix { $0 != "(" }
      let subject = FunctionText.subject(line.text)
      let candidates = Set(
        old.lines.map(\.text).filter {
          $0.hasPrefix("\(closer)(") && new.counts[$0, default: 0] < old.counts[$0, default: 0]
        })
      guard candidates.count == 1, let previous = candidates.first,
        case let was = FunctionText.subject(previous), was != subject,
        was.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }),
        // The other thing is not new, and what was ended is got from it, or from whatever it was got from before.
        let start = new.lines.first(where: { $0.text.hasPrefix("\(was) = ") && $0.text.hasSuffix(")") }),
        old.counts[start.text] != nil, FunctionText.mentions(FunctionText.value(start.text), subject)
      else { return nil }
      return finding(
        at: line.node, new, "'\(closer)' is given '\(subject)' here, where it ended '\(was)' before the patch",
        Evidence(
          change.placeBefore(old.lines.first { $0.text == previous }?.node ?? old.definition.body),
          "it ended '\(was)' here"),
        key: "\(previous) \(line.text)", change)
    }
  }
}
