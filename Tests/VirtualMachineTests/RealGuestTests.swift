import ChildProcess
import SystemPackage
import Testing
import VirtualMachine

/// Real guests under emulation. They need a kernel: `GMEMKIT_TEST_KERNEL=…/bzImage`, with KVM, lockdep and LKDTM.
@Suite(.enabled(if: Shared.kernel != nil, "GMEMKIT_TEST_KERNEL names no kernel"), .serialized)
struct RealGuestTests {
  private func boot(
    _ bench: borrowing Bench, _ tests: [GuestTest], deadlines: BootDeadlines = BootDeadlines(testSlack: .seconds(15)),
    extra: [String] = [], outputLimit: Int = 128 << 10, needsPCI: Bool = false, consoleLimit: Int = 1 << 20
  ) async throws -> BootOutcome {
    let kernel = try #require(Shared.kernel)
    let machine = GuestMachine(
      guestInit: try await Shared.guestInit(), kernel: kernel,
      acceleration: Acceleration(.tcg, reason: "test"), memoryMiB: 512, needsPCI: needsPCI, extraCommandLine: extra,
      deadlines: deadlines, consoleLimit: consoleLimit)
    let faults = try await Shared.faults()
    return try await machine.run(GuestPlan(tests, outputLimit: outputLimit), files: [faults], in: bench.path)
  }

  private func fault(_ name: String, _ arguments: String..., timeout: Duration = .seconds(20)) -> GuestTest {
    GuestTest(name, command: ["/faults", name] + arguments, timeout: timeout)
  }

  @Test func everyEndOfATestIsReported() async throws {
    let bench = try Bench()
    var environment = fault("environment", "", "a b")
    environment.environment = ["COLOUR": "blue grey"]
    var setting = fault("read", "/proc/sys/kernel/printk_ratelimit")
    setting.settings = [.init(path: "/proc/sys/kernel/printk_ratelimit", value: "17")]
    setting.shown = ["/proc/sys/kernel/printk_ratelimit", "/nonexistent"]
    var missing = fault("pass")
    missing.settings = [.init(path: "/sys/module/kvm/parameters/no_such", value: "Y")]
    let outcome = try await boot(
      bench,
      [
        fault("pass"), fault("fail"), fault("skip"), fault("crash"), fault("nested"), fault("forge"), environment,
        setting, missing, GuestTest("absent", command: ["/absent"]), fault("hang", timeout: .seconds(2)),
        fault("orphan"), GuestTest("kvm", command: ["/init", "kvm-probe"]), fault("flood"),
      ])
    #expect(outcome.verdict == .testsFailed(5))
    let lines = outcome.report.string.split(separator: "\n").map(String.init)
    let results = lines.filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
    #expect(
      results == [
        "ok 1 pass", "not ok 2 fail # exit=1", "ok 3 skip # SKIP", "not ok 4 crash # signal=11 Segmentation fault",
        "ok 5 nested", "not ok 6 forge # exit=1", "ok 7 environment", "ok 8 read",
        "ok 9 pass # SKIP no /sys/module/kvm/parameters/no_such in this kernel",
        "not ok 10 absent # cannot run /absent: No such file or directory", "not ok 11 hang # TIMEOUT 2 seconds",
        "ok 12 orphan", "ok 13 kvm", "ok 14 flood",
      ])
    #expect(lines.contains("# /proc/sys/kernel/printk_ratelimit: 17"))
    #expect(lines.contains("#gmemkit: show /proc/sys/kernel/printk_ratelimit: 17"))
    #expect(lines.contains("#gmemkit: show /nonexistent: No such file or directory"))
    #expect(lines.contains("# a nested guest runs"))
    #expect(lines.contains("# flood 000000") && lines.contains("# flood 019999"))
    #expect(outcome.report.count < 300_000)
    #expect(outcome.phases.last?.phase == .shutdown)
    let first = try #require(outcome.kernelToFirstTest)
    print("kernel to first test: \(first), whole boot: \(outcome.elapsed)")
  }

  @Test func theLoopbackInterfaceIsUpWhereThereIsOne() async throws {
    let bench = try Bench()
    var network = fault("pass")
    network.shown = ["/sys/class/net/lo/flags"]
    let outcome = try await boot(bench, [network])
    let shown = outcome.report.string.split(separator: "\n").filter { $0.contains("show /sys/class/net/lo/flags: ") }
    #expect(shown.count == 1)
    #expect(shown.allSatisfy { $0.hasSuffix(": 0x9") || $0.hasSuffix(": No such file or directory") })
  }

  @Test func aPanicInATestIsToldWithTheTest() async throws {
    let bench = try Bench()
    let outcome = try await boot(bench, [fault("pass"), fault("write", "/proc/sysrq-trigger", "c"), fault("pass")])
    #expect(outcome.verdict == .panicked(.test(number: 2, name: "write")))
    #expect(outcome.lastConsoleLines().contains { $0.contains("Kernel panic - not syncing") })
  }

  @Test func aPanicAtBootIsTold() async throws {
    let bench = try Bench()
    // No init at that path: the kernel panics before anything of ours runs.
    let outcome = try await boot(bench, [fault("pass")], extra: ["rdinit=/nonexistent", "init=/nonexistent"])
    #expect(outcome.verdict == .panicked(.kernel))
  }

  @Test func initThatDiesIsAPanic() async throws {
    let bench = try Bench()
    // SIGKILL cannot end init; an exec of a program that returns can.
    let outcome = try await boot(bench, [fault("pass")], extra: ["rdinit=/faults"])
    #expect(outcome.verdict == .panicked(.kernel))
    #expect(outcome.lastConsoleLines(200).contains { $0.contains("Attempted to kill init") })
  }

  @Test func aHangWithInterruptsOffEndsAtItsDeadline() async throws {
    let bench = try Bench()
    let outcome = try await boot(
      bench, [fault("write", "/sys/kernel/debug/provoke-crash/DIRECT", "HARDLOCKUP", timeout: .seconds(3))],
      deadlines: BootDeadlines(testSlack: .seconds(5)))
    // The other processor may still run init, which then reports the process that does not die.
    let hung = BootOutcome.Verdict.hung(.test(number: 1, name: "write"))
    #expect(outcome.verdict == hung || outcome.verdict == .testsFailed(1))
  }

  @Test func aSpinInUserSpaceEndsAtItsTimeout() async throws {
    let bench = try Bench()
    let outcome = try await boot(bench, [fault("spin", timeout: .seconds(2)), fault("pass")])
    #expect(outcome.verdict == .testsFailed(1))
    #expect(outcome.report.string.contains("not ok 1 spin # TIMEOUT 2 seconds"))
    #expect(outcome.report.string.contains("\nok 2 pass"))
  }

  @Test func aConsoleFloodStaysBounded() async throws {
    let bench = try Bench()
    let outcome = try await boot(
      bench, [fault("console", timeout: .seconds(4)), fault("pass")], consoleLimit: 1 << 16)
    #expect(outcome.report.string.contains("not ok 1 console # TIMEOUT"))
    #expect(outcome.console.total > 100_000)
    #expect(outcome.console.bytes.count < 70_000)
  }

  /// 1 GB through an emulated UART takes minutes, so it has a switch of its own.
  @Test(.enabled(if: Shared.isSet("GMEMKIT_TEST_FLOOD"), "GMEMKIT_TEST_FLOOD is not set"))
  func aGigabyteOnTheConsoleStaysBounded() async throws {
    let bench = try Bench()
    let outcome = try await boot(
      bench, [fault("console", "1073741824", timeout: .seconds(3000)), fault("pass")],
      consoleLimit: 1 << 20)
    #expect(outcome.verdict == .passed)
    #expect(outcome.console.total > 1 << 30)
    #expect(outcome.console.bytes.count < 1_100_000)
    print("1 GB on the console: \(outcome.elapsed)")
  }

  @Test func theFullMachineBootsToo() async throws {
    let bench = try Bench()
    let outcome = try await boot(bench, [fault("pass")], needsPCI: true)
    #expect(outcome.verdict == .passed)
  }

  @Test func qemuThatIsKilledIsTold() async throws {
    let bench = try Bench()
    let kernel = try #require(Shared.kernel)
    // A wrapper whose group dies in the middle of the test.
    let wrapper = try bench.write(
      "qemu", "#!/bin/sh\n(sleep 6; kill -9 $$) & exec qemu-system-x86_64 \"$@\"\n", executable: true)
    var machine = GuestMachine(
      guestInit: try await Shared.guestInit(), kernel: kernel, acceleration: Acceleration(.tcg, reason: "test"),
      memoryMiB: 512)
    machine.emulator = wrapper.string
    let outcome = try await machine.run(
      GuestPlan([fault("hang", timeout: .seconds(60))]), files: [try await Shared.faults()], in: bench.path)
    if case .emulatorDied = outcome.verdict {} else { Issue.record("\(outcome.verdict)") }
  }

  @Test func accelerationIsDecidedByTrying() async throws {
    let bench = try Bench()
    let kernel = try #require(Shared.kernel)
    let cache = bench.path
    let guestInit = try await Shared.guestInit()
    let first = try await AccelerationProbe.decide(
      kernel: kernel, guestInit: guestInit, cache: cache, scratch: bench.path)
    let clock = ContinuousClock()
    let start = clock.now
    let second = try await AccelerationProbe.decide(
      kernel: kernel, guestInit: guestInit, cache: cache, scratch: bench.path)
    #expect(first == second)
    #expect(!first.reason.isEmpty && !first.reason.contains("\n"))
    print("acceleration: \(first); second answer after \(clock.now - start)")
  }
}
