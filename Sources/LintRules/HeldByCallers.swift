import KernelC
import LockModel

/// The locks that all callers of a function hold around it, as far as they are known, in the function's own terms.
struct HeldByCallers {
  /// How many calls up a lock may be taken.
  private static let depth = 3

  private let context: RuleContext
  private let callers: CallerTable
  /// By how many calls up the search has come: what is cut off at one depth is not at another.
  private var known = [[FunctionID: [HeldLock]]](repeating: [:], count: depth)

  init(_ context: RuleContext, _ callers: CallerTable) {
    self.context = context
    self.callers = callers
  }

  /// Empty where some caller may be unknown, or the locks of one differ.
  mutating func locks(around id: FunctionID) -> [HeldLock] { locks(around: id, depth: 0) }

  private mutating func locks(around id: FunctionID, depth: Int) -> [HeldLock] {
    guard depth < Self.depth else { return [] }
    if let locks = known[depth][id] { return locks }
    let locks = commonLocks(around: id, depth)
    known[depth][id] = locks
    return locks
  }

  private mutating func commonLocks(around id: FunctionID, _ depth: Int) -> [HeldLock] {
    let solver = context.solver
    guard context.program.definition(id).isStatic, !solver.callbacks.isPassed(id),
      solver.callbacks.members(holding: id).isEmpty
    else { return [] }
    var common: [HeldLock]?
    for (caller, call, isGuess) in callers.calls(of: id) {
      guard !isGuess, call.targets == [id] else { return [] }
      let around = locks(around: caller, depth: depth + 1)
      let mine = (call.held + around).compactMap { lock -> HeldLock? in
        guard lock.balance > 0, lock.kind != .pair, !lock.kind.isSection else { return nil }
        let place = solver.calleePlace(of: lock.place, call.arguments)
        return place < 0
          ? nil : HeldLock(place: place, kind: lock.kind, mode: lock.mode, balance: 1, site: lock.site)
      }
      common = common.map { $0.filter { lock in mine.contains { $0.place == lock.place } } } ?? mine
      if common?.isEmpty == true { return [] }
    }
    return common ?? []
  }
}
