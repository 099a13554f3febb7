import ByteText
import KernelC

/// Computes facts and summaries of functions on demand, callees first, each once.
///
/// Not thread-safe: one task owns it. Recursion among functions is cut at the function under way, whose effect then counts
/// as unknown.
public final class Solver {
  static let depthLimit = 14
  /// How often the functions of a cycle of calls are looked at again.
  private static let cycleRounds = 3
  static let acquireLimit = 40
  static let chainLimit = 20

  /// The linked files that facts and summaries are computed from.
  public let program: Program
  let names: KnownNames
  let locks: LockTable
  let interface: KernelInterface
  var places = PlaceTable()
  var hints: [FunctionID: [Place: CType]] = [:]
  var pairing = PairingTable()
  var factsOf: [FunctionID: FunctionFacts] = [:]
  private var scopeOf: [FunctionID: FunctionScope] = [:]
  var summaries: [FunctionID: Summary] = [:]
  private var underWay: Set<FunctionID> = []
  private var ordered: Set<FunctionID> = []
  /// Functions whose summary was made while something that they call was under way, in the order of their ends.
  private var provisional: [FunctionID] = []
  private var isProvisional: Set<FunctionID> = []
  /// Something that is not final was looked at since this was last cleared.
  private var hasMetUnfinished = false
  /// The program with what is known of it as a whole.
  let linked: LinkedState
  /// Where functions go as values.
  public var callbacks: CallbackIndex { linked.callbacks }
  var getters: [Symbol: Bool] = [:]
  private var errnoNames: [Symbol: Bool] = [:]
  private var lockNames: [Symbol: Bool] = [:]
  var returnTypes: [Symbol: CType?] = [:]
  private var depth = 0
  var classes: [ClassKey: LockClass?] = [:]
  var borrowers: [Symbol: Bool] = [:]
  var referenceBorrowers: [Symbol: Bool] = [:]
  var harmless: [Symbol: Bool] = [:]
  var messages: [Symbol: Bool] = [:]
  var newReferences: [FunctionID: NewReference?] = [:]
  var tornDown: [FunctionID: [Symbol: Set<Symbol>]] = [:]
  /// Which function takes down what another sets up.
  var teardowns: TeardownIndex { linked.teardowns }
  var keeps: [KeepKey: Bool] = [:]
  var stores: [StoreKey: Bool] = [:]
  var listOperations: [Symbol: Bool] = [:]
  var plainFrees: [Symbol: Bool] = [:]
  var pageOperations: [Symbol: Bool] = [:]
  /// Files by path, and whether they say that power management of their devices does not sleep.
  var interruptSafe: [String: Bool] = [:]
  private var callsOf: [CallQuestion: Bool] = [:]
  var endsOf: [EndQuestion: Bool] = [:]

  /// A solver over `program`.
  public convenience init(_ program: Program) { self.init(LinkedState(program, KernelInterface(program.symbols))) }

  init(_ linked: LinkedState) {
    self.linked = linked
    program = linked.program
    let program = program
    names = KnownNames(program.symbols)
    locks = LockTable(program.symbols)
    interface = linked.interface
  }

  /// The facts of a function; nil while it is under way or too deep in a chain of calls.
  public func facts(_ id: FunctionID) -> FunctionFacts? {
    if let known = factsOf[id] { return known }
    summariseCallees(of: id)
    if let known = factsOf[id] { return known }
    guard depth < Self.depthLimit, underWay.insert(id).inserted else {
      hasMetUnfinished = true
      return nil
    }
    depth += 1
    let scope = scopes(id)
    var explorer = Explorer(self, scope)
    let facts = explorer.run()
    depth -= 1
    underWay.remove(id)
    factsOf[id] = facts
    pairsOf[id] = explorer.pairs.merging(explorer.lentPairs) { first, _ in first }
    hints[id] = explorer.hints
    if underWay.isEmpty { settle() }
    return facts
  }

  /// Summarises what `id` calls by name or passes as an argument, innermost first, so that a chain of calls may be of any
  /// length; only calls through members and cycles nest.
  private func summariseCallees(of id: FunctionID) {
    guard ordered.insert(id).inserted, underWay.insert(id).inserted else { return }
    var stack = [(id: id, callees: named(in: id))]
    while let top = stack.indices.last {
      if let callee = stack[top].callees.popLast() {
        if factsOf[callee] == nil, ordered.insert(callee).inserted, underWay.insert(callee).inserted {
          stack.append((callee, named(in: callee)))
        }
        continue
      }
      let done = stack.removeLast().id
      underWay.remove(done)
      if done != id { _ = summary(done) }
    }
  }

  /// The functions that a function calls by name or passes as arguments, the first one last.
  private func named(in id: FunctionID) -> [FunctionID] {
    let scope = scopes(id)
    var found: [FunctionID] = []
    func add(_ node: NodeID) {
      let item = scope.file[node]
      guard item.kind == .name, scope.localTypes[Symbol(item.a)] == nil, scope.parameters[Symbol(item.a)] == nil,
        let target = program.resolve(Symbol(item.a), fromFile: scope.fileIndex)
      else { return }
      found.append(target)
    }
    for call in scope.calls.reversed() {
      let item = scope.file[call]
      for argument in scope.file.list(item.b, item.c) { add(argument) }
      add(item.a)
    }
    return found
  }

  /// What the function's text says regardless of paths.
  func scopes(_ id: FunctionID) -> FunctionScope {
    if let known = scopeOf[id] { return known }
    let scope = FunctionScope(id, program, names)
    scopeOf[id] = scope
    return scope
  }

  var pairsOf: [FunctionID: [NodeID: Pairing]] = [:]

  /// The pair that `node` opens in `function`.
  func pairing(of node: NodeID, in function: FunctionID) -> Pairing? { pairsOf[function]?[node] }

  /// What the function calls to undo a call by its argument; empty where it does not, or where it undoes the result.
  public func namedClosers(of node: NodeID, in function: FunctionID) -> Set<Symbol> {
    pairsOf[function]?[node].flatMap { $0.isResult ? nil : $0.closers } ?? []
  }

  /// How sure it is that the function must undo the pair that `node` opens.
  public func pairTraits(of node: NodeID, in function: FunctionID) -> PairTraits {
    guard let pairing = pairsOf[function]?[node] else { return PairTraits() }
    return PairTraits(
      isKnown: pairing.isKnown, isStrict: pairing.isStrict, isResult: pairing.isResult, isOutput: pairing.isOutput,
      isReference: pairing.isReference, isClosedHere: pairing.isClosedHere, isMemory: pairing.isMemory,
      isTorn: pairing.isTorn, isInner: pairing.isInner, isMember: places[pairing.resource].kind == .member,
      isLocal: places.root(of: pairing.resource)?.kind == .local)
  }

  /// The names that undo the call `node` in `function`, when it is half of a pair.
  public func closers(of node: NodeID, in function: FunctionID) -> [String] {
    (pairsOf[function]?[node]?.closers ?? []).map(program.symbols.text).sorted()
  }

  /// What callers need to know of a function.
  public func summary(_ id: FunctionID) -> Summary? {
    if let known = summaries[id] {
      if isProvisional.contains(id) { hasMetUnfinished = true }
      return known
    }
    let before = hasMetUnfinished
    hasMetUnfinished = false
    defer { hasMetUnfinished = before || hasMetUnfinished }
    guard let facts = facts(id), depth < Self.depthLimit, underWay.insert(id).inserted else {
      hasMetUnfinished = true
      return nil
    }
    depth += 1
    let summary = summarise(facts)
    depth -= 1
    underWay.remove(id)
    summaries[id] = summary
    if hasMetUnfinished, isProvisional.insert(id).inserted { provisional.append(id) }
    if underWay.isEmpty { settle() }
    return summaries[id]
  }

  /// What functions of a cycle of calls take, once all of them have a summary.
  private func settle() {
    guard !provisional.isEmpty else { return }
    let members = provisional
    provisional = []
    isProvisional = []
    var changed = Set(members)
    for _ in 0..<Self.cycleRounds where !changed.isEmpty {
      changed = []
      for id in members {
        guard let facts = factsOf[id], var summary = summaries[id] else { continue }
        let taken = acquisitions(facts)
        let sleeps = sleepChain(facts)
        let calls = callbackCalls(facts)
        if taken.count != summary.mayAcquire.count || calls.count != summary.callbacks.count
          || (sleeps == nil) != (summary.sleeps == nil)
        {
          changed.insert(id)
        }
        summary.mayAcquire = taken
        summary.sleeps = sleeps
        summary.callbacks = calls
        summaries[id] = summary
      }
    }
  }

  // MARK: Names

  /// Whether `name` returns something that belongs to its argument, the same each time.
  func isGetter(_ name: Symbol) -> Bool {
    guard name.exists else { return false }
    if let known = getters[name] { return known }
    getters[name] = false
    let result = judgeGetter(name)
    getters[name] = result
    return result
  }

  private func judgeGetter(_ name: Symbol) -> Bool {
    if names.containers.contains(name) { return true }
    let text = program.symbols.text(name)
    if PairingTable.makesMemory(text) { return false }
    // `file_inode()` names an inode, `grab_inode()` takes a reference to one.
    if text.hasSuffix("_inode"), PairingTable.soundsLikeOpener(text) || text.holds("make") { return false }
    let suffixes = [
      "_priv", "_drvdata", "get_drvdata", "_inode", "_pdata", "_platdata", "_clientdata", "_intfdata", "_chip_data",
      "_subdevdata", "chip_get_data",
    ]
    if suffixes.contains(where: text.hasSuffix) {
      // A body says more: `get_foo_priv()` may look one up and lock it.
      let bodies = program.definitions(of: name).prefix(4).map { (program.definition($0), program.file(of: $0)) }
      return bodies.allSatisfy { $0.isMacro || $0.isInline || returnsPart($0, $1) }
    }
    if text.hasPrefix("to_") || text.hasSuffix("_to_adapter") || text.hasSuffix("_sk") { return true }
    for id in program.definitions(of: name).prefix(4) {
      let definition = program.definition(id)
      guard definition.isMacro || definition.isInline, definition.tokens.count < 60 else { continue }
      if returnsPart(definition, program.file(of: id)) { return true }
    }
    return false
  }

  /// Whether all that a function does is to return a part of what it is given.
  private func returnsPart(_ definition: FunctionDefinition, _ file: ParsedFile) -> Bool {
    let body = file[definition.body]
    guard body.kind == .block, body.b == 1, let only = file.list(body.a, body.b).first,
      file[only].kind == .returnStatement, file[only].a >= 0
    else { return false }
    return isGetterBody(file[only].a, file)
  }

  private func isGetterBody(_ id: NodeID, _ file: ParsedFile) -> Bool {
    let node = file[id]
    switch node.kind {
    case .name: return true
    case .member: return isGetterBody(node.a, file)
    case .cast: return isGetterBody(node.b, file)
    case .unary: return (node.operation == .ampersand || node.operation == .star) && isGetterBody(node.a, file)
    case .call:
      guard file[node.a].kind == .name else { return false }
      return isGetter(Symbol(file[node.a].a))
    default: return false
    }
  }

  /// `E` and capitals: the name of an error number.
  func isErrnoName(_ name: Symbol) -> Bool {
    if let known = errnoNames[name] { return known }
    let text = program.symbols.text(name)
    let result = text.hasPrefix("E") && text.utf8.count > 2
    errnoNames[name] = result
    return result
  }

  /// Whether a function calls one of `names`, at a few levels of calls, other than by way of `except`.
  func mayCall(_ id: FunctionID, _ names: Set<Symbol>, orIndirect: Bool, except: FunctionID? = nil) -> Bool {
    let question = CallQuestion(function: id, names: names, orIndirect: orIndirect, except: except)
    if let known = callsOf[question] { return known }
    let result = searchCalls(of: id, for: names, orIndirect: orIndirect, except: except)
    callsOf[question] = result
    return result
  }

  private struct CallQuestion: Hashable {
    let function: FunctionID
    let names: Set<Symbol>
    let orIndirect: Bool
    let except: FunctionID?

    func hash(into hasher: inout Hasher) {
      // The order of a set is not its own: the sum of its members is.
      let sum = names.reduce(0) { $0 &+ Int($1.rawValue) }
      hasher.combine(Int(function.rawValue) &<< 32 ^ sum &<< 1 ^ (orIndirect ? 1 : 0))
    }
  }

  private func searchCalls(
    of id: FunctionID, for names: Set<Symbol>, orIndirect: Bool, except: FunctionID?
  ) -> Bool {
    var visited: Set<FunctionID> = [id, except ?? id]
    var work = [(id, 0)]
    while let (current, level) = work.popLast() {
      let scope = scopes(current)
      for node in scope.calls {
        let callee = scope.file[scope.file[node].a]
        guard callee.kind == .name else {
          if level == 0, orIndirect { return true }
          continue
        }
        let name = Symbol(callee.a)
        if names.contains(name) { return true }
        // `kref_put(&foo->ref, foo_release)`
        let isPut = level < 3 && PairingTable.dropsReference(program.symbols.text(name))
        for argument in scope.file.list(scope.file[node].b, scope.file[node].c) where isPut {
          let passed = Symbol(scope.file[argument].a)
          if scope.file[argument].kind == .name, scope.localTypes[passed] == nil, scope.parameters[passed] == nil,
            let next = program.resolve(passed, fromFile: scope.fileIndex), !program.definition(next).isMacro,
            visited.insert(next).inserted
          {
            work.append((next, level + 1))
          }
        }
        if level < 3, visited.count < 200, let next = program.resolve(name, fromFile: scope.fileIndex),
          visited.insert(next).inserted
        {
          work.append((next, level + 1))
        }
      }
    }
    return false
  }

  /// Whether the name is that of an allocator, one of the kernel's or one that sounds like it.
  func isAllocation(_ name: Symbol) -> Bool {
    if names.allocators.contains(name) { return true }
    guard name.exists else { return false }
    let text = program.symbols.text(name)
    return text.hasPrefix("alloc_") || text.hasSuffix("_alloc") || text.holds("_alloc_") || text.hasSuffix("zalloc")
  }

  /// Whether the name has "lock" in it.
  func isNamedForLock(_ name: Symbol) -> Bool {
    guard name.exists else { return false }
    if let known = lockNames[name] { return known }
    let text = program.symbols.text(name)
    let result = text.holds("lock") || text.holds("rtnl")
    lockNames[name] = result
    return result
  }

  /// Whether the name says that the call may fail by returning false.
  func isTry(_ name: Symbol) -> Bool { program.symbols.text(name).holds("try") }

  private static let bitOperations: Set<String> = [
    "set_bit", "clear_bit", "change_bit", "test_bit", "test_and_set_bit", "test_and_clear_bit", "__set_bit",
    "__clear_bit",
    "__change_bit", "__test_and_set_bit", "__test_and_clear_bit", "set_mask_bits",
  ]

  /// Calls that sound like a transfer and keep nothing.
  func isHarmless(_ name: Symbol) -> Bool {
    if let known = harmless[name] { return known }
    let text = program.symbols.text(name)
    let result =
      text.hasPrefix("mem") || text.hasPrefix("str") || text.holds("snprintf") || text.hasPrefix("dma_map")
      || text.hasPrefix("copy_") || text.hasPrefix("INIT_") || text.hasPrefix("dev_err") || text.hasPrefix("pr_")
      || Self.bitOperations.contains(text) || text.hasSuffix("_get_drvdata")
    harmless[name] = result
    return result
  }

  /// What a call to `name` returns; for a macro around `container_of`, a pointer to the container.
  func returnType(of name: Symbol, _ fromFile: Int) -> CType? {
    if let known = returnTypes[name] { return known }
    returnTypes[name] = program.returnType(name)
    if let id = program.resolve(name, fromFile: fromFile), program.definition(id).isMacro {
      let file = program.file(of: id)
      for node in program.definition(id).nodes where file[node].kind == .typeOperand {
        var type = file.types[Int(file[node].a)]
        guard type.base == .structure else { continue }
        type.pointers = 1
        returnTypes[name] = type
        break
      }
    }
    return returnTypes[name] ?? nil
  }
}
