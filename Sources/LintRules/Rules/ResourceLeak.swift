import Findings
import KernelC
import LockModel

/// Memory or a reference that an error path forgets.
struct ResourceLeak: Rule {
  let description = RuleDescription(
    id: "resource-leak",
    summary: "an error path does not free what other paths of the function free",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Follows memory, references and other things that come in pairs ('kcalloc' and 'kfree', 'x_create' and 'x_del') \
      through a function that contains both halves, and reports a return of an error code on a path that made the thing \
      and neither undid it nor handed it on. What the counterpart of a function undoes (.remove for .probe) must be undone \
      where it fails, and so must the kernel's own pairs, unless a caller does so.
      """,
    whyItMatters: "Each failure leaks; a user who can provoke the error can exhaust memory or pin an object for ever.",
    accepts: [
      "anything handed to a function whose name says that it keeps, queues, registers or releases things",
      "variables with __free()",
    ],
    knownFalsePositives: ["an owner that frees the thing later, known only to the caller"],
    triggering: Self.triggering + Self.leftReferences + Self.ownerless,
    nonTriggering: Self.nonTriggering + Self.undoneElsewhere + Self.keptReferences + Self.owned)

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    return context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else { return [] }
      return check(id, facts, callers, context)
    }
  }

  private func check(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext
  ) -> [Finding] {
    var reported: Set<NodeID> = []
    var sites: Set<NodeID> = []
    var findings = facts.lostPairs.map { call in
      let opener = context.text(context.callee(call, in: context.program.file(of: id)))
      return context.finding(
        description, id, call,
        KnownPairs.holdsCursor(opener)
          ? "the reference that the loop before was left with is lost here: nothing has dropped it"
          : "what '\(opener)' returned in the turn before is lost here: nothing has freed it",
        key: "\(opener) lost")
    }
    findings += buffers(id, facts, context) + orphans(id, facts, context)
    let type = context.program.definition(id).returnType
    for exit in facts.exits {
      if exit.isPending { continue }
      let isError = context.isError(exit, of: id) || (type.isPointer && exit.values == .zero)
      for held in exit.held
      where held.balance > 0 && held.kind == .pair
        && !LockImbalance.soundsLikeLock(held, id, context)
      {
        // To leave something switched off may be what the function is for.
        if context.text(context.callee(held.site, in: context.program.file(of: id))).contains(
          "disable")
          || facts.lostPairs.contains(held.site)
        {
          continue
        }
        let traits = context.solver.pairTraits(of: held.site, in: id)
        if traits.isInner { continue }
        let undone = facts.exits.filter { other in
          other.closed.contains(held.place) && !other.held.contains { $0.place == held.place }
        }
        let mayFail =
          isTail(exit, held, id, context) && undone.contains { context.isError($0, of: id) } && !isResume(id, context)
        // A pointer that was found through the thing stands for it.
        let isDerived = !isError && type.isPointer && !isLookup(exit, id, context)
        let isLeak =
          held.mode == .shared
          // A device that did not wake may be told so and be used all the same.
          ? isError || undone.contains { !context.isError($0, of: id) } || !isWake(held.site, id, context)
          : traits.isStrict && (traits.isReference && !isDerived || traits.isMemory)
            || traits.isTorn && isUncertain(exit, id, context)
            // One way out that is no failure gives the reference back, and so should another.
            || traits.isReference && !traits.isMember && !isDerived
              && undone.contains { context.isError($0, of: id) == isError }
            || mayFail
            // An answer of its own kind, neither a number nor nothing: the device is only woken for it.
            || type.base == .enumeration && !type.isPointer && isWake(held.site, id, context) && !undone.isEmpty
            || isError
              && (!undone.isEmpty || traits.isKnown || traits.isStrict || traits.isTorn
                || traits.isClosedHere && !facts.isJoined)
        let node = exit.statement >= 0 ? exit.statement : held.site
        guard isLeak, !reported.contains(node) else { continue }
        // Whoever leaves it to others on success may leave it to its caller on failure.
        let isOnlyHere = traits.isStrict && !traits.isResult && !traits.isOutput || traits.isTorn
        if isOnlyHere || held.mode == .shared && !traits.isLocal || traits.isMember && traits.isResult,
          isUndoneByCaller(held, id, callers, unknown: isOnlyHere, context)
        {
          continue
        }
        if undone.isEmpty, isResume(id, context), !traits.isResult { continue }
        // What nothing in the function undoes is one slip, however many ways lead out.
        if traits.isStrict || traits.isTorn, !sites.insert(held.site).inserted { continue }
        reported.insert(node)
        let file = context.program.file(of: id)
        let opener = context.text(context.callee(held.site, in: file))
        let resource = context.solver.resourceText(held, in: id)
        findings.append(
          context.finding(
            description, id, node,
            "'\(context.name(id))' \(isError ? "returns an error here" : mayFail ? "may fail here" : "ends") without "
              + "undoing '\(opener)' of "
              + "'\(resource)'",
            evidence: [
              Evidence(
                context.place(id, held.site),
                held.mode == .shared
                  ? "'\(opener)' fails here, and must be undone then too"
                  : "'\(opener)' succeeds here")
            ],
            key: "\(opener) \(resource)\(isError ? "" : " at the end")"))
      }
    }
    return findings
  }

  /// `kfree(foo)` with `foo->buffer` still there: nothing leads to the buffer any more.
  private func orphans(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    var seen: Set<NodeID> = []
    return facts.orphans.compactMap { orphan in
      guard seen.insert(orphan.opener).inserted else { return nil }
      let opener = context.text(context.callee(orphan.opener, in: file))
      let object = file.list(file[orphan.end].b, file[orphan.end].c).first.map {
        SourceText.text(of: $0, file, context.program.symbols)
      }
      return context.finding(
        description, id, orphan.end,
        "'\(object ?? "?")' is freed here, and with it the only way to what '\(opener)' made",
        evidence: [Evidence(context.place(id, orphan.opener), "'\(opener)' succeeds here")],
        key: "\(opener) in \(object ?? "?")")
    }
  }

  /// `return start(foo);`: whether it fails is told by nobody but the last call, which has nothing to do with the thing.
  private func isTail(_ exit: ExitEvent, _ held: HeldLock, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    guard exit.value >= 0, file[exit.value].kind == .call, isUncertain(exit, id, context) else { return false }
    let callee = context.callee(exit.value, in: file)
    let thing = context.solver.resourceText(held, in: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return callee.exists && !shapes.mentions(exit.value, thing) && !context.solver.cannotFail(callee, fileIndex)
      && !context.solver.mayUndo(held, of: id, by: callee, fromFile: fileIndex)
  }

  /// `return syscon_node_to_regmap(np);`: what is found by a node takes its own reference to it.
  private func isLookup(_ exit: ExitEvent, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    guard exit.value >= 0, file[exit.value].kind == .call else { return false }
    let callee = context.callee(exit.value, in: file)
    return callee.exists && context.solver.borrowsReference(callee)
  }

  private func isWake(_ call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    context.text(context.callee(call, in: context.program.file(of: id))).hasPrefix("pm_runtime_")
  }

  /// Wakes a device that will be put to sleep again whether or not it woke: what it has switched on is switched off then.
  private func isResume(_ id: FunctionID, _ context: RuleContext) -> Bool {
    let words = context.name(id).split(separator: "_")
    return words.contains("resume") && !words.contains("runtime") && !words.contains("rpm")
  }

  /// What the last call returned is returned: an error, if it failed.
  private func isUncertain(_ exit: ExitEvent, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    guard exit.value >= 0, exit.values == .any,
      context.program.definition(id).returnType.base == .integer
    else {
      return false
    }
    return file[exit.value].kind == .call
      || file[exit.value].kind == .name
        && WrongError.errorNames.contains(context.text(Symbol(file[exit.value].a)))
  }

  /// Whether a caller may undo what the function leaves; `unknown` is the answer where callers may be anywhere.
  private func isUndoneByCaller(
    _ held: HeldLock, _ id: FunctionID, _ callers: CallerTable, unknown: Bool, _ context: RuleContext
  ) -> Bool {
    let calls = callers.calls(of: id)
    if calls.isEmpty { return unknown && !context.isReachable(id) }
    return calls.contains { caller, call, _ in
      guard let cleanup = Self.cleanup(behind: call.node, in: caller, context) else {
        return context.solver.mayUndo(held, of: id, in: caller)
      }
      let file = Int(context.program.functions[Int(caller.rawValue)].file)
      return cleanup.contains { context.solver.mayUndo(held, of: id, by: $0, fromFile: file) }
    }
  }

  /// What a function calls where a call of it has failed: in the branch of the check, and behind the label that it goes
  /// to; nil where there is no such check.
  private static func cleanup(behind call: NodeID, in id: FunctionID, _ context: RuleContext) -> [Symbol]? {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let body = file[context.program.definition(id).body]
    guard body.kind == .block else { return nil }
    for block in context.program.definition(id).nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (index, statement) in statements.enumerated() {
        var check = statement
        if file[statement].kind == .expressionStatement, shapes.contains(statement, call),
          index + 1 < statements.count
        {
          check = statements[index + 1]
        } else if file[statement].kind != .ifStatement || !shapes.contains(file[statement].a, call) {
          continue
        }
        guard file[check].kind == .ifStatement, !shapes.core(file[check].a).isNegated else { return nil }
        var calls = shapes.calls(in: file[check].b)
        guard let leaving = shapes.leaving(file[check].b) else { return nil }
        if file[leaving].kind == .gotoStatement {
          let top = Array(file.list(body.a, body.b))
          guard let label = top.firstIndex(where: { file[$0].kind == .label && file[$0].a == file[leaving].a }) else {
            return nil
          }
          calls += top[label...].flatMap { shapes.calls(in: $0) }
        } else if file[leaving].kind != .returnStatement {
          return nil
        }
        return calls.map(shapes.callee).filter(\.exists)
      }
    }
    return nil
  }
}
