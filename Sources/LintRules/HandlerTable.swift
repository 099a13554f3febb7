import KernelC
import LockModel

/// Which functions run as interrupt handlers, work items or timers, as far as a folder registers them itself.
final class HandlerTable {
  private struct Registration {
    struct Queue: Hashable {
      let file: String
      let member: [Symbol]
    }

    let file: String
    let member: [Symbol]
    let handler: FunctionID
  }

  private var interrupts: [String: [FunctionID]] = [:]
  private var deferred: [Registration] = []
  /// Work items by the queue that they are put on, both by the member that holds them.
  private var queued: [Registration.Queue: Set<[Symbol]>] = [:]
  private let waitsForQueue: Set<Symbol>
  private var waitsOf: [FunctionID: [Wait]] = [:]
  private let waitsForInterrupt: Set<Symbol>
  private let waitsForDeferred: Set<Symbol>

  init(_ context: RuleContext) {
    let symbols = context.program.symbols
    func set(_ names: String) -> Set<Symbol> { Set(names.split(separator: " ").map { symbols.intern(String($0)) }) }
    waitsForInterrupt = set("free_irq synchronize_irq disable_irq devm_free_irq")
    waitsForDeferred = set(
      "cancel_work_sync cancel_delayed_work_sync flush_work flush_delayed_work del_timer_sync timer_delete_sync "
        + "timer_shutdown_sync hrtimer_cancel disable_work_sync disable_delayed_work_sync tasklet_kill kthread_cancel_work_sync"
    )
    waitsForQueue = set("flush_workqueue drain_workqueue destroy_workqueue")
    let enqueues = set("queue_work queue_delayed_work mod_delayed_work")
    let requests = set(
      "request_irq request_threaded_irq devm_request_irq devm_request_threaded_irq request_any_context_irq")
    let setups = set(
      "INIT_WORK INIT_DELAYED_WORK timer_setup tasklet_setup hrtimer_setup INIT_DEFERRABLE_WORK kthread_init_work setup_timer"
    )
    for id in context.surroundings {
      let file = context.program.file(of: id)
      let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
      for node in context.program.definition(id).nodes where file[node].kind == .call {
        let name = context.callee(node, in: file)
        guard name.exists else { continue }
        let arguments = Array(file.list(file[node].b, file[node].c))
        if requests.contains(name) {
          for argument in arguments where file[argument].kind == .name {
            if let handler = context.program.resolve(Symbol(file[argument].a), fromFile: fileIndex) {
              interrupts[file.path, default: []].append(handler)
            }
          }
        } else if enqueues.contains(name), arguments.count > 1 {
          let queue = Registration.Queue(file: file.path, member: Self.member(arguments[0], file))
          queued[queue, default: []].insert(Self.member(arguments[1], file))
        } else if setups.contains(name), arguments.count > 1, file[arguments[1]].kind == .name,
          let handler = context.program.resolve(Symbol(file[arguments[1]].a), fromFile: fileIndex)
        {
          deferred.append(Registration(file: file.path, member: Self.member(arguments[0], file), handler: handler))
        }
      }
    }
  }

  /// The names that lead to a work item in its object, innermost first: `&x->a.work` is `work` in `a`.
  private static func member(_ node: NodeID, _ file: ParsedFile) -> [Symbol] {
    let item = file[node]
    switch item.kind {
    case .unary, .index: return member(item.a, file)
    case .member: return [Symbol(item.b)] + (item.operation == .dot ? member(item.a, file).prefix(1) : [])
    case .name: return [Symbol(item.a)]
    default: return []
    }
  }

  /// A wait for the end of a handler.
  struct Wait {
    let handler: FunctionID
    /// What the arguments of the function must be for it to wait.
    let conditions: [ParameterCondition]
    let chain: [ChainStep]
  }

  /// The handlers whose end a call waits for, in a few levels of calls, each with the way to the wait.
  func waits(in call: CallEvent, of id: FunctionID, _ context: RuleContext) -> [Wait] {
    waits(in: call, of: id, context, 0).filter { context.solver.isPossible($0.conditions, call) }
  }

  private func waits(in call: CallEvent, of id: FunctionID, _ context: RuleContext, _ depth: Int) -> [Wait] {
    let step = ChainStep(function: id, node: call.node)
    let own = handlers(awaitedBy: call, id, context)
    if !own.isEmpty { return own.map { Wait(handler: $0, conditions: [], chain: [step]) } }
    guard depth < 3, !call.isIndirect, call.targets.count == 1, call.targets[0] != id else { return [] }
    return waits(of: call.targets[0], context, depth + 1).map {
      Wait(handler: $0.handler, conditions: $0.conditions, chain: [step] + $0.chain)
    }
  }

  private func waits(of id: FunctionID, _ context: RuleContext, _ depth: Int) -> [Wait] {
    if let known = waitsOf[id] { return known }
    waitsOf[id] = []
    var result: [Wait] = []
    for call in context.solver.facts(id)?.calls ?? [] where !call.held.contains(where: { $0.balance < 0 }) {
      for wait in waits(in: call, of: id, context, depth) {
        result.append(Wait(handler: wait.handler, conditions: call.conditions, chain: wait.chain))
      }
    }
    waitsOf[id] = result
    return result
  }

  /// The handlers whose end a call waits for.
  private func handlers(awaitedBy call: CallEvent, _ id: FunctionID, _ context: RuleContext) -> [FunctionID] {
    let file = context.program.file(of: id)
    if waitsForInterrupt.contains(call.callee) {
      // Several handlers in a file: which one is waited for is not known.
      let handlers = interrupts[file.path] ?? []
      return Set(handlers).count == 1 ? handlers : []
    }
    guard waitsForDeferred.contains(call.callee) || waitsForQueue.contains(call.callee), file[call.node].c > 0,
      let first = file.list(file[call.node].b, file[call.node].c).first
    else { return [] }
    let member = Self.member(first, file)
    guard !member.isEmpty else { return [] }
    if waitsForQueue.contains(call.callee) {
      let works = queued[Registration.Queue(file: file.path, member: member)] ?? []
      return deferred.filter { $0.file == file.path && works.contains($0.member) }.map(\.handler)
    }
    let all = deferred.filter { $0.member == member }
    let own = all.filter { $0.file == file.path }
    let found = Set((own.isEmpty ? all.filter { Self.folder($0.file) == Self.folder(file.path) } : own).map(\.handler))
    // Several work items by one name: which one is waited for is not known.
    return found.count == 1 ? Array(found) : []
  }

  private static func folder(_ path: String) -> Substring {
    path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
  }
}
