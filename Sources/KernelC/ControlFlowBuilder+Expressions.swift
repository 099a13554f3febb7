extension ControlFlowBuilder {
  mutating func declare(_ id: NodeID) {
    let node = file[id]
    if node.c >= 0 {
      if file[node.c].kind == .conditional, file[node.c].b >= 0, node.op & 1 == 0 {
        act(.declare, id)
        assign(target: id, value: node.c)
        return
      }
      prepare(node.c)
    }
    act(.declare, id, value: node.c)
  }

  mutating func assign(target: NodeID, value: NodeID) {
    let node = file[value]
    guard node.kind == .conditional, node.b >= 0 else {
      prepare(value)
      act(.assign, target, value: value)
      return
    }
    let then = newBlock()
    let otherwise = newBlock()
    let after = newBlock()
    branch(node.a, then: then, otherwise: otherwise)
    current = then
    assign(target: target, value: node.b)
    moveOn(to: after)
    current = otherwise
    assign(target: target, value: node.c)
    moveOn(to: after)
  }

  mutating func expressionStatement(_ id: NodeID) {
    guard id >= 0 else { return }
    let node = file[id]
    switch node.kind {
    case .call:
      if isGuard(node) || guardMacros.contains(calleeName(id)) {
        act(.enterGuard, id)
        if !scopes.isEmpty { scopes[scopes.count - 1].append(id) }
        return
      }
      let name = calleeName(id)
      if names.stopIfTrue.contains(name), let argument = file.list(node.b, node.c).first {
        let stop = newBlock()
        let after = newBlock()
        branch(argument, then: stop, otherwise: after)
        current = after
        return
      }
      prepare(id)
      act(.evaluate, id)
      if names.noReturn.contains(name) {
        blocks[current].exit = .stop
        current = newBlock()
      }
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe, .conditional:
      let after = newBlock()
      if node.kind == .conditional, node.b >= 0 {
        let then = newBlock()
        let otherwise = newBlock()
        branch(node.a, then: then, otherwise: otherwise)
        current = then
        expressionStatement(node.b)
        moveOn(to: after)
        current = otherwise
        expressionStatement(node.c)
        moveOn(to: after)
      } else {
        branch(id, then: after, otherwise: after)
        current = after
      }
    case .comma:
      expressionStatement(node.a)
      expressionStatement(node.b)
    case .statementExpression:
      statement(node.a)
    case .assign where file[node.b].kind == .conditional && node.operation == .equal:
      assign(target: node.a, value: node.b)
    default:
      prepare(id)
      act(.evaluate, id)
    }
  }

  func calleeName(_ id: NodeID) -> Symbol {
    let node = file[id]
    guard node.kind == .call, file[node.a].kind == .name else { return .none }
    return Symbol(file[node.a].a)
  }

  /// `guard(class)(lock)`.
  func isGuard(_ node: Node) -> Bool {
    let callee = file[node.a]
    return callee.kind == .call && file[callee.a].kind == .name && Symbol(file[callee.a].a) == names.guardName
  }

  /// Runs statement expressions inside `id` before `id` itself.
  mutating func prepare(_ id: NodeID) {
    guard id >= 0 else { return }
    let node = file[id]
    switch node.kind {
    case .statementExpression: statement(node.a)
    case .call:
      prepare(node.a)
      for child in file.list(node.b, node.c) { prepare(child) }
    case .binary, .assign, .comma, .index:
      prepare(node.a)
      prepare(node.b)
    case .member, .unary, .postfix: prepare(node.a)
    case .cast: prepare(node.b)
    case .conditional:
      prepare(node.a)
      prepare(node.b)
      prepare(node.c)
    default: break
    }
  }

  /// Ends the current block with a branch on `id`.
  mutating func branch(_ id: NodeID, then: Int, otherwise: Int) {
    guard id >= 0 else {
      blocks[current].exit = .either(then, otherwise)
      return
    }
    let node = file[id]
    switch node.kind {
    case .binary where node.operation == .ampersandAmpersand:
      let middle = newBlock()
      branch(node.a, then: middle, otherwise: otherwise)
      current = middle
      branch(node.b, then: then, otherwise: otherwise)
    case .binary where node.operation == .pipePipe:
      let middle = newBlock()
      branch(node.a, then: then, otherwise: middle)
      current = middle
      branch(node.b, then: then, otherwise: otherwise)
    case .unary where node.operation == .bang:
      branch(node.a, then: otherwise, otherwise: then)
    case .comma:
      expressionStatement(node.a)
      branch(node.b, then: then, otherwise: otherwise)
    case .conditional where node.b >= 0:
      let left = newBlock()
      let right = newBlock()
      branch(node.a, then: left, otherwise: right)
      current = left
      branch(node.b, then: then, otherwise: otherwise)
      current = right
      branch(node.c, then: then, otherwise: otherwise)
    case .number where node.b == 1:
      blocks[current].exit = .jump(node.a != 0 ? then : otherwise)
    case .call where names.isTransparent(calleeName(id)):
      if let argument = file.list(node.b, node.c).first {
        branch(argument, then: then, otherwise: otherwise)
      } else {
        blocks[current].exit = .either(then, otherwise)
      }
    default:
      prepare(id)
      act(.evaluate, id)
      blocks[current].exit = .branch(id, then: then, otherwise: otherwise)
    }
  }
}
