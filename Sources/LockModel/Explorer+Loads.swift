import KernelC

extension Explorer {
  /// `*p`, where `p` is a parameter.
  func isTarget(_ id: NodeID) -> Bool {
    let node = scope.file[id]
    guard node.kind == .unary, node.operation == .star, scope.file[node.a].kind == .name else { return false }
    return scope.parameters[Symbol(scope.file[node.a].a)] != nil
  }

  /// Notes that `*p` is read, where the function has not written it and nothing but pointers decides about it.
  mutating func noteLoad(_ node: NodeID, _ state: PathState) {
    guard let position = scope.parameters[Symbol(scope.file[scope.file[node].a].a)] else { return }
    let chain = [ChainStep(function: scope.id, node: node)]
    noteLoad(of: position, PointerLoad(conditions: parameterConditions(state), chain: chain), state)
  }

  private mutating func noteLoad(of position: Int, _ load: PointerLoad, _ state: PathState) {
    guard position < 64, state.touched & (1 << UInt64(position)) == 0, load.chain.count <= Solver.chainLimit else {
      return
    }
    let parameters = scope.definition.parameters
    let depends = load.conditions.contains { condition in
      !parameters.indices.contains(condition.parameter) || !parameters[condition.parameter].type.isPointer
    }
    // A parameter that the function sets anew is a local to the paths: what it was at entry is not known any more.
    let isReset = state.facts.contains { fact in
      let step = solver.places[fact.key]
      return step.kind == .local && parameters.contains { $0.name == Symbol(step.value) }
    }
    if depends || isReset { return }
    // The read that asks least of the arguments stands for all.
    if let known = facts.loads[position], known.conditions.count <= load.conditions.count { return }
    facts.loads[position] = load
  }

  /// A pointer parameter is handed on to a callee that may read through it first.
  mutating func noteHandingOn(
    _ own: Int, _ load: PointerLoad?, _ node: NodeID, _ arguments: [NodeID], _ state: inout PathState
  ) {
    if let load {
      let way = way(of: node, arguments, state)
      if solver.isPossible(load.conditions, way) {
        let lifted = PointerLoad(
          conditions: solver.liftedConditions(load.conditions, way), chain: way.steps + load.chain)
        noteLoad(of: own, lifted, state)
      }
    }
    if own < 64 { state.touched |= 1 << UInt64(own) }
  }

  /// A call without what is held around it.
  private mutating func way(of node: NodeID, _ arguments: [NodeID], _ state: PathState) -> CallWay {
    CallWay(
      function: scope.id, arguments: arguments.map { place(of: $0) }, values: arguments.map { values(of: $0, state) },
      constants: arguments.map { argumentConstant($0, state) }, held: [], conditions: parameterConditions(state),
      steps: [ChainStep(function: scope.id, node: node)])
  }

  /// The address of a local without a value goes to a function that reads it first.
  mutating func notePassing(
    _ argument: NodeID, _ variable: Symbol, _ call: NodeID, _ arguments: [NodeID], _ load: PointerLoad?,
    _ state: PathState
  ) {
    guard let load, solver.isPossible(load.conditions, way(of: call, arguments, state)),
      passingsSeen.insert(argument).inserted
    else { return }
    facts.unsetPassings.append(
      UnsetPassingEvent(node: argument, variable: variable, call: call, chain: load.chain))
  }

  /// `*p = …` or `p->x = …` through a parameter.
  mutating func noteWrite(_ node: NodeID, _ state: inout PathState) {
    let item = scope.file[node]
    var base: NodeID = -1
    if item.kind == .unary, item.operation == .star { base = item.a }
    if item.kind == .index { base = item.a }
    guard base >= 0, scope.file[base].kind == .name, let position = scope.parameters[Symbol(scope.file[base].a)],
      position < 64
    else { return }
    state.written |= 1 << UInt64(position)
    state.touched |= 1 << UInt64(position)
  }
}
