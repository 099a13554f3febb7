import KernelC

extension Explorer {
  /// Finds the calls whose undoing also stands in this function.
  mutating func findPairs() {
    guard !scope.definition.isMacro else { return }
    var present: Set<Symbol> = []
    for node in scope.calls where discarded.contains(node) { present.insert(calleeName(node)) }
    var holders: [NodeID: NodeID] = [:]
    for id in scope.definition.nodes {
      let node = scope.file[id]
      if node.kind == .assign, node.operation == .equal { holders[stripped(node.b)] = node.a }
      if node.kind == .variable, node.c >= 0 { holders[stripped(node.c)] = id }
    }
    for node in scope.calls {
      let name = calleeName(node)
      guard name.exists, solver.locks[name] == nil else { continue }
      let all = solver.pairing.closers(of: name, solver.program.symbols)
      let closers = all.intersection(present)
      guard !closers.isEmpty else {
        if !all.isEmpty, let holder = holders[node], PairingTable.isOwned(solver.program.symbols.text(name)) {
          addStrictPair(node, all, holder)
        }
        continue
      }
      if let target = solver.program.resolve(name, fromFile: scope.fileIndex), let summary = solver.summary(target),
        summary.exits.contains(where: { exit in exit.effects.contains { $0.kind != .pair } })
      {
        continue
      }
      addPair(node, closers, holders[node])
    }
  }

  /// What is stored somewhere has another owner.
  mutating func noteEscape(_ value: NodeID, _ target: Node, _ state: inout PathState) {
    guard state.held.contains(where: { $0.kind == .pair }) else { return }
    let stored = place(of: value)
    guard stored >= 0, scope.file[value].kind != .call else { return }
    state.held.removeAll { held in
      held.kind == .pair && pairs[held.site].map { $0.isResult && $0.resource == stored } ?? false
    }
  }

  private func stripped(_ id: NodeID) -> NodeID {
    scope.file[id].kind == .cast ? stripped(scope.file[id].b) : id
  }

  private mutating func addPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID?) {
    let call = scope.file[node]
    let name = calleeName(node)
    let returnsPointer =
      solver.returnType(of: name, scope.fileIndex)?.isPointer
      ?? (solver.names.allocators.contains(name) || holder.map { holdsPointer($0) } ?? false)
    if returnsPointer {
      guard let holder else { return }
      let item = scope.file[holder]
      let name = Symbol(item.a)
      if item.kind == .member { return addMemberPair(node, closers, holder) }
      guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
        !scope.cleanedUp.contains(name), !scope.otherwiseSet.contains(name), item.kind != .variable || item.op & 1 == 0
      else { return }
      let resource = localPlace(name)
      let isClosedHere = scope.calls.contains { call in
        closers.contains(calleeName(call))
          && scope.file.list(scope.file[call].b, scope.file[call].c).contains { place(of: $0) == resource }
      }
      pairs[node] = Pairing(closers: closers, resource: resource, isResult: true, isClosedHere: isClosedHere)
    } else {
      guard let first = scope.file.list(call.b, call.c).first else {
        if solver.soundsLikeLock(name), discarded.contains(node) {
          let resource = solver.places.intern(.global, -1, name.rawValue)
          pairs[node] = Pairing(closers: closers, resource: resource, isResult: false, isBare: true)
        }
        return
      }
      let resource = place(of: first)
      guard resource >= 0 else { return }
      pairs[node] = Pairing(
        closers: closers, resource: resource, isResult: false,
        isKnown: PairingTable.isKnown(solver.program.symbols.text(calleeName(node))))
    }
  }

  private mutating func holdsPointer(_ holder: NodeID) -> Bool {
    let item = scope.file[holder]
    if item.kind == .variable { return scope.localTypes[Symbol(item.a)]?.isPointer ?? false }
    return type(of: place(of: holder))?.isPointer ?? false
  }

  /// Part of the closer's name: `mddev_unlock` does half of what `mddev_unlock_and_resume` does.
  private func isPart(_ name: Symbol, of closers: Set<Symbol>) -> Bool {
    let words = Set(solver.program.symbols.text(name).split(separator: "_"))
    return closers.contains {
      let text = solver.program.symbols.text($0)
      return text.contains("_and_") && words.isSubset(of: text.split(separator: "_"))
    }
  }

  /// `foo->buffer = kmalloc(…)` in a function that frees `foo->buffer` itself.
  private mutating func addMemberPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID) {
    let resource = place(of: holder)
    guard resource >= 0 else { return }
    for call in scope.calls where closers.contains(calleeName(call)) {
      let arguments = Array(scope.file.list(scope.file[call].b, scope.file[call].c))
      if arguments.contains(where: { place(of: $0) == resource }) {
        pairs[node] = Pairing(closers: closers, resource: resource, isResult: true, isClosedHere: true)
        return
      }
    }
  }

  /// A local that holds new memory which this function never frees.
  private mutating func addStrictPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID) {
    let item = scope.file[holder]
    let name = Symbol(item.a)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
      scope.localTypes[name]?.isPointer == true, !scope.cleanedUp.contains(name), !scope.addressTaken.contains(name),
      !scope.otherwiseSet.contains(name), item.kind != .variable || item.op & 1 == 0
    else { return }
    // In a table or another variable it has an owner that is not followed.
    for id in scope.definition.nodes {
      let part = scope.file[id]
      let stored: NodeID
      switch part.kind {
      case .designator: stored = part.b
      case .assign where scope.file[part.a].kind == .name: stored = part.b
      case .variable where part.c >= 0: stored = part.c
      default: continue
      }
      if id != holder, stored >= 0, mentions(stored, name, 0) { return }
    }
    pairs[node] = Pairing(closers: closers, resource: localPlace(name), isResult: true, isStrict: true)
  }

  /// Whether the value is the variable, or an address in what it points to.
  private func mentions(_ id: NodeID, _ name: Symbol, _ depth: Int) -> Bool {
    guard id >= 0, depth < 12 else { return false }
    let node = scope.file[id]
    switch node.kind {
    case .name: return Symbol(node.a) == name
    case .cast: return mentions(node.b, name, depth + 1)
    case .unary where node.operation == .ampersand: return mentions(node.a, name, depth + 1)
    case .member, .index: return mentions(node.a, name, depth + 1)
    case .binary where !node.operation.isComparison:
      return mentions(node.a, name, depth + 1) || mentions(node.b, name, depth + 1)
    case .conditional: return mentions(node.b, name, depth + 1) || mentions(node.c, name, depth + 1)
    case .call:
      let name2 = calleeName(id)
      guard solver.names.containers.contains(name2) || solver.isGetter(name2) else { return false }
      return scope.file.list(node.b, node.c).contains { mentions($0, name, depth + 1) }
    default: return false
    }
  }

  /// Whether a callee may undo the pair; one that is not known may.
  private func mayClose(_ target: FunctionID?, _ pairing: Pairing) -> Bool {
    guard let target else { return true }
    return solver.mayCall(target, pairing.closers, orIndirect: pairing.isResult)
  }

  /// What a call means for the pairs that are open.
  mutating func settlePairs(
    _ node: NodeID, _ name: Symbol, _ arguments: [Place], _ target: FunctionID?, _ state: inout PathState
  ) {
    guard state.held.contains(where: { $0.kind == .pair }) else { return }
    let traits = solver.pairing.traits(of: name, solver.program.symbols)
    let isAction = solver.isDeferredAction(name)
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site] ?? lentPairs[held.site], held.site != node else {
        return false
      }
      if pairing.closers.contains(name) {
        if pairing.isBare ? arguments.isEmpty : arguments.contains(pairing.resource) {
          if !state.closed.contains(held.place) { state.closed.append(held.place) }
          return true
        }
        return false
      }
      let touches = arguments.contains { argument in
        argument >= 0
          && (solver.places.depends(argument, on: pairing.resource)
            || solver.places.depends(pairing.resource, on: argument))
      }
      if isAction { return true }
      if !pairing.isResult, isPart(name, of: pairing.closers) { return false }
      if touches, traits.disposes || target != nil, mayClose(target, pairing) { return true }
      if pairing.isStrict, touches {
        guard !solver.isHarmless(name), !solver.isBorrower(name) else { return false }
        return target.map { solver.mayKeep($0, arguments, pairing.resource) } ?? true
      }
      return touches && pairing.isResult && traits.transfers && !solver.isHarmless(name)
    }
  }
}
