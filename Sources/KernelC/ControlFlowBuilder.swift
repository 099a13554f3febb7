/// Lowers one function's tree to blocks.
struct ControlFlowBuilder {
  let file: ParsedFile
  let names: FlowNames
  let guardMacros: Set<Symbol>
  var blocks: [BasicBlock] = [BasicBlock()]
  var isIncomplete = false

  var current = 0
  var scopes: [[NodeID]] = []
  /// The statements of the innermost block that are behind us.
  var preceding: [NodeID] = []
  var breakTargets: [(block: Int, scope: Int)] = []
  var continueTargets: [(block: Int, scope: Int)] = []
  var switchCases: [[(value: NodeID, last: NodeID, block: Int)]] = []
  var switchDefaults: [Int] = []
  var labels: [Int32: (block: Int, scopes: [[NodeID]])] = [:]
  var jumps: [(from: Int, label: Int32, scopes: [[NodeID]])] = []

  init(file: ParsedFile, names: FlowNames, guardMacros: Set<Symbol>) {
    self.file = file
    self.names = names
    self.guardMacros = guardMacros
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

  mutating func newBlock() -> Int {
    blocks.append(BasicBlock())
    return blocks.count - 1
  }

  mutating func moveOn(to block: Int) {
    blocks[current].exit = .jump(block)
    current = block
  }

  mutating func act(_ kind: FlowAction.Kind, _ node: NodeID, value: NodeID = -1) {
    blocks[current].actions.append(FlowAction(kind: kind, node: node, value: value))
  }

  mutating func dropGuards(_ guards: [NodeID], in block: Int) {
    for node in guards.reversed() {
      blocks[block].actions.append(FlowAction(kind: .leaveGuard, node: node, value: -1))
    }
  }

  mutating func dropGuards(downTo scope: Int) {
    for guards in scopes[min(scope, scopes.count)...].reversed() { dropGuards(guards, in: current) }
  }
}
