import Findings
import KernelC
import LockModel

/// Deadlines that a loop asks about the wrong way round: it ends while there is time left, or never begins.
extension InvertedCheck {
  func deadlines(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let nodes = context.program.definition(id).nodes
    guard nodes.contains(where: { file[$0].kind == .call && Self.clocks[context.text(shapes.callee($0))] != nil })
    else {
      return []
    }
    let deadlines = Deadlines(nodes, shapes)
    guard !deadlines.stores.isEmpty else { return [] }
    var findings: [Finding] = []
    func report(_ node: NodeID, _ name: Symbol, _ what: String) {
      findings.append(context.finding(description, id, node, what, key: context.text(name)))
    }
    func judgeLoop(_ condition: NodeID, _ loop: NodeID) {
      guard condition >= 0, let (name, isOver) = deadlines.question(condition, .ampersandAmpersand), isOver,
        !deadlines.isSet(name, inside: loop, shapes)
      else { return }
      report(condition, name, "the loop goes on only once '\(context.text(name))' has passed, which is still to come")
    }
    for node in nodes {
      let item = file[node]
      switch item.kind {
      case .whileStatement: judgeLoop(item.a, node)
      case .doStatement: judgeLoop(item.b, node)
      case .forStatement:
        let parts = Array(file.list(item.a, item.b))
        if parts.count == 4 { judgeLoop(parts[1], node) }
      case .ifStatement where item.c < 0 && isTimeout(item.b, shapes):
        if let (name, isOver) = deadlines.question(item.a, .pipePipe), !isOver {
          report(item.a, name, "this returns that it took too long while '\(context.text(name))' is still to come")
        }
      default: break
      }
    }
    for node in nodes {
      guard let body = body(of: node, shapes) else { continue }
      for condition in exits(of: body, shapes) where !isTimeout(file[condition].b, shapes) {
        guard let (name, isOver) = deadlines.question(file[condition].a, .pipePipe), !isOver,
          !deadlines.isSet(name, inside: node, shapes), !staysInside(file[condition].b, node, nodes, shapes)
        else { continue }
        report(file[condition].a, name, "the loop ends here while '\(context.text(name))' is still to come")
      }
    }
    return findings
  }

  /// What a loop repeats; nil for anything else.
  private func body(of node: NodeID, _ shapes: Statements) -> NodeID? {
    let item = shapes.file[node]
    switch item.kind {
    case .whileStatement, .macroLoop: return item.b
    case .doStatement: return item.a
    case .forStatement:
      let parts = Array(shapes.file.list(item.a, item.b))
      return parts.count == 4 ? parts[3] : nil
    default: return nil
    }
  }

  /// Tests in the body of a loop that end it; what an inner loop or a switch ends is another matter.
  private func exits(of id: NodeID, _ shapes: Statements, depth: Int = 0) -> [NodeID] {
    guard id >= 0, depth < 60 else { return [] }
    let node = shapes.file[id]
    switch node.kind {
    case .block:
      return shapes.file.list(node.a, node.b).flatMap { exits(of: $0, shapes, depth: depth + 1) }
    case .ifStatement:
      let inside = [node.b, node.c].flatMap { exits(of: $0, shapes, depth: depth + 1) }
      guard node.c < 0, let leaving = shapes.leaving(node.b) else { return inside }
      let last = shapes.file[leaving]
      let isEnd =
        last.kind == .breakStatement || last.kind == .gotoStatement
        || last.kind == .returnStatement && last.a >= 0
          && SourceText.text(of: last.a, shapes.file, shapes.symbols).hasPrefix("-E")
      return isEnd ? [id] + inside : inside
    default: return []
    }
  }

  /// The branch jumps to a label of the loop, or back to before it.
  private func staysInside(_ branch: NodeID, _ loop: NodeID, _ nodes: Range<NodeID>, _ shapes: Statements) -> Bool {
    let file = shapes.file
    guard let leaving = shapes.leaving(branch), file[leaving].kind == .gotoStatement else { return false }
    let label = nodes.first { file[$0].kind == .label && file[$0].a == file[leaving].a }
    guard let label, file[label].token > file[leaving].token else { return true }
    return shapes.contains(loop, label)
  }

  /// `return -ETIMEDOUT;`
  func isTimeout(_ branch: NodeID, _ shapes: Statements) -> Bool {
    guard let leaving = shapes.leaving(branch), shapes.file[leaving].kind == .returnStatement else { return false }
    return ["-ETIMEDOUT", "-ETIME"].contains(SourceText.text(of: shapes.file[leaving].a, shapes.file, shapes.symbols))
  }

  /// Questions about the time, and whether a yes says that the first argument comes later than the second. Of one argument, the
  /// other is the time now.
  fileprivate static let clocks: [String: Bool] = [
    "time_after": true, "time_after_eq": true, "time_before": false, "time_before_eq": false, "time_after64": true,
    "time_before64": false, "time_is_before_jiffies": false, "time_is_after_jiffies": true, "ktime_after": true,
    "ktime_before": false,
  ]
}

/// The locals of a function that hold a time to come, and nothing else.
private struct Deadlines {
  /// Where each is set.
  private(set) var stores: [Symbol: [NodeID]] = [:]
  private let shapes: Statements

  init(_ nodes: Range<NodeID>, _ shapes: Statements) {
    self.shapes = shapes
    let file = shapes.file
    var others: Set<Symbol> = []
    var locals: Set<Symbol> = []
    for node in nodes {
      let item = file[node]
      switch item.kind {
      case .variable where item.op & 1 == 0:
        locals.insert(Symbol(item.a))
        if item.c >= 0 { note(Symbol(item.a), item.c, node, &others) }
      case .assign where file[item.a].kind == .name:
        let name = Symbol(file[item.a].a)
        if item.operation == .equal { note(name, item.b, node, &others) } else { others.insert(name) }
      case .postfix where file[item.a].kind == .name: others.insert(Symbol(file[item.a].a))
      case .unary where [.plusPlus, .minusMinus, .ampersand].contains(item.operation) && file[item.a].kind == .name:
        others.insert(Symbol(file[item.a].a))
      default: break
      }
    }
    stores = stores.filter { locals.contains($0.key) && !others.contains($0.key) }
  }

  private mutating func note(_ name: Symbol, _ value: NodeID, _ node: NodeID, _ others: inout Set<Symbol>) {
    if isToCome(value) { stores[name, default: []].append(node) } else { others.insert(name) }
  }

  /// `jiffies + HZ`, `ktime_add_us(ktime_get(), 10)`
  private func isToCome(_ value: NodeID, _ depth: Int = 0) -> Bool {
    let node = shapes.file[value]
    if node.kind == .binary, node.operation == .plus, depth < 20 {
      return [node.a, node.b].contains { isNow($0) || isToCome($0, depth + 1) }
    }
    let name = shapes.symbols.text(shapes.callee(value))
    guard name.hasPrefix("ktime_add"), let first = shapes.file.list(node.b, node.c).first else { return false }
    return isNow(first)
  }

  private func isNow(_ id: NodeID) -> Bool {
    let node = shapes.file[id]
    if node.kind == .name { return shapes.symbols.text(Symbol(node.a)) == "jiffies" }
    let name = shapes.symbols.text(shapes.callee(id))
    return name == "get_jiffies_64" || name.hasPrefix("ktime_get") && node.c == 0
  }

  /// The deadline that a condition, or one of its parts by the operator, asks about, and whether a yes says that it has passed.
  func question(_ condition: NodeID, _ joint: TokenKind, _ depth: Int = 0) -> (name: Symbol, isOver: Bool)? {
    let (core, isNegated) = shapes.core(condition)
    guard core >= 0, depth < 20 else { return nil }
    let node = shapes.file[core]
    if node.kind == .binary, node.operation == joint, !isNegated {
      return question(node.a, joint, depth + 1) ?? question(node.b, joint, depth + 1)
    }
    guard node.kind == .call, let isLater = InvertedCheck.clocks[shapes.symbols.text(shapes.callee(core))] else {
      return nil
    }
    let arguments = Array(shapes.file.list(node.b, node.c))
    guard let first = arguments.first, arguments.count < 3 else { return nil }
    let second = arguments.count == 2 ? arguments[1] : -1
    if let name = deadline(first), second < 0 || isNow(second) { return (name, isLater == isNegated) }
    if second >= 0, let name = deadline(second), isNow(first) { return (name, isLater != isNegated) }
    return nil
  }

  private func deadline(_ id: NodeID) -> Symbol? {
    let node = shapes.file[id]
    return node.kind == .name && stores[Symbol(node.a)] != nil ? Symbol(node.a) : nil
  }

  /// A loop that sets its deadline anew has another question to ask.
  func isSet(_ name: Symbol, inside loop: NodeID, _ shapes: Statements) -> Bool {
    (stores[name] ?? []).contains { shapes.contains(loop, $0) }
  }
}
