/// Where a guest is on its way from power-on to the end.
public enum BootPhase: Sendable, Hashable, CustomStringConvertible {
  /// QEMU runs; the kernel has not written a byte.
  case firmware
  /// The kernel writes to the console.
  case kernel
  /// Our init is up and between tests.
  case initialized
  /// A test runs: its number from 1 and its name.
  case test(number: Int, name: String)
  /// The report is complete; the machine should end itself.
  case shutdown
  /// The kernel has panicked; the machine should end itself.
  case panicked

  /// The phase in words, as in `hang in test 2 'guest_memfd_test'`.
  public var description: String {
    switch self {
    case .firmware: "firmware"
    case .kernel: "kernel start"
    case .initialized: "init"
    case .test(let number, let name): "test \(number) '\(name)'"
    case .shutdown: "shutdown"
    case .panicked: "panic"
    }
  }
}

/// When a guest entered a phase.
public struct PhaseEntry: Sendable, Hashable {
  /// The phase.
  public let phase: BootPhase
  /// Time since QEMU was started.
  public let at: Duration
}

/// How long a guest may stay in each phase.
public struct BootDeadlines: Sendable, Hashable {
  /// Until the kernel's first byte on the console.
  public var firmware: Duration
  /// From there until init reports.
  public var kernel: Duration
  /// Between init's report and the first test, and between two tests.
  public var initialized: Duration
  /// What a test gets on top of its own timeout, which init enforces; past it the guest as a whole hangs.
  public var testSlack: Duration
  /// From the complete report, or from a panic, until QEMU ends.
  public var shutdown: Duration

  /// Deadlines that hold for an emulated guest on a busy machine.
  public init(
    firmware: Duration = .seconds(60), kernel: Duration = .seconds(120), initialized: Duration = .seconds(60),
    testSlack: Duration = .seconds(40), shutdown: Duration = .seconds(20)
  ) {
    self.firmware = firmware
    self.kernel = kernel
    self.initialized = initialized
    self.testSlack = testSlack
    self.shutdown = shutdown
  }

  /// The bound for `phase`; `timeout` is the running test's own.
  func limit(for phase: BootPhase, timeout: Duration) -> Duration {
    switch phase {
    case .firmware: firmware
    case .kernel: kernel
    case .initialized: initialized
    case .test: timeout + testSlack
    case .shutdown, .panicked: shutdown
    }
  }

  /// A bound for everything together, for the watchdog that outlives us.
  func total(for plan: GuestPlan) -> Duration {
    plan.tests.reduce(firmware + kernel + initialized + shutdown + shutdown) {
      $0 + $1.timeout + testSlack + initialized
    }
  }
}
