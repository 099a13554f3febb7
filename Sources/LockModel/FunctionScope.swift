import ByteText
import KernelC

/// What a function's text says regardless of paths: its locals, which of them have one value, which conditions recur.
final class FunctionScope {
  let id: FunctionID
  let definition: FunctionDefinition
  let file: ParsedFile
  let fileIndex: Int
  var parameters: [Symbol: Int] = [:]
  var localTypes: [Symbol: CType] = [:]
  /// Locals with a single assignment, and what it is.
  var aliases: [Symbol: NodeID] = [:]
  var assignmentCount: [Symbol: Int] = [:]
  var addressTaken: Set<Symbol> = []
  /// Locals tracked for being without a value, by bit.
  var trackedBits: [Symbol: UInt64] = [:]
  var tracked: [Symbol] = []
  /// Those of the tracked locals that are structures, of which the function frees a part.
  var aggregates: Set<Symbol> = []
  /// Those that are structures or unions, which the function only ever sets as a whole.
  var wholes: Set<Symbol> = []
  var cleanedUp: Set<Symbol> = []
  var hasAssembly = false
  var calls: [NodeID] = []
  /// Calls in the statements of the outermost block: they run whenever the function gets that far.
  var unconditional: Set<NodeID> = []
  /// The token of the first return or goto in the text.
  var firstExit = UInt32.max
  /// The first token of a way out that leaves the work to another function, or that nobody takes who may sleep.
  var firstAlternative = UInt32.max
  /// Calls in branches that do nothing but call: `if (locked) unlock();`.
  var branchCalls: Set<NodeID> = []
  /// Locals that are given something other than NULL besides what a call returns.
  var otherwiseSet: Set<Symbol> = []
  /// The last token of those stores, by variable.
  var lastOtherStore: [Symbol: UInt32] = [:]
  /// `asm` in its spellings.
  private let assemblyWords: Set<Symbol>

  init(_ id: FunctionID, _ program: Program, _ names: KnownNames) {
    self.id = id
    definition = program.definition(id)
    file = program.file(of: id)
    fileIndex = Int(program.functions[Int(id.rawValue)].file)
    assemblyWords = names.assembly
    scan(names)
    walk(definition.body, 0)
    findAlternatives(program)
  }

  /// `if (ops->f) return ops->f(x);` and `if (flags & ASYNC) return 0;`: what comes behind is one of two ways.
  private func findAlternatives(_ program: Program) {
    guard file[definition.body].kind == .block, firstExit < .max else { return }
    let body = file[definition.body]
    for statement in file.list(body.a, body.b) where file[statement].kind == .ifStatement {
      let branch = file[statement].b
      guard branch >= 0 else { continue }
      let inner = file[branch].kind == .block ? Array(file.list(file[branch].a, file[branch].b)) : [branch]
      guard let last = inner.last, file[last].kind == .returnStatement else { continue }
      if delegates(file[last].a, program) || isAboutWaiting(file[statement].a, program, 0) {
        firstAlternative = file[statement].token
        return
      }
    }
  }

  /// A call that is given one of the function's own parameters, and is not about an error.
  private func delegates(_ id: NodeID, _ program: Program) -> Bool {
    guard id >= 0, file[id].kind == .call else { return false }
    let callee = file[file[id].a]
    if callee.kind == .name {
      let text = program.symbols.text(Symbol(callee.a))
      if text.holds("ERR") || text.holds("err") { return false }
    }
    return file.list(file[id].b, file[id].c).contains { argument in
      file[argument].kind == .name && definition.parameters.contains { $0.name == Symbol(file[argument].a) }
    }
  }

  /// Whether a condition names something that says who may wait.
  private func isAboutWaiting(_ id: NodeID, _ program: Program, _ depth: Int) -> Bool {
    guard id >= 0, depth < 12 else { return false }
    let node = file[id]
    func saysSo(_ name: Symbol) -> Bool {
      let text = program.symbols.text(name).lowercased()
      return text.holds("async") || text.holds("nowait") || text.holds("nonblock") || text.holds("atomic")
    }
    switch node.kind {
    case .name: return saysSo(Symbol(node.a))
    case .member: return saysSo(Symbol(node.b))
    case .unary: return isAboutWaiting(node.a, program, depth + 1)
    case .cast: return isAboutWaiting(node.b, program, depth + 1)
    case .binary:
      return isAboutWaiting(node.a, program, depth + 1) || isAboutWaiting(node.b, program, depth + 1)
    default: return false
    }
  }

  private func walk(_ id: NodeID, _ depth: Int) {
    guard id >= 0, depth < 12 else { return }
    let node = file[id]
    switch node.kind {
    case .block: for child in file.list(node.a, node.b) { walk(child, depth + 1) }
    case .expressionStatement, .returnStatement: gather(node.a, 0)
    case .declaration: for child in file.list(node.a, node.b) { gather(file[child].c, 0) }
    case .ifStatement, .whileStatement, .switchStatement: gather(node.a, 0)
    case .doStatement: walk(node.a, depth + 1)
    default: break
    }
  }

  private func gather(_ id: NodeID, _ depth: Int) {
    guard id >= 0, depth < 24 else { return }
    let node = file[id]
    switch node.kind {
    case .call:
      unconditional.insert(id)
      for child in file.list(node.b, node.c) { gather(child, depth + 1) }
    case .binary:
      gather(node.a, depth + 1)
      if node.operation != .ampersandAmpersand, node.operation != .pipePipe { gather(node.b, depth + 1) }
    case .assign: gather(node.b, depth + 1)
    case .unary, .conditional, .member: gather(node.a, depth + 1)
    case .cast: gather(node.b, depth + 1)
    case .statementExpression: walk(node.a, depth + 1)
    default: break
    }
  }

  private func scan(_ names: KnownNames) {
    var singles: [Symbol: NodeID] = [:]
    var candidates: [(symbol: Symbol, count: Int)] = []
    var structures: Set<Symbol> = []
    var bare: Set<Symbol> = []
    /// Locals that are static.
    var lasting: Set<Symbol> = []
    for id in definition.nodes {
      let node = file[id]
      switch node.kind {
      case .returnStatement, .gotoStatement: firstExit = min(firstExit, node.token)
      case .variable:
        let name = Symbol(node.a)
        let type = file.types[Int(node.b)]
        let isNew = localTypes.updateValue(type, forKey: name) == nil
        if node.op & 2 != 0 { cleanedUp.insert(name) }
        if node.op & 1 != 0 { lasting.insert(name) }
        // Another variable of the same name, which is no scalar: which of them is meant is not told apart.
        if !isNew, type.arrays > 0 || !isScalar(type) { candidates.removeAll { $0.symbol == name } }
        if node.c >= 0 {
          noteOther(name, node.c, names)
          assignmentCount[name, default: 0] += 1
          singles[name] = node.c
          if file[node.c].kind == .name, file[node.c].a == node.a { assignmentCount[name, default: 0] += 1 }
        } else if node.op == 0, type.arrays == 0, isNew, isScalar(type), !isRegister(node) {
          candidates.append((name, 0))
        } else if node.op == 0, type.arrays == 0, isNew, type.base == .structure || type.base == .union {
          if type.base == .structure { structures.insert(name) }
          bare.insert(name)
        }
      case .assign:
        if file[node.a].kind == .name {
          let name = Symbol(file[node.a].a)
          assignmentCount[name, default: 0] += node.operation == .equal ? 1 : 2
          singles[name] = node.b
          noteOther(name, node.b, names)
        }
      case .postfix, .unary:
        let operand = file[node.a]
        guard operand.kind == .name else { continue }
        if node.operation == .plusPlus || node.operation == .minusMinus {
          assignmentCount[Symbol(operand.a), default: 0] += 2
        } else if node.kind == .unary, node.operation == .ampersand {
          addressTaken.insert(Symbol(operand.a))
          assignmentCount[Symbol(operand.a), default: 0] += 2
        }
      case .macroLoop:
        let call = file[node.a]
        guard call.kind == .call else { continue }
        // The cursor comes first; a parameter further on is what is walked.
        for (position, argument) in file.list(call.b, call.c).enumerated() where file[argument].kind == .name {
          let name = Symbol(file[argument].a)
          if position > 0, definition.parameters.contains(where: { $0.name == name }) { continue }
          assignmentCount[Symbol(file[argument].a), default: 0] += 2
        }
      case .call: calls.append(id)
      case .ifStatement:
        noteBranch(node.b)
        noteBranch(node.c)
      case .assembly: hasAssembly = true
      default: break
      }
    }
    for (position, parameter) in definition.parameters.enumerated() where parameter.name.exists {
      if assignmentCount[parameter.name] == nil || addressTaken.contains(parameter.name) {
        parameters[parameter.name] = position
      } else {
        localTypes[parameter.name] = parameter.type
      }
    }
    for (name, value) in singles where assignmentCount[name] == 1 && !addressTaken.contains(name) {
      // A parameter had a value before; a variable that changes later is not the same by then.
      if definition.parameters.contains(where: { $0.name == name }) { continue }
      // A variable of others', or one that outlives the call, has been something else before.
      if !definition.isMacro, localTypes[name] == nil || lasting.contains(name) { continue }
      if file[value].kind == .name {
        let source = Symbol(file[value].a)
        let isParameter = definition.parameters.contains { $0.name == source }
        if assignmentCount[source, default: 0] > (isParameter ? 0 : 1) { continue }
      }
      if isElement(value, of: assignmentCount, 0) { continue }
      aliases[name] = value
    }
    if !hasAssembly {
      for candidate in candidates where tracked.count < 64 && trackedBits[candidate.symbol] == nil {
        trackedBits[candidate.symbol] = 1 << UInt64(tracked.count)
        tracked.append(candidate.symbol)
      }
      for call in calls where file[file[call].a].kind == .name && names.frees.contains(Symbol(file[file[call].a].a)) {
        guard let first = file.list(file[call].b, file[call].c).first, file[first].kind == .member,
          case let name = aggregate(of: first), structures.contains(name), tracked.count < 64, trackedBits[name] == nil
        else { continue }
        trackedBits[name] = 1 << UInt64(tracked.count)
        tracked.append(name)
        aggregates.insert(name)
      }
      for name in findWholes(bare, names) where tracked.count < 64 && trackedBits[name] == nil {
        trackedBits[name] = 1 << UInt64(tracked.count)
        tracked.append(name)
        wholes.insert(name)
      }
    }
  }

  /// Structures without a value at first, that are copied to or set as a whole and of which no member is named, in the order of
  /// the text.
  private func findWholes(_ bare: Set<Symbol>, _ names: KnownNames) -> [Symbol] {
    guard !bare.isEmpty else { return [] }
    var found: [Symbol] = []
    var inParts: Set<Symbol> = []
    for id in definition.nodes {
      let node = file[id]
      switch node.kind {
      case .member, .index: if file[node.a].kind == .name { inParts.insert(Symbol(file[node.a].a)) }
      case .assign where file[node.a].kind == .name: found.append(Symbol(file[node.a].a))
      case .call where file[node.a].kind == .name && names.copies.contains(Symbol(file[node.a].a)):
        guard let first = file.list(node.b, node.c).first, file[first].kind == .unary,
          file[first].operation == .ampersand, file[file[first].a].kind == .name
        else { continue }
        found.append(Symbol(file[file[first].a].a))
      default: break
      }
    }
    return found.filter { bare.contains($0) && !inParts.contains($0) }
  }

  /// The variable that a part of a structure lies in: `a` for `a.b[2].c`; none where a pointer is followed.
  func aggregate(of id: NodeID) -> Symbol { root(of: id).map { Symbol(file[$0].a) } ?? .none }

  /// The name at the root of `a.b[2].c`.
  func root(of id: NodeID) -> NodeID? {
    guard id >= 0 else { return nil }
    let node = file[id]
    switch node.kind {
    case .name: return id
    case .member where node.operation == .dot: return root(of: node.a)
    case .index: return root(of: node.a)
    default: return nil
    }
  }

  /// `&all[i]` with an `i` that changes.
  private func isElement(_ id: NodeID, of changes: [Symbol: Int], _ depth: Int) -> Bool {
    guard id >= 0, depth < 12 else { return false }
    let node = file[id]
    switch node.kind {
    case .unary, .member: return isElement(node.a, of: changes, depth + 1)
    case .cast: return isElement(node.b, of: changes, depth + 1)
    case .index:
      if node.b >= 0, file[node.b].kind == .name, changes[Symbol(file[node.b].a), default: 0] > 1 { return true }
      return isElement(node.a, of: changes, depth + 1)
    default: return false
    }
  }

  private func noteBranch(_ id: NodeID) {
    guard id >= 0 else { return }
    let statements = file[id].kind == .block ? Array(file.list(file[id].a, file[id].b)) : [id]
    guard statements.allSatisfy({ file[$0].kind == .expressionStatement }) else { return }
    for statement in statements where file[file[statement].a].kind == .call { branchCalls.insert(file[statement].a) }
  }

  private func noteOther(_ name: Symbol, _ value: NodeID, _ names: KnownNames) {
    let node = file[value]
    if node.kind == .call || (node.kind == .number && node.a == 0) { return }
    if node.kind == .cast { return noteOther(name, node.b, names) }
    if node.kind == .name, Symbol(node.a) == names.null { return }
    otherwiseSet.insert(name)
    // A buffer on the stack or the caller's own thing is told apart when it comes to the end; what was looked up is not.
    lastOtherStore[name] = max(lastOtherStore[name] ?? 0, node.kind == .member ? node.token : .max)
  }

  /// `register unsigned long sp asm("sp");` has the value of the register.
  private func isRegister(_ variable: Node) -> Bool {
    let next = Int(variable.token) + 1
    return next < file.tokens.count && file.tokens[next].symbol.exists
      && assemblyWords.contains(file.tokens[next].symbol)
  }

  private func isScalar(_ type: CType) -> Bool {
    if type.pointers > 0 { return true }
    switch type.base {
    case .integer, .unsigned, .boolean, .enumeration: return true
    default: return false
    }
  }
}
