import Findings
import Foundation
import Testing

struct FormatTests {
  private static let rule = RuleDescription(
    id: "double-lock", summary: "taken twice", severity: .error, confidence: .high, whatItDoes: "Looks.",
    whyItMatters: "Hangs.")

  private func report(_ findings: [ReportedFinding]) -> LintReport { LintReport(findings: findings) }

  private func finding(_ message: String, path: String = "mm/a.c", line: Int = 3, severity: Severity = .warning)
    -> ReportedFinding
  {
    ReportedFinding(
      Finding(
        rule: "double-lock", severity: severity, confidence: .high,
        place: SourcePlace(path: path, line: line, column: 4), function: "f", message: message), patch: nil,
      status: .existing)
  }

  // MARK: SARIF

  @Test func sarifHasWhatTheStandardAndGitHubAskFor() throws {
    let new = ReportedFinding(ReportTests.finding, patch: ReportTests.patch, status: .new)
    var whole = LintReport(
      findings: [new], notAnalysed: [NotAnalysed(SourcePlace(path: "mm/b.c", line: 2), function: "g", reason: "odd")],
      suppressed: [SuppressedFinding(new, reason: "because")], limits: ["a limit"])
    whole.analysed = AnalysedCount(files: 1, functions: 2)
    let document = whole.sarif(.init(rules: [Self.rule], toolVersion: "1.2.3"))
      .document
    let log = try #require(try JSONSerialization.jsonObject(with: Data(document)) as? [String: Any])
    #expect(SARIFShape.problems(of: log) == [])
    #expect(log["version"] as? String == "2.1.0")
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == 2)
    #expect((results[1]["suppressions"] as? [[String: Any]])?.first?["justification"] as? String == "because")
    let flows = try #require(results[0]["codeFlows"] as? [[String: Any]])
    let thread = try #require((flows.first?["threadFlows"] as? [[String: Any]])?.first)
    #expect((thread["locations"] as? [[String: Any]])?.count == ReportTests.finding.evidence.count)
    #expect((results[0]["partialFingerprints"] as? [String: String])?["gmemkit/v1"] == ReportTests.finding.fingerprint)
  }

  @Test func sarifColumnsCountUTF16() throws {
    var place = ReportTests.finding
    place.place.column = 6  // behind "\té = ", where é has two bytes
    place.evidence = []
    var columns = UTF16Columns()
    columns.note(place.place, commit: nil, line: Array("\té = lock();".utf8))
    let log = LintReport(findings: [ReportedFinding(place, patch: nil, status: .existing)], columns: columns)
      .sarif(.init(rules: [], toolVersion: "1"))
    #expect(String(decoding: log.document, as: UTF8.self).contains("\"startColumn\": 5"))
  }

  @Test func sarifPathsAreURIs() {
    let log = report([finding("m", path: "a b/ü%.c")]).sarif(.init(rules: [], toolVersion: "1"))
    #expect(String(decoding: log.document, as: UTF8.self).contains("\"uri\": \"a%20b/%C3%BC%25.c\""))
  }

  @Test func sarifSaysWhatItLeavesOut() {
    let many = (0...10).map { finding("m", line: $0 + 1) }
    var context = LintReport.SARIFContext(rules: [], toolVersion: "1")
    #expect(context.resultLimit == 25_000)
    context.resultLimit = 10
    let log = String(decoding: report(many).sarif(context).document, as: UTF8.self)
    #expect(log.contains("1 results are left out"))
  }

  // MARK: GitHub

  @Test func annotationsAreEscaped() {
    let text = String(
      decoding: report([finding("100% of\nit: a, b", path: "a,b:c%.c")]).githubAnnotations, as: UTF8.self)
    #expect(
      text == "::warning file=a%2Cb%3Ac%25.c,line=3,endLine=3,col=4,title=double-lock::100%25 of%0Ait: a, b\n")
  }

  @Test func annotationsKeepToTheLimitsWorstFirst() {
    let many =
      (1...15).map { finding("w\($0)", line: $0) } + (1...3).map { finding("e\($0)", line: 100 + $0, severity: .error) }
      + (1...12).map { finding("n\($0)", line: 200 + $0, severity: .note) }
    let lines = String(decoding: report(many).githubAnnotations, as: UTF8.self).split(separator: "\n")
    #expect(lines.first?.hasPrefix("::error") == true)
    #expect(lines.count { $0.hasPrefix("::warning") } == 10)
    #expect(lines.count { $0.hasPrefix("::notice") } == 10)
    #expect(lines.last?.contains("8 more findings") == true)
  }

  // MARK: b4

  @Test func b4GetsOneLineAFindingAndNothingWithoutOne() {
    #expect(report([]).b4Lines.isEmpty)
    let lines = String(
      decoding: report([finding("says ERROR: here\nand there"), finding("bad", line: 4, severity: .error)]).b4Lines,
      as: UTF8.self)
    #expect(
      lines == """
        mm/a.c:3: WARNING: says error: here and there [double-lock]
        mm/a.c:4: ERROR: bad [double-lock]

        """)
  }

  @Test func b4ReviewIsAnArrayOfResults() throws {
    func results(_ report: LintReport) throws -> [[String: String]] {
      try JSONDecoder().decode([[String: String]].self, from: Data(report.b4Review.document))
    }
    #expect(try results(LintReport()) == [])
    #expect(try results(LintReport(analysed: AnalysedCount(files: 1, functions: 1))).first?["status"] == "pass")
    #expect(try results(report([finding("w")])).first?["status"] == "warn")
    let failed = try #require(try results(report([finding("e", severity: .error)])).first)
    #expect(failed["status"] == "fail")
    #expect(failed["tool"] == "gmemkit")
    #expect(failed["details"]?.contains("mm/a.c:3:4: error: e [double-lock]") == true)
  }

  // MARK: explain

  @Test func anExplanationHasEverySectionInEightyColumns() {
    var rule = Self.rule
    rule.whatItDoes = String(repeating: "words and more ", count: 30)
    rule.accepts = ["this"]
    rule.knownFalsePositives = ["that"]
    rule.triggering = [RuleExample(before: "a();\n", after: "b();\n")]
    let text = rule.explanation
    for part in ["double-lock: taken twice", "What it does", "Why it matters", "- this", "- that", "before:", "b();"] {
      #expect(text.contains(part))
    }
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }
}
