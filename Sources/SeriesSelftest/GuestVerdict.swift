import ByteText
import ChildProcess
import KTAP
import LineCoverage
import VirtualMachine

/// Turns what a guest said into results: init's report into tests, the console into problems.
struct GuestVerdict {
  let outcome: BootOutcome
  let planned: [String]
  /// Whether the kernel has KUnit suites built in.
  let readsKUnit: Bool

  /// The boot's result.
  var run: GuestRun {
    let console = KernelLog(outcome.console.bytes)
    var problems: [String] = []
    if !outcome.completed {
      let last = outcome.lastConsoleLines(20).joined(separator: "\n")
      problems.append("\(outcome.verdict); the console's last lines:\n\(last)")
    }
    return GuestRun(
      boot: boot, tests: bootTests(console) + tests(KernelLog(outcome.report)),
      splats: console.splats.filter { !$0.isIntended }, problems: problems,
      coverage: GuestCoverage.data(in: outcome.report),
      testSeconds: testSeconds,
      seconds: outcome.elapsed.seconds,
      secondsToFirstTest: outcome.kernelToFirstTest?.seconds)
  }

  private var boot: String {
    switch outcome.verdict {
    case .passed, .testsFailed: "booted"
    case .panicked: "panic"
    case .hung: "hang"
    case .initFailed: "init-failed"
    case .resetUnexpectedly: "reset"
    case .emulatorDied: "emulator-died"
    }
  }

  /// What init says each test took: `#gmemkit: took NUMBER MILLISECONDS`.
  private var testSeconds: [String: Double] {
    var seconds: [String: Double] = [:]
    for range in outcome.report.lineRanges() {
      let words = outcome.report[range].text.split(separator: " ")
      guard words.count == 4, words[0] == "#gmemkit:", words[1] == "took", let number = Int(words[2]),
        let milliseconds = Double(words[3]), planned.indices.contains(number - 1)
      else { continue }
      seconds[planned[number - 1]] = milliseconds / 1_000
    }
    return seconds
  }

  /// The tests that ran while the kernel came up, by what they said on the console: KUnit suites, and others that end
  /// with a line of their own.
  private func bootTests(_ console: KernelLog) -> [TestResult] {
    let others = BootTestLine.all(in: outcome.console.bytes).map { line in
      TestResult(
        name: "boot:\(line.name)", result: line.passed ? .pass : .fail, message: line.passed ? "" : line.text)
    }
    guard readsKUnit else { return others }
    let results = console.tests.map { suite in
      let result = Self.result(suite)
      return TestResult(name: "kunit:\(suite.name)", result: result.result, message: result.message)
    }
    guard results.isEmpty else { return results + others }
    return [TestResult(name: "kunit", result: .notRun, message: "the console has no KUnit results")] + others
  }

  /// One result per planned test; what the report does not have did not run.
  private func tests(_ report: KernelLog) -> [TestResult] {
    var reported = report.tests
    return planned.map { name in
      guard let index = reported.firstIndex(where: { $0.name == name }) else {
        return TestResult(name: name, result: .notRun, message: "the guest ended before it: \(outcome.verdict)")
      }
      return Self.result(reported.remove(at: index))
    }
  }

  private static func result(_ test: KTAP.TestResult) -> TestResult {
    let result: TestResult.Result =
      switch test.status {
      // A program may end well after it has skipped all that it has.
      case .passed where !test.subtests.isEmpty && test.subtests.allSatisfy { $0.status == .skipped }: .skip
      case .passed, .expectedFailure: .pass
      case .skipped: .skip
      case .failed, .timedOut, .errored: .fail
      case .crashed: .crash
      }
    guard result != .pass else { return TestResult(name: test.name, result: result, message: "") }
    var lines = test.message.isEmpty ? [] : [test.message]
    if test.status == .timedOut { lines = ["timeout: \(test.message)"] }
    let notable = test.subtests.filter { $0.status.isBad || $0.status == .skipped }
    for sub in notable.prefix(12) {
      let reason = sub.message.isEmpty && sub.status.isBad ? telling(sub.log).first ?? "" : sub.message
      let name = sub.name.isEmpty ? sub.number.map { "test \($0)" } ?? "a test" : sub.name
      lines.append("\(name): \(sub.status.rawValue)\(reason.isEmpty ? "" : ", \(withoutMark(reason))")")
    }
    if notable.count > 12 { lines.append("and \(notable.count - 12) more, see report.ktap") }
    if result != .skip { lines += test.notes + telling(test.log) }
    if result == .skip, lines.isEmpty { lines = reasons(forSkip: test.notes + test.log) }
    return TestResult(name: test.name, result: result, message: lines.joined(separator: "\n"))
  }

  /// Why a program skipped itself, in its own words: `1..0 # SKIP - Requirement not met: …`, else its last line.
  private static func reasons(forSkip log: [String]) -> [String] {
    let said = log.compactMap { line -> String? in
      guard let word = line.firstRange(of: "SKIP") ?? line.firstRange(of: "skip") else { return nil }
      let rest = line[word.upperBound...].drop { !$0.isLetter && !$0.isNumber && $0 != "/" }
      return rest.isEmpty ? nil : String(rest)
    }
    return Array(said.isEmpty ? log.suffix(1) : said.prefix(3))
  }

  /// `# msg_oob.c:65:…`: the marks of the levels that a line was passed through.
  private static func withoutMark(_ line: String) -> String { String(line.drop { $0 == "#" || $0 == " " }) }

  /// The lines that matter of a failed test's output: its failed results, each with the line before it, else what names
  /// a failure, else the end.
  private static func telling(_ log: [String]) -> [String] {
    let failed = log.indices.filter { withoutMark(log[$0]).hasPrefix("not ok") }
    if !failed.isEmpty { return Array(failed.flatMap { log[max(0, $0 - 1)...$0] }.prefix(12)) }
    let words = ["Assert", "assert", "FAIL", "ail", "rror", "Expected", "expected", "errno"]
    let named = log.filter { line in words.contains { line.contains($0) } && !line.contains("XFAIL") }
    return Array((named.isEmpty ? log : named).suffix(12))
  }
}
