import SystemPackage
import Testing
import VirtualMachine

/// Guests of another architecture, emulated. They need a kernel: `GMEMKIT_TEST_KERNEL_ARM64=…/Image`, with KVM.
@Suite(.enabled(if: Shared.arm64Kernel != nil, "GMEMKIT_TEST_KERNEL_ARM64 names no kernel"), .serialized)
struct ForeignGuestTests {
  private func boot(
    _ bench: borrowing Bench, _ tests: [GuestTest], extra: [String] = [], needsPCI: Bool = false
  ) async throws -> BootOutcome {
    let guestInit = try await GuestInit(for: .arm64, cache: Shared.cache)
    let machine = GuestMachine(
      guestInit: guestInit, kernel: try #require(Shared.arm64Kernel), acceleration: Acceleration(.tcg, reason: "test"),
      memoryMiB: 512, needsPCI: needsPCI, extraCommandLine: extra)
    let faults = GuestFile(path: "/faults", contents: try await Shared.faults(for: .arm64))
    return try await machine.run(GuestPlan(tests), files: [faults], in: bench.path)
  }

  private func fault(_ arguments: String..., timeout: Duration = .seconds(20)) -> GuestTest {
    GuestTest(arguments[0], command: ["/faults"] + arguments, timeout: timeout)
  }

  @Test func itBootsAndHasVirtualisation() async throws {
    let bench = try Bench()
    let outcome = try await boot(
      bench,
      [
        fault("pass"), fault("fail"), GuestTest("kvm", command: ["/init", "kvm-probe"]), fault("flood"),
        fault("spin", timeout: .seconds(2)),
      ])
    #expect(outcome.verdict == .testsFailed(2), "\(outcome.lastConsoleLines())")
    let results = outcome.report.string.split(separator: "\n").filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
    #expect(
      results == ["ok 1 pass", "not ok 2 fail # exit=1", "ok 3 kvm", "ok 4 flood", "not ok 5 spin # TIMEOUT 2 seconds"])
    #expect(outcome.report.string.contains("# a nested guest can be made"))
    let first = try #require(outcome.kernelToFirstTest)
    print("arm64, kernel to first test: \(first), whole boot: \(outcome.elapsed)")
  }

  @Test func aPanicIsTold() async throws {
    let bench = try Bench()
    let outcome = try await boot(bench, [], extra: ["rdinit=/nonexistent"])
    #expect(outcome.verdict == .panicked(.kernel), "\(outcome.lastConsoleLines())")
  }
}
