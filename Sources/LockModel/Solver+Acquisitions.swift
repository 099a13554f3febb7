import KernelC

extension Solver {
  /// More targets than this make a call through a pointer mean nothing.
  private static let targetLimit = 8
  private static let callbackLimit = 24

  /// The locks that a call may wait for at any depth, in the terms of `caller`, callbacks that it passes on included.
  ///
  /// With `assumingCallers`, a parameter of `caller` stands for whatever its callers pass; without, what a parameter does is
  /// left to those who know what they pass.
  public func acquisitions(
    at call: CallEvent, in caller: FunctionID, assumingCallers: Bool = false
  ) -> [MayAcquire] {
    if names.selfContained.contains(call.callee) { return [] }
    let way = CallWay(call, in: caller)
    var result: [MayAcquire] = []
    if interface.faulters.contains(call.callee), let fault = userFault(way) { result.append(fault) }
    if call.parameter < 0 ? call.targets.count <= Self.targetLimit : assumingCallers {
      for target in call.targets { add(target, way, isThroughPointer: call.isIndirect, &result) }
    }
    return result + callbackAcquisitions(at: call, in: caller, assumingCallers: assumingCallers).map(\.item)
  }

  /// The locks that callbacks may wait for which the call passes on, each with the call of its callback and its place in
  /// the callee's terms.
  public func callbackAcquisitions(
    at call: CallEvent, in caller: FunctionID, assumingCallers: Bool = false
  ) -> [(callback: CallbackCall, item: MayAcquire, calleePlace: Place)] {
    guard !call.isIndirect, let target = call.targets.first, let known = summary(target)?.callbacks else { return [] }
    let way = CallWay(call, in: caller)
    var result: [(CallbackCall, MayAcquire, Place)] = []
    for callback in known where callback.parameter < call.arguments.count {
      for function in functions(call.arguments[callback.parameter], in: caller, assumingCallers) {
        let steps = callback.way.steps.count + 1
        for item in summary(function)?.mayAcquire ?? [] where item.chain.count + steps <= Self.chainLimit {
          guard let inner = lift(item, callback.way), var outer = lift(inner, way) else { continue }
          outer.isThroughPointer = true
          result.append((callback, outer, inner.place))
        }
      }
    }
    return result
  }

  private func add(
    _ target: FunctionID, _ way: CallWay, isThroughPointer: Bool, _ result: inout [MayAcquire]
  ) {
    for item in summary(target)?.mayAcquire ?? [] where item.chain.count < Self.chainLimit {
      guard var lifted = lift(item, way) else { continue }
      if isThroughPointer { lifted.isThroughPointer = true }
      result.append(lifted)
    }
  }

  /// The functions that an argument may be.
  private func functions(_ argument: Place, in caller: FunctionID, _ assumingCallers: Bool) -> [FunctionID] {
    guard argument >= 0 else { return [] }
    var step = places[argument]
    if step.kind == .address, step.base >= 0 { step = places[step.base] }
    switch step.kind {
    case .global:
      let file = Int(program.functions[Int(caller.rawValue)].file)
      guard let function = program.resolve(Symbol(step.value), fromFile: file) else { return [] }
      return program.definition(function).isMacro ? [] : [function]
    case .parameter where assumingCallers:
      return callbacks.passed(to: caller, parameter: Int(step.value)).map(\.callback)
    default: return []
    }
  }

  /// Reading or writing user memory may fault, which takes the lock of the task's address space.
  private func userFault(_ way: CallWay) -> MayAcquire? {
    var place = places.intern(.global, -1, names.current.rawValue)
    for member in [names.addressSpace, names.addressSpaceLock] {
      place = places.intern(.member, places.pointee(of: place), member.rawValue)
    }
    return MayAcquire(
      place: place, lockClass: LockClass(structure: names.addressSpaceTag, name: names.addressSpaceLock), kind: .rwsem,
      mode: .shared, sleeps: true, conditions: way.conditions, chain: way.steps, isFault: true,
      dropped: Self.dropped(way.held))
  }

  /// A callee's acquisition in the caller's terms; nil when the arguments rule it out or the lock was dropped before.
  func lift(_ item: MayAcquire, _ way: CallWay) -> MayAcquire? {
    guard isPossible(item.conditions, way) else { return nil }
    let place = places.substitute(item.place, way.arguments)
    // A macro's parameters have no types: its locks have a class where it is used.
    let itemClass = item.lockClass ?? lockClass(of: place, item.kind, in: way.function)
    guard place >= 0 || itemClass != nil else { return nil }
    let isDropped = way.held.contains { held in
      held.balance < 0 && (held.place == place || place < 0 && lockClass(of: held, in: way.function) == item.lockClass)
    }
    if isDropped { return nil }
    var lifted = item
    lifted.place = place
    lifted.lockClass = itemClass
    lifted.conditions = liftedConditions(item.conditions, way)
    lifted.chain = way.steps + item.chain
    lifted.dropped =
      Self.dropped(way.held) + item.dropped.map { places.substitute($0, way.arguments) }.filter { $0 >= 0 }
    return lifted
  }

  private static func dropped(_ held: [HeldLock]) -> [Place] { held.filter { $0.balance < 0 }.map(\.place) }

  /// Whether the arguments allow the path.
  public func isPossible(_ conditions: [ParameterCondition], _ call: CallEvent) -> Bool {
    conditions.isEmpty || isPossible(conditions, CallWay(call, in: FunctionID(rawValue: -1)))
  }

  func isPossible(_ conditions: [ParameterCondition], _ way: CallWay) -> Bool {
    if conditions.contains(where: { $0.parameter < 0 }) { return false }
    for condition in conditions where condition.parameter < way.values.count {
      if way.values[condition.parameter].isDisjoint(with: condition.values) { return false }
      guard condition.constant != 0 else { continue }
      // What is no constant may be any of them.
      let constant = way.constants[condition.parameter]
      if constant != 0, constant != condition.constant { return false }
    }
    return true
  }

  /// What `conditions`, those of a callee, ask of the parameters of the function that calls it on the path to `call`.
  public func liftedConditions(_ conditions: [ParameterCondition], _ call: CallEvent) -> [ParameterCondition] {
    liftedConditions(conditions, CallWay(call, in: FunctionID(rawValue: -1)))
  }

  /// Whether conditions only say that pointers are not NULL.
  public func areGiven(_ conditions: [ParameterCondition], in id: FunctionID) -> Bool {
    conditions.allSatisfy { isGiven($0, in: id) }
  }

  /// Whether the condition only says that a pointer is not NULL, which callers see to.
  func isGiven(_ condition: ParameterCondition, in id: FunctionID) -> Bool {
    let parameters = program.definition(id).parameters
    return condition.parameter >= 0 && condition.parameter < parameters.count && condition.values.contains(.positive)
      && parameters[condition.parameter].type.isPointer
  }

  func liftedConditions(_ conditions: [ParameterCondition], _ way: CallWay) -> [ParameterCondition] {
    var result = way.conditions
    for condition in conditions where way.arguments.indices.contains(condition.parameter) {
      let place = way.arguments[condition.parameter]
      guard place >= 0, places[place].kind == .parameter else { continue }
      let parameter = Int(places[place].value)
      if let index = result.firstIndex(where: { $0.parameter == parameter }) {
        result[index].values.formIntersection(condition.values)
        if result[index].constant == 0 { result[index].constant = condition.constant }
      } else {
        result.append(
          ParameterCondition(parameter: parameter, values: condition.values, constant: condition.constant))
      }
    }
    return result
  }

  // MARK: Summaries

  /// What the function may take, in terms that its callers understand.
  func acquisitions(_ facts: FunctionFacts) -> [MayAcquire] {
    let kept = Set(facts.exits.flatMap { exit in exit.held.filter { $0.balance > 0 }.map(\.place) })
    var named: [MayAcquire] = []
    var known: [MayAcquire] = []
    var seen: Set<AcquireKey> = []
    func add(_ item: MayAcquire) {
      var item = item
      if !places.isPortable(item.place) { item.place = -1 }
      guard item.place >= 0 || item.lockClass != nil else { return }
      let key = AcquireKey(
        place: item.place, lockClass: item.lockClass, mode: item.mode, conditions: item.conditions)
      guard seen.insert(key).inserted else { return }
      if item.place >= 0 { named.append(item) } else { known.append(item) }
    }
    // What the function demands, or drops for its caller, it can only take to give it back.
    let givenBack = Set(facts.dropped.keys).union(facts.unsettled.keys).union(
      facts.asserts.filter { !$0.isHeldHere }.map(\.place))
    let classes = Dictionary(grouping: givenBack) { lockClass(of: $0, in: facts.id) }
    /// Whether a lock is one of those, perhaps by another name; that of an object is not that of one which it points to.
    func isGivenBack(_ place: Place, _ lockClass: LockClass?) -> Bool {
      if givenBack.contains(place) { return true }
      guard let lockClass, let others = classes[lockClass] else { return false }
      let object = owner(of: place)
      return !others.allSatisfy { other in
        let another = owner(of: other)
        return object >= 0 && another >= 0 && object != another
          && (places.depends(object, on: another) || places.depends(another, on: object))
      }
    }
    for event in facts.acquires where !event.isTry && !event.kind.nests {
      if isGivenBack(event.place, event.lockClass) { continue }
      // Taken, never dropped, but not on all ways out: given back to a caller after a callee dropped it.
      if kept.contains(event.place), !facts.released.contains(event.place),
        !facts.exits.allSatisfy({ exit in exit.held.contains { $0.place == event.place && $0.balance > 0 } })
      {
        continue
      }
      add(
        MayAcquire(
          place: event.place, lockClass: event.lockClass, kind: event.kind, mode: event.mode, sleeps: event.sleeps,
          conditions: event.conditions, chain: [ChainStep(function: facts.id, node: event.node)],
          dropped: Self.dropped(event.held)))
    }
    for call in facts.calls {
      for item in acquisitions(at: call, in: facts.id) where !isGivenBack(item.place, item.lockClass) { add(item) }
    }
    return nearest(named) + nearest(known)
  }

  /// What is taken after the fewest calls, where there is more than callers should have to look at.
  private func nearest(_ items: [MayAcquire]) -> [MayAcquire] {
    guard items.count > Self.acquireLimit else { return items }
    let order = items.indices.sorted { (items[$0].chain.count, $0) < (items[$1].chain.count, $1) }
    return order.prefix(Self.acquireLimit).sorted().map { items[$0] }
  }

  private struct AcquireKey: Hashable {
    let place: Place
    let lockClass: LockClass?
    let mode: LockMode
    let conditions: [ParameterCondition]
  }

  /// The calls, here or deeper, of functions that the caller passes in.
  func callbackCalls(_ facts: FunctionFacts) -> [CallbackCall] {
    var result: [CallbackCall] = []
    func add(_ call: CallbackCall) {
      let isKnown = result.contains {
        $0.parameter == call.parameter && $0.way.arguments == call.way.arguments
          && $0.held.map(\.lock) == call.held.map(\.lock)
      }
      if result.count < Self.callbackLimit, !isKnown { result.append(call) }
    }
    for call in facts.calls {
      let way = CallWay(call, in: facts.id)
      let held = call.held.filter { $0.kind != .pair && places.isPortable($0.place) }.map {
        (lock: $0, holder: facts.id)
      }
      if call.parameter >= 0 {
        add(CallbackCall(parameter: call.parameter, way: way, held: held))
      } else if !call.isIndirect, let target = call.targets.first {
        for inner in summary(target)?.callbacks ?? [] where inner.parameter < call.arguments.count {
          let argument = call.arguments[inner.parameter]
          guard argument >= 0, places[argument].kind == .parameter, let lifted = lift(inner.way, way) else { continue }
          let deeper = inner.held.compactMap { item -> (lock: HeldLock, holder: FunctionID)? in
            var lock = item.lock
            lock.place = places.substitute(lock.place, call.arguments)
            return places.isPortable(lock.place) ? (lock, item.holder) : nil
          }
          add(CallbackCall(parameter: Int(places[argument].value), way: lifted, held: held + deeper))
        }
      }
    }
    return result
  }

  /// A way from a callee to a callback in the caller's terms.
  private func lift(_ inner: CallWay, _ outer: CallWay) -> CallWay? {
    guard isPossible(inner.conditions, outer), inner.steps.count + outer.steps.count <= Self.chainLimit else {
      return nil
    }
    return CallWay(
      function: outer.function, arguments: inner.arguments.map { places.substitute($0, outer.arguments) },
      values: inner.values, constants: inner.constants, held: outer.held,
      conditions: liftedConditions(inner.conditions, outer),
      steps: outer.steps + inner.steps)
  }
}
