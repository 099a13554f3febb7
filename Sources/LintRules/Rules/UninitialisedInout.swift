import Findings
import KernelC
import LockModel

/// A local read on a path on which nothing set it, also through a callee that sets it only when it succeeds.
struct UninitialisedInout: Rule {
  let description = RuleDescription(
    id: "uninitialised-inout",
    summary: "a local is read on a path on which nothing has set it",
    severity: .warning, confidence: .medium, judgesPrograms: true,
    whatItDoes: """
      Follows scalars without an initialiser over all paths, a loop of zero turns included, and through '&x' into callees \
      whose bodies are known: a callee that writes its parameter only for some results sets it only where the caller has \
      checked for them, and one that reads what its parameter points to before it writes it needs a value to be there. And a buffer that is \
      used where a call that may read less than it was asked for is only checked for errors. And a report to \
      user space (struct netlink_ext_ack) that is handed out without having been cleared.
      """,
    whyItMatters: "The value is what the stack held before.",
    accepts: ["variables passed to macros, which may set them", "functions with inline assembly"],
    knownFalsePositives: ["a loop that cannot run zero times for reasons outside the function"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    passings(context) + reads(context) + shortReads(context) + bareReports(context)
  }

  private func reads(_ context: RuleContext) -> [Finding] {
    let found = context.functions.flatMap { id -> [(finding: Finding, habit: String?)] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial, !facts.unsetReads.isEmpty
      else {
        return []
      }
      // A macro that returns: what stands behind it is another way.
      let file = context.program.file(of: id)
      let returning = context.program.definition(id).nodes.contains {
        file[$0].kind == .call && context.text(context.callee($0, in: file)) == "return_ptr"
      }
      if returning { return [] }
      var reported: Set<Symbol> = []
      let shapes = Statements(file: file, symbols: context.program.symbols)
      let uses = UnsetUses(id, facts, context)
      let unset = Set(facts.jumps.filter(\.isUnset).map(\.variable))
      return facts.unsetReads.compactMap { event in
        guard !reported.contains(event.variable),
          uses.isTelling(event) || event.call < 0 && unset.contains(event.variable) && uses.isReturned(event)
        else { return nil }
        reported.insert(event.variable)
        let name = context.text(event.variable)
        var evidence: [Evidence] = []
        var message = "'\(name)' is read here on a path on which nothing has set it"
        var habit: String?
        if event.call >= 0 {
          let callee = context.text(shapes.question(event.call))
          if !event.isIgnored { habit = "\(file.path) \(callee) leaves its output alone" }
          message =
            event.isIgnored
            ? "'\(name)' is read here although '\(callee)' never sets it"
            : "'\(name)' is read here although '\(callee)' sets it only for results that were not checked for"
          evidence = [Evidence(context.place(id, event.call), "'\(callee)' may leave '\(name)' alone")]
        }
        return (
          finding: context.finding(description, id, event.node, message, evidence: evidence, key: name), habit: habit
        )
      }
    }
    let counts = Dictionary(grouping: found.compactMap(\.habit)) { $0 }.mapValues(\.count)
    return found.map { item in
      var finding = item.finding
      if let habit = item.habit, counts[habit, default: 0] > Self.slips { finding.cause = Cause(habit) }
      return finding
    }
  }

  /// More results of one callee than this that a file does not look at are one mistake.
  private static let slips = 3

  /// `f(&n)` where `n` has no value and `f` reads it first.
  private func passings(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
      var reported: Set<Symbol> = []
      return facts.unsetPassings.compactMap { event in
        guard !event.isWhole || isSurelyBare(event, id, facts, context),
          reported.insert(event.variable).inserted, let last = event.chain.last
        else { return nil }
        let name = context.text(event.variable)
        let file = context.program.file(of: id)
        let callee = context.text(Statements(file: file, symbols: context.program.symbols).question(event.call))
        let reader = context.name(last.function)
        return context.finding(
          description, id, event.node,
          "'\(name)' has no value when its address goes to '\(callee)', which reads it first",
          evidence: context.evidence(
            [ChainStep(function: id, node: event.call)] + event.chain, last: "'\(reader)' reads it here"),
          key: "\(name) \(callee)")
      }
    }
  }
}
