import Findings
import KernelC
import LockModel

/// Searches whose answer is the same whether or not they find anything.
extension InvertedSearch {
  /// `for (…) if (…) { flag = false; break; }` where everything else sets the flag to false too.
  func unchangedFlags(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    for loop in definition.nodes {
      for statement in shapes.list(body(of: loop, file)) where file[statement].kind == .ifStatement {
        let branch = shapes.list(file[statement].b)
        guard file[statement].c < 0, branch.count > 1, branch.last.map({ file[$0].kind == .breakStatement }) == true
        else { continue }
        for store in branch.dropLast() where file[store].kind == .expressionStatement {
          let item = file[file[store].a]
          guard item.kind == .assign, item.operation == .equal, file[item.a].kind == .name,
            let value = constant(item.b, shapes),
            isAlways(value, Symbol(file[item.a].a), but: file[store].a, definition, shapes)
          else { continue }
          let name = context.text(Symbol(file[item.a].a))
          findings.append(
            context.finding(
              description, id, store,
              "'\(name)' is \(value) already: whether the search finds anything makes no difference",
              key: "\(name) stays \(value)"))
        }
      }
    }
    return findings
  }

  private func body(of loop: NodeID, _ file: ParsedFile) -> NodeID {
    let node = file[loop]
    switch node.kind {
    case .whileStatement, .macroLoop: return node.b
    case .doStatement: return node.a
    case .forStatement: return file.list(node.a, 4).last ?? -1
    default: return -1
    }
  }

  /// What a flag is set to; nil for anything else.
  private func constant(_ id: NodeID, _ shapes: Statements) -> String? {
    let node = shapes.file[id]
    guard node.kind == .name else { return nil }
    let text = shapes.symbols.text(Symbol(node.a))
    return text == "true" || text == "false" ? text : nil
  }

  /// Whether a local has been given the value, and never any other.
  private func isAlways(
    _ value: String, _ name: Symbol, but store: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    func isIt(_ id: NodeID) -> Bool { id >= 0 && file[id].kind == .name && Symbol(file[id].a) == name }
    var isLocal = false
    var isSet = false
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .variable where Symbol(item.a) == name:
        guard item.op & 1 == 0, item.c < 0 || constant(item.c, shapes) == value else { return false }
        isLocal = true
        if item.c >= 0 { isSet = true }
      case .assign where isIt(item.a) && node != store:
        guard item.operation == .equal, constant(item.b, shapes) == value else { return false }
        isSet = true
      case .unary where [.ampersand, .plusPlus, .minusMinus].contains(item.operation) && isIt(item.a): return false
      case .postfix where isIt(item.a): return false
      default: break
      }
    }
    return isLocal && isSet
  }
}
