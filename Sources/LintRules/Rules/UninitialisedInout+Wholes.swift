import KernelC
import LockModel

/// Structures that are set as a whole and go to a function that only looks at them.
extension UninitialisedInout {
  /// Whether no loop that must have had a turn, and no flag that was set with the structure, explains the call.
  func isSurelyBare(
    _ event: UnsetPassingEvent, _ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext
  ) -> Bool {
    let file = context.program.file(of: id)
    let nodes = context.program.definition(id).nodes
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let setters = nodes.filter { node in
      let item = file[node]
      let target: NodeID
      switch item.kind {
      case .assign: target = item.a
      case .call where node != event.call:
        guard let first = file.list(item.b, item.c).first, file[first].kind == .unary else { return false }
        target = file[first].a
      default: return false
      }
      return file[target].kind == .name && Symbol(file[target].a) == event.variable
    }
    let loops: [NodeKind] = [.forStatement, .whileStatement, .doStatement, .macroLoop]
    let isInLoop = nodes.contains { node in
      loops.contains(file[node].kind) && !shapes.contains(node, event.call)
        && setters.allSatisfy { shapes.contains(node, $0) }
    }
    let isInSwitch = nodes.contains { node in
      file[node].kind == .switchStatement && !shapes.contains(node, event.call)
        && setters.contains { shapes.contains(node, $0) }
    }
    if isInLoop || isInSwitch { return false }
    // Where the paths were too many to be told apart, a flag says what they have forgotten.
    return !facts.isJoined || !isFlagged(event.call, setters, nodes, shapes)
  }

  /// A condition on the way to the call asks about a local that is set beside the structure.
  private func isFlagged(_ call: NodeID, _ setters: [NodeID], _ nodes: Range<NodeID>, _ shapes: Statements) -> Bool {
    let file = shapes.file
    var flags: Set<Symbol> = []
    var conditions: [NodeID] = []
    for node in nodes {
      let item = file[node]
      switch item.kind {
      case .block:
        let statements = Array(file.list(item.a, item.b))
        let isBeside = statements.contains { statement in
          file[statement].kind == .expressionStatement && setters.contains { shapes.contains(statement, $0) }
        }
        for statement in statements where isBeside && file[statement].kind == .expressionStatement {
          let store = file[file[statement].a]
          if store.kind == .assign, file[store.a].kind == .name { flags.insert(Symbol(file[store.a].a)) }
        }
        guard let index = statements.firstIndex(where: { shapes.contains($0, call) }) else { continue }
        for statement in statements[..<index] where file[statement].kind == .ifStatement {
          if shapes.leaving(file[statement].b) != nil { conditions.append(file[statement].a) }
        }
      case .ifStatement where shapes.contains(item.b, call) || shapes.contains(item.c, call): conditions.append(item.a)
      default: break
      }
    }
    return conditions.contains { condition in
      flags.contains { shapes.mentions(condition, shapes.symbols.text($0)) }
    }
  }
}
