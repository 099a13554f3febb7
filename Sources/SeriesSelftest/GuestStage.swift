import ByteText
import ChildProcess
import KTAP
import KernelBuild
import SelftestPlan
import SystemPackage
import VirtualMachine

/// What one boot came to.
struct GuestRun {
  let boot: String
  let tests: [TestResult]
  /// What the kernel reported about itself.
  let splats: [Splat]
  /// What else went wrong, in words.
  let problems: [String]
  /// gcov data by the path of each object's file, where the kernel counts.
  let coverage: [String: [UInt8]]
  /// Seconds that each test took, by name.
  let testSeconds: [String: Double]
  let seconds: Double
  let secondsToFirstTest: Double?

  /// The tests of several boots as one list: what did not always end alike is flaky.
  static func merged(_ runs: [GuestRun]) -> [TestResult] {
    guard let first = runs.first, runs.count > 1 else { return runs.first?.tests ?? [] }
    return first.tests.map { test in
      let all = runs.compactMap { run in run.tests.first { $0.name == test.name } }
      let bad = all.filter(\.isBad)
      guard let shown = bad.first else { return test }
      guard bad.count < all.count else { return shown }
      return TestResult(
        name: test.name, result: .flaky, message: "\(bad.count) of \(all.count) boots failed\n\(shown.message)")
    }
  }
}

/// Boots guests, all in the way that was decided once.
struct GuestStage {
  let acceleration: Acceleration
  private let guestInit: GuestInit
  private let processors: Int
  /// How many guests the machine has processors for.
  let sideBySide: Int

  init(suite: SeriesSelftest, guestInit: GuestInit, kernel: FilePath, directory: FilePath) async throws {
    self.guestInit = guestInit
    processors = max(2, min(suite.options.jobs, 4))
    sideBySide = max(1, suite.options.jobs / processors)
    switch suite.options.acceleration {
    case .kvm: acceleration = Acceleration(.kvm, reason: "asked for")
    case .tcg: acceleration = Acceleration(.tcg, reason: "asked for")
    case .auto:
      let scratch = directory.appending("probe")
      try scratch.makeDirectories()
      acceleration = try await AccelerationProbe.decide(
        kernel: kernel, guestInit: guestInit, cache: suite.options.cache, scratch: scratch)
    }
  }

  func boot(
    _ patch: BuiltPatch, _ run: PlannedRun, of plan: SelftestPlan, tests programs: [BuiltPatch.Program],
    history: CommandHistory, collector: [UInt8]?, directory: FilePath,
    events: @escaping @Sendable (SelftestEvent) -> Void
  ) async throws -> GuestRun {
    var files: [GuestFile] = []
    var tests: [GuestTest] = []
    for built in programs {
      let program = built.program
      let inside = "/kselftest/\(program.directory)/\(program.name)"
      files.append(GuestFile(path: inside, contents: built.contents))
      tests.append(GuestTest(program.title, command: [inside], timeout: timeout(program, plan)))
    }
    let planned = tests.map(\.name)
    if let collector {
      files.append(GuestFile(path: "/coverage", contents: collector))
      tests.append(GuestTest("coverage", command: ["/coverage"], timeout: .seconds(120)))
    }
    let machine = GuestMachine(
      guestInit: guestInit, kernel: patch.kernel, acceleration: acceleration, processors: processors,
      needsPCI: plan.needsPCI, extraCommandLine: patience + run.commandLine)
    let outcome = try await machine.run(
      GuestPlan(tests, outputLimit: collector == nil ? 128 << 10 : 8 << 20), files: files, in: directory
    ) { entry in
      events(.progress(patch: patch.subject.number, "\(entry.phase)"))
    }
    history.note(outcome.command.shellLine)
    return GuestVerdict(outcome: outcome, planned: planned, readsKUnit: plan.runsKUnit).run
  }

  /// A starved emulator stalls its guest for seconds at a time; watchdogs made for hardware would blame the kernel.
  private var patience: [String] {
    guard acceleration.kind == .tcg else { return [] }
    return ["watchdog_thresh=60", "rcupdate.rcu_cpu_stall_timeout=120", "sysctl.kernel.hung_task_timeout_secs=120"]
  }

  /// What the tree's own `settings` allow, else kselftest's 45 s; emulated guests are slower than that was made for.
  private func timeout(_ program: SelftestProgram, _ plan: SelftestPlan) -> Duration {
    let planned = plan.tests.first { $0.directory == program.directory && $0.name == program.name }
    return .seconds((planned?.timeout ?? 45) * (acceleration.kind == .tcg ? 4 : 1))
  }
}
