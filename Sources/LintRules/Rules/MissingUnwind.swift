import Findings
import KernelC
import LockModel

/// An error exit that skips cleanup which other exits of the function go through.
struct MissingUnwind: Rule {
  let description = RuleDescription(
    id: "missing-unwind",
    summary: "an error exit skips cleanup that other error exits of the function go through",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Looks at the error exits of a function in the order of the text. Where one returns directly, or jumps to a label \
      further down than both an earlier and a later one, the cleanup that these two have in common is missing from it. The \
      same goes for the last exit and the one before it, and for what undoes a call above the exit and is still run by a \
      later one.
      """,
    whyItMatters: "Each failure leaks what the function has taken so far.",
    accepts: [
      "an exit that calls the cleanup itself", "cleanup that ran in between", "exits that are no errors",
      "labels that only release locks, which lock-imbalance follows",
    ],
    knownFalsePositives: ["a failing call that has cleaned up after its caller already"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { check($0, context) + nested($0, context) }
  }

  private typealias Exit = UnwindLadder.Exit

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let body = file[context.program.definition(id).body]
    guard body.kind == .block else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let statements = Array(file.list(body.a, body.b))
    var labels: [Int32: Int] = [:]
    for (index, statement) in statements.enumerated() where file[statement].kind == .label {
      labels[file[statement].a] = index
    }
    // A label from which control goes round again is no way out.
    for (index, statement) in statements.enumerated() where file[statement].kind == .gotoStatement {
      guard let target = labels[file[statement].a], target < index else { continue }
      let entry = statements[..<index].lastIndex {
        file[$0].kind == .returnStatement || file[$0].kind == .gotoStatement
      }
      labels = labels.filter { $0.value > index || $0.value < entry ?? 0 }
    }
    guard !labels.isEmpty else { return [] }
    var exits: [Exit] = []
    for (index, statement) in statements.enumerated()
    where file[statement].kind == .ifStatement && file[statement].c < 0 {
      guard let leaving = shapes.leaving(file[statement].b) else { continue }
      if file[leaving].kind == .gotoStatement, let label = labels[file[leaving].a], label > index,
        !clearsError(file[statement].b, shapes), !isMode(statement, context.program.definition(id), shapes)
      {
        exits.append(Exit(position: index, node: leaving, branch: statement, label: label))
      } else if file[leaving].kind == .returnStatement, isError(file[leaving].a, file[statement].a, shapes) {
        exits.append(Exit(position: index, node: leaving, branch: statement, label: nil))
      }
    }
    // A label that code with exits of its own follows is not cleanup.
    let last = exits.last?.position ?? 0
    exits.removeAll { ($0.label ?? Int.max) < last }
    guard exits.count > 1 else { return [] }
    return UnwindLadder(id, statements, exits, shapes, context).gaps().map { gap in
      context.finding(
        description, id, gap.exit.node, "this error exit skips '\(gap.names)', \(gap.reason)", evidence: gap.evidence,
        key: gap.names)
    }
  }

  /// A negative number, an error pointer, or the variable that the condition has found to hold an error.
  private func isError(_ value: NodeID, _ condition: NodeID, _ shapes: Statements) -> Bool {
    guard value >= 0 else { return false }
    let node = shapes.file[value]
    switch node.kind {
    case .unary: return node.operation == .minus
    case .call:
      return ["ERR_PTR", "PTR_ERR", "ERR_CAST", "dev_err_probe"].contains(shapes.symbols.text(shapes.callee(value)))
    case .name:
      guard Statements.errorNames.contains(shapes.symbols.text(Symbol(node.a))) else { return false }
      var (core, isNegated) = shapes.core(condition)
      if shapes.file[core].kind == .binary {
        // `ret & DONE` is a question, `ret < 0` says that it failed.
        if ![.less, .pipePipe, .lessEqual].contains(shapes.file[core].operation) { return false }
        core = shapes.file[core].a
      }
      if shapes.file[core].kind == .call { isNegated = false }
      return !isNegated
    default: return false
    }
  }

  /// `if (!enable) goto disable;` where the caller has asked for just that.
  private func isMode(_ statement: NodeID, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let core = shapes.file[shapes.core(shapes.file[statement].a).node]
    return core.kind == .name && shapes.list(shapes.file[statement].b).count == 1
      && definition.parameters.contains { $0.name == Symbol(core.a) && !$0.type.isPointer }
  }

  /// The branch says that nothing is wrong: `error = 0; goto out;`
  private func clearsError(_ branch: NodeID, _ shapes: Statements) -> Bool {
    shapes.list(branch).contains { statement in
      let item = shapes.file[statement]
      guard item.kind == .expressionStatement, shapes.file[item.a].kind == .assign else { return false }
      let value = shapes.file[shapes.file[item.a].b]
      return value.kind == .number && value.a == 0
    }
  }
}
