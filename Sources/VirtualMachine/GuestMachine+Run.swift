import ByteText
import ChildProcess
import SystemPackage

extension GuestMachine {
  /// Boots the machine, runs `plan` in it and waits for its end, which comes within the deadlines whatever the guest does.
  ///
  /// - Parameters:
  ///   - files: what the tests need in the guest's root.
  ///   - directory: an existing directory that takes `initramfs.cpio`, `console.log`, `report.ktap` and `qemu.sh`. Two runs
  ///     at the same time need two directories.
  ///   - onPhase: called as the guest moves on, from a background task.
  /// - Throws: ``MachineError`` if the guest could not be started or the task was cancelled.
  public func run(
    _ plan: GuestPlan, files: [GuestFile] = [], in directory: FilePath,
    onPhase: @escaping @Sendable (PhaseEntry) -> Void = { _ in }
  ) async throws(MachineError) -> BootOutcome {
    guard kernel.isReadableFile else {
      throw MachineError(code: .kernelMissing, subject: kernel.string, reason: "build it first")
    }
    guard ChildCommand(emulator).executablePath != nil else {
      throw architecture.emulatorMissing(emulator)
    }
    let image = directory.appending("initramfs.cpio")
    try image.write(initramfs(plan, files))
    let replayed = command(initramfs: image, report: directory.appending("report.ktap"))
    try directory.appending("qemu.sh").write(Array("#!/bin/sh\nexec \(replayed.shellLine)\n".utf8), mode: 0o755)

    let watch = BootWatch(plan: plan, deadlines: deadlines, reportLimit: 32 << 20, onPhase: onPhase)
    let fifo = directory.appending("report.pipe")
    let pipe = try ReportPipe(at: fifo) { watch.report($0) }
    let qemu = command(initramfs: image, report: fifo)
    let ended = await Self.supervise(qemu, deadlines.total(for: plan), consoleLimit, watch)
    await pipe.finish()

    let result: ChildResult
    do {
      result = try ended.get()
    } catch {
      throw translated(error)
    }
    let state = watch.snapshot
    try directory.appending("console.log").write(result.output.bytes)
    try directory.appending("report.ktap").write(state.report.bytes)
    return BootOutcome(
      verdict: Self.verdict(state, result), phases: state.phases, report: state.report.bytes, console: result.output,
      emulatorMessages: result.error.bytes, command: replayed, emulatorEnd: result.end, acceleration: acceleration,
      elapsed: result.elapsed)
  }

  private func initramfs(_ plan: GuestPlan, _ files: [GuestFile]) -> [UInt8] {
    var archive = CPIOArchive()
    for directory in ["dev", "proc", "sys", "tmp"] { archive.add(directory: directory) }
    // The kernel opens it as init's standard streams before any file system is mounted.
    archive.add(characterDevice: "dev/console", major: 5, minor: 1)
    archive.add(characterDevice: "dev/null", major: 1, minor: 3, mode: 0o666)
    archive.add(file: "init", mode: 0o755, contents: guestInit.executable)
    archive.add(file: "plan", contents: plan.encoded(for: architecture))
    for file in files { archive.add(file: file.path, mode: file.mode, contents: file.contents) }
    return archive.finished()
  }

  /// Runs QEMU under `timeout`, which ends it even if we are killed ourselves.
  private static func supervise(
    _ qemu: ChildCommand, _ total: Duration, _ consoleLimit: Int, _ watch: BootWatch
  ) async -> Result<ChildResult, ChildError> {
    let seconds = String(total.components.seconds + 30)
    let command = ChildCommand(
      "timeout", ["--foreground", "--signal=KILL", seconds, qemu.executable] + qemu.arguments)
    let handle = ChildHandle()
    let limits = ChildLimits(grace: .seconds(3), keptBytes: consoleLimit)
    return await withTaskGroup(of: Result<ChildResult, ChildError>?.self) { group in
      group.addTask {
        do throws(ChildError) {
          return .success(
            try await ChildProcess.stream(command, limits: limits, handle: handle) { stream, chunk in
              if stream == .output { watch.console(chunk) }
            })
        } catch {
          return .failure(error)
        }
      }
      group.addTask {
        if await watch.waitForHang() { handle.end() }
        return nil
      }
      while let result = await group.next() {
        guard let result else { continue }
        group.cancelAll()
        return result
      }
      return .failure(ChildError.cancelled(qemu))
    }
  }

  private static func verdict(_ state: BootWatch.State, _ result: ChildResult) -> BootOutcome.Verdict {
    if let phase = state.panickedIn { return .panicked(phase) }
    if let phase = state.hungIn { return .hung(phase) }
    if let failure = state.failure { return .initFailed(failure) }
    guard result.end == .exited(0) else { return .emulatorDied(state.phase) }
    guard let failed = state.failed else { return .resetUnexpectedly(state.phase) }
    return failed == 0 ? .passed : .testsFailed(failed)
  }

  private func translated(_ error: ChildError) -> MachineError {
    switch error.code {
    case .cancelled: MachineError(code: .cancelled, subject: "the boot of \(kernel)", reason: "")
    default: MachineError(code: .file, subject: emulator, reason: error.description)
    }
  }
}
