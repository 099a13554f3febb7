import Findings
import KernelC
import LockModel

// Calls that ended something and are gone as such, whatever way out they were on.
extension LostCleanup {
  /// A call that ended something is gone, nothing behind it does the same, and all else about the thing is as it was.
  func ends(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let file = old.shapes.file
    var seen: Set<String> = []
    return old.lines.enumerated().compactMap { index, line in
      guard seen.insert(line.text).inserted, file[line.node].kind == .expressionStatement,
        FunctionText.isEnding(line.text),
        file[file[line.node].a].kind == .call, new.counts[line.text, default: 0] < old.counts[line.text, default: 0],
        let subject = stillNeeded(line.text, old, new), !isOfGoneExit(line.text, subject, old, new),
        let start = new.lines.first(where: { Self.gets(subject, $0.text) || Self.opens(subject, line.text, $0.text) }),
        !isEnded(subject, in: old.lines[(index + 1)...], old)
      else { return nil }
      return finding(
        at: start.node, new, "nothing runs '\(line.text)' any more where the function did before the patch",
        Evidence(change.placeBefore(line.node), "it ran here"), key: line.text, change)
    }
  }

  /// `subject = get(…)`, or a call that is given the address of it.
  private static func gets(_ subject: String, _ text: String) -> Bool {
    if text.hasPrefix("\(subject) = ") { return text.hasSuffix(")") }
    let root = subject.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return root.utf8.count < subject.utf8.count && !subject.contains("->")
      && (text.contains(", &\(root),") || text.contains(", &\(root))") || text.contains("(&\(root),"))
  }

  /// `x_prep(subject)`, where `x_unprep(subject)` is what ended it.
  private static func opens(_ subject: String, _ closer: String, _ text: String) -> Bool {
    guard FunctionText.mentionsWhole(text, subject), let open = text.firstIndex(of: "("), !text.hasSuffix(" = ") else {
      return false
    }
    let name = text[..<open].split(separator: " ").last ?? ""
    let words = name.split(separator: "_")
    let ends = closer.prefix { $0 != "(" }.split(separator: "_")
    guard words.count == ends.count else { return false }
    let differing = zip(words, ends).filter { $0 != $1 }
    return differing.count == 1 && openers[differing[0].1].map { $0.contains(differing[0].0) } == true
  }

  /// What each word for an end is the end of.
  private static let openers: [Substring: Set<Substring>] = [
    "unprep": ["prep"], "unprepare": ["prepare"], "stop": ["start"], "disable": ["enable"], "unregister": ["register"],
    "close": ["open"], "put": ["get"], "remove": ["add"], "del": ["add"], "detach": ["attach"],
    "release": ["request", "acquire"],
    "unmap": ["map"], "unpin": ["pin"], "exit": ["init", "enter"], "uninit": ["init"], "deactivate": ["activate"],
    "restore": ["save"],
  ]

  /// Whether something in these lines ends the thing, other than where the function leaves.
  private func isEnded(
    _ subject: String, in lines: ArraySlice<(node: NodeID, text: String)>, _ function: FunctionText
  ) -> Bool {
    lines.contains { line in
      FunctionText.isEnding(line.text) && FunctionText.mentions(line.text, subject)
        && !function.exits.contains { function.shapes.contains($0.branch, line.node) }
    }
  }

  /// The ways out on which it ran are gone as a whole, or those that had nothing to end.
  private func isOfGoneExit(_ call: String, _ subject: String, _ old: FunctionText, _ new: FunctionText) -> Bool {
    let exits = old.exits.filter { $0.cleanup.contains(call) }
    return !exits.isEmpty
      && !exits.contains { exit in !exit.isWithout(subject) && new.exits.contains { $0.key == exit.key } }
  }

  /// `x = devm_clk_get(…)` has become `x = clk_get(…)`, and no `clk_put()` has come with it.
  func unmanaged(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let known = Set(old.lines.map(\.text))
    let kept = Set(new.lines.map(\.text))
    let added = new.lines.filter { !known.contains($0.text) }
    return old.lines.compactMap { line in
      guard !kept.contains(line.text), let equals = line.text.firstRange(of: " = "),
        line.text[equals.upperBound...].hasPrefix("devm_"), !line.text.hasPrefix("ret")
      else { return nil }
      let target = line.text[..<equals.upperBound]
      let managed = line.text[equals.upperBound...].prefix { $0 != "(" }
      for now in added where now.text.hasPrefix(target) {
        let getter = String(FunctionText.value(now.text).prefix { $0 != "(" })
        let closers = KnownPairs.closers(of: getter)
        guard !closers.isEmpty, now.text.hasSuffix(")"),
          Self.count(of: closers, change.after, change.symbols)
            <= Self.count(
              of: closers, change.before, change.symbols)
        else { continue }
        return finding(
          at: now.node, new, "nothing undoes '\(getter)' with the device, as '\(managed)' was undone before the patch",
          Evidence(change.placeBefore(line.node), "'\(managed)' was here"), key: "\(managed) \(getter)", change)
      }
      return nil
    }
  }

  static func count(of names: [String], _ file: ParsedFile, _ symbols: SymbolTable) -> Int {
    let wanted = Set(names.map(symbols.intern))
    return file.tokens.count { wanted.contains($0.symbol) }
  }
}
