import Findings
import KernelC
import LockModel

/// Results that are no error codes, returned as if they were.
extension WrongError {
  /// Return how many bytes were not copied.
  private static let copies: Set<String> = ["copy_from_user", "copy_to_user", "clear_user"]

  /// Return 0 when the time is over.
  private static let timeouts: Set<String> = [
    "wait_for_completion_timeout", "wait_for_completion_interruptible_timeout", "wait_event_timeout",
    "wait_event_interruptible_timeout", "wait_for_completion_killable_timeout",
  ]

  /// `ret = copy_from_user(…); if (ret) return ret;`, `ret = wait_for_completion_timeout(…); if (!ret) return ret;` and
  /// `if (IS_ERR_OR_NULL(p)) return PTR_ERR(p);`.
  func misunderstood(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    for block in definition.nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (index, statement) in statements.enumerated() where file[statement].kind == .ifStatement {
        guard let leaving = shapes.leaving(file[statement].b), file[leaving].kind == .returnStatement,
          file[leaving].a >= 0
        else { continue }
        let found =
          noPointer(statement, leaving, id, shapes, context)
          ?? (index > 0 ? noCode(statement, statements[index - 1], leaving, id, shapes, context) : nil)
        if let found { findings.append(found) }
      }
    }
    return findings
  }

  private func noPointer(
    _ condition: NodeID, _ leaving: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    let (core, isNegated) = shapes.core(file[condition].a)
    let value = file[leaving].a
    guard core >= 0, !isNegated, shapes.callee(core) == context.names.isErrOrNull,
      context.text(shapes.callee(value)) == "PTR_ERR",
      let tested = file.list(file[core].b, file[core].c).first,
      let taken = file.list(file[value].b, file[value].c).first
    else { return nil }
    let text = SourceText.text(of: tested, file, shapes.symbols)
    guard text == SourceText.text(of: taken, file, shapes.symbols),
      !shapes.list(file[condition].b).dropLast().contains(where: { looksAgain($0, text, shapes) })
    else { return nil }
    return context.finding(
      description, id, leaving, "PTR_ERR('\(text)') is 0 where '\(text)' is NULL: the function returns success",
      evidence: [Evidence(context.place(id, core), "NULL gets here too")], key: "PTR_ERR(\(text)) NULL")
  }

  private func noCode(
    _ condition: NodeID, _ previous: NodeID, _ leaving: NodeID, _ id: FunctionID, _ shapes: Statements,
    _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    let (core, isNegated) = shapes.core(file[condition].a)
    guard core >= 0, file[core].kind == .name, file[previous].kind == .expressionStatement else { return nil }
    let store = file[file[previous].a]
    let name = SourceText.text(of: core, file, shapes.symbols)
    guard store.kind == .assign, store.operation == .equal, file[store.b].kind == .call,
      SourceText.text(of: store.a, file, shapes.symbols) == name,
      SourceText.text(of: file[leaving].a, file, shapes.symbols) == name,
      !shapes.list(file[condition].b).contains(where: { shapes.writes($0, name) })
    else { return nil }
    let callee = context.text(shapes.callee(store.b))
    let what: String
    if !isNegated, Self.copies.contains(callee), returnsCodes(id, context) {
      what = "how many bytes '\(callee)' has not copied"
    } else if isNegated, Self.timeouts.contains(callee) {
      what = "the 0 that '\(callee)' returns when the time is over"
    } else {
      return nil
    }
    return context.finding(
      description, id, leaving, "'\(name)' is \(what), and no error code", key: "\(name) \(callee)")
  }

  /// A statement that asks what the pointer is, or sets it.
  private func looksAgain(_ statement: NodeID, _ text: String, _ shapes: Statements) -> Bool {
    let node = shapes.file[statement]
    return node.kind == .ifStatement && shapes.mentions(node.a, text) || shapes.writes(statement, text)
  }

  /// Some other way out returns a negative number.
  private func returnsCodes(_ id: FunctionID, _ context: RuleContext) -> Bool {
    context.solver.facts(id)?.exits.contains { $0.values == .negative || $0.values == .zero } == true
  }
}
