import Findings
import KernelC
import LockModel

/// A member that is always accessed under a lock, but for one function.
struct UnguardedMember: Rule {
  let description = RuleDescription(
    id: "unguarded-member",
    summary: "a member or a function is used without the lock that every other function holds for it",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Collects under which locks of the same object (or of all) each member is written, each list in it is used and each \
      function is called with it, over the files under review, and reports a function that holds none of them where at \
      least three others hold one, and no other function goes without. Likewise for a list, an idr or another tree that is \
      a variable of a file; there the locks that all callers hold count too.
      """,
    whyItMatters: "The function races with the others; lists are corrupted, counts are lost.",
    accepts: [
      "functions that set up or tear down the object", "functions called under the lock", "objects the function made",
    ],
    knownFalsePositives: ["code that runs before anybody else can see the object, under a name that does not say so"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    let callers = CallerTable(context)
    let uses = GuardedUses(context, callers)
    var reported: Set<GuardedUses.Site.Location> = []
    return uses.order.compactMap { subject in
      guard let sites = uses.sites[subject] else { return nil }
      for (item, count) in guards(of: subject, sites, context) {
        guard let site = bare(subject, item, count, sites, callers, context) else { continue }
        return reported.insert(site.location).inserted ? finding(subject, item, site, sites, context) : nil
      }
      return nil
    }
  }

  /// The locks that are held at most uses, with how many those are; for what is taken off a list, all that often are.
  private func guards(
    of subject: GuardedUses.Subject, _ sites: [GuardedUses.Site], _ context: RuleContext
  ) -> [(key: GuardedUses.Guard, value: Int)] {
    if case .call(let name) = subject,
      context.solver.comesInPairs(name) || Statements.isPrint(context.text(name)) || !isOwnWriter(name, sites, context)
    {
      return []
    }
    var counts: [GuardedUses.Guard: Int] = [:]
    for site in sites { for item in site.guards { counts[item, default: 0] += 1 } }
    let ordered = counts.filter { $0.value >= 3 && (subject.isData || isKnown(subject, $0.key, sites, context)) }
      .sorted {
        ($1.value, context.text($0.key.lock), $0.key.relation.rank)
          < ($0.value, context.text($1.key.lock), $1.key.relation.rank)
      }
    return subject.isRemoval ? ordered : Array(ordered.prefix(1))
  }

  /// The use that should be under the lock and is not; nil where that is not sure.
  private func bare(
    _ subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ count: Int, _ sites: [GuardedUses.Site],
    _ callers: CallerTable, _ context: RuleContext
  ) -> GuardedUses.Site? {
    let isRemoval = subject.isRemoval
    let guarded = Set(sites.filter { $0.guards.contains(item) }.map(\.function))
    let bare = sites.filter { isBare($0, of: subject, item, guarded, callers, context) }
      // Whoever takes it off under another lock is neither setting up nor the last who knows it.
      .filter { !isRemoval || !$0.locks.isEmpty && !context.runsOnce($0.function) }
    let functions = Set(bare.map(\.function))
    guard guarded.count >= 3, count >= (subject.isData && !isRemoval ? 4 : 3), functions.count == 1,
      bare.count * 4 <= count + 1,
      let site = bare.first(where: { !isExcused($0, of: subject, item, callers, context) }),
      !callers.mayHold(named: item.lock, over: site.function),
      // What nothing names is in use all the same, or the compiler would say so: a macro pastes the name of an attribute's.
      callers.isCalled(site.function) || context.isExported(site.function)
        || !context.program.definition(site.function).isInline
          && !context.program.file(of: site.function).path.hasSuffix(".h")
    else { return nil }
    return site
  }

  private func finding(
    _ subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ site: GuardedUses.Site, _ sites: [GuardedUses.Site],
    _ context: RuleContext
  ) -> Finding {
    let guarded = Set(sites.filter { $0.guards.contains(item) }.map(\.function))
    let use = subject.isRemoval ? "taken off a list" : subject.isData ? "used" : "called"
    let name = name(of: subject, context)
    let other = sites.first { $0.guards.contains(item) }
    return context.finding(
      description, site.function, site.node,
      "'\(name)' is \(use) without '\(context.text(item.lock))', which "
        + "\(guarded.count) other functions hold for it",
      evidence: other.map {
        [Evidence(context.place($0.function, $0.node), "for example here, with '\(context.text(item.lock))' held")]
      } ?? [],
      key: "\(name) \(context.text(item.lock))")
  }

  /// Whether the use is on no path to the lock, in a function that should take it.
  private func isBare(
    _ site: GuardedUses.Site, of subject: GuardedUses.Subject, _ item: GuardedUses.Guard,
    _ guarded: Set<FunctionID>, _ callers: CallerTable, _ context: RuleContext
  ) -> Bool {
    guard !guarded.contains(site.function), !site.guards.contains(where: { $0.lock == item.lock }) else { return false }
    let name = context.name(site.function)
    if item.relation != .global {
      // An object that the function made itself is nobody else's yet.
      let object: Place =
        switch item.relation {
        case .argument(let position): position < site.arguments.count ? site.arguments[position] : -1
        default: site.object
        }
      guard context.solver.isPortable(object), !callers.isOnlySetUp(site.function) else { return false }
    } else if subject.isVariable, isOfModule(site.function, callers, context) {
      return false
    }
    let asserts = context.solver.facts(site.function)?.asserts ?? []
    return !asserts.contains { context.solver.lastMember(of: $0.place) == item.lock } && !name.contains("lock")
      && !context.hasLockFlag(site.function)
  }

  /// A use that needs no lock, or is under one that goes by the same name; others without it are still as many.
  private func isExcused(
    _ site: GuardedUses.Site, of subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ callers: CallerTable,
    _ context: RuleContext
  ) -> Bool {
    if site.isLook || site.locks.contains(item.lock) || context.runsOnce(site.function) { return true }
    // Of what is no part of an object, any lock or RCU section may be as good.
    if subject.isVariable { return !site.locks.isEmpty || isStep(site.function, context) }
    return callers.isOnlySetUp(site.function)
  }

  /// Whether a function is the begin or the end of the module, as whose variables nobody else uses yet or any more, or
  /// nothing but such functions calls it.
  private func isOfModule(
    _ id: FunctionID, _ callers: CallerTable, _ context: RuleContext, depth: Int = 0
  ) -> Bool {
    let words: Set<Substring> = ["init", "exit", "fini", "cleanup", "unload", "probe", "early"]
    if context.runsOnce(id) || context.name(id).split(separator: "_").contains(where: words.contains) { return true }
    let calls = callers.calls(of: id)
    return depth < 3 && !calls.isEmpty
      && calls.allSatisfy { isOfModule($0.caller, callers, context, depth: depth + 1) }
  }

  /// Whether the lock is taken by another function of the same table: a file that is read step by step.
  private func isStep(_ id: FunctionID, _ context: RuleContext) -> Bool {
    context.solver.callbacks.members(holding: id).contains { context.text($0.structure) == "seq_operations" }
  }

  /// A function without a body says nothing about the locks of its arguments.
  private func isKnown(
    _ subject: GuardedUses.Subject, _ item: GuardedUses.Guard, _ sites: [GuardedUses.Site], _ context: RuleContext
  ) -> Bool {
    guard case .call(let name) = subject, let first = sites.first else { return true }
    if item.relation == .global, item.isCall { return true }
    let index = Int(context.program.functions[Int(first.function.rawValue)].file)
    return context.program.resolve(name, fromFile: index) != nil
  }

  /// Whether a function changes something, and lives beside its callers; one that is not shown may.
  private func isOwnWriter(_ name: Symbol, _ sites: [GuardedUses.Site], _ context: RuleContext) -> Bool {
    guard let first = sites.first else { return false }
    let program = context.program
    let index = Int(program.functions[Int(first.function.rawValue)].file)
    guard let target = program.resolve(name, fromFile: index) else { return true }
    let folder = program.files[index].path.prefix { $0 != "." }.split(separator: "/").dropLast()
    guard program.file(of: target).path.split(separator: "/").dropLast() == folder else { return false }
    // A callee that takes a lock of its own needs none of its callers'.
    return context.solver.facts(target)?.acquires.isEmpty != false && writes(target, 0, context)
  }

  private func writes(_ id: FunctionID, _ depth: Int, _ context: RuleContext) -> Bool {
    guard depth < 2, let facts = context.solver.facts(id) else { return false }
    return !facts.accesses.isEmpty
      || facts.calls.contains { $0.targets.count == 1 && writes($0.targets[0], depth + 1, context) }
  }

  private func name(of subject: GuardedUses.Subject, _ context: RuleContext) -> String {
    switch subject {
    case .member(let key), .removal(let key): "\(context.text(key.structure))::\(context.text(key.member))"
    case .call(let name): context.text(name)
    case .slot(let member): "->\(context.text(member))"
    case .variable(_, let name): context.text(name)
    }
  }
}
