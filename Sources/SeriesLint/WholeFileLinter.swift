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
    var wanted: [SourceEntry] = []
    for path in paths.isEmpty ? [""] : paths {
      let entries = try await tree.entries(under: path).filter { $0.path.hasSuffix(".c") || $0.path.hasSuffix(".h") }
      guard !entries.isEmpty else {
        throw LintError(
          .nothingToAnalyse, "lint '\(path.isEmpty ? "the tree" : path)'", reason: "it holds no .c or .h file",
          nextStep: "give paths relative to the top of the tree")
      }
      wanted += entries
    }
    wanted = Set(wanted).sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    var context: [SourceEntry] = []
    if !paths.isEmpty {
      let all = try await tree.entries(under: "")
      let focus = Set(wanted.map(\.path))
      let near = Set(Neighbourhood(of: focus, among: all.map(\.path)) { _ in [] }.paths)
      context = all.filter { near.contains($0.path) && !focus.contains($0.path) }
    }
    var facts = FactStore<Checker>()
    await facts.load(wanted + context, from: tree, checker: checker, jobs: options.jobs)
    let files = (wanted + context).sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
      .compactMap { entry in facts[entry].map { (path: entry.path, facts: $0) } }
    let focus = Set(wanted.map(\.path))
    let outcome = checker.check(files, focus: focus, callers: [:], rules: rules)
    var report = ReportBuilder(all: true)
    for finding in outcome.findings { report.add(ReportedFinding(finding, patch: nil, status: .existing)) }
    report.notAnalysed = outcome.notAnalysed.filter { focus.contains($0.place.path) } + facts.unreadable
    report.assertions = LockAssertChange.changes(from: [], to: outcome.assertions, patch: nil)
    for entry in wanted {
      guard let known = facts[entry] else { continue }
      report.analysed.files += 1
      report.analysed.functions += checker.functionCount(known)
    }
    report.marked = wanted.filter { facts.marked.contains($0) }.map(\.path)
    report.rules = rules
    let entries = Dictionary(wanted.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    return try await report.finish { (_, path) async throws(LintError) -> [ArraySlice<UInt8>] in
      guard let entry = entries[path] else { return [] }
      return try await tree.bytes(of: entry).split(separator: 0x0A, omittingEmptySubsequences: false)
    }
  }
}
