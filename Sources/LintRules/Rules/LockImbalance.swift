import Findings
import KernelC
import LockModel

/// A lock released on some paths out of a function and held on others.
struct LockImbalance: Rule {
  let description = RuleDescription(
    id: "lock-imbalance",
    summary: "a lock is released on some paths out of a function and held on others",
    severity: .error, confidence: .high,
    whatItDoes: """
      Follows every path of a function and reports a return that leaves a lock held that other paths release, where the \
      return value does not tell the caller which it is. Locks are the kernel's primitives, wrappers learnt from their \
      bodies, guards, and functions that stand for a lock by their names ('btrfs_drew_write_lock', 'mddev_suspend'). And a \
      helper that releases its callers' lock on all ways out but one, where no caller does it; and a work item or a thread \
      that releases a mutex which it has not taken.
      """,
    whyItMatters: """
      The next task that takes the lock waits for ever; under a spinlock a CPU hangs, in an RCU section memory is never \
      freed.
      """,
    accepts: [
      "a function that returns with the lock held on success and without it on failure",
      "a release under the condition under which the lock was taken",
    ],
    knownFalsePositives: ["two conditions that are never true together, of which the function's text does not say so"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    // Few files need it, and it looks at the callers of everything that releases.
    lazy var handed = handedOver(callers, context)
    lazy var tasks = HandlerTable(context).deferredHandlers
    return context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else { return [] }
      return check(id, facts, callers, context) { handed.contains($0) }
        + releasedForOthers(id, facts, context) { tasks.contains(id) }
    }
  }

  private func check(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext,
    isHandedOver: (Handed) -> Bool
  ) -> [Finding] {
    var findings: [Finding] = []
    var reported: Set<NodeID> = []
    let returnsPointer = context.program.definition(id).returnType.isPointer
    // A function that is a lock operation itself may keep what it takes; not where it fails.
    if context.name(id).split(separator: "_").contains(where: { $0 == "lock" || $0 == "trylock" }) {
      return keptOnFailure(id, facts, context)
    }
    for exit in facts.exits {
      for held in exit.held where held.balance < 0 && held.kind != .pair && held.kind != .semaphore {
        let found = untaken(held, exit, id, facts, context) ?? releasedAgain(held, exit, id, facts, context)
        guard let finding = found, reported.insert(held.site).inserted else {
          continue
        }
        findings.append(finding)
      }
      for held in exit.held where held.balance > 0 && (held.kind != .pair || Self.soundsLikeLock(held, id, context)) {
        let isError = context.isError(exit, of: id)
        let others = facts.exits.filter { other in
          other.closed.contains(held.place) && !other.held.contains { $0.place == held.place && $0.balance > 0 }
        }
        // Whoever learns nothing cannot undo it.
        let isSilent = exit.value < 0 && exit.statement >= 0 && Self.isTaken(held, id, context)
        guard
          let other = others.first(where: {
            contradicts(exit, $0, held, isError, isSilent: isSilent, returnsPointer)
          })
            ?? others.first(where: { isForgotten(exit, $0, held, id, callers, context) })
        else { continue }
        guard held.kind == .pair ? isException(held, id, facts, context) : isSure(exit, held.place, facts, context)
        else { continue }
        // Where "no" is also said without the lock, it is not what hands the lock over.
        let isRefusal = isRefusal(exit, others, id, context) && others.contains { $0.values == .zero }
        if !isError, held.kind != .pair, !isRefusal,
          isHandedOver(Self.handed(held, id, context))
        {
          continue
        }
        // What starts with nothing to take is no lock.
        if held.kind == .semaphore, startsEmpty(held, id, context) { continue }
        let node = exit.statement >= 0 ? exit.statement : held.site
        guard reported.insert(node).inserted else { continue }
        findings.append(finding(id, node, held, other, context))
      }
    }
    if findings.isEmpty {
      findings = annotated(id, facts, context) + outlived(id, facts, context) + keptOnFailure(id, facts, context)
    }
    return findings + keptFromCallers(id, facts, callers, context)
  }

  /// Nobody says "no" to tell that it has kept what it gives back when it says "yes".
  private func isRefusal(_ exit: ExitEvent, _ others: [ExitEvent], _ id: FunctionID, _ context: RuleContext) -> Bool {
    let type = context.program.definition(id).returnType
    return type.base == .boolean && !type.isPointer && exit.values == .zero
      && others.contains { $0.values == .positive }
  }

  /// Whether some way out keeps a lock that another releases, and there is nobody who could release it later.
  private func isForgotten(
    _ exit: ExitEvent, _ other: ExitEvent, _ held: HeldLock, _ id: FunctionID, _ callers: CallerTable,
    _ context: RuleContext
  ) -> Bool {
    let member = context.solver.lastMember(of: held.place)
    let definition = context.program.definition(id)
    guard held.kind != .pair, held.kind != .semaphore, exit.value >= 0, member.exists, definition.isStatic else {
      return false
    }
    if isRefusal(exit, [other], id, context) { return true }
    guard !context.solver.callbacks.isPassed(id) else { return false }
    return isKeptForNobody(member, id, callers, context, 0)
  }

  /// `sema_init(&foo->sem, 0)`: somebody else gives what is taken here.
  private func startsEmpty(_ held: HeldLock, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let member = context.text(context.solver.lastMember(of: held.place))
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return file.functions.contains { function in
      function.nodes.contains { node in
        guard file[node].kind == .call, context.text(shapes.callee(node)) == "sema_init",
          case let arguments = Array(file.list(file[node].b, file[node].c)), arguments.count == 2
        else { return false }
        return file[arguments[1]].kind == .number && file[arguments[1]].a == 0
          && SourceText.text(of: arguments[0], file, shapes.symbols).hasSuffix(member)
      }
    }
  }

  /// Whether all callers are known, and none releases a lock of the name; operations in a table have nobody who would.
  private func isKeptForNobody(
    _ lock: Symbol, _ id: FunctionID, _ callers: CallerTable, _ context: RuleContext, _ depth: Int
  ) -> Bool {
    let members = context.solver.callbacks.members(holding: id)
    let calls = callers.calls(of: id).filter { $0.call.targets.contains(id) }
    guard depth < 4, context.program.definition(id).isStatic, !context.solver.callbacks.isPassed(id),
      !members.isEmpty || !calls.isEmpty
    else { return false }
    // An operation with a name of its own may begin what another ends.
    let opening: Set<Substring> = [
      "lock", "start", "begin", "enter", "prepare", "get", "acquire", "trylock", "suspend", "freeze", "open", "first",
      "next", "map", "select",
    ]
    if members.contains(where: { context.text($0.member).split(separator: "_").contains(where: opening.contains) }) {
      return false
    }
    return calls.allSatisfy { caller, _, _ in
      guard let facts = context.solver.facts(caller), !facts.isPartial, !facts.isApproximate,
        !facts.released.contains(where: { context.solver.lastMember(of: $0) == lock }),
        !facts.unsettled.keys.contains(where: { context.solver.lastMember(of: $0) == lock })
      else { return false }
      let handsOn = facts.exits.contains { $0.held.contains { context.solver.lastMember(of: $0.place) == lock } }
      return !handsOn || isKeptForNobody(lock, caller, callers, context, depth + 1)
    }
  }

  /// Whether one exit alone keeps what it has opened: several do so on purpose.
  private func isException(
    _ held: HeldLock, _ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext
  ) -> Bool {
    let name = context.callee(held.site, in: context.program.file(of: id))
    if context.text(name).split(separator: "_").contains("lock") { return true }
    return Set(facts.exits.filter { exit in exit.held.contains { $0.place == held.place } }.map(\.statement)).count == 1
  }

  /// Whether every path to the exit holds the lock; or, where paths meet before it, no flag says which do.
  private func isSure(_ exit: ExitEvent, _ place: Place, _ facts: FunctionFacts, _ context: RuleContext) -> Bool {
    let holds = facts.exits.allSatisfy { other in
      other.statement != exit.statement || other.held.contains { $0.place == place && $0.balance > 0 }
    }
    if holds || !facts.isJoined { return true }
    // Where nothing has been released yet, no correlation was lost that says so.
    guard exit.statement >= 0, let release = facts.firstRelease[place] else { return false }
    return context.program.file(of: facts.id)[exit.statement].token < release
  }

  /// Whether a caller cannot tell the two ways out apart, or would not expect a lock after an error.
  private func contradicts(
    _ exit: ExitEvent, _ other: ExitEvent, _ held: HeldLock, _ isError: Bool, isSilent: Bool, _ returnsPointer: Bool
  ) -> Bool {
    if held.kind == .pair { return isError || isSilent }
    // A semaphore may be given back by somebody else, who must be able to tell.
    if held.kind == .semaphore {
      return isError || exit.value >= 0 && exit.values == .zero && other.values.contains(.zero)
    }
    if isError { return true }
    if returnsPointer, exit.values.contains(.positive) { return false }
    if exit.value < 0 { return true }
    return exit.values == other.values || (exit.values.isSubset(of: other.values) && other.values != .any)
  }

  private func finding(
    _ id: FunctionID, _ node: NodeID, _ held: HeldLock, _ other: ExitEvent, _ context: RuleContext
  ) -> Finding {
    let lock =
      held.kind == .pair
      ? "\(context.text(context.callee(held.site, in: context.program.file(of: id))))(\(context.solver.resourceText(held, in: id)))"
      : context.solver.lockText(held.place, in: id)
    var evidence = [Evidence(context.place(id, held.site), "'\(lock)' is taken here")]
    if other.statement >= 0 {
      evidence.append(Evidence(context.place(id, other.statement), "released on the way to here"))
    }
    return context.finding(
      description, id, node, "'\(context.name(id))' returns with '\(lock)' held here, but releases it on other paths",
      evidence: evidence, key: lock)
  }
}
