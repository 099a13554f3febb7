import ByteText
import ChildProcess
import Synchronization

/// Follows a guest through its phases from what it writes on its two channels.
final class BootWatch: Sendable {
  /// What the guest said about itself.
  struct State: Sendable {
    var phase = BootPhase.firmware
    var phases: [PhaseEntry] = []
    var deadline: ContinuousClock.Instant
    var report: BoundedCapture
    var reportLines = LineSplitter()
    var consoleLines = LineSplitter(limit: 4096)
    var panickedIn: BootPhase?
    var failure: String?
    var failed: Int?
    var hungIn: BootPhase?
  }

  private let state: Mutex<State>
  private let plan: GuestPlan
  private let deadlines: BootDeadlines
  private let start: ContinuousClock.Instant
  private let onPhase: @Sendable (PhaseEntry) -> Void

  init(
    plan: GuestPlan, deadlines: BootDeadlines, reportLimit: Int, onPhase: @escaping @Sendable (PhaseEntry) -> Void
  ) {
    self.plan = plan
    self.deadlines = deadlines
    self.onPhase = onPhase
    start = .now
    var first = State(deadline: start + deadlines.firmware, report: BoundedCapture(limit: reportLimit))
    first.phases = [PhaseEntry(phase: .firmware, at: .zero)]
    state = Mutex(first)
  }

  var snapshot: State { state.withLock { $0 } }

  func console(_ chunk: [UInt8]) {
    state.withLock { state in
      if state.phase == .firmware { enter(.kernel, &state) }
      var panicked = false
      state.consoleLines.append(chunk) { if Self.isPanic($0) { panicked = true } }
      if panicked, state.panickedIn == nil {
        state.panickedIn = state.phase
        enter(.panicked, &state)
      }
    }
  }

  func report(_ chunk: [UInt8]) {
    state.withLock { state in
      state.report.append(chunk)
      var lines: [[UInt8]] = []
      state.reportLines.append(chunk) { lines.append($0) }
      for line in lines { follow(line.text, &state) }
    }
  }

  /// Waits until a phase outstays its deadline, notes the hang and returns; ends quietly when cancelled.
  func waitForHang() async -> Bool {
    while !Task.isCancelled {
      // In short naps: the next phase may bring the deadline closer while we sleep.
      let wake = min(state.withLock { $0.deadline }, .now + .milliseconds(250))
      guard (try? await Task.sleep(until: wake, clock: .continuous)) != nil else { return false }
      let hung = state.withLock { state in
        guard state.deadline <= .now else { return false }
        state.hungIn = state.phase
        return true
      }
      if hung { return true }
    }
    return false
  }

  private static let panicMark = Array("Kernel panic - not syncing".utf8)

  private static func isPanic(_ line: [UInt8]) -> Bool {
    guard line.count >= panicMark.count, line.contains(0x4B) else { return false }
    return line.firstRange(of: panicMark) != nil
  }

  private func follow(_ line: String, _ state: inout State) {
    if let text = line.dropping(prefix: "#gmemkit: ") {
      if text == "init up" {
        enter(.initialized, &state)
      } else if let start = text.dropping(prefix: "start ") {
        let words = start.split(separator: " ", maxSplits: 1)
        guard let number = words.first.flatMap({ Int($0) }) else { return }
        enter(.test(number: number, name: words.dropFirst().first.map(String.init) ?? ""), &state)
      } else if let tally = text.dropping(prefix: "done ") {
        let failed = tally.split(separator: " ").first { $0.hasPrefix("fail=") }?.dropFirst(5)
        state.failed = failed.flatMap { Int($0) }
        enter(.shutdown, &state)
      }
    } else if let reason = line.dropping(prefix: "Bail out! ") {
      state.failure = String(reason)
      enter(.shutdown, &state)
    } else if line.hasPrefix("ok ") || line.hasPrefix("not ok ") {
      enter(.initialized, &state)
    }
  }

  private func enter(_ phase: BootPhase, _ state: inout State) {
    // After a panic another processor may still get a line out; the panic stands.
    guard state.phase != .panicked else { return }
    // The report can be read before the console; whatever reports, a kernel has started it.
    if state.phase == .firmware, phase != .kernel { enter(.kernel, &state) }
    var timeout = Duration.zero
    if case .test(let number, _) = phase, plan.tests.indices.contains(number - 1) {
      timeout = plan.tests[number - 1].timeout
    }
    let now = ContinuousClock.now
    state.phase = phase
    state.deadline = now + deadlines.limit(for: phase, timeout: timeout)
    let entry = PhaseEntry(phase: phase, at: now - start)
    state.phases.append(entry)
    onPhase(entry)
  }
}

extension StringProtocol {
  fileprivate func dropping(prefix: String) -> SubSequence? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
