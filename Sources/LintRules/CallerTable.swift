import KernelC
import LockModel

/// Who calls whom by name, and with which locks; callers are looked at when they are asked for.
final class CallerTable {
  private let context: RuleContext
  private var callers: [FunctionID: [(caller: FunctionID, call: CallEvent)]] = [:]
  private lazy var references = ReferenceIndex(context.program, callbacks: context.solver.callbacks)

  init(_ context: RuleContext) { self.context = context }

  /// Whether anything calls the function by name.
  func isCalled(_ id: FunctionID) -> Bool { !callers(of: id).isEmpty }

  /// The calls that surely mean the function, with the functions that make them.
  func calls(of id: FunctionID) -> [(caller: FunctionID, call: CallEvent)] { callers(of: id) }

  /// Whether some chain of callers holds a lock of the class, or asserts it.
  func mayHold(_ lockClass: LockClass, over id: FunctionID) -> Bool {
    var visited: Set<FunctionID> = [id]
    var work = [id]
    while let current = work.popLast(), visited.count < 400 {
      for (caller, call) in callers(of: current) {
        for held in call.held where held.balance > 0 && held.kind != .pair {
          if context.solver.lockClass(of: held, in: caller) == lockClass
            || context.solver.lastMember(of: held.place) == lockClass.name
          {
            return true
          }
        }
        if context.solver.summary(caller)?.requires.contains(where: { $0.lockClass == lockClass }) == true {
          return true
        }
        if visited.insert(caller).inserted { work.append(caller) }
      }
    }
    return false
  }

  private func callers(of id: FunctionID) -> [(caller: FunctionID, call: CallEvent)] {
    if let known = callers[id] { return known }
    var found: [(caller: FunctionID, call: CallEvent)] = []
    for caller in references.mayCall(id) {
      guard let facts = context.solver.facts(caller) else { continue }
      for call in facts.calls where call.targets.count == 1 && call.targets[0] == id { found.append((caller, call)) }
    }
    callers[id] = found
    return found
  }
}
