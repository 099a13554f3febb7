import KernelC

extension Explorer {
  /// Notes a use of the pointer `pointer` that needs a valid one (or, for an error code, an error).
  mutating func use(_ pointer: NodeID, at node: NodeID, isErrorCode: Bool, _ state: PathState) {
    if soundUses.contains(node) { return }
    let place = place(of: pointer)
    guard place >= 0 else { return }
    let known = state.values(of: place) ?? .any
    let isWrong = isErrorCode ? !known.contains(.negative) : known == .zero || known == .negative
    guard isWrong, state.isTested(place) else {
      soundUses.insert(node)
      return
    }
    pointerUses[node] = PointerUseEvent(node: node, pointer: pointer, values: known, isErrorCode: isErrorCode)
  }

  /// Notes an error pointer, found to be one on this path, that something is told to free or put.
  mutating func noteErrorArguments(_ node: NodeID, _ name: Symbol, _ arguments: [NodeID], _ state: PathState) {
    guard name.exists, let first = arguments.first, solver.freesPlainly(name) else { return }
    let place = place(of: first)
    guard place >= 0, state.constant(of: place) == PathState.isErrorPointer else { return }
    errorArguments.insert(PointerUseEvent(node: node, pointer: first, values: .negative, isErrorCode: false))
  }

  /// Finds the pointers that hold nothing but what an allocator returned.
  mutating func findAllocated() {
    var others: Set<Place> = []
    func note(_ explorer: inout Explorer, _ target: Place, _ value: NodeID) {
      guard target >= 0 else { return }
      var value = value
      while explorer.scope.file[value].kind == .cast { value = explorer.scope.file[value].b }
      if explorer.scope.file[value].kind == .call, explorer.solver.isAllocation(explorer.calleeName(value)) {
        explorer.allocated.insert(target)
      } else if explorer.constant(value) != 1 {
        others.insert(target)
      }
    }
    for id in scope.definition.nodes {
      let node = scope.file[id]
      if node.kind == .assign, node.operation == .equal {
        note(&self, place(of: node.a), node.b)
      } else if node.kind == .variable, node.c >= 0 {
        note(&self, localPlace(Symbol(node.a)), node.c)
      }
    }
    allocated.subtract(others)
  }
}
