import ByteText
import ChildProcess
import VirtualMachine

/// Turns what a guest said into results: init's report into tests, the console into problems.
struct GuestVerdict {
  let outcome: BootOutcome
  let planned: [String]

  var run: GuestRun {
    let reported = tests()
    var tests = reported
    for name in planned where !reported.contains(where: { $0.name == name }) {
      let crashed = !outcome.completed && name == running
      tests.append(
        TestResult(
          name: name, result: crashed ? .crash : .notRun,
          message: crashed ? "\(outcome.verdict)" : "the guest ended before it"))
    }
    var problems = ConsoleProblem.all(in: outcome.console.bytes).map(\.text)
    if !outcome.completed {
      problems.append(
        "\(outcome.verdict); last lines of the console:\n" + outcome.lastConsoleLines(20).joined(separator: "\n"))
    }
    return GuestRun(
      boot: boot, tests: tests, problems: problems, seconds: outcome.elapsed.seconds,
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

  /// The test that was running when the guest ended.
  private var running: String? {
    for entry in outcome.phases.reversed() {
      if case .test(_, let name) = entry.phase { return name }
    }
    return nil
  }

  /// Top-level results of init's report with the diagnostics before them.
  private func tests() -> [TestResult] {
    var results: [TestResult] = []
    var diagnostics: [String] = []
    for range in outcome.report.lineRanges() {
      let line = outcome.report[range].text
      if line.hasPrefix("#") {
        if !line.hasPrefix("#gmemkit: ") { diagnostics.append(String(line.dropFirst(2))) }
        continue
      }
      guard line.hasPrefix("ok ") || line.hasPrefix("not ok ") else { continue }
      let passed = line.hasPrefix("ok ")
      let rest = line.dropFirst(passed ? 3 : 7).drop { $0.isNumber }.drop { $0 == " " || $0 == "-" }
      let parts = rest.split(separator: "#", maxSplits: 1)
      let name = String((parts.first ?? "").trimming)
      let directive = parts.count > 1 ? String(parts[1].trimming) : ""
      let skipped = directive.uppercased().hasPrefix("SKIP")
      results.append(
        TestResult(
          name: name, result: skipped ? .skip : passed ? .pass : .fail,
          message: passed && !skipped
            ? "" : ([directive] + Self.lines(of: diagnostics)).filter { !$0.isEmpty }.joined(separator: "\n")))
      diagnostics = []
    }
    return results
  }

  /// The lines that matter of a test's output: failures if it names some, else the end.
  private static func lines(of diagnostics: [String]) -> [String] {
    let telling = diagnostics.filter { line in
      ["not ok", "Assert", "assert", "FAIL", "ail", "error", "Error", "SKIP"].contains { line.contains($0) }
    }
    return Array((telling.isEmpty ? diagnostics : telling).suffix(12))
  }
}

extension Substring {
  fileprivate var trimming: Substring {
    var slice = self
    while slice.first?.isWhitespace == true { slice.removeFirst() }
    while slice.last?.isWhitespace == true { slice.removeLast() }
    return slice
  }
}

/// Something the kernel complained about on its console.
struct ConsoleProblem {
  let text: String

  /// The complaints in order, each with the lines after it.
  static func all(in console: [UInt8]) -> [ConsoleProblem] {
    let lines = console.lineRanges().map { console[$0].filter { $0 != 0x0D }.text }
    var problems: [ConsoleProblem] = []
    var index = 0
    while index < lines.count {
      let line = lines[index]
      guard marks.contains(where: { line.contains($0) }) else {
        index += 1
        continue
      }
      let end = min(index + 40, lines.count)
      problems.append(ConsoleProblem(text: lines[index..<end].joined(separator: "\n")))
      index = end
    }
    return problems
  }

  private static let marks = [
    "WARNING: possible ", "WARNING: bad unlock", "WARNING: inconsistent lock", "WARNING: held lock",
    "WARNING: lock held",
    "WARNING: suspicious RCU", "WARNING: CPU:", "BUG: ", "Oops: ", "general protection fault", "Kernel panic",
    "INFO: task ", "rcu: INFO:", "watchdog: BUG", "DEBUG_LOCKS_WARN_ON", "KASAN:", "UBSAN:",
  ]
}
