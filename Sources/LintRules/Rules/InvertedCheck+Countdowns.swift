import Findings
import KernelC
import LockModel

/// Counters that a loop has left at -1, and that are asked for 0.
extension InvertedCheck {
  /// `while (n--) { … break; } if (!n) return -ETIMEDOUT;`: n is -1 when the loop has run out, and 0 when the last turn did it.
  func countdowns(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.flatMap { block -> [Finding] in
      guard file[block].kind == .block else { return [] }
      let statements = Array(file.list(file[block].a, file[block].b))
      return statements.enumerated().compactMap { index, loop -> Finding? in
        guard file[loop].kind == .whileStatement, case let condition = file[file[loop].a], condition.kind == .postfix,
          condition.operation == .minusMinus, file[condition.a].kind == .name,
          case let text = context.text(Symbol(file[condition.a].a)), leaves(file[loop].b, shapes, 0),
          !shapes.writes(file[loop].b, text)
        else { return nil }
        // The first thing behind the loop that is about the counter.
        guard let next = statements[(index + 1)...].first(where: { shapes.mentions($0, text) }),
          file[next].kind == .ifStatement, case let core = shapes.core(file[next].a), core.node >= 0, core.isNegated,
          SourceText.text(of: core.node, file, context.program.symbols) == text,
          // Nothing but a failure is said where the counter is 0.
          file[next].c < 0
        else { return nil }
        return context.finding(
          description, id, file[next].a,
          "'\(text)' is -1 here when the loop has run out, and 0 when its last turn ended it",
          evidence: [Evidence(context.place(id, loop), "it counts down behind the question")], key: "\(text) countdown")
      }
    }
  }

  /// Whether a loop's body breaks out of it.
  private func leaves(_ node: NodeID, _ shapes: Statements, _ depth: Int) -> Bool {
    guard node >= 0, depth < 40 else { return false }
    switch shapes.file[node].kind {
    case .breakStatement: return true
    case .whileStatement, .forStatement, .doStatement, .macroLoop, .switchStatement: return false
    default: return shapes.file.children(of: node).contains { leaves($0, shapes, depth + 1) }
    }
  }
}
