import Findings
import KernelC
import LockModel

extension DoubleLock {
  /// `free_irq()` and `cancel_work_sync()` wait for a handler that takes the lock.
  func waits(
    _ call: CallEvent, _ id: FunctionID, _ handlers: HandlerTable, _ context: RuleContext,
    _ reported: inout Set<NodeID>
  ) -> Finding? {
    for wait in handlers.waits(in: call, of: id, context) where wait.handler != id {
      let handler = wait.handler
      guard let summary = context.solver.summary(handler) else { continue }
      for item in summary.mayAcquire
      where !item.kind.nests && item.conditions.isEmpty && context.isPlausible(item.chain, from: handler) {
        // What a thread or a poller may call through its members is anybody's.
        guard let itemClass = item.lockClass, !(wait.isOfMany && item.isThroughPointer),
          let held = call.held.first(where: {
            $0.balance > 0 && $0.kind == item.kind && context.solver.lockClass(of: $0, in: id) == itemClass
              && context.solver.mayShareObject($0.place, item.place)
          }), deadlocks(held, item.mode, item.kind), reported.insert(call.node).inserted
        else { continue }
        let lock = context.solver.lockText(held.place, in: id)
        let waiter = wait.chain.last.map { context.callee($0.node, in: context.program.file(of: $0.function)) } ?? .none
        return context.finding(
          description, id, call.node,
          "'\(context.text(waiter))' waits for '\(context.name(handler))', which takes '\(lock)' held here",
          evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")]
            + context.evidence(Array(wait.chain.dropFirst()), last: "'\(context.text(waiter))' waits here")
            + context.evidence(item.chain, last: "the handler takes it here"),
          key: "\(lock) \(context.name(handler))",
          cause: wait.chain.last.map { Cause("\(context.place($0.function, $0.node)) \(context.name(handler))") })
      }
    }
    return nil
  }
}
