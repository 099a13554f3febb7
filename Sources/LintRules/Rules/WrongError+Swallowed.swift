import Findings
import KernelC
import LockModel

/// An error that is found and not told: `if (ret) return 0;` in a function that returns `ret` for every other failure.
extension WrongError {
  func swallowedCodes(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var told: [Symbol: Int] = [:]
    var swallowed: [(branch: NodeID, leaving: NodeID, call: NodeID, variable: Symbol)] = []
    for block in definition.nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (index, statement) in statements.enumerated()
      where file[statement].kind == .ifStatement && file[statement].c < 0 && index > 0 {
        guard let variable = tested(file[statement].a, shapes, context),
          let call = call(storedIn: variable, by: statements[index - 1], file),
          let leaving = shapes.leaving(file[statement].b)
        else { continue }
        if file[leaving].kind == .gotoStatement {
          told[variable, default: 0] += 1
          continue
        }
        guard file[leaving].kind == .returnStatement, case let value = file[leaving].a, value >= 0 else { continue }
        if file[value].kind == .name, Symbol(file[value].a) == variable {
          told[variable, default: 0] += 1
        } else if file[value].kind == .number, file[value].a == 0 {
          swallowed.append((statement, leaving, call, variable))
        }
      }
    }
    // Two that are swallowed are a habit of the function.
    guard swallowed.count == 1, let item = swallowed.first, told[item.variable, default: 0] >= 2,
      isFailure(of: item.call, id, context), !explains(item.branch, shapes, context)
    else { return [] }
    let callee = context.text(shapes.callee(item.call))
    return [
      context.finding(
        description, id, item.leaving,
        "0 is returned here where '\(callee)' has failed; for other failures the function returns '\(context.text(item.variable))'",
        evidence: [Evidence(context.place(id, item.call), "'\(callee)' is called here")], key: callee)
    ]
  }

  /// The call whose result the statement stores in the variable.
  private func call(storedIn variable: Symbol, by statement: NodeID, _ file: ParsedFile) -> NodeID? {
    guard file[statement].kind == .expressionStatement else { return nil }
    let store = file[file[statement].a]
    guard store.kind == .assign, store.operation == .equal, file[store.a].kind == .name,
      Symbol(file[store.a].a) == variable, file[store.b].kind == .call
    else { return nil }
    return store.b
  }

  /// Whether the callee does something that fails, as opposed to looking for what may well not be there.
  func isFailure(of call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let name = context.callee(call, in: context.program.file(of: id))
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    guard name.exists, !context.solver.onlyLooksUp(name, fromFile: fileIndex) else { return false }
    let words = context.text(name).split(separator: "_")
    return context.text(name).first?.isUppercase != true && !words.contains(where: Self.questionWords.contains)
  }

  /// Words of functions whose failure is an answer.
  private static let questionWords: Set<Substring> = [
    "is", "has", "test", "need", "needs", "can", "should", "may", "valid", "validate", "verify", "enabled", "empty",
    "in",
    "check", "match", "find", "search", "lookup", "pending", "supported", "supports", "done", "busy", "ready", "cmp",
    "memcmp", "strcmp", "strncmp", "property", "count", "available", "equal", "detect", "try", "optional", "kstrtoint",
    "kstrtouint", "kstrtoul", "supplied", "index", "compare", "permission", "firmware", "irq", "filter", "peek",
    "exists",
    "child",
  ]

  /// A message in the branch says that it is meant.
  private func explains(_ branch: NodeID, _ shapes: Statements, _ context: RuleContext) -> Bool {
    shapes.list(shapes.file[branch].b).contains {
      shapes.file[$0].kind == .expressionStatement
        && Statements.isPrint(context.text(shapes.callee(shapes.file[$0].a)))
    }
  }
}
