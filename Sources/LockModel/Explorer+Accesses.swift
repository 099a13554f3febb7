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
      if item.kind == .unary, item.operation == .ampersand { noteAccess(item.a, state) }
    }
  }
}
