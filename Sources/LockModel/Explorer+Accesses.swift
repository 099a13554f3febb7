import KernelC

extension Explorer {
  /// Notes that the member `node` of an object reached through a pointer is accessed.
  mutating func noteAccess(_ node: NodeID, _ state: PathState) {
    guard node >= 0, !scope.definition.isMacro, scope.file[node].kind == .member else { return }
    let key = CallKey(node: node, held: state.held.filter { $0.kind != .pair }, conditions: [])
    guard accessesSeen.insert(key).inserted else { return }
    let place = place(of: node)
    guard place >= 0 else { return }
    let step = solver.places[place]
    guard step.kind == .member, step.base >= 0, let type = type(of: step.base),
      let tag = solver.program.structure(of: type), tag.exists
    else { return }
    facts.accesses.append(
      MemberAccessEvent(
        node: node, member: MemberKey(structure: tag, member: Symbol(step.value)), object: step.base, held: key.held))
  }

  /// `list_add(&item->node, &foo->items)` changes the list in `foo`.
  mutating func noteListAccess(_ arguments: [NodeID], _ name: Symbol, _ state: PathState) {
    guard solver.isListOperation(name) else { return }
    for argument in arguments {
      let item = scope.file[argument]
      guard item.kind == .unary, item.operation == .ampersand else { continue }
      if scope.file[item.a].kind == .name { noteVariable(item.a, state) } else { noteAccess(item.a, state) }
    }
  }

  /// `LIST_HEAD(all);` in the function itself.
  private mutating func isDeclaredHere(_ name: Symbol) -> Bool {
    if let known = declaredByMacros { return known.contains(name) }
    let names = scope.calls.compactMap { call -> Symbol? in
      guard let first = scope.file.list(scope.file[call].b, scope.file[call].c).first,
        scope.file[first].kind == .name,
        !solver.program.symbols.text(calleeName(call)).contains(where: \.isLowercase)
      else { return nil }
      return Symbol(scope.file[first].a)
    }
    declaredByMacros = Set(names)
    return names.contains(name)
  }

  /// Notes that a list or a tree is used that is a variable outside of all functions.
  private mutating func noteVariable(_ node: NodeID, _ state: PathState) {
    let place = place(of: node)
    guard place >= 0, !scope.definition.isMacro, case let step = solver.places[place], step.kind == .global,
      !isDeclaredHere(Symbol(step.value))
    else { return }
    let key = CallKey(node: node, held: state.held.filter { $0.kind != .pair }, conditions: [])
    guard accessesSeen.insert(key).inserted else { return }
    facts.accesses.append(
      MemberAccessEvent(
        node: node, member: MemberKey(structure: .none, member: Symbol(step.value)), object: place, held: key.held))
  }
}
