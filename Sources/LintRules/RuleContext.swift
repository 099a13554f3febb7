import ByteText
import Findings
import KernelC
public import LockModel

/// What a rule sees: the functions to judge, with their facts, and the program around them.
public struct RuleContext {
  /// Facts and summaries on demand.
  public let solver: Solver
  /// Functions in the files under review, macros left out, in file order.
  public let functions: [FunctionID]
  let names: RuleNames
  let tables: FolderTables
  let limits: RuleLimits

  var program: Program { solver.program }

  /// Whether other files can call the function, or an operations table holds it.
  func isExported(_ id: FunctionID) -> Bool {
    !program.definition(id).isStatic || !solver.callbacks.members(holding: id).isEmpty
  }

  /// Whether a function that nobody calls by name can only be reached by way of a table or a registration.
  func isReachable(_ id: FunctionID) -> Bool {
    // What a header has, or an array, is called from where nobody looked.
    if program.isListed(id) || program.file(of: id).path.hasSuffix(".h") { return false }
    return program.definition(id).isStatic || program.slots.values.contains { $0.contains(id) }
  }

  /// Whether the name says that the function runs before the object is shared, or when it is not any more.
  func isSetUp(_ id: FunctionID) -> Bool {
    let words: Set<Substring> = [
      "init", "probe", "alloc", "create", "new", "setup", "free", "destroy", "release", "remove", "exit", "cleanup",
      "register", "unregister", "attach", "detach", "open", "close", "teardown", "fini", "deinit", "constructor",
      "ctor", "dtor", "start", "bind", "unbind", "disconnect", "put", "get", "final", "show", "load", "mount", "unload",
    ]
    return name(id).split(separator: "_").contains {
      words.contains($0) || $0.hasSuffix("init") || $0.hasSuffix("alloc")
    }
  }

  /// How many functions may be between a function and the member that is its lock.
  private static let wrapperDepth = 3

  /// Functions that are not under review and mention one of `names`, themselves or through a small function that locks;
  /// at most `limit`, those of the folders under review first.
  func bystanders(mentioning names: Set<Symbol>, limit: Int) -> [FunctionID] {
    guard !names.isEmpty else { return [] }
    let reviewed = Set(functions)
    var wrappers: Set<Symbol> = []
    var found: [FunctionID] = []
    func search(_ mentions: (Node) -> Bool) {
      for id in program.allFunctions {
        let definition = program.definition(id)
        let file = program.file(of: id)
        guard definition.nodes.contains(where: { mentions(file[$0]) }) else { continue }
        if definition.isInline, definition.nodes.count < 120 { wrappers.insert(definition.name) }
        if !definition.isMacro, !reviewed.contains(id) { found.append(id) }
      }
    }
    search { node in
      node.kind == .member ? names.contains(Symbol(node.b)) : node.kind == .name && names.contains(Symbol(node.a))
    }
    // A wrapper may be wrapped once more.
    var known: Set<Symbol> = []
    for _ in 0..<Self.wrapperDepth where wrappers != known {
      let fresh = wrappers.subtracting(known)
      known = wrappers
      search { $0.kind == .name && fresh.contains(Symbol($0.a)) }
    }
    let folders = Set(functions.map { folder(of: $0) })
    let ordered = Set(found).sorted { $0.rawValue < $1.rawValue }
    let near = ordered.filter { folders.contains(folder(of: $0)) }
    return Array((near + ordered.filter { !folders.contains(folder(of: $0)) }).prefix(limit))
  }

  /// The functions under review and all others in the folders of their files, in file order: where a driver registers what
  /// another of its files waits for.
  var surroundings: [FunctionID] {
    let folders = Set(functions.map { folder(of: $0) })
    return program.allFunctions.filter { !program.definition($0).isMacro && folders.contains(folder(of: $0)) }
  }

  /// Whether locks of the class are taken in any order, as those of devices, which lockdep does not follow either, and those
  /// of arrays, which each have a class of their own.
  func isUnordered(_ lockClass: LockClass) -> Bool {
    let structure = text(lockClass.structure)
    return structure == "device" && text(lockClass.name) == "mutex" || structure == "xarray"
  }

  func folder(of id: FunctionID) -> Substring { TreePath.folder(program.file(of: id).path) }

  /// Whether a local says whether a lock is held.
  func hasLockFlag(_ id: FunctionID) -> Bool { solver.hasLockFlag(id) }

  /// The place of a node.
  func place(_ function: FunctionID, _ node: NodeID) -> SourcePlace {
    let file = program.file(of: function)
    let position = program.position(ofToken: file[node].token, in: function)
    return SourcePlace(path: file.path, line: position.line, column: position.column)
  }

  /// The place of a function's name in its definition.
  func place(of function: FunctionID) -> SourcePlace {
    let file = program.file(of: function)
    let position = program.position(ofToken: program.definition(function).token, in: function)
    return SourcePlace(path: file.path, line: position.line, column: position.column)
  }

  func name(_ function: FunctionID) -> String { program.symbols.text(program.definition(function).name) }

  func text(_ symbol: Symbol) -> String { program.symbols.text(symbol) }

  /// The callee's name of a call node, `none` for a call through a pointer.
  func callee(_ node: NodeID, in file: ParsedFile) -> Symbol {
    guard node >= 0, file[node].kind == .call, file[file[node].a].kind == .name else { return .none }
    return Symbol(file[file[node].a].a)
  }

  /// Whether a call returns a pointer, from a function with a real body.
  func isPointer(_ call: NodeID, in id: FunctionID) -> Bool {
    let name = callee(call, in: program.file(of: id))
    if solver.isAllocator(name) || solver.isKnownPointer(name) { return true }
    // What is short and stands in a header may be a stub.
    return program.definitions(of: name).contains { target in
      let definition = program.definition(target)
      return definition.returnType.isPointer
        && (definition.tokens.count > 40 || !program.file(of: target).path.hasSuffix(".h"))
    }
  }

  /// Whether the statement before the condition stores what an allocator or a function that returns a pointer gives.
  func isMade(_ target: NodeID, before condition: NodeID, in id: FunctionID) -> Bool {
    let file = program.file(of: id)
    let text = SourceText.text(of: target, file, program.symbols)
    for block in program.definition(id).nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      guard let index = statements.firstIndex(of: condition), index > 0 else { continue }
      let previous = statements[index - 1]
      guard file[previous].kind == .expressionStatement else { return false }
      let store = file[file[previous].a]
      guard store.kind == .assign, store.operation == .equal, file[store.b].kind == .call,
        SourceText.text(of: store.a, file, program.symbols) == text
      else { return false }
      return isPointer(store.b, in: id)
    }
    return false
  }

  /// Whether the functions that a chain finds behind members are those of one object, as far as folders tell.
  ///
  /// Objects are not told apart, only types: a driver that has functions of its own in structures of a type does not get to
  /// another's through them, and of two members with several functions each one guess too many is right.
  func isPlausible(_ chain: [ChainStep], from holder: FunctionID) -> Bool {
    var guesses = 0
    for (step, next) in zip(chain, chain.dropFirst()) {
      let file = program.file(of: step.function)
      guard file[step.node].kind == .call, file[file[step.node].a].kind == .member else { continue }
      let member = Symbol(file[file[step.node].a].b)
      let members = solver.callbacks.members(holding: next.function).filter { $0.member == member }
      let candidates = Set(members.flatMap(solver.callbacks.functions))
      guard candidates.count > 1 else { continue }
      guesses += 1
      let home = folder(of: holder)
      if folder(of: next.function) != home,
        candidates.contains(where: { folder(of: $0) == home })
          || members.contains(where: { tables.fills($0.structure, home) })
      {
        return false
      }
    }
    return guesses < 2
  }

  /// The chain as evidence: each call, and last what it ends in.
  func evidence(_ chain: [ChainStep], last: String) -> [Evidence] {
    chain.enumerated().map { index, step in
      let file = program.file(of: step.function)
      let isLast = index == chain.count - 1
      if isLast { return Evidence(place(step.function, step.node), last) }
      let callee = name(chain[index + 1].function)
      let written =
        file[step.node].kind == .call ? SourceText.text(of: file[step.node].a, file, program.symbols) : callee
      let how = written == callee ? "" : " through '\(written)'"
      return Evidence(place(step.function, step.node), "'\(name(step.function))' calls '\(callee)'\(how)")
    }
  }

  /// Whether the exit returns an error code: a negative number, or what a test for "not 0" let through.
  func isError(_ exit: ExitEvent, of id: FunctionID) -> Bool {
    if exit.values == .negative { return true }
    guard exit.values == .nonZero, exit.value >= 0 else { return false }
    let definition = program.definition(id)
    let value = program.file(of: id)[exit.value]
    let type = definition.returnType
    // A parameter that is returned is an answer, as the number of functions that a driver was told to enable.
    return type.base == .integer && !type.isPointer && value.kind == .name
      && !definition.parameters.contains { $0.name == Symbol(value.a) }
  }

  /// A finding of `rule` at `node`.
  func finding(
    _ rule: RuleDescription, _ function: FunctionID, _ node: NodeID, _ message: String, evidence: [Evidence] = [],
    key: String? = nil, cause: Cause? = nil
  ) -> Finding {
    Finding(
      rule: rule.id, severity: rule.severity, confidence: rule.confidence, place: place(function, node),
      function: name(function), message: message, evidence: evidence, key: key, cause: cause)
  }

  /// What a chain comes to: findings whose chains end in the same two steps are one mistake.
  func cause(_ chain: [ChainStep], _ what: String) -> Cause? {
    guard chain.count > 1 else { return nil }
    return Cause(chain.suffix(2).map { "\(place($0.function, $0.node)) " }.joined() + what)
  }
}

/// Names that rules ask for, interned once.
struct RuleNames {
  let isErr: Symbol
  let isErrOrNull: Symbol
  let ptrErrOrZero: Symbol
  let null: Symbol
  let freeIRQ: Set<Symbol>

  init(_ symbols: SymbolTable) {
    isErr = symbols.intern("IS_ERR")
    isErrOrNull = symbols.intern("IS_ERR_OR_NULL")
    ptrErrOrZero = symbols.intern("PTR_ERR_OR_ZERO")
    null = symbols.intern("NULL")
    freeIRQ = Set(["free_irq", "synchronize_irq", "disable_irq"].map(symbols.intern))
  }
}
