import KernelC

/// What happens first to a local that starts without a value, as far as statements say that every way runs.
struct FirstUse {
  let name: Symbol
  let file: ParsedFile
  let symbols: SymbolTable
  /// What one branch sets is not set behind it.
  var isStrict = false

  init(name: Symbol, file: ParsedFile, symbols: SymbolTable) {
    self.name = name
    self.file = file
    self.symbols = symbols
  }

  enum Outcome {
    /// Nothing, or nothing on every way.
    case none
    case set
    /// Given to a call that may set it and whose result nobody looks at.
    case offered
    case read(NodeID)
    /// Control does not go on behind the statement.
    case left
  }

  func first(in id: NodeID, _ depth: Int = 0) -> Outcome {
    guard id >= 0, depth < 40 else { return .none }
    let node = file[id]
    switch node.kind {
    case .block: return sequence(Array(file.list(node.a, node.b)), depth)
    case .declaration: return sequence(Array(file.list(node.a, node.b)), depth)
    case .variable: return expression(node.c)
    case .expressionStatement: return expression(node.a, isStatement: true)
    case .returnStatement:
      if case .read(let use) = expression(node.a) { return .read(use) }
      return .left
    case .gotoStatement, .breakStatement, .continueStatement: return .left
    case .ifStatement: return branches(node, depth)
    case .whileStatement, .macroLoop:
      if node.kind == .macroLoop, mentions(node.a) { return .set }
      let head = expression(node.a)
      if case .none = head { return loop(node.b, depth) }
      return head
    case .forStatement:
      let parts = Array(file.list(node.a, 4))
      for part in parts.prefix(2) {
        let outcome = file[max(part, 0)].kind == .declaration ? first(in: part, depth + 1) : expression(part)
        if case .none = outcome { continue }
        return outcome
      }
      return loop(parts[3], depth)
    case .doStatement:
      let body = first(in: node.a, depth + 1)
      if case .none = body { return expression(node.b) }
      return body
    case .switchStatement:
      let head = expression(node.a)
      if case .none = head {
        // What each case does is not told apart: one that sets it may be the one that runs.
        return mentions(node.b) ? .set : .none
      }
      return head
    case .label, .caseLabel, .empty: return .none
    // Jumped into, or not understood.
    default: return mentions(id) ? .set : .none
    }
  }

  private func sequence(_ statements: [NodeID], _ depth: Int) -> Outcome {
    var isOffered = false
    for statement in statements {
      let outcome = first(in: statement, depth + 1)
      if case .none = outcome { continue }
      if case .offered = outcome {
        isOffered = true
        continue
      }
      return outcome
    }
    return isOffered ? .offered : .none
  }

  /// A loop may have no turn: what it sets is not set for sure, what it reads first is read.
  private func loop(_ body: NodeID, _ depth: Int) -> Outcome {
    if case .read(let use) = first(in: body, depth + 1) { return .read(use) }
    return .none
  }

  /// Whether a node stands behind a loop whose turns set the local, in the first statement after it that mentions that.
  func isBehindLoop(_ use: NodeID, in function: FunctionDefinition) -> Bool {
    let token = file[use].token
    return function.nodes.contains { block in
      guard file[block].kind == .block else { return false }
      let statements = Array(file.list(file[block].a, file[block].b))
      // The last statement that starts in front of the node has it.
      guard let index = statements.lastIndex(where: { file[$0].token <= token }), mentions(statements[index]),
        let before = statements[..<index].last(where: { mentions($0) }),
        case let loop = file[before], [.macroLoop, .forStatement, .whileStatement].contains(loop.kind)
      else { return false }
      let body = loop.kind == .forStatement ? file.list(loop.a, 4).last ?? -1 : loop.b
      if case .set = first(in: body) { return true }
      return false
    }
  }

  private func branches(_ node: Node, _ depth: Int) -> Outcome {
    let head = expression(node.a)
    if case .none = head {
      let then = first(in: node.b, depth + 1)
      if case .read = then { return then }
      let otherwise = first(in: node.c, depth + 1)
      if case .read = otherwise { return otherwise }
      switch (then, otherwise) {
      case (.offered, _), (_, .offered): return .offered
      case (.set, .set), (.set, .left), (.left, .set): return .set
      case (.left, .left): return .left
      // Set for one answer alone: what depends on the same answer later may be right.
      case (.set, .none), (.none, .set): return isStrict ? .none : .set
      default: return .none
      }
    }
    return head
  }

  private func expression(_ id: NodeID, isStatement: Bool = false) -> Outcome {
    guard id >= 0, mentions(id) else { return .none }
    let node = file[id]
    switch node.kind {
    case .name: return Symbol(node.a) == name ? .read(id) : .none
    case .assign:
      let value = expression(node.b)
      if case .none = value {} else { return value }
      if isIt(node.a) { return node.operation == .equal ? .set : .read(node.a) }
      return expression(node.a)
    case .unary where node.operation == .ampersand: return isIt(node.a) ? .set : expression(node.a)
    case .member where node.operation == .dot: return expression(node.a)
    case .sizeOf: return .none
    case .call:
      let arguments = Array(file.list(node.b, node.c))
      for argument in arguments {
        let value = stripped(argument)
        // Nobody looks whether the call could set it.
        if file[value].kind == .unary, file[value].operation == .ampersand, isIt(file[value].a) {
          return isStatement && arguments.count > 1 && sets(node.a) ? .offered : .set
        }
        let outcome = expression(argument)
        if case .none = outcome { continue }
        // A macro may set what it is given.
        if case .read = outcome, file[argument].kind == .name, isUpperCase(node.a) { return .set }
        return outcome
      }
      return expression(node.a)
    default:
      for child in file.children(of: id) {
        let outcome = expression(child)
        if case .none = outcome { continue }
        return outcome
      }
      return .none
    }
  }

  /// The name of something that fetches a value and may fail to, as opposed to something that makes one.
  private func sets(_ callee: NodeID) -> Bool {
    guard file[callee].kind == .name else { return false }
    return symbols.text(Symbol(file[callee].a)).split(separator: "_").contains {
      ["read", "get", "query", "fetch", "find", "parse", "lookup", "recv"].contains($0)
    }
  }

  private func isUpperCase(_ callee: NodeID) -> Bool {
    file[callee].kind == .name && file.tokens[Int(file[callee].token)].traits.contains(.upperCase)
  }

  private func isIt(_ id: NodeID) -> Bool { file[id].kind == .name && Symbol(file[id].a) == name }

  private func stripped(_ id: NodeID) -> NodeID { file[id].kind == .cast ? stripped(file[id].b) : id }

  private func mentions(_ id: NodeID, _ depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    if isIt(id) { return true }
    return file.children(of: id).contains { mentions($0, depth + 1) }
  }
}
