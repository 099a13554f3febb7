import KernelC

extension Explorer {
  /// What an expression's value may be on this path.
  mutating func values(of id: NodeID, _ state: PathState) -> ValueSet {
    guard id >= 0 else { return .any }
    let node = scope.file[id]
    switch node.kind {
    case .number: return node.a == 0 ? .zero : .positive
    case .string, .compoundLiteral, .statementExpression: return node.kind == .string ? .positive : .any
    case .cast: return values(of: node.b, state)
    case .comma: return values(of: node.b, state)
    case .assign: return values(of: node.operation == .equal ? node.b : -1, state)
    case .conditional:
      let asked = values(of: node.a, state)
      // In `a ?: b` the first is what it is only where that is not 0.
      let first = node.b >= 0 ? values(of: node.b, state) : asked.subtracting(.zero)
      if !asked.contains(.zero) { return first }
      return asked == .zero ? values(of: node.c, state) : first.union(values(of: node.c, state))
    case .unary:
      switch node.operation {
      case .minus: return isErrno(node.a) || values(of: node.a, state) == .positive ? .negative : .any
      case .bang: return [.zero, .positive]
      case .ampersand: return .positive
      case .star: break
      default: return .any
      }
    case .binary:
      if node.operation.isComparison || node.operation == .ampersandAmpersand || node.operation == .pipePipe {
        return [.zero, .positive]
      }
      return .any
    case .call: return callValues(id, state)
    case .name:
      let name = Symbol(node.a)
      if name == solver.names.null || name == solver.names.falseName { return .zero }
      if name == solver.names.trueName { return .positive }
    default: break
    }
    let place = place(of: id)
    guard place >= 0 else { return .any }
    return state.values(of: place) ?? defaultValues(place)
  }

  private func defaultValues(_ place: Place) -> ValueSet {
    guard let type = type(of: place), !type.isPointer else { return .any }
    return type.base == .unsigned || type.base == .boolean ? [.zero, .positive] : .any
  }

  private mutating func callValues(_ id: NodeID, _ state: PathState) -> ValueSet {
    let result = solver.places.intern(.result, -1, id)
    if let known = state.values(of: result) { return known }
    let name = calleeName(id)
    let arguments = scope.file.list(scope.file[id].b, scope.file[id].c)
    if name == solver.names.errCast { return .negative }
    if name == solver.names.errPtr, let first = arguments.first {
      return values(of: first, state) == .zero ? .zero : .negative
    }
    if solver.names.ptrErr.contains(name), let first = arguments.first {
      let known = values(of: first, state)
      return known == .negative
        ? .negative : known == .any ? .any : known.contains(.negative) ? [.negative, .zero] : .zero
    }
    if solver.names.transparent.contains(name), let first = arguments.first { return values(of: first, state) }
    if name == solver.names.errorLog, arguments.count > 1 {
      // It returns the error that it logs.
      let known = values(of: Array(arguments)[1], state).intersection(.negative)
      return known.isEmpty ? .any : known
    }
    if solver.names.allocators.contains(name) { return [.zero, .positive] }
    if let target = solver.program.resolve(name, fromFile: scope.fileIndex),
      let returns = solver.summary(target)?.returns
    {
      return returns
    }
    // A body around calls that nobody knows says no more than a name.
    let definitions = solver.program.definitions(of: name)
    if let known = solver.interface.returns(name), definitions.allSatisfy({ solver.program.definition($0).isInline }) {
      return known
    }
    if solver.program.returnType(name)?.base == .boolean { return [.zero, .positive] }
    let place = place(of: id)
    return place >= 0 ? state.values(of: place) ?? .any : .any
  }

  /// `EINVAL` and the like.
  private func isErrno(_ id: NodeID) -> Bool {
    let node = scope.file[id]
    guard node.kind == .name else { return false }
    let token = scope.file.tokens[Int(node.token)]
    return token.traits.contains(.upperCase) && solver.isErrnoName(token.symbol)
  }

  /// A number that stands for a constant expression; nil when it is none.
  func constant(_ id: NodeID) -> Int? {
    guard id >= 0 else { return nil }
    let node = scope.file[id]
    switch node.kind {
    case .number: return Int(node.a) &* 4 &+ 1
    case .unary where node.operation == .minus:
      guard let inner = constant(node.a) else { return nil }
      return ~inner
    case .unary where node.operation == .tilde && scope.file[node.a].kind == .number:
      return ~Int(scope.file[node.a].a) &* 4 &+ 1
    case .cast: return constant(node.b)
    case .name:
      let token = scope.file.tokens[Int(node.token)]
      guard
        token.traits.contains(.upperCase) || Symbol(node.a) == solver.names.trueName
          || Symbol(node.a) == solver.names.falseName
      else { return nil }
      if Symbol(node.a) == solver.names.null || Symbol(node.a) == solver.names.falseName { return 1 }
      return Int(node.a) &* 4 &+ 2
    default: return nil
    }
  }

  /// The state in which `id` is true (or false); nil when the path contradicts that.
  mutating func assume(_ id: NodeID, _ truth: Bool, _ state: PathState) -> PathState? {
    var state = state
    return restrict(id, truth, &state, 0) ? state : nil
  }

  private mutating func restrict(_ id: NodeID, _ truth: Bool, _ state: inout PathState, _ depth: Int) -> Bool {
    guard id >= 0, depth < 32 else { return true }
    let node = scope.file[id]
    switch node.kind {
    case .number: return (node.a != 0) == truth
    case .unary where node.operation == .bang: return restrict(node.a, !truth, &state, depth + 1)
    case .comma: return restrict(node.b, truth, &state, depth + 1)
    case .cast: return restrict(node.b, truth, &state, depth + 1)
    case .binary where node.operation == .ampersandAmpersand:
      if truth {
        return restrict(node.a, true, &state, depth + 1) && restrict(node.b, true, &state, depth + 1)
      }
      return true
    case .binary where node.operation == .pipePipe:
      if !truth {
        return restrict(node.a, false, &state, depth + 1) && restrict(node.b, false, &state, depth + 1)
      }
      return true
    case .binary where node.operation.isComparison:
      notePrivacy(id, truth, &state)
      return restrictComparison(id, node, truth, &state)
    case .call:
      notePrivacy(id, truth, &state)
      let name = calleeName(id)
      let first = scope.file.list(node.b, node.c).first ?? -1
      if name == solver.names.isErr || name == solver.names.isErrOrNull {
        let errors: ValueSet = name == solver.names.isErr ? .negative : [.negative, .zero]
        let isPossible = keep(first, truth ? errors : ValueSet.any.subtracting(errors), &state)
        if truth, isPossible, name == solver.names.isErr {
          state.failed = id
          let place = place(of: first)
          if place >= 0, state.values(of: place) == .negative {
            state.set(place, .negative, constant: PathState.isErrorPointer, isTested: true)
          }
        }
        return isPossible
      }
      if solver.names.failureTests.contains(name) { return restrict(first, truth, &state, depth + 1) }
      if solver.names.successTests.contains(name) { return restrict(first, !truth, &state, depth + 1) }
      if name == solver.names.zeroOrNull { return keep(first, truth ? .zero : .nonZero, &state) }
      if let inner = testInMacro(id, name) { return restrict(inner, truth, &state, depth + 1) }
      if !truth { closeUnless(name, first, &state) }
      if solver.names.ptrErr.contains(name) { return keep(first, truth ? .nonZero : .any, &state) }
      if solver.names.transparent.contains(name) { return restrict(first, truth, &state, depth + 1) }
      let result = solver.places.intern(.result, -1, id)
      let wanted: ValueSet = truth ? .nonZero : .zero
      let known = values(of: id, state).intersection(wanted)
      if known.isEmpty { return false }
      if state.values(of: result) != nil || state.pending.contains(where: { $0.result == result }) {
        state.set(result, known)
      }
      if truth, known == .negative || (known == .nonZero && mayReturnError(name)) { state.failed = id }
      return solver.names.impure.contains(name) ? true : decide(id, truth, &state)
    case .assign, .name, .member, .index:
      let target = node.kind == .assign ? node.a : id
      let wanted: ValueSet = truth ? .nonZero : .zero
      if place(of: target) < 0 { return decide(id, truth, &state) }
      guard keep(target, wanted, &state), restrictOrigin(of: target, truth, &state) else { return false }
      if truth, errorLocals > 1, isErrorVariable(target) { state.failed = target }
      return true
    case .unary where node.operation == .star:
      return place(of: id) < 0 ? decide(id, truth, &state) : keep(id, truth ? .nonZero : .zero, &state)
    default: return decide(id, truth, &state)
    }
  }

  /// `if (FOO_CHECK(foo, !ptr))`: the one condition among the arguments of a macro is what the macro tests.
  func testInMacro(_ id: NodeID, _ name: Symbol) -> NodeID? {
    let call = scope.file[id]
    if solver.names.deviceWarnings.contains(name), call.c > 1 { return Array(scope.file.list(call.b, call.c))[1] }
    guard call.c > 1, scope.file.tokens[Int(scope.file[call.a].token)].traits.contains(.upperCase) else { return nil }
    let tests = scope.file.list(call.b, call.c).filter { argument in
      let item = scope.file[argument]
      return item.kind == .unary && item.operation == .bang || item.kind == .binary && item.operation.isComparison
    }
    return tests.count == 1 ? tests[0] : nil
  }

  private func isErrorVariable(_ id: NodeID) -> Bool {
    let node = scope.file[id]
    return node.kind == .name && solver.names.errorVariables.contains(Symbol(node.a))
      && scope.localTypes[Symbol(node.a)]?.isPointer == false
  }

  /// A negative result in another variable than the one that errors go by here.
  private func isSeparateFailure(_ id: NodeID) -> Bool {
    errorLocals > (isErrorVariable(id) ? 1 : 0) && scope.file[id].kind == .name
  }

  /// A function of another file of which nothing is known, or one whose body returns error codes.
  private func mayReturnError(_ name: Symbol) -> Bool {
    guard name.exists else { return false }
    if !solver.program.definitions(of: name).isEmpty { return solver.isErrnoLike(name, fromFile: scope.fileIndex) }
    return solver.program.returnType(name) == nil && solver.interface.returns(name) == nil
  }

  /// Narrows what is known about an expression with a place; false when nothing is left.
  mutating func keep(_ id: NodeID, _ wanted: ValueSet, _ state: inout PathState) -> Bool {
    var known = values(of: id, state)
    let place = place(of: id)
    if scope.file[id].kind == .call {
      let result = solver.places.intern(.result, -1, id)
      if let values = state.values(of: result) {
        known = values.intersection(wanted)
        if known.isEmpty { return false }
        state.set(result, known)
        return true
      }
      if state.pending.contains(where: { $0.result == result }) {
        known.formIntersection(wanted)
        if known.isEmpty { return false }
        state.set(result, known)
        return true
      }
    }
    known.formIntersection(wanted)
    if known.isEmpty { return false }
    if place >= 0,
      relevant.contains(place) || state.values(of: place) != nil
        || state.pending.contains(where: { $0.result == place })
    {
      state.set(place, known, constant: known == .zero ? 1 : state.constant(of: place), isTested: true)
    }
    if known == .zero, allocated.contains(place) { state.failed = id }
    return true
  }

  private mutating func restrictComparison(
    _ id: NodeID, _ node: Node, _ truth: Bool, _ state: inout PathState
  ) -> Bool {
    var left = node.a
    var right = node.b
    var op = node.operation
    if constant(left) != nil, constant(right) == nil {
      swap(&left, &right)
      switch op {
      case .less: op = .greater
      case .greater: op = .less
      case .lessEqual: op = .greaterEqual
      case .greaterEqual: op = .lessEqual
      default: break
      }
    }
    // `if (inode == ERR_PTR(-ESTALE))`
    if calleeName(right) == solver.names.errPtr, op == .equalEqual || op == .bangEqual, (op == .equalEqual) == truth {
      return keep(left, .negative, &state)
    }
    guard let value = constant(right) else { return decide(id, truth, &state) }
    let holds = truth
    if value == 1 {
      let wanted: ValueSet
      switch op {
      case .equalEqual: wanted = holds ? .zero : .nonZero
      case .bangEqual: wanted = holds ? .nonZero : .zero
      case .less: wanted = holds ? .negative : [.zero, .positive]
      case .greaterEqual: wanted = holds ? [.zero, .positive] : .negative
      case .greater: wanted = holds ? .positive : [.zero, .negative]
      default: wanted = holds ? [.zero, .negative] : .positive
      }
      if place(of: left) < 0, scope.file[left].kind != .call { return decide(id, truth, &state) }
      guard keep(left, wanted, &state) else { return false }
      if wanted == .negative, isSeparateFailure(left) { state.failed = id }
      return true
    }
    if scope.file[left].kind == .call, let lock = solver.locks[calleeName(left)], lock.operation == .acquireOrFail,
      values(of: right, state) == .negative, op == .equalEqual || op == .bangEqual
    {
      return keep(left, (op == .equalEqual) == holds ? .negative : .zero, &state)
    }
    if calleeName(left) == solver.names.errorCode, op == .equalEqual, holds, values(of: right, state) == .negative,
      let pointer = scope.file.list(scope.file[left].b, scope.file[left].c).first
    {
      return keep(pointer, .negative, &state)
    }
    // `if (f(&x) == 2)`
    if scope.file[left].kind == .call, op == .equalEqual || op == .bangEqual, (op == .equalEqual) == holds,
      !keep(left, values(of: right, state), &state)
    {
      return false
    }
    let key = place(of: left)
    guard key >= 0, op == .equalEqual || op == .bangEqual else { return decide(id, truth, &state) }
    if (op == .equalEqual) == holds {
      let condition = conditionKey(id)
      if let known = state.decisions.first(where: { $0.key == condition }), known.holds != holds { return false }
      return restrictToConstant(key, value, right, &state)
    }
    if state.constant(of: key) == value { return false }
    return decide(id, truth, &state)
  }

  /// `place == constant` is true.
  mutating func restrictToConstant(
    _ place: Place, _ constant: Int, _ node: NodeID, _ state: inout PathState
  ) -> Bool {
    let known = state.constant(of: place)
    if known != 0, known != constant, known & 3 == constant & 3 { return false }
    let values = self.values(of: node, state)
    let narrowed = (state.values(of: place) ?? .any).intersection(values)
    if narrowed.isEmpty { return false }
    if relevant.contains(place) || state.values(of: place) != nil {
      state.set(place, narrowed, constant: constant)
    }
    return true
  }

  /// A condition without a place: what it was the first time on this path, it is again.
  private mutating func decide(_ id: NodeID, _ truth: Bool, _ state: inout PathState) -> Bool {
    decide(key: conditionKey(id), truth, &state)
  }

  /// Goes the way that the condition went before; false if that is the other one.
  func decide(key: Int, _ truth: Bool, _ state: inout PathState) -> Bool {
    guard key != 0, relevantConditions.contains(key) else { return true }
    if let known = state.decisions.first(where: { $0.key == key }) { return known.holds == truth }
    let position = state.decisions.firstIndex { $0.key > key } ?? state.decisions.count
    state.decisions.insert(PathState.Decision(key: key, holds: truth), at: position)
    return true
  }

  /// Equal for conditions that read the same; 0 when it may differ each time.
  mutating func conditionKey(_ id: NodeID) -> Int {
    var places: [Place] = []
    guard let hash = structure(id, &places, 0) else { return 0 }
    let key = (hash & ~3) | 1
    conditionPlaces[key] = places
    return key
  }

  private mutating func structure(_ id: NodeID, _ places: inout [Place], _ depth: Int) -> Int? {
    guard id >= 0, depth < 24 else { return id < 0 ? 17 : nil }
    let node = scope.file[id]
    var hasher = 1_469_598_103 &+ Int(node.kind.rawValue) &* 131 &+ Int(node.op)
    func mix(_ value: Int) { hasher = (hasher ^ value) &* 1_099_511_628_211 &+ (hasher >> 29) }
    let place = place(of: id)
    if place >= 0, node.kind != .call {
      places.append(place)
      mix(Int(place) &+ 7)
      return hasher
    }
    switch node.kind {
    case .number: mix(Int(node.a))
    case .name: mix(Int(node.a))
    case .call:
      let name = calleeName(id)
      guard name.exists, !solver.names.impure.contains(name) else { return nil }
      mix(Int(name.rawValue))
      for argument in scope.file.list(node.b, node.c) {
        guard let part = structure(argument, &places, depth + 1) else { return nil }
        mix(part)
      }
    case .binary:
      guard let left = structure(node.a, &places, depth + 1), let right = structure(node.b, &places, depth + 1) else {
        return nil
      }
      mix(left)
      mix(right)
    case .unary, .sizeOf:
      guard node.operation != .plusPlus, node.operation != .minusMinus,
        let operand = structure(node.a, &places, depth + 1)
      else { return nil }
      mix(operand)
    case .cast:
      return structure(node.b, &places, depth + 1)
    case .typeOperand: mix(3)
    default: return nil
    }
    return hasher
  }
}
