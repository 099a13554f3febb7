import KernelC

extension Explorer {
  func localPlaceStep(_ name: Symbol) -> (PlaceStep.Kind, Int32) {
    if let position = scope.parameters[name] { return (.parameter, Int32(position)) }
    if scope.localTypes[name] != nil { return (.local, name.rawValue) }
    return (.global, name.rawValue)
  }

  mutating func localPlace(_ name: Symbol) -> Place {
    let (kind, value) = localPlaceStep(name)
    guard kind == .global, solver.program.ownedType(name, file: Int32(scope.fileIndex)) != nil else {
      return solver.places.intern(kind, -1, value)
    }
    return solver.places.internOwned(value, file: Int32(scope.fileIndex))
  }

  /// The place that holds an expression's value; -1 where it has no name.
  mutating func place(of id: NodeID) -> Place {
    guard id >= 0 else { return -1 }
    if let known = placeOfNode[id] { return known }
    placeOfNode[id] = -1
    let result = computePlace(id, 0)
    placeOfNode[id] = result
    return result
  }

  private mutating func computePlace(_ id: NodeID, _ depth: Int) -> Place {
    let node = scope.file[id]
    switch node.kind {
    case .name:
      let name = Symbol(node.a)
      if let alias = scope.aliases[name], isPath(alias) {
        let aliased = place(of: alias)
        if aliased >= 0 {
          // `struct foo *foo = data;` says what the pointer is.
          if let type = scope.localTypes[name], type.pointers == 1, type.base == .structure { hints[aliased] = type }
          return aliased
        }
      }
      return localPlace(name)
    case .member:
      let base = place(of: node.a)
      guard base >= 0 else { return -1 }
      let object = node.operation == .arrow ? solver.places.pointee(of: base) : base
      return object < 0 ? -1 : solver.places.intern(.member, object, node.b)
    case .unary:
      let operand = place(of: node.a)
      guard operand >= 0 else { return -1 }
      if node.operation == .star { return solver.places.pointee(of: operand) }
      if node.operation == .ampersand { return solver.places.address(of: operand) }
      return -1
    case .index:
      let base = place(of: node.a)
      guard base >= 0 else { return -1 }
      let position = place(of: node.b)
      let constant = scope.file[node.b >= 0 ? node.b : id]
      // Elements at different, known indices are different places.
      let tag: Int32 =
        constant.kind == .number ? constant.a &+ 1 : position >= 0 ? PlaceTable.elementTag(position) : 0
      return solver.places.intern(.element, base, tag)
    case .cast: return place(of: node.b)
    case .comma: return place(of: node.b)
    case .assign: return place(of: node.a)
    case .call: return callPlace(id, node)
    default: return -1
    }
  }

  /// `f(x)` where `f` finds something that belongs to `x`: the same thing every time.
  private mutating func callPlace(_ id: NodeID, _ node: Node) -> Place {
    let name = calleeName(id)
    guard name.exists else { return -1 }
    let arguments = Array(scope.file.list(node.b, node.c))
    if solver.names.transparent.contains(name), let first = arguments.first { return place(of: first) }
    guard solver.isGetter(name), let first = arguments.first else { return -1 }
    let argument = place(of: first)
    guard argument >= 0 else { return -1 }
    if arguments.count > 1, !solver.names.containers.contains(name) { return -1 }
    let result = solver.places.intern(.call, argument, name.rawValue)
    if result >= 0, solver.names.containers.contains(name), arguments.count > 1,
      scope.file[arguments[1]].kind == .typeOperand
    {
      var type = scope.file.types[Int(scope.file[arguments[1]].a)]
      type.pointers = min(type.pointers + 1, 8)
      hints[result] = type
    }
    return result
  }

  /// The place of a lock; what a function chooses by more than one argument is named by the first.
  mutating func lockPlace(of id: NodeID) -> Place {
    let known = place(of: id)
    let name = calleeName(id)
    guard known < 0, name.exists, let first = scope.file.list(scope.file[id].b, scope.file[id].c).first else {
      return known
    }
    let argument = place(of: first)
    return argument < 0 ? -1 : solver.places.intern(.derived, argument, name.rawValue)
  }

  private func isPath(_ id: NodeID) -> Bool {
    let node = scope.file[id]
    switch node.kind {
    case .name, .member: return true
    case .unary: return node.operation == .ampersand || node.operation == .star
    case .cast: return isPath(node.b)
    case .call: return solver.isGetter(calleeName(id))
    case .index: return true
    default: return false
    }
  }

  func calleeName(_ id: NodeID) -> Symbol {
    let node = scope.file[id]
    guard node.kind == .call, scope.file[node.a].kind == .name else { return .none }
    return Symbol(scope.file[node.a].a)
  }

  /// The type of what is at `place`.
  func type(of place: Place, _ depth: Int = 0) -> CType? {
    guard place >= 0, depth < 16 else { return nil }
    if let known = hints[place] { return known }
    let step = solver.places[place]
    switch step.kind {
    case .parameter:
      let parameters = scope.definition.parameters
      return Int(step.value) < parameters.count ? parameters[Int(step.value)].type : nil
    case .local: return scope.localTypes[Symbol(step.value)]
    case .global:
      let name = Symbol(step.value)
      if name == solver.names.current { return CType(base: .structure, name: solver.names.task, pointers: 1) }
      return step.owner.flatMap { solver.program.ownedType(name, file: $0) } ?? solver.program.globalType(name)
    case .member:
      guard let base = type(of: step.base, depth + 1), let tag = solver.program.structure(of: base) else { return nil }
      return solver.program.memberType(tag, Symbol(step.value))
    case .pointee, .element:
      guard let base = type(of: step.base, depth + 1) else { return nil }
      var type = solver.program.resolved(base)
      if type.arrays > 0 {
        type.arrays -= 1
      } else if type.pointers > 0 {
        type.pointers -= 1
      } else {
        return nil
      }
      return type
    case .address:
      guard var type = type(of: step.base, depth + 1) else { return nil }
      type.pointers = min(type.pointers + 1, 8)
      return type
    case .call, .derived: return solver.returnType(of: Symbol(step.value), scope.fileIndex)
    case .result: return nil
    }
  }

  /// The class lockdep would give the lock at `place`.
  func lockClass(of place: Place, kind: LockKind) -> LockClass? {
    guard place >= 0 else { return nil }
    let step = solver.places[place]
    switch step.kind {
    case .global: return LockClass(structure: .none, name: Symbol(step.value), file: step.owner)
    case .member:
      guard let base = type(of: step.base), let tag = solver.program.structure(of: base), tag.exists else { return nil }
      return LockClass(structure: tag, name: Symbol(step.value))
    case .element: return lockClass(of: step.base, kind: kind)
    case .pointee:
      guard kind == .socket, let type = type(of: place), let tag = solver.program.structure(of: type) else {
        return nil
      }
      // Each family of sockets has a class of its own, and as a rule a file.
      return LockClass(structure: tag, name: solver.names.socketLock, file: Int32(scope.fileIndex))
    default: return nil
    }
  }

  // MARK: Order of evaluation

  mutating func operations(_ id: NodeID) -> [MicroOperation] {
    if let known = operationsOfNode[id] { return known }
    var result: [MicroOperation] = []
    collect(id, &result)
    operationsOfNode[id] = result
    return result
  }

  private mutating func collect(_ id: NodeID, _ result: inout [MicroOperation]) {
    guard id >= 0 else { return }
    let node = scope.file[id]
    switch node.kind {
    case .name:
      if scope.trackedBits[Symbol(node.a)] != nil { result.append(.read(id)) }
    case .call:
      let isKnown = isFunctionCall(id)
      if scope.file[node.a].kind != .name { collect(node.a, &result) }
      for argument in scope.file.list(node.b, node.c) {
        let item = scope.file[uncast(argument)]
        // An array in a structure, for the call to fill.
        if let root = part(argument), !solver.names.frees.contains(calleeName(id)) {
          result.append(.expose(root))
          continue
        }
        if item.kind == .unary, item.operation == .ampersand, scope.file[item.a].kind == .name { continue }
        // A macro may write to a name it is given.
        if !isKnown {
          if isTarget(argument) { continue }
          result += withoutReads(argument)
          continue
        }
        // What is only printed matters little.
        if solver.isMessage(calleeName(id)) {
          result += withoutReads(argument)
          continue
        }
        collect(argument, &result)
      }
      result.append(.call(id))
    case .assign:
      collect(node.b, &result)
      if let root = part(node.a) {
        result.append(.expose(root))
      } else if node.operation == .equal, isTarget(node.a) {
        collect(scope.file[node.a].a, &result)
      } else if scope.file[node.a].kind != .name || node.operation != .equal {
        collect(node.a, &result)
      }
      result.append(.assign(id))
    case .unary:
      if node.operation == .ampersand {
        if scope.file[node.a].kind == .name, scope.trackedBits[Symbol(scope.file[node.a].a)] != nil {
          result.append(.expose(node.a))
        }
        collectAddress(node.a, &result)
        return
      }
      collect(node.a, &result)
      if isTarget(id) { result.append(.load(id)) }
      if node.operation == .plusPlus || node.operation == .minusMinus { result.append(.modify(id)) }
    case .postfix:
      collect(node.a, &result)
      result.append(.modify(id))
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      collect(node.a, &result)
      collect(node.b, if: node.a, node.operation == .ampersandAmpersand, &result)
    case .binary, .index, .comma:
      collect(node.a, &result)
      collect(node.b, &result)
    case .member:
      collect(node.a, &result)
      if node.operation == .arrow, relevant.contains(place(of: node.a)) { result.append(.dereference(id)) }
    case .cast:
      collect(node.b, &result)
    case .conditional:
      collect(node.a, &result)
      collect(node.b, if: node.a, true, &result)
      collect(node.c, if: node.a, false, &result)
    case .compoundLiteral: collect(node.b, &result)
    case .initialiserList:
      for element in scope.file.list(node.a, node.b) { collect(element, &result) }
    case .designator: collect(node.b, &result)
    default: break
    }
  }

  /// The operations of a part that is evaluated only if the condition has the truth: its reads are made so.
  private mutating func collect(
    _ id: NodeID, if condition: NodeID, _ truth: Bool, _ result: inout [MicroOperation]
  ) {
    var inner: [MicroOperation] = []
    collect(id, &inner)
    result += inner.map { operation in
      switch operation {
      case .read, .load, .guarded: .guarded(operation, condition, truth)
      default: operation
      }
    }
  }

  /// The operations of an argument, but for reads.
  private mutating func withoutReads(_ id: NodeID) -> [MicroOperation] {
    var inner: [MicroOperation] = []
    collect(id, &inner)
    return inner.filter { operation in
      switch operation {
      case .read, .load, .guarded: false
      default: true
      }
    }
  }

  /// The name of the tracked structure that a part lies in; nil for anything else.
  private func part(_ id: NodeID) -> NodeID? {
    guard !scope.aggregates.isEmpty, scope.file[id].kind != .name, let root = scope.root(of: id),
      scope.aggregates.contains(Symbol(scope.file[root].a))
    else { return nil }
    return root
  }

  /// The operand of `&`: computing `&p->member` does not look at what `p` points to.
  private mutating func collectAddress(_ id: NodeID, _ result: inout [MicroOperation]) {
    if let root = part(id) {
      result.append(.expose(root))
      return
    }
    let node = scope.file[id]
    switch node.kind {
    case .name: break
    case .member: node.operation == .arrow ? collect(node.a, &result) : collectAddress(node.a, &result)
    case .index:
      collectAddress(node.a, &result)
      collect(node.b, &result)
    default: collect(id, &result)
    }
  }

  /// Whether the call is surely to a function, whose arguments are values.
  func isFunctionCall(_ id: NodeID) -> Bool {
    let name = calleeName(id)
    // A pointer to a function is no macro.
    guard name.exists, localPlaceStep(name).0 == .global else { return true }
    if let target = solver.program.resolve(name, fromFile: scope.fileIndex) {
      return !solver.program.definition(target).isMacro
    }
    return solver.program.returnType(name) != nil || solver.isMessage(name) || solver.names.frees.contains(name)
      || name == solver.names.errPtr
  }
}
