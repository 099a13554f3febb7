import ByteText
public import Findings

/// Lints files as they stand, without a baseline.
public struct WholeFileLinter<Checker: SourceChecker>: Sendable {
  private let checker: Checker
  private let options: LintOptions

  /// A linter with these options.
  public init(checker: Checker, options: LintOptions) {
    self.checker = checker
    self.options = options
  }

  /// Lints the C files of `tree` under `paths`; no paths stand for the whole tree.
  public func lint(_ tree: some SourceTree, paths: [String] = []) async throws(LintError) -> LintReport {
    let rules = try RuleSelection(options.rules, checker: checker.rules).source
    let wanted = try await tree.cFiles(under: paths)
    let groups = FileGroups(of: wanted).groups
    // The whole tree in one portion has nothing beside it.
    let all = paths.isEmpty && groups.count == 1 ? wanted : try await tree.entries(under: "")
    // A folder or the tree has most of what its files call in it.
    let isFew = paths.count <= Self.few && Set(paths.compactMap(TreePath.normal)) == Set(wanted.map(\.path))
    let heads = isFew ? await heads(of: wanted, tree) : [:]
    let programs = groups.map { group in
      let focus = Set(group.map(\.path))
      let near = Set(Neighbourhood(of: focus, among: all.map(\.path)) { heads[$0]?.includes ?? [] }.paths).union(focus)
      return (focus: focus, entries: all.filter { near.contains($0.path) })
    }
    var report = ReportBuilder(all: true)
    var figures: [String: LockAssertFigure] = [:]
    let surroundings = isFew ? Surroundings(heads: heads, all: all) : nil
    for portion in await portions(of: programs, tree, rules, surroundings) {
      for finding in portion.outcome.findings { report.add(ReportedFinding(finding, patch: nil, status: .existing)) }
      report.notAnalysed += portion.outcome.notAnalysed.filter { portion.focus.contains($0.place.path) }
      report.notAnalysed += portion.unreadable
      report.programs.formUnion(portion.outcome.programs)
      report.analysed.files += portion.files
      report.analysed.functions += portion.functions
      report.marked += portion.marked
      for figure in portion.outcome.assertions {
        let known = figures[figure.lock]
        figures[figure.lock] = LockAssertFigure(
          lock: figure.lock, asserting: figure.asserting + (known?.asserting ?? 0),
          relying: figure.relying + (known?.relying ?? 0))
      }
    }
    report.assertions = LockAssertChange.changes(
      from: [], to: figures.values.sorted { $0.lock.utf8.lexicographicallyPrecedes($1.lock.utf8) }, patch: nil)
    if groups.count > 1 {
      report.limits.append(
        "\(wanted.count) files were judged in \(groups.count) portions: what locks in two of them do to each other was not looked at"
      )
    }
    report.rules = rules
    let entries = Dictionary(wanted.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    return try await report.finish { (_, path) async throws(LintError) -> [ArraySlice<UInt8>] in
      guard let entry = entries[path] else { return [] }
      return try await tree.bytes(of: entry).split(separator: 0x0A, omittingEmptySubsequences: false)
    }
  }

  /// No more files than this are judged with what they call elsewhere.
  private static var few: Int { 40 }

  /// What a file says of others, and how long it is.
  private struct Head: Sendable {
    /// The headers that it may include.
    let includes: [String]
    let lines: Int
  }

  /// Where what a few files call and use is looked for.
  private struct Surroundings: Sendable {
    /// By path.
    let heads: [String: Head]
    /// Every file of the tree, in path order.
    let all: [SourceEntry]
  }

  private func heads(of entries: [SourceEntry], _ tree: some SourceTree) async -> [String: Head] {
    var result: [String: Head] = [:]
    for entry in entries {
      guard let bytes = try? await tree.bytes(of: entry) else { continue }
      result[entry.path] = Head(
        includes: Neighbourhood.includes(in: bytes, of: entry.path), lines: bytes.count { $0 == 0x0A } + 1)
    }
    return result
  }

  /// The files that define what the files of `focus` call or use and none of `entries` does; reads them into `facts`.
  private func reached(
    from focus: Set<String>, _ entries: [SourceEntry], _ surroundings: Surroundings, _ tree: some SourceTree,
    _ facts: inout FactStore<Checker>
  ) async -> [SourceEntry] {
    let reach = await Reach(
      changed: focus, includes: Set(surroundings.heads.values.flatMap(\.includes)).sorted(), all: surroundings.all,
      known: Set(entries.map(\.path)), tree: tree, jobs: options.jobs)
    let own = entries.filter { focus.contains($0.path) }.compactMap { entry in
      facts[entry].map { (facts: $0, lines: Set(1...(surroundings.heads[entry.path]?.lines ?? 1))) }
    }
    // A series asks what these call in turn; a whole file calls a lot, and what it costs is the bodies that are followed.
    let missing = checker.missingNames(reachedFrom: own, in: entries.compactMap { facts[$0] }, depth: 2)
    let found = reach.definers(functions: missing.functions, structures: missing.structures)
    await facts.load(found, from: tree, checker: checker, jobs: options.jobs)
    return found
  }

  /// What came of one group of files.
  private struct Portion: Sendable {
    let focus: Set<String>
    let outcome: CheckOutcome
    let unreadable: [NotAnalysed]
    let marked: [String]
    let files: Int
    let functions: Int
  }

  /// Reads and judges each program, as many at a time as there are jobs, and gives what came of them in their order. What
  /// was read for one is gone before the next begins.
  private func portions(
    of programs: [(focus: Set<String>, entries: [SourceEntry])], _ tree: some SourceTree, _ rules: Set<String>,
    _ surroundings: Surroundings?
  ) async -> [Portion] {
    // One program is read by all jobs.
    let readers = programs.count == 1 ? options.jobs : 1
    return await withTaskGroup(of: (Int, Portion).self) { group in
      var portions: [Int: Portion] = [:]
      for (index, program) in programs.enumerated() {
        if index >= max(1, options.jobs), let (done, portion) = await group.next() { portions[done] = portion }
        group.addTask { (index, await self.portion(of: program, tree, rules, readers, surroundings)) }
      }
      for await (done, portion) in group { portions[done] = portion }
      return programs.indices.compactMap { portions[$0] }
    }
  }

  private func portion(
    of program: (focus: Set<String>, entries: [SourceEntry]), _ tree: some SourceTree, _ rules: Set<String>,
    _ readers: Int, _ surroundings: Surroundings?
  ) async -> Portion {
    let tree = (try? tree.independent()) ?? tree
    var facts = FactStore<Checker>()
    await facts.load(program.entries, from: tree, checker: checker, jobs: readers)
    var entries = program.entries
    if let surroundings {
      entries += await reached(from: program.focus, entries, surroundings, tree, &facts)
      entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
    let files = entries.compactMap { entry in facts[entry].map { (path: entry.path, facts: $0) } }
    let own = files.filter { program.focus.contains($0.path) }
    return Portion(
      focus: program.focus,
      outcome: checker.check(files, focus: program.focus, callers: [:], rules: rules),
      unreadable: facts.unreadable,
      marked: facts.marked.map(\.path).filter(program.focus.contains).sorted(),
      files: own.count, functions: own.reduce(0) { $0 + checker.functionCount($1.facts) })
  }
}
