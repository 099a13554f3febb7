import Findings
import SeriesApply
import SeriesSelftest

extension Cell {
  /// What applying says of a patch.
  ///
  /// - Parameters:
  ///   - patch: the outcome.
  ///   - describe: the lines that tell a reader why a hunk has no place.
  static func applies(_ patch: AppliedPatch, describe: (HunkOutcome) -> [String]) -> Cell {
    switch patch.status {
    case .conflict:
      let failed = patch.failedHunks
      let reasons = (patch.failure.map { [$0] } ?? []) + failed.flatMap(describe)
      return .red("CONFLICT", reasons)
    case .skipped: return .green("already in")
    case .applied where patch.commit == nil: return .notRun("an earlier patch does not apply")
    case .applied:
      let moved = patch.hunks.filter { $0.how != .exact }.count
      return .green(moved == 0 ? "ok" : "ok, \(moved) moved")
    }
  }

  /// What linting says of patch `number`.
  static func findings(_ number: Int, in report: LintReport) -> Cell {
    let findings = report.failing.filter { $0.patch?.number == number }
    let leftOut = report.notAnalysed.filter { $0.patch?.number == number }
    if findings.isEmpty && leftOut.isEmpty { return .green("0") }
    let words = leftOut.isEmpty ? "\(findings.count)" : "\(findings.count), \(leftOut.count) not analysed"
    return .red(
      words,
      findings.flatMap { reported in
        let finding = reported.finding
        return ["\(finding.place): \(finding.severity.rawValue): \(finding.message) [\(finding.rule)]"]
          + finding.evidence.map { "  \($0.place): note: \($0.message)" }
      }
        + leftOut.map { "\($0.place): not analysed: \($0.reason)" })
  }

  /// What building says of a patch.
  static func builds(_ patch: PatchResult) -> Cell {
    if patch.build == "not-run" { return notRun(patch) }
    if patch.build != "built" { return .red("FAILED", patch.errors) }
    return patch.warnings.isEmpty ? .green("ok") : .red("\(patch.warnings.count) warnings", patch.warnings)
  }

  /// What booting says of a patch: the guest must come up and the kernel must not complain.
  static func boots(_ patch: PatchResult) -> Cell {
    if patch.build != "built" { return .notRun("it did not build") }
    if patch.boot == "not-run" { return notRun(patch) }
    let problems = patch.runs.flatMap { run in run.problems.flatMap { Self.lines("run '\(run.name)': \($0)") } }
    if patch.boot != "booted" { return .red("FAILED", problems) }
    guard problems.isEmpty else { return .red("SPLAT", problems) }
    return .green(patch.sameAs.map { $0 == 0 ? "as the base" : "as patch \($0)" } ?? "ok")
  }

  /// What the tests say of a patch; a test that was planned and did not run is a failure.
  static func tests(_ patch: PatchResult) -> Cell {
    if patch.build != "built" { return .notRun("it did not build") }
    if patch.boot == "not-run" { return notRun(patch) }
    let passed = patch.tests.filter { $0.result == .pass }.count
    let skipped = patch.tests.filter { $0.result == .skip }.count
    let bad = patch.tests.filter { $0.result != .pass && $0.result != .skip }
    if patch.tests.isEmpty { return .notRun("no test was found for what it touches") }
    guard bad.isEmpty else {
      return .red(
        "\(bad.count) of \(patch.tests.count) failed",
        bad.flatMap { lines("\($0.name): \($0.result.rawValue): \($0.message)") })
    }
    return .green(skipped == 0 ? "\(passed) passed" : "\(passed) passed, \(skipped) skipped")
  }

  /// What the machine, not the patch, is the reason for.
  private static func notRun(_ patch: PatchResult) -> Cell {
    .notRun(patch.errors.last ?? "an earlier stage did not run")
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
  }
}
