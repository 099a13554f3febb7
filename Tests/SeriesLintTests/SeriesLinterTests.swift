import Findings
import SeriesLint
import Testing

struct SeriesLinterTests {
  private func summary(_ report: LintReport) -> [String] {
    report.findings.map { "\($0.patch?.number ?? 0) \($0.status.rawValue) \($0.finding.place) \($0.finding.message)" }
  }

  @Test func onlyWhatAPatchAddsIsReported() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "int x;\n\tbug(old);\n"])
    try fixture.commit(["mm/a.c": "int x;\nint y;\n\tbug(old);\n\tbug(new);\n"])
    let report = try await fixture.lint(last: 1)
    #expect(summary(report) == ["1 new mm/a.c:4:2 'new' is wrong"])
    #expect(report.failing.count == 1)
    #expect(report.analysed == AnalysedCount(files: 1, functions: 2))
    let all = try await fixture.lint(last: 1, all: true)
    #expect(summary(all) == ["1 existing mm/a.c:3:2 'old' is wrong", "1 new mm/a.c:4:2 'new' is wrong"])
  }

  @Test func whatALaterPatchRemovesIsToldAtThePatchThatBroughtIt() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "\tbug(base);\n"])
    try fixture.commit(["mm/a.c": "\tbug(base);\n\tbug(mine);\n"])
    try fixture.commit(["mm/a.c": "int y;\n"])
    let report = try await fixture.lint(last: 2)
    #expect(summary(report) == ["1 new mm/a.c:2:2 'mine' is wrong"])
    #expect(report.findings.first?.fixedBy?.number == 2)
    let all = try await fixture.lint(last: 2, all: true)
    #expect(
      all.findings.filter { $0.status == .fixed }.map(\.finding.message).sorted() == [
        "'base' is wrong", "'mine' is wrong",
      ])
  }

  @Test func aSecondOneOfTheSameKindIsNew() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "int x;\n\tbug(a);\n"])
    try fixture.commit(["mm/a.c": "\tbug(a);\nint x;\n\tbug(a);\n"])
    #expect(summary(try await fixture.lint(last: 1)) == ["1 new mm/a.c:1:2 'a' is wrong"])
  }

  @Test func aRenamedFileBringsNothingNew() async throws {
    let body = (0..<20).map { "int v\($0);\n" }.joined() + "\tbug(a);\n"
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": body])
    try fixture.commit(["mm/a.c": String?.none, "mm/b.c": body + "int last;\n"])
    #expect(summary(try await fixture.lint(last: 1)) == [])
  }

  @Test func aChangeCanBreakAnotherFile() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["virt/kvm/a.c": "\tcalls(lock);\n", "arch/x86/kvm/b.c": "int x;\n"])
    try fixture.commit(["arch/x86/kvm/b.c": "int x;\n\tprovides(lock);\n"])
    #expect(summary(try await fixture.lint(last: 1)) == ["1 new virt/kvm/a.c:1:2 'lock' is wrong"])
  }

  @Test(
    "what a change calls is found outside of its folder",
    arguments: [
      "kernel/locker.c", "fs/locker.c", "drivers/locking/core.c", "drivers/parent/locker.c", "include/linux/inner.h",
    ])
  func definersElsewhere(path: String) async throws {
    let fixture = try LintFixture()
    try fixture.commit([
      path: "\(path.hasSuffix(".c") ? "" : "static inline ")void lock(int x)\n{\n\tprovides(lock);\n}\n",
      "drivers/parent/child/a.c": "#include <linux/locking.h>\nint x;\n",
      "include/linux/locking.h": "#include <linux/inner.h>\n",
      "net/far/other.c": "int y;\n",
    ])
    try fixture.commit(["drivers/parent/child/a.c": "#include <linux/locking.h>\nint x;\n\tcalls(lock);\n"])
    #expect(
      summary(try await fixture.lint(last: 1)) == ["1 new drivers/parent/child/a.c:3:2 'lock' is wrong"])
  }

  @Test func staticFunctionsElsewhereAreNobodysDefiners() async throws {
    let fixture = try LintFixture()
    try fixture.commit([
      "kernel/locker.c": "static void lock(int x)\n{\n\tprovides(lock);\n}\n", "drivers/one/a.c": "int x;\n",
    ])
    try fixture.commit(["drivers/one/a.c": "int x;\n\tcalls(lock);\n"])
    #expect(summary(try await fixture.lint(last: 1)) == [])
  }

  @Test func aFunctionThatWasNotAnalysedIsToldWhenThePatchTouchesIt() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "int one()\n{\n\todd(one);\n}\nint two()\n{\n\todd(two);\n\tx();\n}\n"])
    try fixture.commit(["mm/a.c": "int one()\n{\n\todd(one);\n}\nint two()\n{\n\todd(two);\n\ty();\n}\n"])
    let report = try await fixture.lint(last: 1)
    #expect(report.notAnalysed.map(\.function) == ["two"])
    #expect(report.notAnalysed.first?.patch?.number == 1)
  }

  @Test(arguments: [
    ("\tbug(a); /* gmemkit: allow bug: the caller holds it */\n", "the caller holds it"),
    ("\t/* gmemkit: allow quiet, bug: because */\n\tbug(a);\n", "because"),
    ("\t/*\n\t * gmemkit: allow bug: two\n\t */\n\tbug(a);\n", "two"),
    ("\t// gmemkit: allow bug: one\n\tbug(a);\n", "one"),
  ])
  func aCommentWithAReasonTakesAFindingOut(text: String, reason: String) async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "\n"])
    try fixture.commit(["mm/a.c": text])
    let report = try await fixture.lint(last: 1)
    #expect(report.findings.isEmpty)
    #expect(report.suppressed.map(\.reason) == [reason])
  }

  @Test(arguments: [
    "\tbug(a); /* gmemkit: allow bug */\n", "\tbug(a); /* gmemkit: allow bug: */\n",
    "\tbug(a); /* gmemkit: allow other: because */\n", "\t/* gmemkit: allow bug: far */\n\tx();\n\tbug(a);\n",
    "\tx(); /* gmemkit: allow bug: not mine */\n\tbug(a);\n",
  ])
  func aCommentWithoutReasonOrElsewhereDoesNot(text: String) async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "\n"])
    try fixture.commit(["mm/a.c": text])
    #expect(try await fixture.lint(last: 1).findings.count == 1)
  }

  @Test func theReportDoesNotDependOnTheNumberOfJobs() async throws {
    let fixture = try LintFixture()
    try fixture.commit(Dictionary(uniqueKeysWithValues: (0..<30).map { ("mm/f\($0).c", "\n") }))
    for round in 1...3 {
      try fixture.commit(
        Dictionary(
          uniqueKeysWithValues: (0..<30).map { ("mm/f\($0).c", "\tbug(r\(round)x\($0));\n\todd(o\(round));\n") }))
    }
    let one = try await fixture.lint(last: 3, all: true, jobs: 1)
    let many = try await fixture.lint(last: 3, all: true, jobs: 7)
    #expect(one.findings.count == 90 + 60)
    #expect(one.json.document == many.json.document)
    #expect(one.text == many.text)
  }

  @Test func commitsThatTouchNoCAreNoError() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["README": "a\n"])
    try fixture.commit(["README": "b\n"])
    let report = try await fixture.lint(last: 1)
    #expect(report.findings.isEmpty)
    #expect(report.analysed.files == 0)
  }

  @Test func rulesOverTheSeriesRunToo() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "int f(void)\n{\n\tif (!a)\n\t\tg();\n}\n"])
    try fixture.commit(["mm/a.c": "int f(void)\n{\n\tif (ready(a))\n\t\tg();\n}\n"])
    try fixture.commit(["mm/a.c": "int f(void)\n{\n\tif (!ready(a))\n\t\tg();\n}\n"])
    let report = try await fixture.lint(last: 2)
    #expect(report.findings.map(\.finding.rule) == ["series-churn"])
    #expect(report.findings.first?.patch?.number == 1)
    #expect(report.findings.first?.fixedBy?.number == 2)
  }

  @Test func aNameOfTheTreeIsNoMismatch() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "\n", "include/linux/gfp.h": "#define GFP_NOWARN 1\n"])
    try fixture.commit(["mm/a.c": "\tx(__GFP_NOWARN | GFP_NOWAIT);\n"], "mm: x\n\nUse GFP_NOWARN.\n")
    #expect(try await fixture.lint(last: 1).findings.isEmpty)
    try fixture.commit(["mm/a.c": "\n", "include/linux/gfp.h": "\n"])
    try fixture.commit(["mm/a.c": "\tx(__GFP_NOWARN | GFP_NOWAIT);\n"], "mm: x\n\nUse GFP_NOWARN.\n")
    #expect(try await fixture.lint(last: 1).findings.map(\.finding.rule) == ["changelog-mismatch"])
  }

  @Test func anUnknownRuleAndAnEmptyRangeAreErrors() async throws {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "\n"])
    try fixture.commit(["mm/a.c": "\tbug(a);\n"])
    await #expect(throws: LintError.self) { try await fixture.lint(last: 1, rules: ["no-such-rule"]) }
    await #expect(throws: LintError.self) { try await fixture.lint(last: 0) }
    #expect(try await fixture.lint(last: 1, rules: ["quiet"]).findings.isEmpty)
  }
}
