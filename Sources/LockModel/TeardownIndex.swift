import KernelC

/// Which functions take down what another sets up, by the slots of one table that they sit in: `.probe` and `.remove`.
struct TeardownIndex: Sendable {
  /// Not among them: what is called although the first one failed, as `.detach` of a comedi driver and `.fini` of a GPU's.
  private static let slots: [(up: String, down: [String])] = [
    ("probe", ["remove", "remove_new", "disconnect", "detach", "unbind"]), ("bind", ["unbind"]),
    ("open", ["close", "stop", "release"]), ("ndo_open", ["ndo_stop"]),
    ("startup", ["shutdown"]), ("init", ["exit", "deinit"]),
    ("add", ["remove"]), ("connect", ["disconnect"]), ("create", ["destroy", "release"]), ("prepare", ["unprepare"]),
  ]
  private var downs: [FunctionID: [FunctionID]] = [:]

  private var outermost: Set<FunctionID> = []
  private var ups: [FunctionID: [FunctionID]] = [:]

  init(_ program: Program) {
    let probe = program.symbols.intern("probe")
    var structures: [Symbol: [Symbol: [FunctionID]]] = [:]
    for (key, functions) in program.slots {
      structures[key.structure, default: [:]][key.member] = functions
      if key.member == probe { outermost.formUnion(functions.filter { program.definition($0).isStatic }) }
    }
    for (up, down) in Self.slots {
      let first = program.symbols.intern(up)
      let second = down.map(program.symbols.intern)
      for members in structures.values {
        guard let starts = members[first] else { continue }
        let ends = second.flatMap { members[$0] ?? [] }
        for start in starts {
          let file = program.functions[Int(start.rawValue)].file
          let own = ends.filter { program.functions[Int($0.rawValue)].file == file && $0 != start }
          if !own.isEmpty { downs[start, default: []] += own }
          for end in own { ups[end, default: []].append(start) }
        }
      }
    }
  }

  /// Whether nobody is left to undo what the function has done when it fails.
  func isOutermost(_ id: FunctionID) -> Bool { outermost.contains(id) }

  /// The functions that take down what `id` sets up, in program order.
  func counterparts(of id: FunctionID) -> [FunctionID] {
    Set(downs[id] ?? []).sorted { $0.rawValue < $1.rawValue }
  }

  /// The functions that `id` takes down after.
  func starters(of id: FunctionID) -> [FunctionID] { ups[id] ?? [] }

  /// The functions of which `other` says something else.
  func difference(from other: TeardownIndex) -> Set<FunctionID> {
    var result = outermost.symmetricDifference(other.outermost)
    for id in Set(downs.keys).union(other.downs.keys) where counterparts(of: id) != other.counterparts(of: id) {
      result.insert(id)
    }
    return result
  }
}

extension Solver {
  /// Whether `other` may undo, at a few levels of calls, a pair that `function` opens.
  public func mayUndo(_ held: HeldLock, of function: FunctionID, in other: FunctionID) -> Bool {
    guard let pairing = pairing(of: held.site, in: function) else { return true }
    // What the function does itself is no reason to leave it to its caller.
    return mayCall(other, pairing.closers, orIndirect: false, except: function)
  }

  /// Whether a call by name undoes the pair, itself or at a few levels of calls.
  public func mayUndo(_ held: HeldLock, of function: FunctionID, by name: Symbol, fromFile: Int) -> Bool {
    guard let pairing = pairing(of: held.site, in: function) else { return true }
    if pairing.closers.contains(name) { return true }
    guard let target = program.resolve(name, fromFile: fromFile) else { return false }
    return mayCall(target, pairing.closers, orIndirect: false)
  }

  /// What the counterparts of a function undo, themselves or at two levels of calls in their file: the names that they
  /// call, each with the members that are its first argument, `none` for an argument that is no member.
  func teardown(of id: FunctionID) -> [Symbol: Set<Symbol>] {
    if let known = tornDown[id] { return known }
    var result: [Symbol: Set<Symbol>] = [:]
    var visited: Set<FunctionID> = [id]
    var work = teardowns.counterparts(of: id).map { ($0, 0) }
    while let (current, level) = work.popLast() {
      guard visited.insert(current).inserted else { continue }
      let scope = scopes(current)
      for call in scope.calls {
        let item = scope.file[call]
        guard scope.file[item.a].kind == .name else { continue }
        let name = Symbol(scope.file[item.a].a)
        let arguments = scope.file.list(item.b, item.c)
        result[name, default: []].insert(arguments.first.map { member(of: $0, scope) } ?? .none)
        if level < 2, let next = program.resolve(name, fromFile: scope.fileIndex), !program.definition(next).isMacro,
          program.functions[Int(next.rawValue)].file == program.functions[Int(id.rawValue)].file
        {
          work.append((next, level + 1))
        }
      }
    }
    tornDown[id] = result
    return result
  }

  /// The member that an expression names, also through a local that is set once; `none` for anything else.
  func member(of id: NodeID, _ scope: FunctionScope, _ depth: Int = 0) -> Symbol {
    guard id >= 0, depth < 8 else { return .none }
    let node = scope.file[id]
    switch node.kind {
    case .member: return Symbol(node.b)
    case .cast: return member(of: node.b, scope, depth + 1)
    case .index: return member(of: node.a, scope, depth + 1)
    case .unary where node.operation == .ampersand || node.operation == .star:
      return member(of: node.a, scope, depth + 1)
    case .name:
      guard let alias = scope.aliases[Symbol(node.a)] else {
        return scope.localTypes[Symbol(node.a)] == nil && scope.parameters[Symbol(node.a)] == nil
          ? Symbol(node.a) : .none
      }
      return member(of: alias, scope, depth + 1)
    default: return .none
    }
  }
}

extension Explorer {
  /// A call whose undoing stands in the function that takes down what this one sets up; whether it is one.
  mutating func addTornPair(_ node: NodeID, _ name: Symbol, _ holder: NodeID?) -> Bool {
    let torn = solver.teardown(of: scope.id)
    let text = solver.program.symbols.text(name)
    if text.hasPrefix("netif_") { return false }
    let isOutermost = solver.teardowns.isOutermost(scope.id) && PairingTable.returnsPointer(text)
    guard !torn.isEmpty || isOutermost else { return false }
    let closers = solver.pairing.undoers(of: name, solver.program.symbols).filter { torn[$0] != nil || isOutermost }
    // An initialiser that cannot fail and is not shown has taken nothing, as a rule.
    let isShown = solver.program.resolve(name, fromFile: scope.fileIndex).map {
      solver.program.file(of: $0).path == scope.file.path
    }
    guard !closers.isEmpty, !discarded.contains(node) || PairingTable.isKnown(text) || isShown == true else {
      return false
    }
    let call = scope.file[node]
    let holdsMember = holder.map { scope.file[$0].kind == .member } ?? false
    let returnsPointer =
      solver.returnType(of: name, scope.fileIndex)?.isPointer
      ?? (PairingTable.returnsPointer(text) || solver.names.allocators.contains(name))
    if let holder, !holdsMember, addTornLocal(node, closers, torn, holder) { return true }
    guard returnsPointer == holdsMember || !returnsPointer,
      let subject = returnsPointer ? holder : scope.file.list(call.b, call.c).first
    else { return false }
    let member = solver.member(of: subject, scope)
    let own = closers.filter { isOutermost || torn[$0]?.contains(member) == true }
    let resource = place(of: subject)
    guard !own.isEmpty, resource >= 0, !solver.hasElement(resource), returnsPointer ? member.exists : true else {
      return false
    }
    pairs[node] = Pairing(
      closers: own.union(solver.pairing.closers(of: name, solver.program.symbols)), resource: resource,
      isResult: returnsPointer, isTorn: true, isMemory: returnsPointer && PairingTable.isMaker(text))
    return true
  }

  /// `clock = clock_get(); … foo->clock = clock;` where the counterpart does `clock_put(foo->clock)`.
  private mutating func addTornLocal(
    _ node: NodeID, _ closers: Set<Symbol>, _ torn: [Symbol: Set<Symbol>], _ holder: NodeID
  ) -> Bool {
    let item = scope.file[holder]
    let local = Symbol(item.a)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[local]?.isPointer == true,
      !scope.cleanedUp.contains(local), !scope.addressTaken.contains(local), !isSetOtherwise(local, behind: node)
    else { return false }
    let isKept = scope.definition.nodes.contains { id in
      let store = scope.file[id]
      guard store.kind == .assign, store.operation == .equal, scope.file[store.a].kind == .member,
        case let value = uncast(store.b), scope.file[value].kind == .name, Symbol(scope.file[value].a) == local
      else { return false }
      let member = Symbol(scope.file[store.a].b)
      return closers.contains { torn[$0]?.contains(member) == true }
    }
    guard isKept else { return false }
    pairs[node] = Pairing(closers: closers, resource: localPlace(local), isResult: true, isTorn: true)
    return true
  }

  /// Whether the function that takes down what this one sets up undoes a pair that a callee has opened.
  mutating func isTorn(_ closers: Set<Symbol>, _ resource: Place) -> Bool {
    let torn = solver.teardown(of: scope.id)
    let member = solver.lastMember(of: resource)
    return closers.contains { torn[$0]?.contains(member) == true }
  }

  /// A reference to the object around the resource is dropped: its end may undo the rest.
  func isReferenceDropped(_ name: Symbol, _ arguments: [Place], _ pairing: Pairing) -> Bool {
    let words = solver.program.symbols.text(name).split(separator: "_")
    guard words.contains("put"), !words.contains("pm"), !words.contains("autopm"),
      let root = solver.places.root(of: pairing.resource)
    else { return false }
    return arguments.contains { argument in
      guard argument >= 0, let other = solver.places.root(of: argument), other == root else { return false }
      let step = solver.places[argument]
      return step.kind == .address || step.base < 0
    }
  }
}
