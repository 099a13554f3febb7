import Findings
import KernelC

/// A patch takes away the check of a result that it goes on using.
struct LostCheck: ChangeRule {
  let description = RuleDescription(
    id: "lost-check",
    summary: "the result of a call is not checked any more where it was checked before the patch",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a branch left the function because of what a call had returned, \
      and the same call is still made without anything that looks at its result, the call is reported. So is a check that \
      sees less: of an error pointer for which the file looks elsewhere only NULL is left, of a negative result only that \
      it is not 0, and what follows is success, or a positive one is returned as it is that was made an errno. And a \
      pointer that was asked for in front of a statement that stands there without the question, and a question that \
      another function of the file still asks before it makes the same call, and one that was asked again under a lock.
      """,
    whyItMatters: "The failure goes on as a success: an error pointer or NULL is used, an error is not returned.",
    accepts: [
      "a callee that returns nothing any more", "results that were compared with a bound, and not with an error",
      "another check of the result", "results that are returned",
    ],
    knownFalsePositives: ["a callee that cannot fail any more"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  let leavesOutLong = true

  func check(_ change: FileChange) -> [Finding] {
    change.comparable.flatMap { check($0.before, $0.after, change) }
  }

  private func check(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange
  ) -> [Finding] {
    // Another type, another contract.
    guard before.returnType == after.returnType else { return [] }
    let (old, new) = (Calls(before, change.before, change.symbols), Calls(after, change.after, change.symbols))
    return lost(old, new, change) + weaker(old, new, change) + guards(before, after, change)
      + parts(before, after, change) + siblings(before, after, change) + rechecks(before, after, change)
      + halves(before, after, change)
  }

  /// The calls of one version of a function, by their text.
  struct Calls {
    let function: FunctionDefinition
    let results: CallResults
    let byText: [String: [CallResults.Result]]

    init(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) {
      self.function = function
      results = CallResults(function, file, symbols)
      byText = Dictionary(grouping: results.all()) { SourceText.text(of: $0.call, file, symbols) }
    }

    /// Nothing asks any more whether there is any, though what it points to may be a question.
    func isUnasked(_ text: String) -> Bool { byText[text]?.contains { !results.isAskedItself($0) } ?? true }

    /// Something else takes the place of a result before the function is left because of it.
    func isOverwritten(_ text: String) -> Bool {
      byText[text]?.contains { !$0.holder.isEmpty && results.isOverwritten($0) && !results.isLeaving($0) } ?? false
    }
  }

  private func lost(_ old: Calls, _ new: Calls, _ change: FileChange) -> [Finding] {
    new.byText.keys.sorted().compactMap { text -> Finding? in
      guard let was = old.byText[text], let now = new.byText[text], was.count == now.count,
        was.allSatisfy(\.isFailure),
        case let isUnasked = new.isUnasked(text) && !old.isUnasked(text),
        case let isOverwritten = new.isOverwritten(text) && !old.isOverwritten(text),
        let lost = now.first(where: {
          (!$0.isChecked || isUnasked || isOverwritten && !$0.isFailure) && ($0.isDiscarded || !$0.holder.isEmpty)
        })
      else { return nil }
      let callee = Statements(file: change.after, symbols: change.symbols).callee(lost.call)
      guard callee.exists, !change.changed.contains(callee), !isQuestion(change.symbols.text(callee)),
        lost.isDiscarded || isUsed(lost, new.function, change)
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(lost.call), function: change.symbols.text(new.function.name),
        message: "what '\(change.symbols.text(callee))' returns was checked before the patch, and is not any more",
        evidence: [Evidence(change.placeBefore(was[0].call), "its result was checked here")], key: text)
    }
  }

  /// Only looks: nobody misses the answer.
  func isQuestion(_ name: String) -> Bool {
    name.first?.isUppercase == true || FunctionText.ends(name) || Statements.isLog(name)
      || name.split(separator: "_").contains {
        [
          "is", "has", "test", "empty", "pending", "can", "should", "need", "needs", "likely", "unlikely", "cmp",
          "warn",
        ].contains($0)
      }
  }

  /// Something is done with the holder behind the call.
  private func isUsed(_ result: CallResults.Result, _ function: FunctionDefinition, _ change: FileChange) -> Bool {
    let file = change.after
    let isPath = result.holder.contains("->") || result.holder.contains(".")
    return isPath
      || function.nodes.contains { node in
        (file[node].kind == .name) && file[node].token > file[result.call].token
          && change.symbols.text(Symbol(file[node].a)) == result.holder
      }
  }
}
