import KernelC
import LockModel

/// Ways to a read that no correlation of conditions closes.
extension UnsetUses {
  /// A goto to a label in front of the read is only ever reached with no value there, and nothing between the label and the read
  /// sets one or leaves.
  func isBehindJump(_ event: UnsetReadEvent) -> Bool {
    let labels = facts.unsetBehind.filter { $0.value.contains(event.variable) }
    guard !labels.isEmpty else { return false }
    let definition = context.program.definition(id)
    // One in an inner block goes by the same name.
    let declarations = definition.nodes.count { file[$0].kind == .variable && Symbol(file[$0].a) == event.variable }
    guard declarations == 1 else { return false }
    let body = file[definition.body]
    guard body.kind == .block else { return false }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let statements = Array(file.list(body.a, body.b))
    // What a statement is known by need not be its first token.
    let token = file[event.node].token
    let near = statements.partitioningIndex { file[$0].token > token }
    guard
      let index = (max(0, near - 2)..<min(statements.count, near + 2)).first(where: {
        shapes.contains(statements[$0], event.node)
      }), isUnconditional(event.node, in: statements[index])
    else { return false }
    let name = context.text(event.variable)
    for statement in statements[..<index].reversed() {
      let item = file[statement]
      if item.kind == .label, labels[Symbol(item.a)] != nil { return true }
      if leaves(statement) || shapes.writes(statement, name) { return false }
    }
    return false
  }

  /// The read happens whenever the statement is reached.
  private func isUnconditional(_ node: NodeID, in statement: NodeID, depth: Int = 0) -> Bool {
    guard statement >= 0, depth < 60 else { return false }
    if statement == node { return true }
    let item = file[statement]
    let sure: [NodeID]
    switch item.kind {
    case .ifStatement, .whileStatement, .switchStatement, .conditional: sure = [item.a]
    case .binary where item.operation == .ampersandAmpersand || item.operation == .pipePipe: sure = [item.a]
    case .forStatement, .doStatement, .block, .macroLoop, .statementExpression: sure = []
    default: sure = file.children(of: statement)
    }
    return sure.contains { isUnconditional(node, in: $0, depth: depth + 1) }
  }

  private func leaves(_ id: NodeID, depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return id >= 0 }
    return file[id].kind == .returnStatement || file[id].kind == .gotoStatement
      || file.children(of: id).contains { leaves($0, depth: depth + 1) }
  }

  /// The callee leaves the variable alone where something that it calls has failed, as opposed to an argument that is wrong.
  func mayFail(_ event: UnsetReadEvent) -> Bool {
    let program = context.program
    let call = file[event.call]
    let fileIndex = Int(program.functions[Int(id.rawValue)].file)
    let arguments = Array(file.list(call.b, call.c))
    let position = arguments.firstIndex { argument in
      let item = file[argument]
      return item.kind == .unary && item.operation == .ampersand && file[item.a].kind == .name
        && Symbol(file[item.a].a) == event.variable
    }
    guard let position, position < 64,
      let target = program.resolve(context.callee(event.call, in: file), fromFile: fileIndex),
      !program.definition(target).isMacro, let callee = context.solver.facts(target)
    else { return false }
    return callee.exits.contains { exit in
      exit.written & 1 << UInt64(position) == 0 && exit.values.contains(.negative) && isOfCall(exit.value, in: target)
    }
  }

  /// What is returned is what a call has returned, and not an answer about an argument.
  private func isOfCall(_ value: NodeID, in target: FunctionID, depth: Int = 0) -> Bool {
    guard value >= 0, depth < 4 else { return value >= 0 }
    let program = context.program
    let other = program.file(of: target)
    let shapes = Statements(file: other, symbols: program.symbols)
    let item = other[value]
    if item.kind == .call {
      let name = shapes.callee(value)
      guard name.exists,
        let next = program.resolve(name, fromFile: Int(program.functions[Int(target.rawValue)].file)),
        !program.definition(next).isMacro, let facts = context.solver.facts(next), !facts.exits.isEmpty
      else { return true }
      return facts.exits.contains { exit in
        exit.values.contains(.negative) && isOfCall(exit.value, in: next, depth: depth + 1)
      }
    }
    return item.kind == .name
      && program.definition(target).nodes.contains { node in
        let store = other[node]
        let isStore =
          store.kind == .assign && other[store.a].kind == .name && other[store.a].a == item.a
          || store.kind == .variable && store.a == item.a
        let stored = store.kind == .assign ? store.b : store.c
        return isStore && stored >= 0 && shapes.question(stored).exists
      }
  }
}
