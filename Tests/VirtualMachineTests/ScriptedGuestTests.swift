import ChildProcess
import SystemPackage
import Testing
import VirtualMachine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The whole way of a boot with a shell script in QEMU's place: every way a guest can end, in milliseconds.
@Suite struct ScriptedGuestTests {
  /// The pause is the kernel's: console and results are read side by side, and a busy machine can be late with one of them.
  static let start = """
    for word; do case $word in file,id=results,path=*) report=${word#file,id=results,path=};; esac; done
    exec 3>"$report"
    echo 'Linux version 6.12'; sleep 0.5
    printf 'KTAP version 1\\n#gmemkit: init up\\n1..2\\n' >&3
    """

  /// Generous where nothing is to be waited for: the machine that runs the tests may be busy.
  private static let patient = BootDeadlines(
    firmware: .seconds(60), kernel: .seconds(60), initialized: .seconds(60), testSlack: .milliseconds(700),
    shutdown: .seconds(60))

  private func boot(
    _ bench: borrowing Bench, _ script: String, deadlines: BootDeadlines = Self.patient, consoleLimit: Int = 1 << 20
  ) async throws -> BootOutcome {
    let emulator = try bench.write("qemu", "#!/bin/sh\n" + script, executable: true)
    let kernel = try bench.write("bzImage", "")
    var machine = GuestMachine(
      guestInit: try await Shared.guestInit(), kernel: kernel, acceleration: Acceleration(.tcg, reason: "scripted"),
      deadlines: deadlines, consoleLimit: consoleLimit)
    machine.emulator = emulator.string
    let plan = GuestPlan([
      GuestTest("first", command: ["/first"], timeout: .milliseconds(300)),
      GuestTest("second", command: ["/second"], timeout: .milliseconds(300)),
    ])
    return try await machine.run(plan, in: bench.path)
  }

  @Test func allPassed() async throws {
    let bench = try Bench()
    let outcome = try await boot(
      bench,
      Self.start + """

        printf '#gmemkit: start 1 first\\nok 1 first\\n#gmemkit: start 2 second\\nok 2 second\\n' >&3
        printf '#gmemkit: done pass=2 fail=0 skip=0\\n' >&3
        """)
    #expect(outcome.verdict == .passed)
    #expect(outcome.completed)
    #expect(
      outcome.phases.map(\.phase.description) == [
        "firmware", "kernel start", "init", "test 1 'first'", "init", "test 2 'second'", "init", "shutdown",
      ])
    #expect(bench.files == ["qemu", "bzImage", "initramfs.cpio", "console.log", "report.ktap", "qemu.sh"])
    #expect(try Shared.read(bench.path.appending("report.ktap")) == outcome.report)
  }

  @Test(arguments: [
    ("printf '#gmemkit: done pass=1 fail=1 skip=0\\n' >&3", BootOutcome.Verdict.testsFailed(1)),
    ("printf 'Bail out! open /dev/ttyS1: No such device\\n' >&3", .initFailed("open /dev/ttyS1: No such device")),
    ("printf '#gmemkit: start 1 first\\n' >&3; sleep 1", .resetUnexpectedly(.test(number: 1, name: "first"))),
    ("printf '#gmemkit: start 1 first\\n' >&3; sleep 1; kill -9 $$", .emulatorDied(.test(number: 1, name: "first"))),
    ("printf '#gmemkit: start 1 first\\n' >&3; sleep 1; exit 1", .emulatorDied(.test(number: 1, name: "first"))),
    ("printf '#gmemkit: start 1 first\\n' >&3; sleep 60", .hung(.test(number: 1, name: "first"))),
    ("printf '#gmemkit: done pass=2 fail=0 skip=0\\n' >&3; sleep 60", .hung(.shutdown)),
    (
      "printf '#gmemkit: start 2 second\\n' >&3; sleep 1; echo 'x Kernel panic - not syncing: boo'",
      .panicked(.test(number: 2, name: "second"))
    ),
    (
      "printf '#gmemkit: start 2 second\\n' >&3; sleep 1; echo '[ 1.0] Kernel panic - not syncing: boo'; sleep 60",
      .panicked(.test(number: 2, name: "second"))
    ),
  ])
  func everyEndIsTold(script: String, verdict: BootOutcome.Verdict) async throws {
    let bench = try Bench()
    var deadlines = Self.patient
    deadlines.shutdown = script.contains("sleep 60") ? .milliseconds(500) : .seconds(60)
    deadlines.testSlack = verdict == .hung(.test(number: 1, name: "first")) ? .milliseconds(200) : .seconds(60)
    let outcome = try await boot(bench, Self.start + "\n" + script, deadlines: deadlines)
    #expect(outcome.verdict == verdict)
    #expect(outcome.elapsed < .seconds(50))
  }

  @Test func silenceIsAHangInFirmware() async throws {
    let bench = try Bench()
    let deadlines = BootDeadlines(firmware: .milliseconds(400))
    #expect(try await boot(bench, "sleep 60", deadlines: deadlines).verdict == .hung(.firmware))
  }

  @Test func aConsoleWithoutInitIsAHangInTheKernel() async throws {
    let bench = try Bench()
    let outcome = try await boot(
      bench, "for i in $(seq 100); do echo line $i; done; exec sleep 60",
      deadlines: BootDeadlines(kernel: .seconds(3)))
    #expect(outcome.verdict == .hung(.kernel))
    #expect(outcome.lastConsoleLines(3) == ["line 98", "line 99", "line 100"])
    #expect(outcome.lastConsoleLines().count == 40)
  }

  /// A guest whose console is off or lost reports all the same.
  @Test func whatReportsHasAKernelThoughItsConsoleIsSilent() async throws {
    let bench = try Bench()
    let silent = Self.start.replacing("echo 'Linux version 6.12'; sleep 0.5\n", with: "")
    let outcome = try await boot(
      bench, silent + "\nprintf '#gmemkit: start 1 first\\n' >&3; exec sleep 60",
      deadlines: BootDeadlines(testSlack: .milliseconds(200)))
    #expect(outcome.verdict == .hung(.test(number: 1, name: "first")))
    #expect(outcome.console.total == 0)
    #expect(outcome.phases.map(\.phase.description) == ["firmware", "kernel start", "init", "test 1 'first'"])
  }

  @Test func qemuThatRefusesToStartSaysWhy() async throws {
    let bench = try Bench()
    let outcome = try await boot(bench, "echo 'qemu: bad luck' >&2; exit 1")
    #expect(outcome.verdict == .emulatorDied(.firmware))
    #expect(outcome.emulatorMessages.string == "qemu: bad luck\n")
  }

  /// The flood is over before the guest hangs, however long a busy machine takes to read it.
  @Test func aFloodStaysBounded() async throws {
    let bench = try Bench()
    var deadlines = Self.patient
    deadlines.testSlack = .seconds(60)
    deadlines.shutdown = .milliseconds(500)
    let outcome = try await boot(
      bench,
      Self.start + """

        printf '#gmemkit: start 1 first\\n' >&3; yes flood | head -c 2097152
        printf '#gmemkit: done pass=2 fail=0 skip=0\\n' >&3; exec sleep 60
        """, deadlines: deadlines, consoleLimit: 1 << 16)
    #expect(outcome.verdict == .hung(.shutdown))
    #expect(outcome.phases.map(\.phase).contains(.test(number: 1, name: "first")))
    #expect(outcome.console.total > 1 << 20)
    #expect(outcome.console.bytes.count < (1 << 16) + 100)
    #expect(outcome.console.bytes.string.hasPrefix("Linux version"))
  }

  @Test func noEmulatorIsNamedWithItsPackage() async throws {
    let bench = try Bench()
    let kernel = try bench.write("bzImage", "")
    var machine = GuestMachine(
      guestInit: try await Shared.guestInit(), kernel: kernel, acceleration: Acceleration(.tcg, reason: "none"))
    machine.emulator = "gmemkit-no-qemu"
    do throws(MachineError) {
      _ = try await machine.run(GuestPlan([]), in: bench.path)
      Issue.record("it ran")
    } catch {
      #expect(error.code == .emulatorMissing)
      #expect(error.description.contains("apt-get install qemu-system-x86"))
    }
    #expect(!bench.files.contains("report.pipe"))
  }

  @Test func noKernelIsNamed() async throws {
    let bench = try Bench()
    let machine = GuestMachine(
      guestInit: try await Shared.guestInit(), kernel: "/nonexistent/bzImage",
      acceleration: Acceleration(.tcg, reason: "none"))
    do throws(MachineError) {
      _ = try await machine.run(GuestPlan([]), in: bench.path)
      Issue.record("it ran")
    } catch {
      #expect(error.code == .kernelMissing)
    }
  }

  @Test func cancellationLeavesNothingBehind() async throws {
    let bench = try Bench()
    let marker = bench.path.appending("pid")
    let script = "echo $$ > \(marker.string); exec sleep 300"
    let emulator = try bench.write("qemu", "#!/bin/sh\n" + script, executable: true)
    let kernel = try bench.write("bzImage", "")
    var machine = GuestMachine(
      guestInit: try await Shared.guestInit(), kernel: kernel, acceleration: Acceleration(.tcg, reason: "scripted"))
    machine.emulator = emulator.string
    let (running, directory) = (machine, bench.path)
    let task = Task { try await running.run(GuestPlan([]), in: directory) }
    while access(marker.string, R_OK) != 0 || (try? Shared.read(marker).isEmpty) == true {
      try await Task.sleep(for: .milliseconds(10))
    }
    let process = try #require(Int32(try Shared.read(marker).string.prefix { $0.isNumber }))
    task.cancel()
    let result = await task.result
    #expect(throws: MachineError.self) { try result.get() }
    for _ in 0..<2000 where Shared.runs(process) { try await Task.sleep(for: .milliseconds(10)) }
    #expect(!Shared.runs(process))
    #expect(!bench.files.contains("report.pipe"))
  }
}
