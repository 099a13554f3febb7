import KernelC

// Guards that the tree defines itself.
extension Explorer {
  /// What `guard(name)(argument)` takes by the definition of the guard.
  mutating func definedGuard(_ name: Symbol, _ argument: NodeID) -> (LockPrimitive, Place)? {
    guard let (definition, fileIndex) = solver.program.guards[name], definition.lock >= 0 else { return nil }
    let file = solver.program.files[fileIndex]
    let call = file[definition.lock]
    guard call.kind == .call, file[call.a].kind == .name else { return nil }
    let value = argument < 0 ? -1 : place(of: argument)
    let arguments = file.list(call.b, call.c).map { guardPlace($0, file, value, definition.isWrapped) }
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

  /// An expression of a guard's definition in terms of the function that uses the guard.
  private mutating func guardPlace(_ id: NodeID, _ file: ParsedFile, _ value: Place, _ isWrapped: Bool) -> Place {
    let node = file[id]
    switch node.kind {
    case .name:
      if Symbol(node.a) != solver.names.guardArgument { return solver.places.intern(.global, -1, node.a) }
      return isWrapped ? -1 : value
    case .member:
      if isWrapped, file[node.a].kind == .name, Symbol(file[node.a].a) == solver.names.guardArgument { return value }
      let base = guardPlace(node.a, file, value, isWrapped)
      let object = node.operation == .arrow ? solver.places.pointee(of: base) : base
      return object < 0 ? -1 : solver.places.intern(.member, object, node.b)
    case .unary:
      let operand = guardPlace(node.a, file, value, isWrapped)
      if node.operation == .star { return solver.places.pointee(of: operand) }
      return node.operation == .ampersand ? solver.places.address(of: operand) : -1
    case .cast: return guardPlace(node.b, file, value, isWrapped)
    default: return -1
    }
  }
}
