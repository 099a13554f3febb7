import Findings
import KernelC

/// A patch takes away the value that a local starts with, and something reads it before it has another.
struct LostInitialiser: ChangeRule {
  let description = RuleDescription(
    id: "lost-initialiser",
    summary: "a local that had a value from the start has none any more, and not every way gives it one",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a local loses its initialiser, the statements behind its \
      declaration are read in order: one that every way runs must set it before one that reads it. Of a structure, a \
      memset() included, it is asked whether it is handed on or copied out with only some of its members set, and whether it \
      is what a pointer starts with. Memory that came zeroed and comes as it is now ('kzalloc()', 'kmalloc()'), and a \
      reserved member that is not set to 0 any more, are reported where nothing else fills them, and so is a member that the \
      function set in what it has just allocated.
      """,
    whyItMatters: "What the function goes by is what the stack held.",
    accepts: [
      "a switch or an if that sets it in every branch",
      "a call that is given its address and whose result is looked at",
    ],
    knownFalsePositives: ["a loop that always has a turn", "conditions that belong together"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ change: FileChange) -> [Finding] {
    change.edited.flatMap { before, after -> [Finding] in
      let texts = (
        old: FunctionText(before, change.before, change.symbols), new: FunctionText(after, change.after, change.symbols)
      )
      let had = initialised(before, change.before)
      let lost = after.nodes.compactMap { node -> Finding? in
        let item = change.after[node]
        guard item.kind == .variable, item.c < 0, item.op == 0, let start = had[Symbol(item.a)],
          case let type = change.after.types[Int(item.b)],
          let (place, message) = type.arrays > 0
            ? array(node, texts.new, change)
            : isStructure(type) ? structure(node, texts.old, texts.new, change) : scalar(Symbol(item.a), after, change)
        else { return nil }
        return finding(
          at: place, after, message, Evidence(change.placeBefore(start), "it started with a value before the patch"),
          key: change.symbols.text(Symbol(item.a)), change)
      }
      return cleared(texts.old, texts.new, change) + unzeroed(texts.old, texts.new, change)
        + padding(texts.old, texts.new, change) + members(texts.old, texts.new, change) + lost
    }
  }

  private func isStructure(_ type: CType) -> Bool {
    (type.base == .structure || type.base == .union) && !type.isPointer
  }

  /// Where a number or a pointer is read without a value, and what is to be said of it.
  private func scalar(_ name: Symbol, _ function: FunctionDefinition, _ change: FileChange) -> (NodeID, String)? {
    var walk = FirstUse(name: name, file: change.after, symbols: change.symbols)
    let text = change.symbols.text(name)
    guard case .read(let use) = walk.first(in: function.body) else {
      // Not set where the loop has no turn, whatever a branch in front of it may have set.
      walk.isStrict = true
      guard case .read(let use) = walk.first(in: function.body), walk.isBehindLoop(use, in: function) else {
        return nil
      }
      return (
        use,
        "'\(text)' is read here and has no value where the loop has no turn: the patch takes away the one it started with"
      )
    }
    return (use, "'\(text)' is read here and need not have a value: the patch takes away the one it started with")
  }

  func finding(
    at node: NodeID, _ function: FunctionDefinition, _ message: String, _ evidence: Evidence, key: String,
    _ change: FileChange
  ) -> Finding {
    Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(node), function: change.symbols.text(function.name), message: message, evidence: [evidence],
      key: key)
  }

  /// The locals that start with a value, each declared once.
  private func initialised(_ function: FunctionDefinition, _ file: ParsedFile) -> [Symbol: NodeID] {
    var result: [Symbol: NodeID] = [:]
    var seen: Set<Symbol> = []
    for node in function.nodes where file[node].kind == .variable {
      let name = Symbol(file[node].a)
      if !seen.insert(name).inserted { result[name] = nil } else if file[node].c >= 0 { result[name] = node }
    }
    return result
  }
}
