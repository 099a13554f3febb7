import KernelC
import LockModel

/// Who calls whom by name, and with which locks.
struct CallerTable {
  private var callers: [FunctionID: [(caller: FunctionID, call: CallEvent)]] = [:]
  private var isNamed: Set<Symbol> = []

  init(_ context: RuleContext) {
    for id in context.program.allFunctions where !context.program.definition(id).isMacro {
      guard let facts = context.solver.facts(id) else { continue }
      for call in facts.calls where call.targets.count == 1 {
        callers[call.targets[0], default: []].append((id, call))
      }
    }
  }

  /// Whether anything calls the function by name.
  func isCalled(_ id: FunctionID) -> Bool { callers[id] != nil }

  /// Whether some chain of callers holds a lock of the class, or asserts it.
  func mayHold(_ lockClass: LockClass, over id: FunctionID, _ context: RuleContext) -> Bool {
    var visited: Set<FunctionID> = [id]
    var work = [id]
    while let current = work.popLast(), visited.count < 400 {
      for (caller, call) in callers[current] ?? [] {
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
}
