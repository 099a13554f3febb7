/// Lowers one function's tree to blocks.
struct ControlFlowBuilder {
  let file: ParsedFile
  let names: FlowNames
  var blocks: [BasicBlock] = [BasicBlock()]
  var isIncomplete = false

  private var current = 0
  private var scopes: [[NodeID]] = []
  private var breakTargets: [(block: Int, scope: Int)] = []
  private var continueTargets: [(block: Int, scope: Int)] = []
  private var switchCases: [[(value: NodeID, last: NodeID, block: Int)]] = []
  private var switchDefaults: [Int] = []
  private var labels: [Int32: (block: Int, scopes: [[NodeID]])] = [:]
  private var jumps: [(from: Int, label: Int32, scopes: [[NodeID]])] = []

  init(file: ParsedFile, names: FlowNames) {
    self.file = file
    self.names = names
  }

  mutating func build(_ body: NodeID) {
    statement(body)
    blocks[current].exit = .leave(value: -1, statement: -1)
    for jump in jumps {
      guard let target = labels[jump.label] else {
        isIncomplete = true
        continue
      }
      // Guards of scopes that the jump leaves are dropped, innermost first.
      var kept = 0
      while kept < jump.scopes.count, kept < target.scopes.count { kept += 1 }
      for scope in jump.scopes[kept...].reversed() { dropGuards(scope, in: jump.from) }
      blocks[jump.from].exit = .jump(target.block)
    }
  }

  private mutating func newBlock() -> Int {
    blocks.append(BasicBlock())
    return blocks.count - 1
  }

  private mutating func moveOn(to block: Int) {
    blocks[current].exit = .jump(block)
    current = block
  }

  private mutating func act(_ kind: FlowAction.Kind, _ node: NodeID, value: NodeID = -1) {
    blocks[current].actions.append(FlowAction(kind: kind, node: node, value: value))
  }

  private mutating func dropGuards(_ guards: [NodeID], in block: Int) {
    for node in guards.reversed() {
      blocks[block].actions.append(FlowAction(kind: .leaveGuard, node: node, value: -1))
    }
  }

  private mutating func dropGuards(downTo scope: Int) {
    for guards in scopes[min(scope, scopes.count)...].reversed() { dropGuards(guards, in: current) }
  }

  // MARK: Statements

  mutating func statement(_ id: NodeID) {
    guard id >= 0 else { return }
    let node = file[id]
    switch node.kind {
    case .block:
      scopes.append([])
      for child in file.list(node.a, node.b) { statement(child) }
      if let guards = scopes.popLast() { dropGuards(guards, in: current) }
    case .expressionStatement: expressionStatement(node.a)
    case .declaration:
      for child in file.list(node.a, node.b) { declare(child) }
    case .ifStatement: ifStatement(node)
    case .whileStatement:
      let head = newBlock()
      let body = newBlock()
      let after = newBlock()
      moveOn(to: head)
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
  private mutating func scopeless(_ block: NodeID) {
    let node = file[block]
    guard node.kind == .block else { return statement(block) }
    for child in file.list(node.a, node.b) { statement(child) }
  }

  private mutating func jumpOut(_ target: (block: Int, scope: Int)?) {
    if let target {
      dropGuards(downTo: target.scope)
      blocks[current].exit = .jump(target.block)
    }
    current = newBlock()
  }

  private mutating func leave(_ value: NodeID, _ statement: NodeID) {
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

  private mutating func ifStatement(_ node: Node) {
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

  private mutating func loopTargets(next: Int, after: Int, _ body: (inout Self) -> Void) {
    breakTargets.append((after, scopes.count))
    continueTargets.append((next, scopes.count))
    body(&self)
    breakTargets.removeLast()
    continueTargets.removeLast()
  }

  private mutating func loop(body: NodeID, at start: Int, next: Int, after: Int) {
    current = start
    loopTargets(next: next, after: after) { $0.statement(body) }
    blocks[current].exit = .jump(next)
    current = after
  }

  private mutating func forStatement(_ node: Node) {
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

  /// `for (i = 0; i < CONSTANT; …)` has at least one turn.
  private func runsOnce(_ start: NodeID, _ test: NodeID) -> Bool {
    guard start >= 0, test >= 0, file[start].kind == .expressionStatement || file[start].kind == .declaration,
      file[test].kind == .binary, file[test].operation == .less || file[test].operation == .lessEqual
    else { return false }
    let bound = file[file[test].b]
    let token = file.tokens[Int(bound.token)]
    switch bound.kind {
    case .number: return bound.a > 0
    case .name, .call: return token.traits.contains(.upperCase)
    default: return false
    }
  }

  private mutating func switchStatement(_ node: Node) {
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

  private mutating func caseLabel(_ node: Node) {
    let block = newBlock()
    moveOn(to: block)
    guard !switchCases.isEmpty else { return }
    if node.a >= 0 {
      switchCases[switchCases.count - 1].append((node.a, node.b, block))
    } else {
      switchDefaults[switchDefaults.count - 1] = block
    }
  }

  private mutating func macroLoop(_ node: Node) {
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

  private mutating func declare(_ id: NodeID) {
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

  private mutating func assign(target: NodeID, value: NodeID) {
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

  private mutating func expressionStatement(_ id: NodeID) {
    guard id >= 0 else { return }
    let node = file[id]
    switch node.kind {
    case .call:
      if isGuard(node) {
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

  // MARK: Expressions

  private func calleeName(_ id: NodeID) -> Symbol {
    let node = file[id]
    guard node.kind == .call, file[node.a].kind == .name else { return .none }
    return Symbol(file[node.a].a)
  }

  /// `guard(class)(lock)`.
  private func isGuard(_ node: Node) -> Bool {
    let callee = file[node.a]
    return callee.kind == .call && file[callee.a].kind == .name && Symbol(file[callee.a].a) == names.guardName
  }

  /// Runs statement expressions inside `id` before `id` itself.
  private mutating func prepare(_ id: NodeID) {
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
  private mutating func branch(_ id: NodeID, then: Int, otherwise: Int) {
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
