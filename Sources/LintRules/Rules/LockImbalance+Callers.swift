import Findings
import KernelC
import LockModel

// Helpers that release what their callers have taken.
extension LockImbalance {
  /// The way out of a helper that keeps what its others release for the callers, who count on it: they take the lock before
  /// the call and never release it.
  func keptFromCallers(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext
  ) -> [Finding] {
    let solver = context.solver
    let released = facts.exits.flatMap(\.held).filter { $0.balance < 0 && $0.kind != .pair && !$0.kind.isSection }
    guard !released.isEmpty, context.program.definition(id).isStatic, !solver.callbacks.isPassed(id),
      solver.callbacks.members(holding: id).isEmpty
    else { return [] }
    var seen: Set<Place> = []
    let byStatement = Dictionary(grouping: facts.exits, by: \.statement)
    return released.compactMap { lock in
      let place = lock.place
      let member = solver.lastMember(of: place)
      guard seen.insert(place).inserted, member.exists, !facts.acquires.contains(where: { $0.place == place }) else {
        return nil
      }
      func keeps(_ exit: ExitEvent) -> Bool {
        !exit.closed.contains(place) && !exit.held.contains { $0.place == place }
          && !exit.unsure.contains { $0 == place || solver.lastMember(of: $0) == member }
      }
      let releasing = facts.exits.filter { exit in exit.held.contains { $0.place == place && $0.balance < 0 } }
      let values = Set(releasing.map(\.values))
      let releasesOnError = releasing.contains { context.isError($0, of: id) }
      // What is returned does not tell the callers which it is.
      let kept = facts.exits.first { exit in
        exit.statement >= 0 && keeps(exit)
          && (context.isError(exit, of: id) ? releasesOnError : values.contains(exit.values))
          && byStatement[exit.statement, default: []].allSatisfy(keeps)
      }
      guard let kept, let other = releasing.first, areRelying(on: member, id, callers, context) else { return nil }
      let text = solver.lockText(place, in: id)
      return context.finding(
        description, id, kept.statement,
        "'\(context.name(id))' returns here without the release of '\(text)' that its callers count on",
        evidence: other.statement < 0
          ? [] : [Evidence(context.place(id, other.statement), "released on the way to here")],
        key: "kept \(text)")
    }
  }

  /// Whether all callers take a lock of the name before the call, and are left behind it without its release.
  private func areRelying(
    on lock: Symbol, _ id: FunctionID, _ callers: CallerTable, _ context: RuleContext
  ) -> Bool {
    let calls = callers.calls(of: id)
    return !calls.isEmpty
      && calls.allSatisfy { caller, call, isGuess in
        !isGuess
          && call.held.contains { $0.balance > 0 && context.solver.lastMember(of: $0.place) == lock }
          && leavesWithoutRelease(behind: call.node, caller, context)
      }
  }

  /// Whether the statements behind a call lead out of the function, and none of them is about a lock.
  private func leavesWithoutRelease(behind call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    for block in definition.nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      guard
        let index = statements.firstIndex(where: {
          [.expressionStatement, .returnStatement].contains(file[$0].kind) && shapes.contains($0, call)
        })
      else { continue }
      for statement in statements[index...] {
        if shapes.calls(in: statement).contains(where: { context.solver.isLockPrimitive(shapes.callee($0)) }) {
          return false
        }
        if file[statement].kind == .returnStatement { return true }
      }
      return block == definition.body
    }
    return false
  }
}
