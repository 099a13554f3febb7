import Findings
import KernelC
import LockModel

/// A failure that is reported as success, or by the wrong variable.
struct WrongError: Rule {
  let description = RuleDescription(
    id: "wrong-error",
    summary: "a failed call leads to a return of 0, or of another variable than the one tested",
    severity: .warning, confidence: .medium, judgesFragments: true,
    whatItDoes: """
      Reports a path on which a call that returns an errno has failed and the function returns a variable that is known to \
      be 0 there, as after 'if (f()) goto abort;' with 'abort: return ret;'; 'if (rc < 0) return other;'; a message about \
      an error before a 'return 0'; 'if (ret) return 0;' where the function returns 'ret' for its other failures; and results that are no error codes returned as if they were \
      ('copy_from_user()'). And 0 behind a failure that the function undoes, an answer that may be an errno taken for a yes, \
      and a call that returns negative codes compared with a positive one.
      """,
    whyItMatters: "The caller believes that the operation succeeded.",
    accepts: [
      "a literal 'return 0' for a callee that asks or looks something up", "a variable that is set after the failure",
    ],
    knownFalsePositives: ["a failure that is meant to be ignored"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id in
      var findings = failedAsSuccess(id, context) + otherVariable(id, context)
      var others = forgottenCodes(id, context)
      others += loggedAsSuccess(id, context) + uncopied(id, context)
      others += forgottenReturns(id, context)
      others += errorAsSuccess(id, context)
      others += misunderstood(id, context)
      others += impossibleCodes(id, context)
      others += swallowedCodes(id, context)
      others += undoneAndForgotten(id, context)
      others += yesOrError(id, context)
      // One slip is one finding, however many ways lead to it.
      for finding in others
      where !findings.contains(where: { (0...2).contains(finding.place.line - $0.place.line) }) {
        findings.append(finding)
      }
      return findings
    }
  }

  private func failedAsSuccess(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
    let file = context.program.file(of: id)
    let type = context.program.definition(id).returnType
    guard type.base == .integer, !type.isPointer else { return [] }
    // Where success is a positive number, 0 is none.
    let fails = facts.exits.contains { $0.values == .negative }
    guard fails || !facts.exits.contains(where: { $0.values == .positive }) else { return [] }
    var reported: Set<NodeID> = []
    return facts.exits.compactMap { exit in
      guard exit.failed >= 0, isSuccess(exit, file, context), exit.value >= 0, file[exit.value].kind == .name,
        Self.errorNames.contains(context.text(Symbol(file[exit.value].a))), reported.insert(exit.failed).inserted
      else { return nil }
      guard leaves(exit.failed, id, context), isSure(exit.failed, id, context) else { return nil }
      let callee = failedText(exit.failed, file, context)
      let variable = context.text(Symbol(file[exit.value].a))
      guard callee != variable else { return nil }
      return context.finding(
        description, id, exit.failed, "when '\(callee)' fails the function returns '\(variable)', which is 0 by then",
        evidence: [Evidence(context.place(id, exit.statement), "'\(variable)' is returned here")],
        key: "\(callee) \(variable)")
    }
  }

  /// 0, or a number that is not negative where memory was not to be had.
  private func isSuccess(_ exit: ExitEvent, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    if exit.values == .zero { return true }
    let isPointer = file[exit.failed].kind != .call || context.callee(exit.failed, in: file) == context.names.isErr
    return isPointer && !isErrorCode(exit.failed, file, context) && exit.values.contains(.zero)
      && exit.values.isSubset(of: [.zero, .positive])
  }

  private func isErrorCode(_ node: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    file[node].kind == .binary
      || file[node].kind == .name && Self.errorNames.contains(context.text(Symbol(file[node].a)))
  }

  static let errorNames = Statements.errorNames

  /// What failed, as a message names it: the function, or the pointer that was tested.
  private func failedText(_ node: NodeID, _ file: ParsedFile, _ context: RuleContext) -> String {
    let name = context.callee(node, in: file)
    if name.exists, name != context.names.isErr { return context.text(name) }
    let pointer = name.exists ? file.list(file[node].b, file[node].c).first ?? node : node
    return SourceText.text(of: pointer, file, context.program.symbols)
  }

  /// The call is known to fail with an errno, or its name is no question and its branch jumps to a label for errors.
  private func isSure(_ failed: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let name = context.callee(failed, in: file)
    guard name.exists, name != context.names.isErr, context.program.definitions(of: name).isEmpty,
      !context.solver.isAllocator(name)
    else { return true }
    let questions: Set<Substring> = [
      "is", "has", "test", "need", "needs", "can", "should", "valid", "enabled", "empty", "in", "check", "match",
      "find", "pending",
      "supported", "supports", "done", "busy", "ready", "cmp", "memcmp", "strcmp", "strncmp", "get", "read",
      "available", "equal",
    ]
    let text = context.text(name)
    if text.first?.isUppercase == true || text.split(separator: "_").contains(where: questions.contains) {
      return false
    }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, shapes.contains(file[node].a, failed),
        let last = shapes.leaving(file[node].b), file[last].kind == .gotoStatement
      else { return false }
      return context.text(Symbol(file[last].a)).split(separator: "_").contains {
        ["err", "error", "fail", "failed", "undo", "unwind", "cleanup", "abort", "free", "bail"].contains($0)
      }
    }
  }

  /// The failure is a condition of its own whose branch goes to the function's way out.
  private func leaves(_ failed: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, shapes.contains(file[node].a, failed) else { return false }
      let (core, isNegated) = shapes.core(file[node].a)
      let isCall =
        file[failed].kind == .call || Self.errorNames.contains(SourceText.text(of: failed, file, shapes.symbols))
      guard core == failed || isCall && file[core].kind == .binary && file[core].operation == .pipePipe,
        isCall != isNegated || file[core].kind == .binary, let last = shapes.leaving(file[node].b)
      else { return false }
      return file[last].kind == .gotoStatement || file[last].kind == .returnStatement
    }
  }
}
