import Findings
import KernelC
import LockModel

/// Checks that cannot find the failure.
extension MissingErrorCheck {
  /// Fail with 0, never with a negative number.
  private static let failWithZero: Set<String> = [
    "irq_of_parse_and_map", "irq_create_mapping", "irq_find_mapping", "irq_create_fwspec_mapping",
    "irq_create_of_mapping", "dma_map_sg", "wait_for_completion_timeout", "wait_event_timeout",
  ]

  /// Fail with a negative number, never with 0.
  private static let failNegative: Set<String> = ["platform_get_irq", "platform_get_irq_byname", "gpiod_to_irq"]

  /// `irq = irq_of_parse_and_map(…); if (irq < 0)`, and `irq = platform_get_irq(…); if (!irq)`.
  func neverTrue(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      var findings: [Finding] = []
      for block in context.program.definition(id).nodes where file[block].kind == .block {
        let statements = Array(file.list(file[block].a, file[block].b))
        for (previous, condition) in zip(statements, statements.dropFirst())
        where file[condition].kind == .ifStatement && file[previous].kind == .expressionStatement {
          let store = file[file[previous].a]
          guard store.kind == .assign, store.operation == .equal, file[store.b].kind == .call else { continue }
          let callee = context.text(shapes.callee(store.b))
          let text = SourceText.text(of: store.a, file, shapes.symbols)
          let isMissed =
            Self.failWithZero.contains(callee)
            ? isNegativeTest(file[condition].a, of: text, shapes)
            : Self.failNegative.contains(callee) && isZeroTest(file[condition].a, of: text, shapes)
          guard isMissed else { continue }
          let failure = Self.failWithZero.contains(callee) ? "0" : "a negative number"
          findings.append(
            context.finding(
              description, id, file[condition].a, "'\(callee)' fails with \(failure), which this check lets through",
              key: "\(callee) \(text)"))
        }
      }
      return findings
    }
  }

  private func isNegativeTest(_ condition: NodeID, of text: String, _ shapes: Statements) -> Bool {
    let node = shapes.file[condition]
    return node.kind == .binary && node.operation == .less && shapes.file[node.b].kind == .number
      && shapes.file[node.b].a == 0 && SourceText.text(of: node.a, shapes.file, shapes.symbols) == text
  }

  private func isZeroTest(_ condition: NodeID, of text: String, _ shapes: Statements) -> Bool {
    let (core, isNegated) = shapes.core(condition)
    return isNegated && core >= 0 && SourceText.text(of: core, shapes.file, shapes.symbols) == text
  }
}
