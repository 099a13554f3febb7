import KernelC

// Guards that the tree defines itself.
extension Explorer {
  /// What a guard of the class takes that is given `value`, the address of the lock; -1 for none.
  mutating func guarded(_ className: Symbol, _ value: Place) -> (LockPrimitive, Place)? {
    guard let primitive = solver.locks.guardClass(className) else { return definedGuard(className, value) }
    if primitive.argument < 0 { return (primitive, solver.places.intern(.global, -1, primitive.global.rawValue)) }
    var place = solver.places.pointee(of: value)
    if primitive.member.exists, place >= 0 { place = solver.places.intern(.member, place, primitive.member.rawValue) }
    return place >= 0 ? (primitive, place) : nil
  }

  /// The macros whose body is a guard where this function stands: another file may have another of the name.
  static func guardMacros(_ solver: Solver, _ scope: FunctionScope) -> Set<Symbol> {
    guard !scope.definition.isMacro else { return [] }
    return solver.program.guardMacros.filter { name in
      guard let target = solver.program.resolve(name, fromFile: scope.fileIndex),
        case let definition = solver.program.definition(target), definition.isMacro
      else { return false }
      return definition.guardCall(in: solver.program.file(of: target), named: solver.names.flow.guardName) != nil
    }
  }

  /// What a macro takes whose body is a guard.
  mutating func guarded(byMacro name: Symbol, _ arguments: [NodeID]) -> (LockPrimitive, Place)? {
    guard let target = solver.program.resolve(name, fromFile: scope.fileIndex),
      case let definition = solver.program.definition(target), definition.isMacro,
      case let file = solver.program.file(of: target),
      let call = definition.guardCall(in: file, named: solver.names.flow.guardName),
      let named = file.list(file[file[call].a].b, file[file[call].a].c).first, file[named].kind == .name
    else { return nil }
    var values: [Symbol: Place] = [:]
    for (parameter, argument) in zip(definition.parameters, arguments) { values[parameter.name] = place(of: argument) }
    let lock = file.list(file[call].b, file[call].c).first
    return guarded(Symbol(file[named].a), lock.map { outsidePlace($0, file, values) } ?? -1)
  }

  /// What `guard(name)(argument)` takes by the definition of the guard.
  private mutating func definedGuard(_ name: Symbol, _ value: Place) -> (LockPrimitive, Place)? {
    guard let (definition, fileIndex) = solver.program.guards[name], definition.lock >= 0 else { return nil }
    let file = solver.program.files[fileIndex]
    let call = file[definition.lock]
    guard call.kind == .call, file[call.a].kind == .name else { return nil }
    // `DEFINE_LOCK_GUARD_1` has the lock in a member.
    let argument = solver.names.guardArgument
    let values = [argument: definition.isWrapped ? -1 : value]
    let arguments = file.list(call.b, call.c).map {
      outsidePlace($0, file, values, wrapped: definition.isWrapped ? (argument, value) : nil)
    }
    let callee = Symbol(file[call.a].a)
    if let primitive = solver.locks[callee] {
      if primitive.argument < 0 { return (primitive, solver.places.intern(.global, -1, primitive.global.rawValue)) }
      guard primitive.argument < arguments.count else { return nil }
      var lock = solver.places.pointee(of: arguments[primitive.argument])
      if primitive.member.exists, lock >= 0 { lock = solver.places.intern(.member, lock, primitive.member.rawValue) }
      return lock >= 0 ? (primitive, lock) : nil
    }
    guard let target = solver.program.resolve(callee, fromFile: fileIndex), let summary = solver.summary(target),
      let effect = summary.exits.first?.effects.first(where: { $0.balance > 0 && $0.kind != .pair })
    else { return nil }
    let lock = solver.places.substitute(effect.place, arguments)
    guard lock >= 0 else { return nil }
    let primitive = LockPrimitive(
      operation: .acquire, kind: effect.kind, mode: effect.mode, argument: 0, member: .none, structure: .none,
      global: .none, sleeps: !effect.kind.isAtomic && !effect.kind.isSection)
    return (primitive, lock)
  }

  /// An expression that stands outside of the function, in terms of what its names stand for there; `wrapped` is a name whose
  /// members all stand for one value.
  private mutating func outsidePlace(
    _ id: NodeID, _ file: ParsedFile, _ values: [Symbol: Place], wrapped: (name: Symbol, value: Place)? = nil
  ) -> Place {
    let node = file[id]
    switch node.kind {
    case .name: return values[Symbol(node.a)] ?? solver.places.intern(.global, -1, node.a)
    case .member:
      if let wrapped, file[node.a].kind == .name, Symbol(file[node.a].a) == wrapped.name { return wrapped.value }
      let base = outsidePlace(node.a, file, values, wrapped: wrapped)
      let object = node.operation == .arrow ? solver.places.pointee(of: base) : base
      return object < 0 ? -1 : solver.places.intern(.member, object, node.b)
    case .unary:
      let operand = outsidePlace(node.a, file, values, wrapped: wrapped)
      if node.operation == .star { return solver.places.pointee(of: operand) }
      return node.operation == .ampersand ? solver.places.address(of: operand) : -1
    case .cast: return outsidePlace(node.b, file, values, wrapped: wrapped)
    default: return -1
    }
  }
}

extension FunctionDefinition {
  /// `guard(class)(lock)`, where that is all that the body of a macro is.
  func guardCall(in file: ParsedFile, named name: Symbol) -> NodeID? {
    guard body >= 0, nodes.count < 40 else { return nil }
    var statement = body
    if file[statement].kind == .block {
      guard case let statements = Array(file.list(file[statement].a, file[statement].b)), statements.count == 1 else {
        return nil
      }
      statement = statements[0]
    }
    // A lone expression is what the macro stands for.
    if [.expressionStatement, .returnStatement].contains(file[statement].kind) { statement = file[statement].a }
    guard statement >= 0, file[statement].kind == .call, case let callee = file[file[statement].a],
      callee.kind == .call,
      file[callee.a].kind == .name, Symbol(file[callee.a].a) == name
    else { return nil }
    return statement
  }
}
