import ChildProcess

/// How one boot of a guest ended, with everything it said.
public struct BootOutcome: Sendable {
  /// The kinds of end.
  public enum Verdict: Sendable, Hashable {
    /// All tests ran; none failed.
    case passed
    /// All tests ran; this many failed.
    case testsFailed(Int)
    /// The kernel panicked in this phase.
    case panicked(BootPhase)
    /// Nothing moved in this phase until its deadline.
    case hung(BootPhase)
    /// Init could not do its work.
    case initFailed(String)
    /// The machine reset or switched itself off in this phase without a panic and without a complete report.
    case resetUnexpectedly(BootPhase)
    /// QEMU itself ended in this phase.
    case emulatorDied(BootPhase)
  }

  /// How it ended.
  public let verdict: Verdict
  /// The phases that were reached, in order.
  public let phases: [PhaseEntry]
  /// Init's report: KTAP version 1, with state lines that begin with `#gmemkit: `.
  public let report: [UInt8]
  /// The kernel's console; of a flood its beginning and its end.
  public let console: BoundedCapture
  /// What QEMU wrote to standard error.
  public let emulatorMessages: [UInt8]
  /// QEMU as it was run.
  public let command: ChildCommand
  /// How QEMU ended.
  public let emulatorEnd: ChildResult.End
  /// How the guest was executed.
  public let acceleration: Acceleration
  /// From QEMU's start to its end.
  public let elapsed: Duration

  /// Whether the guest got through its plan, whatever the tests said.
  public var completed: Bool {
    switch verdict {
    case .passed, .testsFailed: true
    default: false
    }
  }

  /// The last lines of the console, for a report on a boot that did not complete.
  public func lastConsoleLines(_ count: Int = 40) -> [String] {
    let lines = console.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).suffix(count + 1)
    return lines.map { line in
      let bare = line.last == 0x0D ? line.dropLast() : line
      return String(decoding: bare, as: UTF8.self)
    }.filter { !$0.isEmpty }.suffix(count)
  }

  /// Time between the kernel's first byte and the first test, if it came to that.
  public var kernelToFirstTest: Duration? {
    guard let kernel = phases.first(where: { $0.phase == .kernel }) else { return nil }
    let test = phases.first {
      if case .test = $0.phase { true } else { false }
    }
    return test.map { $0.at - kernel.at }
  }
}

extension BootOutcome.Verdict: CustomStringConvertible {
  /// The verdict in words.
  public var description: String {
    switch self {
    case .passed: "passed"
    case .testsFailed(let count): count == 1 ? "1 test failed" : "\(count) tests failed"
    case .panicked(let phase): "kernel panic in \(phase)"
    case .hung(let phase): "hang in \(phase)"
    case .initFailed(let reason): "init failed: \(reason)"
    case .resetUnexpectedly(let phase): "machine ended by itself in \(phase)"
    case .emulatorDied(let phase): "QEMU died in \(phase)"
    }
  }
}
