import Foundation
import SelftestPlan
import SeriesSelftest
import Testing

/// A result as it is kept on disk, which is also the only way to make one without a kernel.
private func patch(
  build: String = "built", boot: String = "booted", tests: [(String, String, String)] = [], problems: [String] = [],
  repetitions: Int = 1
) throws -> PatchResult {
  let run: [String: Any] = [
    "name": "default", "boot": boot, "problems": problems, "seconds": 1.25, "directory": "run-default",
  ]
  let document: [String: Any] = [
    "number": 3, "subject": "mm: <fix> \"it\" & more\u{1}", "commit": "0123", "build": build, "boot": boot,
    "errors": build == "built" ? [] : ["mm/a.c:1:1: error: x"], "warnings": [String](), "phases": [[String: Any]](),
    "isKnown": false, "hasDeferred": false,
    "runs": Array(repeating: run, count: repetitions),
    "tests": tests.map { ["name": $0.0, "result": $0.1, "message": $0.2] },
  ]
  return try JSONDecoder().decode(PatchResult.self, from: JSONSerialization.data(withJSONObject: document))
}

struct VerdictTests {
  @Test(
    "the worst stage decides, and a problem on the console is never a pass",
    arguments: [
      ("built", "booted", "pass", "", SelftestVerdict.passed), ("built", "booted", "skip", "", .passed),
      ("built", "booted", "fail", "", .failed), ("built", "booted", "crash", "", .failed),
      ("built", "booted", "not-run", "", .failed),
      ("built", "booted", "pass", "possible circular locking dependency", .failed),
      ("built", "failed", "pass", "", .bootFailed), ("failed", "not-run", "pass", "", .buildFailed),
    ])
  func verdict(build: String, boot: String, test: String, problem: String, expected: SelftestVerdict) throws {
    let result = try patch(
      build: build, boot: boot, tests: [("kvm:t", test, "m")], problems: problem.isEmpty ? [] : [problem])
    #expect(result.verdict == expected)
  }

  @Test(
    "verdicts have the exit statuses of the command line",
    arguments: [(SelftestVerdict.passed, 0), (.failed, 1), (.buildFailed, 3), (.bootFailed, 4)]
      as [(SelftestVerdict, Int32)])
  func status(verdict: SelftestVerdict, expected: Int32) {
    #expect(verdict.exitStatus == expected)
  }
}

struct TextTests {
  @Test(
    "a pass without a test is called so, with what the plan does not cover",
    arguments: [
      ([], "passed: 1 of 1 patches passed, 1 of them without a test; results in d\n", true),
      (["skip"], "passed: 1 of 1 patches passed, 1 of them without a test; results in d\n", true),
      (["pass"], "passed: 1 of 1 patches passed; results in d\n", false),
    ] as [([String], String, Bool)])
  func untested(results: [String], last: String, isSaid: Bool) throws {
    let keys = ["files", "options", "tests", "bootTests", "parameters", "runs", "moduleObjects"]
    var document = Dictionary(uniqueKeysWithValues: keys.map { ($0, [String]()) })
    document["uncovered"] = ["a.c: no test"]
    let plan = try JSONDecoder().decode(SelftestPlan.self, from: JSONSerialization.data(withJSONObject: document))
    let patches = [try patch(tests: results.map { ("mm:t", $0, "") })]
    let text = SelftestReport(acceleration: "tcg", plan: plan, patches: patches, directory: "d").text
    #expect(text.hasSuffix("not covered\n  a.c: no test\n" + last))
    #expect(text.contains("  no test ran") == isSaid)
  }
}

struct MissingHeaderTests {
  @Test(
    "a library that the machine lacks is told from what a patch can break",
    arguments: [
      ("mlock-random-test.c:8:10: fatal error: sys/capability.h: No such file or directory", "sys/capability.h"),
      ("migration.c:9:10: fatal error: numa.h: No such file or directory", "numa.h"),
      ("a.c:8:10: fatal error: linux/kvm.h: No such file or directory", nil),
      ("a.c:8:10: fatal error: ../kselftest.h: No such file or directory", nil),
      ("a.c:8:10: fatal error: helper.h: No such file or directory", nil),
      ("a.c:8:10: error: 'x' undeclared", nil),
    ] as [(String, String?)])
  func names(error: String, header: String?) {
    #expect(MissingHeader.name(in: [error]) == header)
  }
}

struct ComparisonTests {
  private func test(_ result: String, onBase: String?) throws -> TestResult {
    var document: [String: Any] = ["name": "kvm:t", "result": result, "message": ""]
    if let onBase { document["onBase"] = onBase }
    return try JSONDecoder().decode(TestResult.self, from: JSONSerialization.data(withJSONObject: document))
  }

  @Test(
    "a test that failed before the series is not the series' failure",
    arguments: [
      ("fail", "pass", true, "new failure"), ("fail", "fail", false, "as on the base"),
      ("pass", "fail", false, "fixed"),
      ("pass", "pass", false, nil), ("crash", "fail", true, "new failure"), ("flaky", "pass", true, "new failure"),
      ("skip", "skip", false, nil), ("fail", nil, true, nil),
    ] as [(String, String?, Bool, String?)])
  func change(result: String, onBase: String?, isBad: Bool, change: String?) throws {
    let test = try test(result, onBase: onBase)
    #expect(test.isBad == isBad)
    #expect(test.change == change)
  }

  /// A lockdep report as a run has it; what differs from boot to boot are times, addresses and offsets.
  private func report(_ function: String, offset: Int) -> String {
    """
    possible circular locking dependency during kvm:t
    no function in its trace is touched by the series
    [    \(offset).5] t/\(offset) is trying to acquire lock:
    [    \(offset).5] ffff88800\(offset) (&a){+.+.}-{3:3}, at: \(function)+0x\(offset)/0x900
    [    \(offset).5] but task is already holding lock:
    [    \(offset).5] ffff88800\(offset) (&b){+.+.}-{3:3}, at: outer+0x\(offset)/0x900
    """
  }

  @Test("what the kernel complains about on the base too does not speak against the series, anything else does")
  func complaints() throws {
    let base = try patch(problems: [report("old", offset: 12)])
    var same = try patch(problems: [report("old", offset: 34)])
    same.compare(with: base)
    #expect(same.verdict == .passed)
    #expect(same.runs.first?.problemsOfBase?.count == 1)
    var other = try patch(problems: [report("fresh", offset: 34)])
    other.compare(with: base)
    #expect(other.verdict == .failed)
    #expect(other.runs.first?.problemsOfBase?.isEmpty == true)
  }

  @Test("a boot that fails on the base too is still no boot")
  func failedBoot() throws {
    let base = try patch(boot: "panic", problems: ["kernel panic in kernel start"])
    var result = try patch(boot: "panic", problems: ["kernel panic in kernel start"])
    result.compare(with: base)
    #expect(result.verdict == .bootFailed)
    #expect(result.runs.first?.problems.count == 1)
  }
}

struct JUnitTests {
  @Test("markup is escaped, what XML forbids is replaced, every kind is counted")
  func suite() throws {
    let xml = try patch(
      tests: [("kvm:a", "pass", ""), ("kvm:b", "fail", "x < y"), ("kvm:c", "skip", "no KVM"), ("kvm:d", "crash", "")],
      problems: ["BUG: sleeping"]
    ).junit
    #expect(xml.contains("name=\"3: mm: &lt;fix&gt; &quot;it&quot; &amp; more?\""))
    #expect(xml.contains("tests=\"6\" failures=\"2\" errors=\"1\" skipped=\"1\" time=\"0.000\""))
    #expect(xml.contains("&amp; more?\" name=\"boot default\" time=\"1.250\">"))
    #expect(xml.contains("<failure message=\"x &lt; y\">x &lt; y</failure>"))
  }

  @Test("each repetition of a boot has a name of its own")
  func repetitions() throws {
    let xml = try patch(repetitions: 3).junit
    let names = xml.split(separator: "name=\"").compactMap { $0.split(separator: "\"").first }
    #expect(names.filter { $0.hasPrefix("boot ") } == ["boot default", "boot default.2", "boot default.3"])
  }

  @Test("what fails on the base too is skipped, with what it said")
  func base() throws {
    let base = try patch(tests: [("kvm:b", "fail", "x")])
    var result = try patch(tests: [("kvm:b", "fail", "x")])
    result.compare(with: base)
    #expect(result.junit.contains("failures=\"0\" errors=\"0\" skipped=\"1\""))
    #expect(result.junit.contains("<skipped message=\"fail as on the base\">"))
  }
}
