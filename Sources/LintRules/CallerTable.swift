import KernelC
import LockModel

/// Who calls whom by name, and with which locks; callers are looked at when they are asked for.
final class CallerTable {
  private let context: RuleContext
  private var callers: [FunctionID: [Call]] = [:]
  private lazy var references = ReferenceIndex(context.program, callbacks: context.solver.callbacks)

  /// A call that may mean a function, and the function that makes it; a guess where all that is known is that it calls through
  /// a member of the name that the function is stored in.
  typealias Call = (caller: FunctionID, call: CallEvent, isGuess: Bool)

  init(_ context: RuleContext) { self.context = context }

  /// Whether anything calls the function by name.
  func isCalled(_ id: FunctionID) -> Bool { !callers(of: id).isEmpty }

  /// The calls that may mean the function, by caller.
  func calls(of id: FunctionID) -> [Call] { callers(of: id) }

  /// Whether some chain of callers holds a lock of the class, or asserts it; `surely` leaves out calls that are guesses.
  func mayHold(_ lockClass: LockClass, over id: FunctionID, surely: Bool = false) -> Bool {
    if context.solver.heldAround(id)?.held.lockClass == lockClass { return true }
    return anyCaller(of: id, surely: surely) { caller, call in
      context.solver.heldAround(caller)?.held.lockClass == lockClass
        || call.unsure.contains { context.solver.lastMember(of: $0) == lockClass.name }
        || call.held.contains { held in
          held.balance > 0 && held.kind != .pair
            && (context.solver.lockClass(of: held, in: caller) == lockClass
              || context.solver.lastMember(of: held.place) == lockClass.name)
        }
        // That a caller needs a lock as well which all the kernel knows, says nothing of who holds it.
        || context.solver.summary(caller)?.requires.contains {
          $0.lockClass == lockClass && !$0.isWeak && $0.function != nil
        } == true
    }
  }

  /// Whether some chain of callers holds or asserts a lock that goes by the name.
  func mayHold(named lock: Symbol, over id: FunctionID) -> Bool {
    if context.solver.heldAround(id)?.held.lockClass.name == lock { return true }
    return anyCaller(of: id) { caller, call in
      call.unsure.contains { context.solver.lastMember(of: $0) == lock }
        || context.solver.heldAround(caller)?.held.lockClass.name == lock
        || call.held.contains { held in
          held.balance > 0
            && (context.solver.opener(of: held)?.name ?? context.solver.lastMember(of: held.place)) == lock
        }
        || context.solver.facts(caller)?.asserts.contains { context.solver.lastMember(of: $0.place) == lock } == true
    }
  }

  /// Whether some chain of callers holds a spinlock, or has disabled interrupts.
  func mayBeAtomic(over id: FunctionID) -> Bool {
    anyCaller(of: id) { caller, call in
      call.held.contains { $0.balance > 0 && $0.kind.isAtomic }
        || context.solver.facts(caller)?.asserts.contains {
          $0.kind.isAtomic && !$0.kind.isSection && !$0.isHeldHere
        } == true
    }
  }

  /// Whether the function sets up or takes down an object that nobody else sees: by its name, by those of all its callers, or
  /// as what a device's end runs.
  func isOnlySetUp(_ id: FunctionID, depth: Int = 0) -> Bool {
    if context.isSetUp(id) { return true }
    let calls = callers(of: id)
    guard depth < 3, context.program.definition(id).isStatic, !calls.isEmpty,
      context.solver.callbacks.members(holding: id).isEmpty
    else { return false }
    return calls.allSatisfy { caller, call, _ in
      call.targets.contains(id)
        ? isOnlySetUp(caller, depth: depth + 1) : context.text(call.callee).hasPrefix("devm_add_action")
    }
  }

  /// Whether every function from which it can be reached is known: the outermost ones are static, or sit in a table.
  func areKnown(of id: FunctionID) -> Bool {
    var known = true
    _ = anyCaller(of: id) { _, _ in
      false
    } atTop: {
      known = known && context.isReachable($0)
    }
    return known
  }

  /// Goes up the callers, each once, until one fits.
  private func anyCaller(
    of id: FunctionID, surely: Bool = false, where fits: (FunctionID, CallEvent) -> Bool,
    atTop: (FunctionID) -> Void = { _ in }
  ) -> Bool {
    var visited: Set<FunctionID> = [id]
    var work = [id]
    while let current = work.popLast(), visited.count < 400 {
      if callers(of: current).isEmpty { atTop(current) }
      for (caller, call, isGuess) in callers(of: current) where !surely || !isGuess {
        if fits(caller, call) { return true }
        if visited.insert(caller).inserted { work.append(caller) }
      }
    }
    return false
  }

  private func callers(of id: FunctionID) -> [Call] {
    if let known = callers[id] { return known }
    var found: [Call] = []
    let name = context.program.definition(id).name
    for caller in references.mayCall(id) {
      guard let facts = context.solver.facts(caller) else { continue }
      // Whoever is handed the function may call it at once; whoever keeps it in a variable, anywhere.
      let calls = facts.calls.filter { $0.targets.contains(id) || context.solver.isPassed(name, $0) }
      // A call through a member of that name may be another's.
      let isGuess = calls.isEmpty && !references.isNamed(id, in: caller)
      found += (calls.isEmpty ? facts.calls : calls).map { (caller, $0, isGuess) }
    }
    callers[id] = found
    return found
  }
}
