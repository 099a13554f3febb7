import Findings
import KernelC
import LockModel

/// A lock taken again by its holder, directly, in a callee, or in a handler that the holder waits for.
struct DoubleLock: Rule {
  let description = RuleDescription(
    id: "double-lock",
    summary: "a lock is taken again while it is held",
    severity: .error, confidence: .high, judgesPrograms: true,
    whatItDoes: """
      Reports a lock that is taken while the same path holds it: in the function itself, at any depth of calls, or by an \
      interrupt handler, work item or timer that the holder waits for. Calls are followed through operations tables, \
      members that a function is stored in, and arguments: whoever passes a callback to a function that calls it under a \
      lock is checked. Locks that the kernel holds around its own interfaces count, such as the one of rtnl_lock() around \
      ethtool_ops. Reading an rwsem twice counts: a writer that waits in between blocks the second reader. Behind a \
      callback, where a lock cannot be named in the holder's terms any more, a lock of the same class counts, as for \
      lockdep.
      """,
    whyItMatters: "The task waits for itself.",
    accepts: [
      "a lock dropped before it is taken again", "RCU, SRCU and read sides of an rwlock, which nest",
      "a callee that takes the lock only for arguments that the caller does not pass",
      "locks of one class behind a callback that are taken with a _nested() primitive",
    ],
    knownFalsePositives: [
      "two objects that one expression names at different times",
      "two objects of one type, the second of which is locked behind a callback",
    ],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    let handlers = HandlerTable(context)
    let callers = CallerTable(context)
    return context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate else { return [] }
      var findings: [Finding] = []
      var reported: Set<NodeID> = []
      for event in facts.acquires where !event.isTry && !event.kind.nests && event.kind != .semaphore {
        guard let held = event.held.first(where: { $0.place == event.place && $0.balance > 0 }),
          deadlocks(held, event.mode, event.kind), !context.solver.isAmbiguous(event.place),
          facts.released.contains(event.place),
          reported.insert(event.node).inserted
        else { continue }
        let lock = context.solver.lockText(event.place, in: id)
        findings.append(
          context.finding(
            description, id, event.node, "'\(lock)' is taken again while it is held",
            evidence: [Evidence(context.place(id, held.site), "first taken here")], key: lock))
      }
      for call in facts.calls {
        if call.held.contains(where: { $0.balance > 0 && !$0.kind.nests }),
          let finding = check(call, id, context, &reported) ?? waits(call, id, handlers, context, &reported)
        {
          findings.append(finding)
        } else if let finding = passes(call, id, context, &reported) {
          findings.append(finding)
        }
      }
      return findings + keptTwice(id, facts, callers, context) + takenAround(id, facts, context)
    }
  }

  /// A lock that the function takes and never releases, although its callers hold it when they call: as a rule it has been
  /// forgotten to drop it before.
  private func keptTwice(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext
  ) -> [Finding] {
    facts.acquires.compactMap { event -> Finding? in
      guard !event.isTry, !event.kind.nests, event.kind != .semaphore, event.mode == .exclusive,
        event.conditions.isEmpty,
        !facts.released.contains(event.place), context.solver.isPortable(event.place),
        !context.solver.isAmbiguous(event.place), facts.dropped[event.place] == nil,
        !facts.exits.isEmpty, !event.held.contains(where: { $0.place == event.place })
      else { return nil }
      let calls = callers.calls(of: id).filter { !$0.call.isIndirect && $0.call.targets == [id] }
      let holders = calls.filter { caller, call, _ in
        let place = context.solver.substitute(event.place, call.arguments)
        return place >= 0 && call.held.contains { $0.place == place && $0.balance > 0 }
      }
      guard let (caller, call, _) = holders.first, holders.count * 2 > calls.count,
        let held = call.held.first(where: {
          $0.place == context.solver.substitute(event.place, call.arguments) && $0.balance > 0
        })
      else { return nil }
      let lock = context.solver.lockText(event.place, in: id)
      return context.finding(
        description, id, event.node, "'\(lock)' is taken here, but '\(context.name(caller))' holds it when it calls",
        evidence: [
          Evidence(context.place(caller, held.site), "'\(context.name(caller))' takes it here"),
          Evidence(context.place(caller, call.node), "and calls '\(context.name(id))'"),
        ], key: "\(lock) kept")
    }
  }

  func deadlocks(_ held: HeldLock, _ mode: LockMode, _ kind: LockKind) -> Bool {
    held.mode == .exclusive || mode == .exclusive || kind == .rwsem || kind == .rwlock
  }

  private func check(
    _ call: CallEvent, _ id: FunctionID, _ context: RuleContext, _ reported: inout Set<NodeID>
  ) -> Finding? {
    let solver = context.solver
    var byClass: (held: HeldLock, item: MayAcquire)?
    for item in solver.acquisitions(at: call, in: id, assumingCallers: true)
    where !item.kind.nests && !item.isFault && !item.isRecursive && context.isPlausible(item.chain, from: id) {
      if item.place >= 0 {
        guard !solver.isAmbiguous(item.place),
          let held = call.held.first(where: { $0.place == item.place && $0.balance > 0 }),
          deadlocks(held, item.mode, item.kind),
          reported.insert(call.node).inserted
        else { continue }
        return finding(held, item, id, context)
      }
      if byClass == nil, let held = call.held.first(where: { isSameClass($0, item, id, context) }) {
        byClass = (held, item)
      }
    }
    guard let byClass, reported.insert(call.node).inserted else { return nil }
    return finding(byClass.held, byClass.item, id, context)
  }

  /// Behind a callback a lock has no name in the holder's terms: there its class decides, as it does for lockdep.
  private func isSameClass(_ held: HeldLock, _ item: MayAcquire, _ id: FunctionID, _ context: RuleContext) -> Bool {
    guard item.isThroughPointer, held.balance > 0, held.kind == item.kind, !held.kind.nests,
      let lockClass = item.lockClass, lockClass.structure.exists, !context.isUnordered(lockClass),
      !context.tables.isSplit(lockClass),
      deadlocks(held, item.mode, item.kind),
      context.solver.lockClass(of: held, in: id) == lockClass, let last = item.chain.last
    else { return false }
    return !isNested(held.site, in: id, context) && !isNested(last.node, in: last.function, context)
  }

  /// `mutex_lock_nested()` and kin say that two locks of the class are held at once on purpose.
  private func isNested(_ node: NodeID, in id: FunctionID, _ context: RuleContext) -> Bool {
    context.text(context.callee(node, in: context.program.file(of: id))).contains("_nest")
  }

  private func finding(_ held: HeldLock, _ item: MayAcquire, _ id: FunctionID, _ context: RuleContext) -> Finding {
    let lock = context.solver.lockText(held.place, in: id)
    let again = item.place >= 0 ? lock : item.lockClass?.text(context.program.symbols) ?? lock
    let via = item.chain.count > 1 ? context.name(item.chain[1].function) : ""
    let taker = item.chain.last.map { context.name($0.function) } ?? via
    let how = item.chain.count > 2 ? "reaches '\(taker)', which takes" : "takes"
    let node = item.chain.first?.node ?? held.site
    let subject = via.isEmpty ? context.text(context.callee(node, in: context.program.file(of: id))) : via
    let isHere = again == lock ? "it is held here" : "'\(lock)' is held here"
    var finding = context.finding(
      description, id, node, "'\(subject)' \(how) '\(again)' again while \(isHere)",
      evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")] + passing(item, context)
        + context.evidence(item.chain, last: "'\(again)' is taken again here"),
      key: "\(lock) \(subject)",
      cause: context.cause(item.chain, item.lockClass?.text(context.program.symbols) ?? ""))
    // On a long way, or through a pointer, a state that the text does not show may rule the lock out.
    if item.chain.count > 3 || item.isThroughPointer { finding.confidence = .medium }
    return finding
  }

  /// Who passes the callback that the chain goes through first.
  private func passing(_ item: MayAcquire, _ context: RuleContext) -> [Evidence] {
    guard item.isThroughPointer, item.chain.count > 1 else { return [] }
    for (step, next) in zip(item.chain, item.chain.dropFirst()) {
      let parameters = context.program.definition(step.function).parameters
      let callee = context.callee(step.node, in: context.program.file(of: step.function))
      guard let position = parameters.firstIndex(where: { $0.name == callee && callee.exists }),
        let passing = context.solver.callbacks.passed(to: step.function, parameter: position)
          .first(where: { $0.callback == next.function })
      else { continue }
      let who = context.name(passing.step.function)
      return [
        Evidence(
          context.place(passing.step.function, passing.step.node),
          "'\(who)' passes '\(context.name(next.function))' as '\(context.text(callee))'")
      ]
    }
    return []
  }

  /// A callback that takes a lock which the callee holds around it, seen by the caller that knows both.
  private func passes(
    _ call: CallEvent, _ id: FunctionID, _ context: RuleContext, _ reported: inout Set<NodeID>
  ) -> Finding? {
    let solver = context.solver
    for (callback, item, place) in solver.callbackAcquisitions(at: call, in: id)
    where item.place >= 0 && !item.kind.nests && !item.isFault {
      for (held, holder) in callback.held where held.balance > 0 && deadlocks(held, item.mode, item.kind) {
        // What the callee can see for itself is told there.
        guard held.place != place, solver.substitute(held.place, call.arguments) == item.place,
          !solver.isAmbiguous(item.place),
          reported.insert(call.node).inserted
        else { continue }
        let lock = solver.lockText(item.place, in: id)
        let runs = context.name(item.chain[callback.way.steps.count + 1].function)
        return context.finding(
          description, id, call.node,
          "'\(context.name(holder))' calls '\(runs)' with '\(lock)' held, which takes it again",
          evidence: [Evidence(context.place(holder, held.site), "'\(lock)' is taken here")]
            + context.evidence(item.chain, last: "'\(lock)' is taken again here"),
          key: "\(lock) \(runs)",
          cause: context.cause(item.chain, item.lockClass?.text(context.program.symbols) ?? ""))
      }
    }
    return nil
  }
}
