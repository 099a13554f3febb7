import KernelC
import LockModel

/// Which functions run as interrupt handlers, work items or timers, as far as a file registers them itself.
struct HandlerTable {
  private struct Registration {
    let file: String
    let member: Symbol
    let handler: FunctionID
  }

  private var interrupts: [String: [FunctionID]] = [:]
  private var deferred: [Registration] = []
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
    let requests = set(
      "request_irq request_threaded_irq devm_request_irq devm_request_threaded_irq request_any_context_irq")
    let setups = set(
      "INIT_WORK INIT_DELAYED_WORK timer_setup tasklet_setup hrtimer_setup INIT_DEFERRABLE_WORK kthread_init_work setup_timer"
    )
    for id in context.functions {
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
        } else if setups.contains(name), arguments.count > 1, file[arguments[1]].kind == .name,
          let handler = context.program.resolve(Symbol(file[arguments[1]].a), fromFile: fileIndex)
        {
          deferred.append(Registration(file: file.path, member: Self.member(arguments[0], file), handler: handler))
        }
      }
    }
  }

  private static func member(_ node: NodeID, _ file: ParsedFile) -> Symbol {
    let item = file[node]
    switch item.kind {
    case .unary, .index: return member(item.a, file)
    case .member: return Symbol(item.b)
    case .name: return Symbol(item.a)
    default: return .none
    }
  }

  /// The handlers whose end a call waits for.
  func handlers(awaitedBy call: CallEvent, _ id: FunctionID, _ context: RuleContext) -> [FunctionID] {
    let file = context.program.file(of: id)
    if waitsForInterrupt.contains(call.callee) { return interrupts[file.path] ?? [] }
    guard waitsForDeferred.contains(call.callee), file[call.node].c > 0,
      let first = file.list(file[call.node].b, file[call.node].c).first
    else { return [] }
    let member = Self.member(first, file)
    guard member.exists else { return [] }
    return deferred.filter { $0.file == file.path && $0.member == member }.map(\.handler)
  }
}
