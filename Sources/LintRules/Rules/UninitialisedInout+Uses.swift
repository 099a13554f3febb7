import Findings
import KernelC
import LockModel

/// Which reads of a local without a value say something: the rest is mostly correlated in ways that the text does not show.
struct UnsetUses {
  let id: FunctionID
  let facts: FunctionFacts
  let context: RuleContext
  let file: ParsedFile
  /// Expressions that are returned.
  private let returned: Set<NodeID>
  /// Operands of '++', '+=' and the like.
  private var changed: Set<NodeID> = []
  /// Arguments of calls that free or put what they are given.
  private var disposed: Set<NodeID> = []
  /// What stands between the brackets of an array.
  private var indices: Set<NodeID> = []
  /// What each local is ever set to, by truth; a local that is set otherwise has both.
  private var truths: [Symbol: Set<Bool>] = [:]
  /// Arguments of iterators, also where one does not read like a statement.
  private var walked: Set<Symbol> = []
  /// Conditions that are a local and nothing else.
  private var tested: Set<NodeID> = []

  init(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) {
    self.id = id
    self.facts = facts
    self.context = context
    file = context.program.file(of: id)
    returned = Self.returned(facts.exits.map(\.value), file, context)
    for node in context.program.definition(id).nodes { scan(node) }
  }

  /// What is returned, and the variable that makes it up: `x` in `return ERR_PTR(x);` and in `return x ?: n;`.
  private static func returned(_ values: [NodeID], _ file: ParsedFile, _ context: RuleContext) -> Set<NodeID> {
    var result: Set<NodeID> = []
    var open = values
    while let value = open.popLast() {
      guard value >= 0, result.insert(value).inserted else { continue }
      let node = file[value]
      switch node.kind {
      case .call where context.text(context.callee(value, in: file)) == "ERR_PTR":
        open += file.list(node.b, node.c)
      case .conditional:
        let test = file[node.a]
        let subject = test.kind == .binary && test.operation == .less ? test.a : node.a
        // `x ? y : z` asks about `x`, and returns another thing.
        if node.b < 0 || file[subject].kind == .name && file[node.b].kind == .name && file[subject].a == file[node.b].a
        {
          open.append(subject)
        }
      default: break
      }
    }
    return result
  }

  private mutating func scan(_ node: NodeID) {
    let item = file[node]
    switch item.kind {
    case .assign where file[item.a].kind == .name:
      if item.operation != .equal { changed.insert(item.a) }
      truths[Symbol(file[item.a].a), default: []].formUnion(item.operation == .equal ? truth(item.b) : [true, false])
    case .postfix: note(changedOperand: item.a)
    case .unary where item.operation == .plusPlus || item.operation == .minusMinus: note(changedOperand: item.a)
    case .unary where item.operation == .ampersand && file[item.a].kind == .name:
      truths[Symbol(file[item.a].a), default: []].formUnion([true, false])
    case .macroLoop:
      for call in [item.a] where file[call].kind == .call {
        for argument in file.list(file[call].b, file[call].c) where file[argument].kind == .name {
          truths[Symbol(file[argument].a), default: []].formUnion([true, false])
        }
      }
    case .call:
      let name = context.callee(node, in: file)
      if name.exists, context.text(name).contains("for_each") {
        for argument in file.list(item.b, item.c) where file[argument].kind == .name {
          walked.insert(Symbol(file[argument].a))
        }
      }
      if name.exists, let argument = context.solver.changedArgument(of: name, in: node, file) {
        note(changedOperand: argument)
      }
      if name.exists, context.solver.disposes(name) {
        for argument in file.list(item.b, item.c) { disposed.insert(root(argument)) }
      }
    case .index where item.b >= 0: indices.insert(item.b)
    case .ifStatement, .whileStatement: tested.insert(core(item.a))
    default: break
    }
  }

  private mutating func note(changedOperand node: NodeID) {
    guard file[node].kind == .name else { return }
    changed.insert(node)
    truths[Symbol(file[node].a), default: []].formUnion([true, false])
  }

  /// The variable of `a` and of `a.b`.
  private func root(_ id: NodeID) -> NodeID {
    file[id].kind == .member && file[id].operation == .dot ? root(file[id].a) : id
  }

  private func core(_ id: NodeID) -> NodeID {
    let item = file[id]
    return item.kind == .unary && item.operation == .bang ? core(item.a) : id
  }

  private func truth(_ value: NodeID) -> Set<Bool> {
    let item = file[value]
    switch item.kind {
    case .number: return [item.a != 0]
    case .unary where item.operation == .minus: return [true]
    case .name:
      let text = context.text(Symbol(item.a))
      if text == "true" { return [true] }
      if text == "false" || text == "NULL" { return [false] }
      return [true, false]
    default: return [true, false]
    }
  }

  /// Whether the read is one that no correlation explains away.
  func isTelling(_ event: UnsetReadEvent) -> Bool {
    if event.isIgnored { return true }
    if event.call >= 0 {
      return !facts.isJoined && (isKept(event.call) || mayFail(event)) && !isJudgedElsewhere(event.call)
        && !isPassedOn(event)
    }
    if isBehindSureLoop(event) { return false }
    if walked.contains(event.variable) { return false }
    if isBehindJump(event) { return true }
    if event.isSure || changed.contains(event.node) { return true }
    // A flag that only ever becomes true (or false) says nothing unless it started as the opposite.
    if tested.contains(event.node), let truths = truths[event.variable], truths.count == 1 { return true }
    return !facts.isJoined
      && (returned.contains(event.node) || disposed.contains(event.node)
        || indices.contains(event.node) && isSetByCases(event.variable)
        || tested.contains(event.node) && Statements.errorNames.contains(context.text(event.variable)))
  }

  /// Every assignment stands in a switch that has no default.
  private func isSetByCases(_ name: Symbol) -> Bool {
    let nodes = context.program.definition(id).nodes
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let stores = nodes.filter {
      file[$0].kind == .assign && file[file[$0].a].kind == .name && Symbol(file[file[$0].a].a) == name
    }
    let switches = nodes.filter { node in
      file[node].kind == .switchStatement
        && !nodes.contains { file[$0].kind == .caseLabel && file[$0].a < 0 && shapes.contains(node, $0) }
    }
    return !stores.isEmpty && stores.allSatisfy { store in switches.contains { shapes.contains($0, store) } }
  }

  /// The value is returned.
  func isReturned(_ event: UnsetReadEvent) -> Bool { returned.contains(event.node) }

  /// The caller looks at what the call returns, just not on this path.
  private func isKept(_ call: NodeID) -> Bool {
    !context.program.definition(id).nodes.contains { file[$0].kind == .expressionStatement && file[$0].a == call }
  }

  /// The variable that takes the call's result is handed on by its address: what looks at it is another function.
  private func isJudgedElsewhere(_ call: NodeID) -> Bool {
    let nodes = context.program.definition(id).nodes
    let result = nodes.first { file[$0].kind == .assign && file[$0].b == call }.map { file[$0].a }
    guard let result, file[result].kind == .name else { return false }
    return nodes.contains { node in
      file[node].kind == .unary && file[node].operation == .ampersand && file[file[node].a].kind == .name
        && file[file[node].a].a == file[result].a
    }
  }
}
