import KernelC

extension Explorer {
  /// Finds the labels behind which the function returns a variable, with nothing in between that could set it.
  mutating func findReturningLabels() {
    let body = scope.file[scope.definition.body]
    guard body.kind == .block else { return }
    var returned: NodeID = -1
    for statement in scope.file.list(body.a, body.b).reversed() {
      let node = scope.file[statement]
      switch node.kind {
      case .returnStatement: returned = returnedVariable(node.a)
      case .gotoStatement: returned = -1
      case .label: if returned >= 0 { returningLabels[Symbol(node.a)] = returned }
      default:
        // `if (ret) return ret;` in front of the last return: what comes there is another case.
        if returned >= 0, sets(statement, Symbol(scope.file[returned].a), 0) || leaves(statement, 0) { returned = -1 }
      }
    }
  }

  /// `x` in `return x;` and `return ERR_PTR(x);`.
  private func returnedVariable(_ value: NodeID) -> NodeID {
    guard value >= 0 else { return -1 }
    let node = scope.file[value]
    if node.kind == .call, calleeName(value) == solver.names.errPtr, let first = scope.file.list(node.b, node.c).first {
      return returnedVariable(first)
    }
    return node.kind == .name && scope.localTypes[Symbol(node.a)] != nil ? value : -1
  }

  private func leaves(_ id: NodeID, _ depth: Int) -> Bool {
    guard id >= 0, depth < 60 else { return id >= 0 }
    return scope.file[id].kind == .returnStatement
      || scope.file.children(of: id).contains { leaves($0, depth + 1) }
  }

  private func sets(_ id: NodeID, _ name: Symbol, _ depth: Int) -> Bool {
    guard id >= 0, depth < 60 else { return id >= 0 }
    let node = scope.file[id]
    switch node.kind {
    case .assign, .postfix:
      if scope.file[node.a].kind == .name, Symbol(scope.file[node.a].a) == name { return true }
    case .unary where [.ampersand, .plusPlus, .minusMinus].contains(node.operation):
      if scope.file[node.a].kind == .name, Symbol(scope.file[node.a].a) == name { return true }
    default: break
    }
    return scope.file.children(of: id).contains { sets($0, name, depth + 1) }
  }

  /// The expression without the casts around it.
  func uncast(_ id: NodeID) -> NodeID { scope.file[id].kind == .cast ? uncast(scope.file[id].b) : id }

  /// Notes what the variable that the goto's label returns may be.
  mutating func noteJump(_ node: NodeID, _ state: PathState) {
    if !scope.tracked.isEmpty { unsetAtJumps[node] = (unsetAtJumps[node] ?? .max) & state.unset }
    guard let variable = returningLabels[Symbol(scope.file[node].a)] else { return }
    let isUnset = (scope.trackedBits[Symbol(scope.file[variable].a)] ?? 0) & state.unset != 0
    if !isUnset { setJumps.insert(node) }
    jumpValues[node, default: []].formUnion(isUnset ? .any : values(of: variable, state))
  }

  /// The state in which a turn of an iterator begins that holds a reference to its cursor.
  mutating func takeReference(_ node: NodeID, _ state: PathState) -> PathState {
    guard let (cursor, closers) = solver.pairing.heldCursor(calleeName(node), solver.program.symbols) else {
      return state
    }
    let call = scope.file[node]
    let arguments = Array(scope.file.list(call.b, call.c))
    guard cursor < arguments.count, scope.file[arguments[cursor]].kind == .name,
      scope.localTypes[Symbol(scope.file[arguments[cursor]].a)] != nil,
      !scope.cleanedUp.contains(Symbol(scope.file[arguments[cursor]].a))
    else { return state }
    let resource = localPlace(Symbol(scope.file[arguments[cursor]].a))
    let place = solver.places.intern(.call, resource, calleeName(node).rawValue)
    guard place >= 0 else { return state }
    pairs[node] = Pairing(closers: closers, resource: resource, isResult: true, isKnown: true)
    var state = state
    state.held.removeAll { $0.place == place }
    state.change(place, .pair, .exclusive, by: 1, site: node)
    state.set(resource, .positive)
    return state
  }

  /// A loop that was left early has kept the reference to its cursor: another loop with the same cursor forgets it.
  mutating func noteForgotten(_ node: NodeID, _ state: PathState) {
    guard let (cursor, _) = solver.pairing.heldCursor(calleeName(node), solver.program.symbols) else { return }
    let arguments = Array(scope.file.list(scope.file[node].b, scope.file[node].c))
    guard cursor < arguments.count, scope.file[arguments[cursor]].kind == .name else { return }
    let resource = localPlace(Symbol(scope.file[arguments[cursor]].a))
    let isForgotten = state.held.contains { held in
      held.kind == .pair && held.balance > 0 && held.site != node && pairs[held.site]?.resource == resource
        && solver.pairing.heldCursor(calleeName(held.site), solver.program.symbols) != nil
    }
    if isForgotten { lostPairs.insert(node) }
  }

  /// The call leaves something to undo when it fails; what it leaves then is marked by the mode.
  mutating func openOnFailure(_ pairing: Pairing, _ place: Place, _ node: NodeID, _ state: PathState) -> [PathState] {
    var succeeded = state
    succeeded.held.removeAll { $0.place == place }
    var failed = succeeded
    if pairing.opensOnSuccess { succeeded.change(place, .pair, .exclusive, by: 1, site: node) }
    if discarded.contains(node) { return [succeeded] }
    failed.change(place, .pair, .shared, by: 1, site: node)
    let result = solver.places.intern(.result, -1, node)
    succeeded.set(result, .zero)
    failed.set(result, .negative)
    return [succeeded, failed]
  }

  /// What is returned is the caller's.
  mutating func dropReturned(_ value: NodeID, _ state: inout PathState) {
    guard value >= 0, state.held.contains(where: { $0.kind == .pair }) else { return }
    let returned = place(of: value)
    // A number that is read out of the thing is not the thing.
    let isPointer = scope.definition.returnType.isPointer
    let isRead = !isPointer && scope.file[uncast(value)].kind == .member
    state.held.removeAll { held in
      if isRead, let pairing = pairs[held.site], pairing.isReference { return false }
      if held.kind == .pair, let pairing = pairs[held.site], pairing.isOutput { return pairing.resource == returned }
      guard held.kind == .pair, let pairing = pairs[held.site], pairing.isResult,
        solver.places[pairing.resource].kind == .local
      else { return false }
      // `phy = hw->priv; … return phy;`: a way into the thing.
      return mentions(value, Symbol(solver.places[pairing.resource].value), 0)
        || isPointer && returned >= 0 && solver.places.depends(returned, on: pairing.resource)
    }
  }
}
