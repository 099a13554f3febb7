import ChildProcess
import KTAP
import VirtualMachine

/// Turns what a guest said into results: init's report into tests, the console into problems.
struct GuestVerdict {
  let outcome: BootOutcome
  let planned: [String]

  /// The boot's result.
  var run: GuestRun {
    let console = KernelLog(outcome.console.bytes)
    var problems = console.splats.map(Self.text)
    if !outcome.completed {
      let last = outcome.lastConsoleLines(20).joined(separator: "\n")
      problems.append("\(outcome.verdict); the console's last lines:\n\(last)")
    }
    return GuestRun(
      boot: boot, tests: tests(KernelLog(outcome.report)), problems: problems, seconds: outcome.elapsed.seconds,
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
      case .passed, .expectedFailure: .pass
      case .skipped: .skip
      case .failed, .timedOut, .errored: .fail
      case .crashed: .crash
      }
    guard result != .pass else { return TestResult(name: test.name, result: result, message: "") }
    var lines = test.message.isEmpty ? [] : [test.message]
    if test.status == .timedOut { lines = ["timeout: \(test.message)"] }
    for sub in test.subtests where sub.status.isBad || sub.status == .skipped {
      lines.append("\(sub.name): \(sub.status.rawValue)\(sub.message.isEmpty ? "" : ", \(sub.message)")")
    }
    if result != .skip { lines += test.notes + telling(test.log) }
    return TestResult(name: test.name, result: result, message: lines.joined(separator: "\n"))
  }

  /// The lines that matter of a failed test's output: what names a failure, else the end.
  private static func telling(_ log: [String]) -> [String] {
    let words = ["Assert", "assert", "FAIL", "ail", "rror", "Expected", "expected", "errno"]
    let named = log.filter { line in words.contains { line.contains($0) } }
    return Array((named.isEmpty ? log : named).suffix(12))
  }

  private static func text(_ splat: Splat) -> String {
    let during = splat.test.map { " during \($0)" } ?? ""
    return (["\(splat.title)\(during)"] + splat.text.prefix(60)).joined(separator: "\n")
  }
}
