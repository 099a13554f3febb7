import Findings
import KernelC
import LockModel

/// A call to a function that asserts a lock, without that lock.
struct LockNotHeld: Rule {
  let description = RuleDescription(
    id: "lock-not-held",
    summary: "a function that asserts a lock is called without it",
    severity: .error, confidence: .high,
    whatItDoes: """
      Takes what a function asserts (lockdep_assert_held() and kin) as a demand on its callers, in their terms, and reports \
      a call on a path that does not hold the lock, where the caller neither asserts it nor is itself called under it. What \
      a function asserts whatever it is given is also asked of those who call it through others. A lock held for reading \
      does not do where it is asserted to be held for writing, and a pointer that RCU protects is not loaded outside the \
      sections that the function enters itself. And a call of what drops a lock for a while and takes it again, where others \
      hold that lock and this function takes it only elsewhere.
      """,
    whyItMatters: "The data that the lock protects changes under the reader; with lockdep it is a splat.",
    accepts: [
      "callers that assert the same lock", "callers all of whose own callers hold a lock of the class",
      "functions that nobody calls by name, whose callers are not known",
    ],
    knownFalsePositives: ["set-up code that runs before anybody else can see the object"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    let folders = StructureFolders(context)
    let judge = Judge(
      context: context, callers: callers, folders: folders, entries: EntryPoints(context, callers, folders))
    var lacking: [Lacking] = []
    var findings: [Finding] = []
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { continue }
      findings += ownSections(id, facts, callers, context) + drops(id, facts, callers, context)
      var reported: Set<NodeID> = []
      for call in facts.calls where call.targets.count <= 1 && !call.isIndirect {
        for requirement in context.solver.requirements(of: call) where !isAssertion(requirement, of: call, context) {
          let place = context.solver.substitute(requirement.place, call.arguments)
          guard let lack = judge.lack(of: requirement, at: place, call, id, facts), reported.insert(call.node).inserted
          else { continue }
          lacking.append(
            Lacking(
              function: id, target: call.targets.first, statement: requirement.statement,
              finding: finding(requirement, place, lack, call, id, context)))
        }
      }
    }
    return findings + outermost(lacking)
  }

  /// A call without the lock, and who states that it must be held.
  private struct Lacking {
    let function: FunctionID
    let target: FunctionID?
    let statement: Requirement.Statement
    let finding: Finding
  }

  /// Without those in functions that a call on the list leads to: one mistake is told once.
  private func outermost(_ lacking: [Lacking]) -> [Finding] {
    var led: [Requirement.Statement: Set<FunctionID>] = [:]
    for item in lacking { if let target = item.target { led[item.statement, default: []].insert(target) } }
    return lacking.filter { led[$0.statement]?.contains($0.function) != true }.map(\.finding)
  }

  /// Whether the callee is nothing but an assertion under another name, so that the caller is who asserts.
  private func isAssertion(_ requirement: Requirement, of call: CallEvent, _ context: RuleContext) -> Bool {
    guard requirement.isExplicit, let function = requirement.function, call.targets == [function] else { return false }
    let file = context.program.file(of: function)
    let body = file[context.program.definition(function).body]
    // What the head says is not all there is.
    return body.kind == .block && body.b == 1 && file[requirement.node].token > body.token
  }

  /// What is wrong with a call.
  enum Lack { case missing, shared }

  private func finding(
    _ requirement: Requirement, _ place: Place, _ lack: Lack, _ call: CallEvent, _ id: FunctionID,
    _ context: RuleContext
  ) -> Finding {
    let lock = context.solver.lockText(place, in: id)
    let callee = context.text(call.callee)
    let how = lack == .shared ? "asserts that '\(lock)' is held for writing, and it is held for reading" : nil
    let verb = requirement.function.map { call.targets == [$0] ? "asserts" : "relies on" } ?? "must be called with"
    let evidence = requirement.function.map {
      [Evidence(context.place($0, requirement.node), "'\(context.name($0))' asserts it here")]
    }
    return context.finding(
      description, id, call.node, "'\(callee)' " + (how ?? "\(verb) '\(lock)', which is not held here"),
      evidence: evidence ?? [], key: "\(callee) \(lock)\(lack == .shared ? " shared" : "")")
  }

  /// Assertions of the function itself that its own locking contradicts.
  private func ownSections(
    _ id: FunctionID, _ facts: FunctionFacts, _ callers: CallerTable, _ context: RuleContext
  ) -> [Finding] {
    var reported: Set<NodeID> = []
    return facts.asserts.compactMap { event in
      let lock = context.solver.lockText(event.place, in: id)
      if event.isHeldHere {
        guard event.mode == .exclusive, event.isShared, reported.insert(event.node).inserted else { return nil }
        return context.finding(
          description, id, event.node, "'\(lock)' is asserted to be held for writing, and is held for reading",
          key: "own \(lock) shared")
      }
      // Whoever enters RCU sections of its own is not called in one; what a table holds, the kernel may call in one.
      guard event.kind == .rcu, !event.isUnderLock, let lockClass = event.lockClass,
        facts.acquires.contains(where: { $0.place == event.place }), !callers.mayHold(lockClass, over: id),
        !callers.mayBeAtomic(over: id), context.solver.callbacks.members(holding: id).isEmpty,
        !context.solver.callbacks.isPassed(id), reported.insert(event.node).inserted
      else { return nil }
      let callee = context.text(context.callee(event.node, in: context.program.file(of: id)))
      return context.finding(
        description, id, event.node, "'\(callee)' is used outside the RCU sections that the function enters",
        key: "own \(callee)")
    }
  }
}
