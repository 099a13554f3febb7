import KernelC

/// Walks all paths of one function, with states that meet when they are equal, and records what happens under which locks.
///
/// Conditions that recur are remembered on the path, so that `if (locked) unlock()` goes the way `if (locked) lock()` went.
/// The budget is a number of states per block; beyond it correlations are dropped first (`isApproximate`), then the
/// function counts as partly analysed.
struct Explorer: ~Copyable {
  static let statesPerBlock = 40
  static let stepBudget = 12_000
  /// Steps for each block of a function that has thousands of them.
  static let stepsPerBlock = 2
  /// Nodes looked at in search of what undoes a call: each such call asks all of its function.
  static let pairingBudget = 50_000_000
  /// Locks and other things held on one path: nobody holds as many.
  static let heldLimit = 64
  /// Values known on one path: each call looks through all of them.
  static let factLimit = 1_024

  let solver: Solver
  let scope: FunctionScope
  let flow: ControlFlow
  /// Macros that are guards where the function stands.
  let guardMacros: Set<Symbol>
  var facts: FunctionFacts
  var placeOfNode: [NodeID: Place] = [:]
  var operationsOfNode: [NodeID: [MicroOperation]] = [:]
  /// Types that the text states for places whose declarations do not.
  var hints: [Place: CType] = [:]
  var relevant: Set<Place> = []
  var relevantConditions: Set<Int> = []
  var conditionPlaces: [Int: [Place]] = [:]
  /// Tests of a flag in a number that the function is given and changes later.
  var flagConditions: Set<Int> = []
  var callsSeen: Set<CallKey> = []
  var acquiresSeen: Set<CallKey> = []
  var exitsSeen: Set<ExitKey> = []
  var unsetSeen: Set<UnsetReadEvent> = []
  var assertsSeen: Set<CallKey> = []
  var accessesSeen: Set<CallKey> = []
  /// What macros in capitals are given, as `LIST_HEAD(items)`; looked for when it is asked for.
  var declaredByMacros: Set<Symbol>?
  var passingsSeen: Set<NodeID> = []
  /// Functions that this one also undoes: opener call → closer's name.
  var pairs: [NodeID: Pairing] = [:]
  /// The pairs among them that are no results, by what closes them.
  var sections: [Symbol: [NodeID]] = [:]
  /// What takes the result of a call: the variable, or the assigned expression.
  var holders: [NodeID: NodeID] = [:]
  /// Calls that are made again while a local still holds what they returned before.
  var lostPairs: Set<NodeID> = []
  var orphans: Set<OrphanedPair> = []
  var hasInnerPairs = false
  /// Pairs that a callee opens and leaves to this function.
  var lentPairs: [NodeID: Pairing] = [:]
  /// Uses of a pointer by node, and whether it was surely NULL or an error on every path so far.
  var pointerUses: [NodeID: PointerUseEvent] = [:]
  var soundUses: Set<NodeID> = []
  /// Error pointers that are freed, on some path.
  var errorArguments: Set<PointerUseEvent> = []
  /// What calls do with local structures, once that was asked for.
  var outputs: OutputUses?
  /// Locals that only ever hold what an allocator returned.
  var allocated: Set<Place> = []
  /// Blocks that do nothing but release these locks, on a condition.
  var releasesOfBlock: [Int: [Place]] = [:]
  /// Locals that go by the name of an errno.
  var errorLocals = 0
  /// Labels behind which the function returns a variable that nothing sets on the way, and where that variable is.
  var returningLabels: [Symbol: NodeID] = [:]
  /// Gotos to such labels, with what the variable may be there.
  var jumpValues: [NodeID: ValueSet] = [:]
  /// Those of the gotos that some path reaches with a value in the variable.
  var setJumps: Set<NodeID> = []
  /// Gotos, with the tracked locals that no path to them has set.
  var unsetAtJumps: [NodeID: UInt64] = [:]
  /// Pointer parameters through which the function does nothing but store members, once that was asked for.
  var filled: Set<Symbol>?
  /// Reads of tracked locals that some path reaches with a value.
  var setReads: Set<NodeID> = []
  /// The loops around each call that stands in one.
  var loopsOfCall: [NodeID: [NodeID]] = [:]
  /// The pair that stands for a buffer that the function is given to keep; -1 for none.
  var owned: Place = -1
  /// By the call that opens a pair: the text in front of its closers, and behind them.
  var runsOfClosers: [NodeID: CloserRuns] = [:]
  /// By the place of a local: those that some call makes of it.
  var viewsOf: [Place: Set<Symbol>] = [:]
  /// Calls that are statements of their own: nobody looks at what they return.
  var discarded: Set<NodeID> = []

  struct CallKey: Hashable {
    let node: NodeID
    let held: [HeldLock]
    let conditions: [ParameterCondition]

    func hash(into hasher: inout Hasher) {
      var mixed = Int(node)
      for lock in held { mixed = mixed &* 31 &+ Int(lock.place) &* 8 &+ Int(lock.balance) }
      hasher.combine(mixed &* 31 &+ conditions.count)
    }
  }

  struct ExitKey: Hashable {
    let statement: NodeID
    let value: NodeID
    let values: ValueSet
    let held: [HeldLock]
    let closed: [Place]
    let written: UInt64
    let failed: NodeID
    let isPending: Bool
  }

  /// One step of evaluating an expression, innermost first.
  enum MicroOperation {
    case call(NodeID)
    case assign(NodeID)
    case modify(NodeID)
    case read(NodeID)
    case dereference(NodeID)
    /// What a pointer parameter points to is read.
    case load(NodeID)
    /// A read or a load that happens only if the condition has this truth: the right side of `&&`, one half of `?:`.
    indirect case guarded(MicroOperation, NodeID, Bool)
    /// The address of a local goes somewhere else than to a call: from here on anybody may set it.
    case expose(NodeID)
  }

  init(_ solver: Solver, _ scope: FunctionScope) {
    self.solver = solver
    self.scope = scope
    hints = solver.hints[scope.id] ?? [:]
    guardMacros = Self.guardMacros(solver, scope)
    flow = ControlFlow(of: scope.definition, in: scope.file, names: solver.names.flow, guardMacros: guardMacros)
    facts = FunctionFacts(id: scope.id)
    facts.isPartial = flow.isIncomplete
    findSkippedReleases()
    findAnnotations()
    errorLocals = scope.localTypes.keys.count { solver.names.errorVariables.contains($0) }
    for id in scope.definition.nodes where scope.file[id].kind == .expressionStatement {
      discarded.insert(scope.file[id].a)
    }
  }

  mutating func run() -> FunctionFacts {
    findPairs()
    findSections()
    findOwnedParameter()
    findRelevant()
    findReturningLabels()
    findAllocated()
    var joined: [Int: [PathState.JoinKey: PathState]] = [:]
    var seen = [Set<PathState>](repeating: [], count: flow.blocks.count)
    var work: [(block: Int, state: PathState)] = [(0, initialState)]
    var steps = max(Self.stepBudget, Self.stepsPerBlock * flow.blocks.count)
    while let (block, state) = work.popLast() {
      steps -= 1
      if steps < 0 {
        facts.isPartial = true
        break
      }
      var states = [state]
      for action in flow.blocks[block].actions {
        states = states.each { apply(action, to: $0) }
        if states.count > Self.statesPerBlock {
          facts.isApproximate = true
          states.removeSubrange(Self.statesPerBlock...)
        }
      }
      for state in states {
        if state.held.count > Self.heldLimit || state.facts.count > Self.factLimit {
          facts.isPartial = true
          continue
        }
        for (next, following) in successors(flow.blocks[block], state) {
          var following = following
          if seen[next].contains(following) { continue }
          if seen[next].count >= Self.statesPerBlock {
            // From here on states with the same locks are one: what they disagree on is forgotten.
            facts.isJoined = true
            let key = following.joinKey
            if let known = joined[next]?[key] {
              let both = known.joined(with: following)
              if both == known { continue }
              following = both
            } else if joined[next, default: [:]].count >= Self.statesPerBlock {
              facts.isApproximate = true
              facts.isPartial = true
              continue
            }
            joined[next, default: [:]][key] = following
          } else {
            seen[next].insert(following)
          }
          work.append((next, following))
        }
      }
    }
    facts.unsetReads = facts.unsetReads.map { event in
      var event = event
      event.isSure = !setReads.contains(event.node)
      return event
    }
    facts.lostPairs = lostPairs.sorted()
    facts.orphans = orphans.sorted { ($0.opener, $0.end) < ($1.opener, $1.end) }
    facts.freedErrors = errorArguments.sorted { $0.node < $1.node }
    facts.jumps = jumpValues.map {
      let variable = returningLabels[Symbol(scope.file[$0.key].a)].map { Symbol(scope.file[$0].a) } ?? .none
      return JumpEvent(
        node: $0.key, variable: variable, values: $0.value, isUnset: !setJumps.contains($0.key))
    }.sorted { $0.node < $1.node }
    for (jump, bits) in unsetAtJumps where bits != 0 {
      for (index, name) in scope.tracked.enumerated() where bits & 1 << UInt64(index) != 0 {
        facts.unsetBehind[Symbol(scope.file[jump].a), default: []].insert(name)
      }
    }
    facts.pointerUses = pointerUses.values.filter { !soundUses.contains($0.node) }.sorted { $0.node < $1.node }
    return facts
  }

  private mutating func successors(_ block: BasicBlock, _ state: PathState) -> [(Int, PathState)] {
    switch block.exit {
    case .jump(let next): return [(next, state)]
    case .either(let first, let second):
      if let last = block.actions.last, last.kind == .iterate {
        return [(second, state), (first, takeReference(last.node, state))]
      }
      return [(second, state), (first, state)]
    case .stop: return []
    case .leave(let value, let statement):
      leave(value, statement, state)
      return []
    case .preprocessor(let condition, let negated, let then, let otherwise):
      let key = Self.key(ofPreprocessor: condition)
      var result: [(Int, PathState)] = []
      var no = state
      if decide(key: key, negated, &no) { result.append((otherwise, no)) }
      var yes = state
      if decide(key: key, !negated, &yes) { result.append((then, yes)) }
      return result
    case .branch(let node, let then, let otherwise):
      var result: [(Int, PathState)] = []
      if let no = assume(node, false, state) { result.append((otherwise, skipping(then, otherwise, no))) }
      if let yes = assume(node, true, state) { result.append((then, skipping(otherwise, then, yes))) }
      return result
    case .select(let node, let cases, let otherwise):
      var result: [(Int, PathState)] = [(otherwise, state)]
      let key = place(of: node)
      for item in cases.reversed() {
        var next = state
        if key >= 0, item.last < 0, let constant = constant(item.value) {
          if !restrictToConstant(key, constant, item.value, &next) { continue }
        } else if item.last < 0, scope.file[node].kind == .call {
          // `switch (f(&x)) { case 0: … }`
          if !keep(node, self.values(of: item.value, state), &next) { continue }
        }
        result.append((item.block, next))
      }
      return result
    }
  }

  // MARK: Actions

  private mutating func apply(_ action: FlowAction, to state: PathState) -> [PathState] {
    switch action.kind {
    case .evaluate: return run(operations(action.node), state)
    case .declare:
      var states = action.value >= 0 ? run(operations(action.value), state) : [state]
      let variable = scope.file[action.node]
      let name = Symbol(variable.a)
      for index in states.indices {
        let place = localPlace(name)
        forget(place, &states[index], except: action.value)
        if action.value >= 0 {
          states[index].unset &= ~(scope.trackedBits[name] ?? 0)
          assign(place, action.value, &states[index])
        } else if variable.op == 0, let bit = scope.trackedBits[name] {
          states[index].unset |= bit
        }
      }
      return states
    case .assign:
      var states = run(operations(action.value), state)
      let node = scope.file[action.node]
      let target = node.kind == .variable ? localPlace(Symbol(node.a)) : place(of: action.node)
      for index in states.indices { store(target, action.value, action.node, &states[index]) }
      return states
    case .iterate:
      var state = state
      let call = scope.file[action.node]
      guard call.kind == .call else { return [state] }
      noteForgotten(action.node, state)
      noteMacro(action.node, &state)
      for argument in scope.file.list(call.b, call.c) where scope.file[argument].kind == .name {
        let name = Symbol(scope.file[argument].a)
        if let bit = scope.trackedBits[name] { state.unset &= ~bit }
        if scope.localTypes[name] != nil, (scope.assignmentCount[name] ?? 0) != 1 { forget(localPlace(name), &state) }
      }
      for argument in scope.file.list(call.b, call.c) where isTarget(uncast(argument)) {
        noteTouch(uncast(argument), &state)
      }
      noteListAccess(Array(scope.file.list(call.b, call.c)), calleeName(action.node), state)
      let isAgain = { (node: NodeID) in state.held.contains { $0.site == node } }
      let operations = operations(action.node).filter { operation in
        switch operation {
        case .read, .guarded: false
        // The head of a loop is read in each round, what it calls is called before the first.
        case .call(let node): !isAgain(node)
        default: true
        }
      }
      return run(operations, state)
    case .enterGuard:
      guard let (primitive, place) = guarded(action.node) else { return [state] }
      var state = state
      acquire(primitive, place, action.node, &state, isTry: primitive.operation == .tryAcquire)
      return [state]
    case .leaveGuard:
      guard let (primitive, place) = guarded(action.node) else { return [state] }
      var state = state
      release(primitive.kind, primitive.mode, place, action.node, &state)
      return [state]
    case .jump:
      noteJump(action.node, state)
      return [state]
    }
  }

  /// The lock of `guard(class)(lock)` or `scoped_guard(class, lock)`.
  private mutating func guarded(_ node: NodeID) -> (LockPrimitive, Place)? {
    let call = scope.file[node]
    guard call.kind == .call else { return nil }
    let callee = scope.file[call.a]
    let arguments = Array(scope.file.list(call.b, call.c))
    if callee.kind == .name, guardMacros.contains(Symbol(callee.a)) {
      return guarded(byMacro: Symbol(callee.a), arguments)
    }
    var className = Symbol.none
    var lock: NodeID = -1
    if callee.kind == .call, let first = scope.file.list(callee.b, callee.c).first {
      className = nameSymbol(first)
      lock = arguments.first ?? -1
    } else if let first = arguments.first {
      className = nameSymbol(first)
      lock = arguments.count > 1 ? arguments[arguments.count - 1] : -1
    }
    return guarded(className, lock < 0 ? -1 : place(of: lock))
  }

  private func nameSymbol(_ node: NodeID) -> Symbol {
    scope.file[node].kind == .name ? Symbol(scope.file[node].a) : .none
  }

  private mutating func run(_ operations: [MicroOperation], _ state: PathState) -> [PathState] {
    var states = [state]
    for operation in operations {
      switch operation {
      case .call(let node): states = states.each { call(node, $0) }
      case .assign(let node):
        let item = scope.file[node]
        let target = place(of: item.a)
        for index in states.indices {
          if item.operation == .equal {
            store(target, item.b, item.a, &states[index])
          } else if item.operation == .pipeEqual, scope.file[item.b].kind == .call {
            accumulate(target, item.b, item.a, &states[index])
          } else {
            storeUnknown(target, item.a, &states[index])
          }
        }
      case .modify(let node):
        let item = scope.file[node]
        let target = place(of: item.a)
        for index in states.indices { storeUnknown(target, item.a, &states[index]) }
      case .read(let node):
        for index in states.indices { read(node, &states[index]) }
      case .load(let node):
        for state in states { noteLoad(node, state) }
      case .guarded(let inner, let condition, let truth):
        for state in states {
          guard let taken = assume(condition, truth, state) else { continue }
          _ = run([inner], taken)
        }
      case .expose(let node):
        let bit = scope.trackedBits[Symbol(scope.file[node].a)] ?? 0
        for index in states.indices {
          states[index].unset &= ~bit
          states[index].pending.removeAll { $0.bit == bit }
        }
      case .dereference(let node):
        for state in states { use(scope.file[node].a, at: node, isErrorCode: false, state) }
      }
    }
    return states
  }
}
