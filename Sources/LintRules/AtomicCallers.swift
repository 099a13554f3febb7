import Findings
import KernelC
import LockModel

/// Functions that run where nobody may sleep because all who call them hold a spinlock around the call, or are such
/// functions themselves.
struct AtomicCallers {
  /// What one of the callers holds, and the calls that lead from there.
  struct Reason {
    let lock: String
    let evidence: [Evidence]
  }

  /// How many calls up a lock may be taken.
  private static let depth = 4

  private let context: RuleContext
  private let callers: CallerTable
  private let atomics: AtomicContexts
  /// By how many calls up the search has come: what is cut off at one depth is not at another.
  private var known = [[FunctionID: Reason?]](repeating: [:], count: depth)

  init(_ context: RuleContext, _ atomics: AtomicContexts) {
    self.context = context
    self.atomics = atomics
    callers = CallerTable(context)
  }

  /// Nil where some caller may be unknown, or may sleep.
  mutating func reason(of id: FunctionID) -> Reason? { reason(of: id, depth: 0) }

  private mutating func reason(of id: FunctionID, depth: Int) -> Reason? {
    guard depth < Self.depth else { return nil }
    if let reason = known[depth][id] { return reason }
    let reason = callersReason(of: id, depth)
    known[depth][id] = .some(reason)
    return reason
  }

  private mutating func callersReason(of id: FunctionID, _ depth: Int) -> Reason? {
    let callbacks = context.solver.callbacks
    guard context.program.definition(id).isStatic, !callbacks.isPassed(id), callbacks.members(holding: id).isEmpty
    else { return nil }
    var first: Reason?
    for (caller, call, isGuess) in callers.calls(of: id) {
      guard !isGuess, call.targets == [id], let reason = reason(around: call, in: caller, depth) else { return nil }
      if first == nil {
        let step = Evidence(context.place(caller, call.node), "'\(context.name(caller))' calls '\(context.name(id))'")
        first = Reason(lock: reason.lock, evidence: reason.evidence + [step])
      }
    }
    return first
  }

  private mutating func reason(around call: CallEvent, in caller: FunctionID, _ depth: Int) -> Reason? {
    let locks = call.held.filter(\.kind.isAtomic)
    guard !locks.contains(where: { $0.balance < 0 }) else { return nil }
    guard let lock = locks.first(where: { $0.balance > 0 }) else {
      return atomics.reasons[caller] == nil ? reason(of: caller, depth: depth + 1) : nil
    }
    let text = context.solver.lockText(lock.place, in: caller)
    return Reason(lock: text, evidence: [Evidence(context.place(caller, lock.site), "'\(text)' is taken here")])
  }
}
