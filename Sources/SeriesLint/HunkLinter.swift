public import Findings
public import SeriesRules

/// Lints a series without a tree, as far as its hunks show the code.
///
/// Rules that compare a function before and after a patch, rules that can judge a part of a function, and the rules over
/// the series run; the others need whole functions and are named in the report's limits.
public struct HunkLinter<Checker: SourceChecker>: Sendable {
  private let checker: Checker
  private let options: LintOptions

  /// A linter with these options.
  public init(checker: Checker, options: LintOptions) {
    self.checker = checker
    self.options = options
  }

  /// Lints `series`, whose files need no whole text.
  public func lint(_ series: [SeriesPatch]) async throws(LintError) -> LintReport {
    let selection = try RuleSelection(options.rules, checker: checker.rules)
    let able = Set(checker.rules.filter(\.judgesFragments).map(\.id))
    var report = ReportBuilder(all: options.all)
    for patch in series {
      for file in patch.files where file.isC {
        judge(file, of: patch.identity, rules: selection.source, able: able, &report)
      }
    }
    for found in SeriesRules.findings(in: series, rules: selection.series, hasTree: false) {
      report.add(
        ReportedFinding(
          found.finding, patch: series[found.patchIndex].identity, status: .new,
          fixedBy: found.fixedByIndex.map { series[$0].identity }))
    }
    let blind = selection.source.subtracting(able).sorted()
    let limit = "without --tree only what the hunks show was looked at"
    report.limits.append(
      blind.isEmpty
        ? limit : limit + "; these rules need whole functions and saw next to nothing: \(blind.joined(separator: ", "))"
    )
    return try await report.finish { (_, _) async throws(LintError) -> [ArraySlice<UInt8>] in [] }
  }

  private func judge(
    _ file: PatchedFile, of patch: PatchIdentity, rules: Set<String>, able: Set<String>, _ report: inout ReportBuilder
  ) {
    report.analysed.files += 1
    var before: [Finding] = []
    var after: [Finding] = []
    var parts: [(before: Checker.Facts, after: Checker.Facts)] = []
    for region in file.regions {
      let old = checker.facts(of: Fragment(region, side: .removed).bytes, path: file.path)
      let new = checker.facts(of: Fragment(region, side: .added).bytes, path: file.path)
      report.analysed.functions += checker.functionCount(new)
      parts.append((old, new))
      let focus: Set = [file.path]
      let runnable = rules.intersection(able)
      before += checker.check([(file.path, old)], focus: focus, callers: [:], rules: runnable).findings
      after += checker.check([(file.path, new)], focus: focus, callers: [:], rules: runnable).findings
    }
    let compared = checker.checkChange(parts, path: file.path, rules: rules)
    report.add(new: compared.findings, of: patch)
    report.notAnalysed += compared.notAnalysed.map { $0.attributed(to: patch) }
    let added = Set(file.regions.flatMap(\.lines).filter { $0.kind == .added }.map(\.number))
    var classified = Classification(before: before, after: after, added: [file.path: added])
    // What stands on a line that the hunk only shows was there before, whatever the hunk hides.
    classified.keepNew { added.contains($0.place.line) || $0.evidence.contains { added.contains($0.place.line) } }
    report.add(fixed: classified.fixed, new: classified.new, existing: classified.existing, of: patch)
  }
}
