import Foundation
import TestSupport
import Testing

extension KernelJobs {
  /// Real guests that end badly, each from a patch that adds a test program to the tree: the run ends within its deadlines,
  /// with the status and the last lines that tell what happened, and leaves no process and no half-written file.
  @Suite(
    .enabled(
      if: ProcessInfo.processInfo.environment["GMEMKIT_GUEST_FAULTS"] != nil,
      "GMEMKIT_GUEST_FAULTS is not set; they need a kernel of their own and minutes"))
  struct GuestFaultTests {
    struct Report: Decodable {
      struct Test: Decodable {
        let name: String
        let result: String
        let message: String
      }
      struct Boot: Decodable {
        let boot: String
        let problems: [String]
      }
      struct Patch: Decodable {
        let build: String
        let boot: String
        let runs: [Boot]
        let tests: [Test]
      }
      let patches: [Patch]
      let directory: String
    }

    private struct Outcome {
      let run: BuiltBinary.Run
      let patch: Report.Patch
      var boot: Report.Boot? { patch.runs.first }
      var problems: String { patch.runs.flatMap(\.problems).joined(separator: "\n") }
      func test(_ fault: String) -> Report.Test? { patch.tests.first { $0.name == "faults:\(fault)" } }
    }

    /// Runs the faults in one guest.
    private func run(
      _ faults: [String], more: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
      let bench = try FaultBench()
      try bench.write(faults: faults, more: more)
      let run = try bench.run(environment)
      let report = try #require(
        try? JSONDecoder().decode(Report.self, from: run.output), "no report: \(run.errors.suffix(3000))")
      #expect(bench.processes.isEmpty)
      #expect(bench.leftovers.isEmpty)
      return Outcome(run: run, patch: try #require(report.patches.first))
    }

    @Test func aTestThatSpinsFloodsOrIsTooNewEndsAlone() throws {
      let outcome = try run(["spin", "flood", "too_old"])
      #expect(outcome.run.status == 1, "\(outcome.run.errors.suffix(2000))")
      #expect(outcome.patch.boot == "booted", "\(outcome.problems)")
      #expect(outcome.test("spin")?.result == "fail")
      #expect(outcome.test("spin")?.message.contains("timeout") == true)
      #expect(outcome.test("flood")?.result == "fail")
      #expect(outcome.test("too_old")?.result == "skip")
      #expect(outcome.test("too_old")?.message == "this kernel has no memfd of that kind")
    }

    @Test func aPanicInATestIsABootThatFailed() throws {
      let outcome = try run(["panic"])
      #expect(outcome.run.status == 4, "\(outcome.run.errors.suffix(2000))")
      #expect(outcome.boot?.boot == "panic")
      #expect(outcome.problems.contains("kernel panic in test 1 'faults:panic'"))
      #expect(outcome.problems.contains("sysrq triggered crash"))
      #expect(outcome.test("panic")?.result == "crash" || outcome.test("panic")?.result == "not-run")
    }

    @Test func aPanicAtBootIsABootThatFailed() throws {
      let outcome = try run(["too_old"], more: FaultBench.panicAtBoot)
      #expect(outcome.run.status == 4, "\(outcome.run.errors.suffix(2000))")
      #expect(outcome.boot?.boot == "panic")
      #expect(outcome.problems.contains("kernel panic in kernel start"))
      #expect(outcome.problems.contains("Kernel panic - not syncing: no further"))
      #expect(outcome.test("too_old")?.result == "not-run")
    }

    @Test func aMachineWithoutInterruptsEndsAtItsDeadline() throws {
      let outcome = try run(["interrupts_off"])
      #expect(outcome.run.status == 4, "\(outcome.run.errors.suffix(2000))")
      #expect(outcome.boot?.boot == "hang")
      #expect(outcome.problems.contains("hang in test 1 'faults:interrupts_off'"))
    }

    @Test func initThatDiesIsABootThatFailed() throws {
      let outcome = try run(["kill_init"])
      #expect(outcome.run.status == 4, "\(outcome.run.errors.suffix(2000))")
      #expect(outcome.boot?.boot == "panic")
      #expect(outcome.problems.contains("Attempted to kill init"))
    }

    @Test func qemuThatIsKilledIsABootThatFailed() throws {
      let emulators = try FaultBench()
      try emulators.script(
        "qemu-system-x86_64",
        """
        #!/bin/sh
        case "$*" in *file,id=results*) ;; *) exec /usr/bin/qemu-system-x86_64 "$@" ;; esac
        (sleep 8; kill -9 $$) &
        exec /usr/bin/qemu-system-x86_64 "$@"
        """)
      let path = emulators.directory + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
      let outcome = try run(["spin"], environment: ["PATH": path])
      #expect(outcome.run.status == 4, "\(outcome.run.errors.suffix(2000))")
      #expect(outcome.boot?.boot == "emulator-died")
      #expect(outcome.problems.contains("QEMU died in test 1 'faults:spin'"))
    }

    @Test(arguments: ["export", "configure", "build", "tests", "boot default"])
    func anInterruptEndsEveryPhase(phase: String) throws {
      let bench = try FaultBench()
      try bench.write(faults: ["spin"])
      let process = bench.process(["--fresh"])
      let errors = Pipe()
      process.standardError = errors
      try process.run()
      var said = ""
      while !said.contains("patch 1: \(phase)") {
        let chunk = errors.fileHandleForReading.availableData
        guard !chunk.isEmpty else { break }
        said += String(decoding: chunk, as: UTF8.self)
      }
      try #require(said.contains("patch 1: \(phase)"), "\(said)")
      // A guest is to be up, not only announced.
      Thread.sleep(forTimeInterval: phase.hasPrefix("boot") ? 3 : 0.1)
      process.interrupt()
      process.waitUntilExit()
      said += String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(process.terminationReason == .exit && process.terminationStatus == 130, "\(said)")
      #expect(said.contains("interrupted"))
      #expect(bench.processes.isEmpty)
      #expect(bench.leftovers.isEmpty)
    }
  }
}
