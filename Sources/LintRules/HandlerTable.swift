import ByteText
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

  /// Interrupt handlers by file, each with the member that holds the interrupt's number.
  private var interrupts: [String: [(handler: FunctionID, member: [Symbol])]] = [:]
  /// Functions of attributes by the member that is the attribute.
  private var attributes: [Registration] = []
  private var deferred: [Registration] = []
  /// Work items by the queue that they are put on, both by the member that holds them.
  private var queued: [Registration.Queue: Set<[Symbol]>] = [:]
  private let waitsForQueue: Set<Symbol>
  private var waitsOf: [FunctionID: [Wait]] = [:]
  private let waitsForInterrupt: Set<Symbol>
  private let waitsForDeferred: Set<Symbol>
  private let waitsForMany: Set<Symbol>
  /// Wait for whoever is in one of the operations of a file that they remove (`Documentation/filesystems/debugfs.rst`).
  private let waitsForFile: Set<Symbol>
  private let fileOperations: Set<Symbol>
  /// The functions of a file's only table of operations, where it is given to files that can be removed.
  private var operations: [String: [FunctionID]] = [:]
  /// Wait for the readers and writers of an attribute, and the argument that it is.
  private let waitsForAttribute: [Symbol: Int]

  init(_ context: RuleContext) {
    let symbols = context.program.symbols
    func set(_ names: String) -> Set<Symbol> { Set(names.split(separator: " ").map { symbols.intern(String($0)) }) }
    waitsForInterrupt = set("free_irq synchronize_irq disable_irq devm_free_irq")
    waitsForDeferred = set(
      "cancel_work_sync cancel_delayed_work_sync flush_work flush_delayed_work del_timer_sync timer_delete_sync "
        + "timer_shutdown_sync hrtimer_cancel disable_work_sync disable_delayed_work_sync tasklet_kill "
        + "kthread_cancel_work_sync kthread_stop kthread_flush_work irq_work_sync napi_disable"
    )
    waitsForFile = set(
      "debugfs_remove debugfs_remove_recursive debugfs_lookup_and_remove proc_remove remove_proc_entry remove_proc_subtree"
    )
    fileOperations = set("file_operations proc_ops")
    waitsForMany = waitsForFile.union(
      set("kthread_stop napi_disable sysfs_remove_file device_remove_file sysfs_remove_file_self"))
    waitsForAttribute = Dictionary(
      uniqueKeysWithValues: [("sysfs_remove_file", 1), ("device_remove_file", 1), ("sysfs_remove_file_self", 1)].map {
        (symbols.intern($0.0), $0.1)
      })
    waitsForQueue = set("flush_workqueue drain_workqueue destroy_workqueue")
    let enqueues = set("queue_work queue_delayed_work mod_delayed_work")
    let requests = set(
      "request_irq request_threaded_irq devm_request_irq devm_request_threaded_irq request_any_context_irq")
    let setups = set(
      "INIT_WORK INIT_DELAYED_WORK timer_setup tasklet_setup tasklet_init hrtimer_setup INIT_DEFERRABLE_WORK "
        + "kthread_init_work setup_timer init_irq_work")
    let polls = set("netif_napi_add netif_napi_add_weight netif_napi_add_tx netif_napi_add_config")
    let threads = set("kthread_run kthread_create kthread_run_on_cpu")
    let accessors = set("show store")
    let makers = set("debugfs_create_file debugfs_create_file_unsafe proc_create_data proc_create")
    var tables: [String: Set<Symbol>] = [:]
    for id in context.surroundings {
      let file = context.program.file(of: id)
      let removable = tables[file.path] ?? self.removable(file, makers, context)
      tables[file.path] = removable
      if removable.contains(context.program.definition(id).name) { operations[file.path, default: []].append(id) }
      let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
      func function(_ node: NodeID) -> FunctionID? {
        file[node].kind == .name ? context.program.resolve(Symbol(file[node].a), fromFile: fileIndex) : nil
      }
      for node in context.program.definition(id).nodes {
        let item = file[node]
        if item.kind == .assign, item.operation == .equal {
          // `x->task = kthread_run(f, x, …)`, `x->attr.show = f`.
          if threads.contains(context.callee(item.b, in: file)), file[item.b].c > 0,
            let first = file.list(file[item.b].b, file[item.b].c).first, let thread = function(first)
          {
            deferred.append(Registration(file: file.path, member: Self.member(item.a, file), handler: thread))
          } else if file[item.a].kind == .member, accessors.contains(Symbol(file[item.a].b)),
            let accessor = function(item.b)
          {
            attributes.append(
              Registration(file: file.path, member: Self.member(file[item.a].a, file), handler: accessor))
          }
        }
        let name = context.callee(node, in: file)
        guard name.exists else { continue }
        let arguments = Array(file.list(file[node].b, file[node].c))
        if requests.contains(name) {
          let number = context.text(name).hasPrefix("devm_") ? 1 : 0
          for argument in arguments where argument >= 0 {
            guard let handler = function(argument), number < arguments.count else { continue }
            interrupts[file.path, default: []].append((handler, Self.member(arguments[number], file)))
          }
        } else if enqueues.contains(name), arguments.count > 1 {
          let queue = Registration.Queue(file: file.path, member: Self.member(arguments[0], file))
          queued[queue, default: []].insert(Self.member(arguments[1], file))
        } else if setups.contains(name), arguments.count > 1, let handler = function(arguments[1]) {
          deferred.append(Registration(file: file.path, member: Self.member(arguments[0], file), handler: handler))
        } else if polls.contains(name), arguments.count > 2, let handler = function(arguments[2]) {
          deferred.append(Registration(file: file.path, member: Self.member(arguments[1], file), handler: handler))
        }
      }
    }
  }

  /// The functions that run as work items, timers or threads.
  var deferredHandlers: Set<FunctionID> { Set(deferred.map(\.handler)) }

  /// The names in the only table of operations of a file, which the file gives to something that makes a removable file of it.
  private func removable(_ file: ParsedFile, _ makers: Set<Symbol>, _ context: RuleContext) -> Set<Symbol> {
    let tables = file.globals.filter { fileOperations.contains($0.type.name) && $0.initialiser >= 0 }
    guard tables.count == 1 else { return [] }
    let isGiven = file.functions.contains { function in
      function.nodes.contains { node in
        guard file[node].kind == .call, makers.contains(context.callee(node, in: file)) else { return false }
        return file.list(file[node].b, file[node].c).contains { Self.member($0, file).first == tables[0].name }
      }
    }
    guard isGiven else { return [] }
    var names: Set<Symbol> = []
    func collect(_ node: NodeID, _ depth: Int) {
      guard node >= 0, depth < 8 else { return }
      if file[node].kind == .name { names.insert(Symbol(file[node].a)) }
      for child in file.children(of: node) { collect(child, depth + 1) }
    }
    collect(tables[0].initialiser, 0)
    return names
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

  /// Whether two ways lead to one member, of which one says more of the object around it.
  private static func mayBe(_ left: [Symbol], _ right: [Symbol]) -> Bool {
    left.count != right.count && zip(left, right).allSatisfy { $0 == $1 }
  }

  /// A wait for the end of a handler.
  struct Wait {
    let handler: FunctionID
    /// What the arguments of the function must be for it to wait.
    let conditions: [ParameterCondition]
    let chain: [ChainStep]
    /// A thread, a poller or an attribute, which the same code may serve for many.
    var isOfMany = false
  }

  /// The handlers whose end a call waits for, in a few levels of calls, each with the way to the wait.
  func waits(in call: CallEvent, of id: FunctionID, _ context: RuleContext) -> [Wait] {
    waits(in: call, of: id, context, 0).filter { context.solver.isPossible($0.conditions, call) }
  }

  private func waits(in call: CallEvent, of id: FunctionID, _ context: RuleContext, _ depth: Int) -> [Wait] {
    let step = ChainStep(function: id, node: call.node)
    let own = handlers(awaitedBy: call, id, context)
    if !own.isEmpty {
      let isOfMany = waitsForMany.contains(call.callee)
      return own.map { Wait(handler: $0, conditions: [], chain: [step], isOfMany: isOfMany) }
    }
    guard depth < 3, !call.isIndirect, call.targets.count == 1, call.targets[0] != id else { return [] }
    return waits(of: call.targets[0], context, depth + 1).map {
      Wait(handler: $0.handler, conditions: $0.conditions, chain: [step] + $0.chain, isOfMany: $0.isOfMany)
    }
  }

  private func waits(of id: FunctionID, _ context: RuleContext, _ depth: Int) -> [Wait] {
    if let known = waitsOf[id] { return known }
    waitsOf[id] = []
    var result: [Wait] = []
    for call in context.solver.facts(id)?.calls ?? [] where !call.held.contains(where: { $0.balance < 0 }) {
      for wait in waits(in: call, of: id, context, depth) {
        // What nobody can tell, a wait may all the same come to.
        let asked = wait.conditions.filter { !$0.isUnknowable }
        guard context.solver.isPossible(asked, call) else { continue }
        result.append(
          Wait(
            handler: wait.handler, conditions: context.solver.liftedConditions(asked, call), chain: wait.chain,
            isOfMany: wait.isOfMany))
      }
    }
    waitsOf[id] = result
    return result
  }

  /// The handlers whose end a call waits for.
  private func handlers(awaitedBy call: CallEvent, _ id: FunctionID, _ context: RuleContext) -> [FunctionID] {
    let file = context.program.file(of: id)
    let arguments = Array(file.list(file[call.node].b, file[call.node].c))
    if waitsForInterrupt.contains(call.callee) {
      let all = interrupts[file.path] ?? []
      if Set(all.map(\.handler)).count == 1 { return all.map(\.handler) }
      // Several handlers in a file: the number tells them apart, where it is kept in a member.
      let number = context.text(call.callee).hasPrefix("devm_") ? 1 : 0
      guard number < arguments.count, file[arguments[number]].kind == .member else { return [] }
      let member = Self.member(arguments[number], file)
      let own = all.filter { $0.member == member }.map(\.handler)
      return Set(own).count == 1 ? own : []
    }
    if let position = waitsForAttribute[call.callee], position < arguments.count {
      return accessors(of: arguments[position], in: id, context)
    }
    if waitsForFile.contains(call.callee) { return operations[file.path] ?? [] }
    guard waitsForDeferred.contains(call.callee) || waitsForQueue.contains(call.callee), file[call.node].c > 0,
      let first = file.list(file[call.node].b, file[call.node].c).first
    else { return [] }
    let member = Self.member(first, file)
    guard !member.isEmpty else { return [] }
    if waitsForQueue.contains(call.callee) {
      if isNew(member, in: id, context) { return [] }
      let works = queued[Registration.Queue(file: file.path, member: member)] ?? []
      return deferred.filter { $0.file == file.path && works.contains($0.member) }.map(\.handler)
    }
    let all = deferred.filter { $0.member == member }
    var own = all.filter { $0.file == file.path }
    // `&ports[i].timer` is set up, `&port->timer` waited for.
    if all.isEmpty { own = deferred.filter { $0.file == file.path && Self.mayBe($0.member, member) } }
    let found = Set(
      (own.isEmpty ? all.filter { TreePath.folder($0.file) == TreePath.folder(file.path) } : own).map(\.handler))
    // Several work items by one name: which one is waited for is not known.
    return found.count == 1 ? Array(found) : []
  }

  /// Whether the function makes the queue itself and puts nothing on it: there is nothing to wait for.
  private func isNew(_ member: [Symbol], in id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    var isMade = false
    for node in context.program.definition(id).nodes {
      let item = file[node]
      if item.kind == .assign, item.b >= 0, Self.member(item.a, file) == member {
        let maker = context.text(context.callee(item.b, in: file))
        isMade = isMade || maker.hasSuffix("workqueue") && (maker.hasPrefix("alloc_") || maker.hasPrefix("create_"))
      } else if item.kind == .call, context.text(context.callee(node, in: file)).hasPrefix("queue_"),
        let queue = file.list(item.b, item.c).first, Self.member(queue, file) == member
      {
        return false
      }
    }
    return isMade
  }

  /// The functions of an attribute: those that its members were set to, or `name_show` and `name_store` of `dev_attr_name`.
  private func accessors(of node: NodeID, in id: FunctionID, _ context: RuleContext) -> [FunctionID] {
    let file = context.program.file(of: id)
    var member = Self.member(node, file)
    // `&x->attr.attr` is the attribute in the device attribute.
    if member.count > 1, context.text(member[0]) == "attr" { member.removeFirst() }
    let own = attributes.filter { $0.file == file.path && $0.member.first == member.first }
    if !own.isEmpty { return Array(Set(own.map(\.handler))) }
    guard let first = member.first.map(context.text), first.hasPrefix("dev_attr_") else { return [] }
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    return ["show", "store"].compactMap {
      context.program.resolve(
        context.program.symbols.intern("\(first.dropFirst("dev_attr_".count))_\($0)"), fromFile: fileIndex)
    }
  }
}
