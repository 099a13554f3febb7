import SystemPackage
import Testing
import VirtualMachine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct GuestFleetTests {
  private func boots(_ bench: borrowing Bench, _ script: String, count: Int, processors: Int) async throws
    -> [GuestBoot]
  {
    let emulator = try bench.write("qemu", "#!/bin/sh\n" + ScriptedGuestTests.start + "\n" + script, executable: true)
    let kernel = try bench.write("bzImage", "")
    let guestInit = try await Shared.guestInit()
    return try (0..<count).map { number in
      var machine = GuestMachine(
        guestInit: guestInit, kernel: kernel, acceleration: Acceleration(.tcg, reason: "scripted"),
        processors: processors, deadlines: BootDeadlines(shutdown: .seconds(60)))
      machine.emulator = emulator.string
      let directory = bench.path.appending("guest\(number)")
      guard mkdir(directory.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
      return GuestBoot(machine: machine, plan: GuestPlan([]), directory: directory)
    }
  }

  private func clean(_ bench: borrowing Bench, _ count: Int) {
    for number in 0..<count {
      for file in ["initramfs.cpio", "console.log", "report.ktap", "qemu.sh"] {
        unlink("\(bench.path.string)/guest\(number)/\(file)")
      }
      rmdir("\(bench.path.string)/guest\(number)")
    }
  }

  @Test func guestsRunSideBySideWithinTheProcessors() async throws {
    let bench = try Bench()
    // Each guest tells how many run while it does; the first waits for the second, however slow the machine is.
    let log = bench.path.appending("log").string
    let script = """
      echo + >> \(log)
      for i in $(seq 200); do [ $(grep -c + \(log)) -gt 1 ] && break; sleep 0.1; done
      sleep 0.4; echo - >> \(log)
      printf '#gmemkit: done pass=0 fail=0 skip=0\\n' >&3
      """
    let outcomes = try await GuestFleet.run(
      try await boots(bench, script, count: 4, processors: 2), processors: 4)
    #expect(outcomes.map(\.verdict) == [.passed, .passed, .passed, .passed])
    var running = 0
    var most = 0
    for mark in try Shared.read(FilePath(log)) where mark != 0x0A {
      running += mark == UInt8(ascii: "+") ? 1 : -1
      most = max(most, running)
    }
    #expect(most == 2)
    clean(bench, 4)
  }

  @Test func oneThatCannotStartEndsTheOthers() async throws {
    let bench = try Bench()
    var all = try await boots(bench, "sleep 60", count: 3, processors: 1)
    all[1].machine.kernel = "/nonexistent"
    let clock = ContinuousClock()
    let start = clock.now
    do throws(MachineError) {
      _ = try await GuestFleet.run(all, processors: 3)
      Issue.record("it ran")
    } catch {
      #expect(error.code == .kernelMissing)
    }
    #expect(clock.now - start < .seconds(30))
    clean(bench, 3)
  }
}
