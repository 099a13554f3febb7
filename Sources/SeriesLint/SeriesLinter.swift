public import Findings
public import KernelTree
import SeriesRules

/// Lints the commits of a series: each is judged by what it changes.
///
/// For every commit the rules run on the tree before and the tree after it; what both have was there already, what only
/// one has is the commit's. Rules over the series (what one patch says or does in the light of the others) follow.
public struct SeriesLinter<Checker: SourceChecker>: Sendable {
  private let repository: KernelRepository
  private let checker: Checker
  private let options: LintOptions

  /// A linter for commits of `repository`.
  public init(_ repository: KernelRepository, checker: Checker, options: LintOptions) {
    self.repository = repository
    self.checker = checker
    self.options = options
  }

  /// Lints `commits`, oldest first.
  public func lint(_ commits: [LintedCommit]) async throws(LintError) -> LintReport {
    let selection = try RuleSelection(options.rules, checker: checker.rules)
    var changes: [CommitChanges] = []
    for commit in commits {
      changes.append(
        try await CommitChanges(commit, count: commits.count, repository: repository))
    }
    var report = ReportBuilder(all: options.all)
    try await runSourceRules(selection.source, on: changes, into: &report)
    try await runSeriesRules(selection.series, on: changes, into: &report)
    for change in changes {
      if change.skippedMerge {
        report.limits.append(
          "\(change.identity.label) is a merge; only its difference to the first parent was looked at")
      }
    }
    return try await report.finish { [repository] (commit, path) async throws(LintError) -> [ArraySlice<UInt8>] in
      try await Self.lines(of: path, in: changes, commit: commit, repository: repository)
    }
  }

  // MARK: rules over C

  private func runSourceRules(
    _ rules: Set<String>, on changes: [CommitChanges], into report: inout ReportBuilder
  ) async throws(LintError) {
    guard !rules.isEmpty else { return }
    let trees = changes.map { "\($0.commit.parentTree?.hex ?? "none")..\($0.commit.tree.hex)" }
    let key = "source rules \(rules.sorted().joined(separator: " "))\n\(trees.joined(separator: " "))"
    let outcomes: [CommitOutcome]
    if let known = options.cache?.value(key, as: [CommitOutcome].self), known.count == changes.count {
      outcomes = known
    } else {
      outcomes = try await sourceOutcomes(rules, on: changes)
      options.cache?.store(outcomes, under: key)
    }
    for (change, outcome) in zip(changes, outcomes) { report.add(outcome, of: change.identity) }
  }

  private func sourceOutcomes(
    _ rules: Set<String>, on changes: [CommitChanges]
  ) async throws(LintError) -> [CommitOutcome] {
    guard let first = changes.first else { return [] }
    var programs = try await Programs(changes: changes, base: first, repository: repository)
    var store = FactStore<Checker>()
    await store.load(
      programs.entries, from: RepositoryTree(repository, tree: first.commit.tree), checker: checker, jobs: options.jobs)
    await reach(changes, &programs, &store)
    let facts = store
    let outcomes = await check(programs, facts: facts, focus: Focus(changes, programs, facts, checker), rules: rules)
    return changes.enumerated().map { index, change in
      let (before, after) = (outcomes[programs.before[index]], outcomes[programs.after[index]])
      let classified = Classification(
        before: before.findings, after: after.findings, renames: change.renames, added: change.addedLines)
      var outcome = CommitOutcome(new: classified.new, fixed: classified.fixed, existing: classified.existing)
      outcome.assertionsBefore = before.assertions
      outcome.assertionsAfter = after.assertions
      for file in change.files where file.isC {
        guard let path = file.newPath, let new = file.new.flatMap({ facts[$0] }) else { continue }
        outcome.files += 1
        if after.programs.contains(path) { outcome.programs.insert(path) }
        outcome.functions += checker.functionCount(new)
        let touched = TouchedFunctions(file.patched)
        outcome.notAnalysed += after.notAnalysed.filter {
          $0.place.path == path && touched.touches(functionAt: $0.place.line)
        }
        if let old = file.old.flatMap({ facts[$0] }) {
          let compared = checker.checkChange([(old, new)], path: path, rules: rules)
          outcome.changed += compared.findings
          outcome.notAnalysed += compared.notAnalysed
        }
      }
      outcome.notAnalysed += facts.unreadable.filter { unreadable in
        change.files.contains { $0.newPath == unreadable.place.path }
      }
      return outcome
    }
  }

  /// Adds the files that define what the changes call.
  private func reach(_ changes: [CommitChanges], _ programs: inout Programs, _ store: inout FactStore<Checker>) async {
    guard let base = changes.first?.commit.parentTree else { return }
    let tree = RepositoryTree(repository, tree: base)
    let files = changes.flatMap(\.files).filter(\.isC)
    let reach = await Reach(
      changed: Set(files.map(\.path)), includes: programs.includes, all: programs.all,
      known: Set(programs.entries.map(\.path)), tree: tree, jobs: options.jobs)
    // What the definers call in turn may be missing too.
    for depth in [2, 3] {
      let missing = checker.missingNames(
        reachedFrom: Focus.touched(files, store), in: programs.entries.compactMap { store[$0] }, depth: depth)
      let definers = reach.definers(functions: missing.functions, structures: missing.structures)
        .filter { store[$0] == nil }
      guard !definers.isEmpty else { return }
      await store.load(definers, from: tree, checker: checker, jobs: options.jobs)
      programs.add(definers)
    }
  }

  /// What is judged in every program: the files that a commit changes, and the functions elsewhere that reach a function
  /// it touches. The rest is the same before and after.
  private struct Focus: Sendable {
    let paths: Set<String>
    let callers: [String: Set<String>]

    init(_ changes: [CommitChanges], _ programs: Programs, _ facts: FactStore<Checker>, _ checker: Checker) {
      let files = changes.flatMap(\.files).filter(\.isC)
      paths = Set(files.flatMap { [$0.oldPath, $0.newPath].compactMap { $0 } })
      callers = checker.callers(
        of: Self.touched(files, facts),
        in: programs.entries.compactMap { entry in facts[entry].map { (path: entry.path, facts: $0) } })
    }

    /// The versions of the changed files, each with the lines of it that a commit removes or adds.
    static func touched(
      _ files: [CommitChanges.File], _ facts: FactStore<Checker>
    ) -> [(facts: Checker.Facts, lines: Set<Int>)] {
      var touched: [(facts: Checker.Facts, lines: Set<Int>)] = []
      for file in files {
        let lines = file.patched.regions.flatMap(\.lines)
        for (entry, kind) in [(file.old, ChangedLine.Kind.removed), (file.new, .added)] {
          guard let entry, let known = facts[entry] else { continue }
          touched.append((known, Set(lines.filter { $0.kind == kind }.map(\.number))))
        }
      }
      return touched
    }
  }

  /// Runs the rules on every program.
  private func check(
    _ programs: Programs, facts: FactStore<Checker>, focus: Focus, rules: Set<String>
  ) async -> [CheckOutcome] {
    var files: [(path: String, facts: Checker.Facts)] = []
    var indices: [SourceEntry: Int] = [:]
    for entry in programs.entries {
      guard let known = facts[entry] else { continue }
      indices[entry] = files.count
      files.append((entry.path, known))
    }
    return await checker.check(
      files, states: programs.programs.map { $0.compactMap { indices[$0] } }, focus: focus.paths,
      callers: focus.callers, rules: rules, jobs: options.jobs)
  }

  // MARK: rules over the series

  private func runSeriesRules(
    _ rules: Set<String>, on changes: [CommitChanges], into report: inout ReportBuilder
  ) async throws(LintError) {
    let series = changes.map(\.patch)
    let found = SeriesRules.findings(in: series, rules: rules, hasTree: true)
    let questions = Set(found.compactMap(\.unlessTreeHolds))
    let held = try await words(questions, around: changes)
    for finding in found where finding.unlessTreeHolds.map({ !held.contains($0) }) ?? true {
      report.add(
        ReportedFinding(
          finding.finding, patch: changes[finding.patchIndex].identity, status: .new,
          fixedBy: finding.fixedByIndex.map { changes[$0].identity }))
    }
  }

  /// Which of `words` the tree holds where the series could mean them: in the neighbourhood of the changed files and in
  /// the headers.
  private func words(_ words: Set<String>, around changes: [CommitChanges]) async throws(LintError) -> Set<String> {
    guard !words.isEmpty, let base = changes.first?.commit.parentTree else { return [] }
    let paths = Set(changes.flatMap(\.files).map(\.path)).sorted().joined(separator: "\n")
    let key = "words \(base.hex)\n\(words.sorted().joined(separator: "\n"))\n\n\(paths)"
    if let known = options.cache?.value(key, as: [String].self) { return Set(known) }
    let tree = RepositoryTree(repository, tree: base)
    let all = try await tree.entries(under: "")
    let changed = Set(changes.flatMap(\.files).map(\.path))
    let near = Set(Neighbourhood(of: changed, among: all.map(\.path)) { _ in [] }.paths).union(changed)
    var held: Set<String> = []
    for entry in all
    where near.contains(entry.path) || entry.path.hasPrefix("include/") || entry.path.contains("/include/asm") {
      let bytes = try await tree.bytes(of: entry)
      for word in words.subtracting(held) where bytes.holdsWord(word) { held.insert(word) }
      if held.count == words.count { break }
    }
    options.cache?.store(held.sorted(), under: key)
    return held
  }

  // MARK: suppression

  private static func lines(
    of path: String, in changes: [CommitChanges], commit: String?, repository: KernelRepository
  ) async throws(LintError) -> [ArraySlice<UInt8>] {
    guard let change = changes.first(where: { $0.identity.commit == commit }) else { return [] }
    let tree = RepositoryTree(repository, tree: change.commit.tree)
    guard let entry = try await tree.entries(under: path).first, entry.path == path else { return [] }
    return try await tree.bytes(of: entry).split(separator: 0x0A, omittingEmptySubsequences: false)
  }
}

extension NotAnalysed {
  /// The same, of `patch`.
  func attributed(to patch: PatchIdentity) -> NotAnalysed {
    NotAnalysed(place, function: function, reason: reason, patch: patch)
  }
}
