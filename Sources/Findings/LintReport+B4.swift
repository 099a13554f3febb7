extension LintReport {
  /// The failing findings for `b4.prep-perpatch-check-cmd` and `b4.am-perpatch-check-cmd`: one line each, as
  /// `checkpatch --terse --showfile` writes them; nothing at all when there are none.
  ///
  /// b4 takes a line with `ERROR:` for a failure and every other line for a warning.
  public var b4Lines: [UInt8] {
    Array(
      failing.map { reported in
        let finding = reported.finding
        let label = finding.severity == .error ? "ERROR" : finding.severity == .warning ? "WARNING" : "CHECK"
        let message = finding.message.oneLine.replacing("ERROR:", with: "error:")
        return "\(finding.place.path):\(finding.place.line): \(label): \(message) [\(finding.rule)]\n"
      }.joined().utf8)
  }

  /// The report for `b4.review-perpatch-check-cmd` and `b4.review-series-check-cmd` (b4 0.15): a JSON array with one
  /// result; empty when nothing was there to judge.
  public var b4Review: JSONValue {
    guard analysed.files > 0 || !failing.isEmpty || !notAnalysed.isEmpty else { return [] }
    let worst = failing.map(\.finding.severity).max()
    let status = worst == .error ? "fail" : worst != nil || !notAnalysed.isEmpty ? "warn" : "pass"
    return [
      [
        "tool": "gmemkit",
        "status": .string(status),
        "summary": .string(summary),
        "details": .string(String(decoding: text, as: UTF8.self)),
      ]
    ]
  }
}
