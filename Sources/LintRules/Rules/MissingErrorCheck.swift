import Findings
import KernelC
import LockModel

/// The result of something that can fail is thrown away.
struct MissingErrorCheck: Rule {
  let description = RuleDescription(
    id: "missing-error-check",
    summary: "the result of something that can fail is ignored",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports a call whose result nobody looks at, of a function that allocates and can fail: storing an entry in an xarray, \
      an idr or a radix tree, and the like. Storing NULL, which frees, is left alone. And a check for a negative number \
      behind a function that fails with 0, a check of another pointer than the one that was just made, and a thread that was \
      to take over what the function has made. And a result that is looked into in front of the question whether there is one, \
      as among declarations.
      """,
    whyItMatters: "The caller goes on as if the entry were there.",
    accepts: [
      "(void) casts", "storing NULL", "functions that have no errors of their own to return, and those that tear down",
      "a second attempt in the branch for a failure of the first",
      "what many callers ignore, such as enabling a clock, where the rest of the file ignores it too",
    ],
    knownFalsePositives: ["a store over an entry that is known to exist, which does not allocate"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    var findings = known(context) + unlikeSiblings(context) + neverTrue(context) + unchecked(context) + early(context)
    findings += lostThreads(context) + otherPointers(context)
    return findings.sorted { $0.place < $1.place }
  }

  /// A function and the constants that it is given: `power(dev, 1)` and `power(dev, 0)` are two things.
  private struct Subject: Hashable {
    let file: Int
    let callee: Symbol
    let constants: String
  }

  private struct Uses {
    var checked = 0
    var ignored: [(function: FunctionID, call: NodeID)] = []
    var example: (function: FunctionID, call: NodeID)?
  }

  /// The one call in a file whose error nobody looks at, where all others are checked.
  private func unlikeSiblings(_ context: RuleContext) -> [Finding] {
    var order: [Subject] = []
    var uses: [Subject: Uses] = [:]
    for id in context.functions {
      let file = context.program.file(of: id)
      let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
      let definition = context.program.definition(id)
      var discarded: Set<NodeID> = []
      for node in definition.nodes where file[node].kind == .expressionStatement { discarded.insert(file[node].a) }
      for node in definition.nodes where file[node].kind == .call {
        let callee = context.callee(node, in: file)
        guard callee.exists, context.solver.returnsErrno(callee, fromFile: fileIndex) else { continue }
        let subject = Subject(file: fileIndex, callee: callee, constants: constants(node, file, context))
        if uses[subject] == nil { order.append(subject) }
        if discarded.contains(node) {
          uses[subject, default: Uses()].ignored.append((id, node))
        } else {
          uses[subject, default: Uses()].checked += 1
          uses[subject, default: Uses()].example = (id, node)
        }
      }
    }
    return order.compactMap { subject in
      guard let use = uses[subject], use.ignored.count == 1, use.checked >= 2, let example = use.example else {
        return nil
      }
      let (id, call) = use.ignored[0]
      let name = context.text(subject.callee)
      guard canFail(id, context), !context.solver.disposes(subject.callee), !isOnWayOut(call, id, context) else {
        return nil
      }
      return context.finding(
        description, id, call,
        "the result of '\(name)' is ignored here; the other \(use.checked) calls in this file look at it",
        evidence: [Evidence(context.place(example.function, example.call), "as here")],
        key: SourceText.text(of: call, context.program.file(of: id), context.program.symbols))
    }
  }

  private func constants(_ call: NodeID, _ file: ParsedFile, _ context: RuleContext) -> String {
    file.list(file[call].b, file[call].c).map { argument -> String in
      let item = file[argument]
      if item.kind == .number { return "\(item.a)" }
      guard item.kind == .name else { return "" }
      let text = context.text(Symbol(item.a))
      return text == "true" || text == "false" || text == "NULL" ? text : ""
    }.joined(separator: ",")
  }
}
