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
    guard let position = scope.parameters[Symbol(scope.file[scope.file[node].a].a)],
      !hangsOnAnother(node, position)
    else { return }
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
    // `if (mode == MODE_READ)`: which number that is, a caller's argument does not tell.
    let isSelected = state.facts.contains { fact in
      guard fact.constant != 0, fact.values == .any, solver.places[fact.key].kind == .parameter else { return false }
      let position = Int(solver.places[fact.key].value)
      return parameters.indices.contains(position) && !parameters[position].type.isPointer
    }
    if depends || isReset || isSelected { return }
    // The read that asks least of the arguments stands for all.
    if let known = facts.loads[position], known.conditions.count <= load.conditions.count { return }
    facts.loads[position] = load
  }

  /// `*other && *p == key`: what another pointer points to decides about the read, and a caller sets both.
  private func hangsOnAnother(_ node: NodeID, _ position: Int) -> Bool {
    scope.definition.nodes.contains { id in
      let item = scope.file[id]
      let isInside: Bool
      switch item.kind {
      case .binary where item.operation == .ampersandAmpersand || item.operation == .pipePipe:
        isInside = holds(item.b, node, 0)
      case .ifStatement, .conditional: isInside = holds(item.b, node, 0) || holds(item.c, node, 0)
      default: return false
      }
      return isInside && targets(in: item.a, 0).contains { $0 != position }
    }
  }

  private func holds(_ id: NodeID, _ part: NodeID, _ depth: Int) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    return id == part || scope.file.children(of: id).contains { holds($0, part, depth + 1) }
  }

  /// The parameters whose targets an expression reads.
  private func targets(in id: NodeID, _ depth: Int) -> [Int] {
    guard id >= 0, depth < 60 else { return [] }
    if isTarget(id) { return scope.parameters[Symbol(scope.file[scope.file[id].a].a)].map { [$0] } ?? [] }
    return scope.file.children(of: id).flatMap { targets(in: $0, depth + 1) }
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

  /// `*p` goes to a macro, which may write to it: what is read from here on need not be the caller's.
  func noteTouch(_ node: NodeID, _ state: inout PathState) {
    guard let position = scope.parameters[Symbol(scope.file[scope.file[node].a].a)], position < 64 else { return }
    state.touched |= 1 << UInt64(position)
  }

  /// The `p` of `p->x.y[2]`.
  private func owner(ofTarget id: NodeID) -> NodeID? {
    let node = scope.file[id]
    switch node.kind {
    case .member where node.operation == .arrow: return scope.file[node.a].kind == .name ? node.a : nil
    case .member, .index: return owner(ofTarget: node.a)
    default: return nil
    }
  }

  /// Structures that a function is given to fill, and that it does not look at: for a caller, one that it leaves alone on an
  /// error has no value then. What a function works on has had one before.
  private func findFilled() -> Set<Symbol> {
    let definition = scope.definition
    guard !definition.isMacro, definition.returnType.base == .integer, !definition.returnType.isPointer,
      flow.blocks.count < 60
    else { return [] }
    var result = Set(
      definition.parameters.filter {
        $0.name.exists && $0.type.base == .structure && $0.type.pointers == 1 && !$0.type.isConstant
      }.map(\.name))
    guard !result.isEmpty else { return [] }
    var targets: Set<NodeID> = []
    for node in definition.nodes where scope.file[node].kind == .assign && scope.file[node].operation == .equal {
      if let owner = owner(ofTarget: scope.file[node].a) { targets.insert(owner) }
    }
    for node in definition.nodes where scope.file[node].kind == .name && !targets.contains(node) {
      result.remove(Symbol(scope.file[node].a))
    }
    return result
  }

  /// `*p = …` or `p->x = …` through a parameter.
  mutating func noteWrite(_ node: NodeID, _ state: inout PathState) {
    let item = scope.file[node]
    var base: NodeID = -1
    if item.kind == .unary, item.operation == .star { base = item.a }
    if item.kind == .index { base = item.a }
    if item.kind == .member, let owner = owner(ofTarget: node) {
      let names = filled ?? findFilled()
      filled = names
      if names.contains(Symbol(scope.file[owner].a)) { base = owner }
    }
    guard base >= 0, scope.file[base].kind == .name, let position = scope.parameters[Symbol(scope.file[base].a)],
      position < 64
    else { return }
    state.written |= 1 << UInt64(position)
    state.touched |= 1 << UInt64(position)
  }
}
