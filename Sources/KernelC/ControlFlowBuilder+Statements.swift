extension ControlFlowBuilder {
  mutating func statement(_ id: NodeID) {
    guard id >= 0 else { return }
    let node = file[id]
    switch node.kind {
    case .block:
      scopes.append([])
      statements(of: node)
      if let guards = scopes.popLast() { dropGuards(guards, in: current) }
    case .expressionStatement: expressionStatement(node.a)
    case .declaration:
      for child in file.list(node.a, node.b) { declare(child) }
    case .ifStatement: ifStatement(node)
    case .whileStatement:
      let head = newBlock()
      let body = newBlock()
      let after = newBlock()
      if beginsTrue(node.a) { moveOn(to: body) } else { moveOn(to: head) }
      current = head
      branch(node.a, then: body, otherwise: after)
      loop(body: node.b, at: body, next: head, after: after)
    case .doStatement:
      let body = newBlock()
      let test = newBlock()
      let after = newBlock()
      moveOn(to: body)
      loopTargets(next: test, after: after) { $0.statement(node.a) }
      moveOn(to: test)
      if node.b >= 0 { branch(node.b, then: body, otherwise: after) } else { blocks[current].exit = .jump(after) }
      current = after
    case .forStatement: forStatement(node)
    case .switchStatement: switchStatement(node)
    case .caseLabel: caseLabel(node)
    case .label:
      let block = newBlock()
      moveOn(to: block)
      labels[node.a] = (block, scopes)
    case .gotoStatement:
      act(.jump, id)
      jumps.append((current, node.a, scopes))
      current = newBlock()
    case .computedGoto:
      isIncomplete = true
      current = newBlock()
    case .returnStatement: leave(node.a, id)
    case .breakStatement: jumpOut(breakTargets.last)
    case .continueStatement: jumpOut(continueTargets.last)
    case .macroLoop: macroLoop(node)
    case .preprocessorIf:
      let then = newBlock()
      let otherwise = newBlock()
      let after = newBlock()
      blocks[current].exit = .preprocessor(
        Symbol(node.a), negated: node.op == 1, then: then, otherwise: otherwise)
      current = then
      scopeless(node.b)
      moveOn(to: after)
      current = otherwise
      if node.c >= 0 { scopeless(node.c) }
      moveOn(to: after)
    default: break
    }
  }

  /// The statements of a block that opens no scope.
  mutating func scopeless(_ block: NodeID) {
    let node = file[block]
    guard node.kind == .block else { return statement(block) }
    statements(of: node)
  }

  private mutating func statements(of block: Node) {
    let outer = preceding
    preceding = []
    for child in file.list(block.a, block.b) {
      statement(child)
      preceding.append(child)
    }
    preceding = outer
  }

  mutating func jumpOut(_ target: (block: Int, scope: Int)?) {
    if let target {
      dropGuards(downTo: target.scope)
      blocks[current].exit = .jump(target.block)
    }
    current = newBlock()
  }

  mutating func leave(_ value: NodeID, _ statement: NodeID) {
    if value >= 0, file[value].kind == .conditional, file[value].b >= 0 {
      let then = newBlock()
      let otherwise = newBlock()
      branch(file[value].a, then: then, otherwise: otherwise)
      current = then
      leave(file[value].b, statement)
      current = otherwise
      leave(file[value].c, statement)
      return
    }
    if value >= 0 {
      prepare(value)
      act(.evaluate, value)
    }
    dropGuards(downTo: 0)
    blocks[current].exit = .leave(value: value, statement: statement)
    current = newBlock()
  }

  mutating func ifStatement(_ node: Node) {
    let then = newBlock()
    let after = newBlock()
    let otherwise = node.c >= 0 ? newBlock() : after
    branch(node.a, then: then, otherwise: otherwise)
    current = then
    statement(node.b)
    moveOn(to: after)
    if node.c >= 0 {
      current = otherwise
      statement(node.c)
      moveOn(to: after)
    }
  }

  mutating func loopTargets(next: Int, after: Int, _ body: (inout Self) -> Void) {
    breakTargets.append((after, scopes.count))
    continueTargets.append((next, scopes.count))
    body(&self)
    breakTargets.removeLast()
    continueTargets.removeLast()
  }

  mutating func loop(body: NodeID, at start: Int, next: Int, after: Int) {
    current = start
    loopTargets(next: next, after: after) { $0.statement(body) }
    blocks[current].exit = .jump(next)
    current = after
  }

  mutating func forStatement(_ node: Node) {
    let parts = Array(file.list(node.a, node.b))
    guard parts.count == 4 else { return }
    scopes.append([])
    statement(parts[0])
    let head = newBlock()
    let body = newBlock()
    let step = newBlock()
    let after = newBlock()
    if runsOnce(parts[0], parts[1]) { moveOn(to: body) } else { moveOn(to: head) }
    current = head
    if parts[1] >= 0 { branch(parts[1], then: body, otherwise: after) } else { blocks[current].exit = .jump(body) }
    loop(body: parts[3], at: body, next: step, after: after)
    current = step
    if parts[2] >= 0 { expressionStatement(parts[2]) }
    blocks[current].exit = .jump(head)
    current = after
    scopes.removeLast()
  }

  mutating func switchStatement(_ node: Node) {
    prepare(node.a)
    act(.evaluate, node.a)
    let head = current
    let after = newBlock()
    switchCases.append([])
    switchDefaults.append(-1)
    breakTargets.append((after, scopes.count))
    current = newBlock()
    statement(node.b)
    moveOn(to: after)
    breakTargets.removeLast()
    let cases = switchCases.removeLast()
    let fallback = switchDefaults.removeLast()
    blocks[head].exit = .select(node.a, cases: cases, otherwise: fallback >= 0 ? fallback : after)
  }

  mutating func caseLabel(_ node: Node) {
    let block = newBlock()
    moveOn(to: block)
    guard !switchCases.isEmpty else { return }
    if node.a >= 0 {
      switchCases[switchCases.count - 1].append((node.a, node.b, block))
    } else {
      switchDefaults[switchDefaults.count - 1] = block
    }
  }

  mutating func macroLoop(_ node: Node) {
    let name = calleeName(node.a)
    if names.scopedGuards.contains(name) {
      let after = newBlock()
      act(.enterGuard, node.a)
      scopes.append([node.a])
      loopTargets(next: after, after: after) { builder in
        builder.breakTargets[builder.breakTargets.count - 1].scope -= 1
        builder.continueTargets[builder.continueTargets.count - 1].scope -= 1
        builder.statement(node.b)
      }
      dropGuards(downTo: scopes.count - 1)
      scopes.removeLast()
      moveOn(to: after)
      return
    }
    let head = newBlock()
    let body = newBlock()
    let after = newBlock()
    prepare(node.a)
    moveOn(to: head)
    act(.iterate, node.a)
    blocks[current].exit = .either(body, after)
    loop(body: node.b, at: body, next: head, after: after)
  }
}
