import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs child processes: each in a process group of its own, both pipes drained at once, in bounded memory, with a
/// deadline, and with nothing of it alive when the call returns.
public enum ChildProcess {
  /// Runs `command` to its end.
  ///
  /// When the deadline passes, when ``ChildHandle/end()`` is called or when the surrounding task is cancelled, the whole
  /// process group gets SIGTERM and after the grace period SIGKILL. Processes that the child leaves behind in its group
  /// are killed too.
  ///
  /// - Parameters:
  ///   - handle: lets another task end the child early.
  ///   - onLine: called for each line of either stream, without newline, in the stream's order, from a background task.
  /// - Throws: ``ChildError`` if the child could not be started, its pipes broke, or the task was cancelled. A non-zero
  ///   exit status is a result.
  public static func run(
    _ command: ChildCommand, limits: ChildLimits = ChildLimits(), handle: ChildHandle? = nil,
    onLine: (@Sendable (ChildStream, [UInt8]) -> Void)? = nil
  ) async throws(ChildError) -> ChildResult {
    try await supervised(command, limits: limits, handle: handle) {
      onLine.map { LineConsumer(limit: limits.lineBytes, deliver: $0) }
    }
  }

  /// As ``run(_:limits:handle:onLine:)``, but hands out raw chunks as they arrive.
  public static func stream(
    _ command: ChildCommand, limits: ChildLimits = ChildLimits(), handle: ChildHandle? = nil,
    onChunk: @escaping @Sendable (ChildStream, [UInt8]) -> Void
  ) async throws(ChildError) -> ChildResult {
    try await supervised(command, limits: limits, handle: handle) { ChunkConsumer(deliver: onChunk) }
  }

  private static func supervised(
    _ command: ChildCommand, limits: ChildLimits, handle: ChildHandle?,
    consumer: @escaping @Sendable () -> (any StreamConsumer)?
  ) async throws(ChildError) -> ChildResult {
    guard !Task.isCancelled else { throw failure(.cancelled, command) }
    if let directory = command.directory, access(directory.string, X_OK) != 0 {
      throw failure(.directory, command)
    }
    let clock = ContinuousClock()
    let start = clock.now
    let ending = Ending()
    do {
      let result: (TerminationStatus, Streams)
      if let input = command.input {
        guard let file = InputFile(input) else {
          throw failure(.stream, command, "no temporary file for its input: \(Errno(rawValue: errno))")
        }
        let done = try await Subprocess.run(
          configuration(command, limits), input: .fileDescriptor(file.descriptor, closeAfterSpawningProcess: false),
          output: .sequence, error: .sequence
        ) { try await supervise($0, limits, handle, ending, consumer) }
        result = (done.terminationStatus, done.closureResult)
      } else {
        let done = try await Subprocess.run(
          configuration(command, limits), input: .none, output: .sequence, error: .sequence
        ) { try await supervise($0, limits, handle, ending, consumer) }
        result = (done.terminationStatus, done.closureResult)
      }
      guard !Task.isCancelled else { throw failure(.cancelled, command) }
      return ChildResult(
        command: command, end: ending.end(for: result.0, deadline: limits.deadline),
        output: result.1.output, error: result.1.error, elapsed: clock.now - start)
    } catch let error as ChildError {
      throw error
    } catch {
      throw translated(error, command)
    }
  }

  private static func configuration(_ command: ChildCommand, _ limits: ChildLimits) -> Configuration {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = teardown(limits)
    var environment = Environment.inherit
    if !command.environment.isEmpty {
      var changes: [Environment.Key: String?] = [:]
      for (name, value) in command.environment {
        guard let key = Environment.Key(rawValue: name) else { continue }
        changes[key] = value
      }
      environment = environment.updating(changes)
    }
    let executable: Executable =
      command.executable.utf8.contains(UInt8(ascii: "/"))
      ? .path(FilePath(command.executable)) : .name(command.executable)
    return Configuration(
      executable: executable, arguments: Arguments(command.arguments), environment: environment,
      workingDirectory: command.directory, platformOptions: options)
  }

  private static func teardown(_ limits: ChildLimits) -> [TeardownStep] {
    [.send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: limits.grace)]
  }

  /// Drains both pipes while a deadline and the caller's handle watch the child; kills what is left of its group.
  private static func supervise<Input: InputProtocol>(
    _ execution: Execution<Input, SequenceOutput, SequenceOutput>, _ limits: ChildLimits, _ handle: ChildHandle?,
    _ ending: Ending, _ consumer: @escaping @Sendable () -> (any StreamConsumer)?
  ) async throws -> Streams {
    let group = execution.processIdentifier.value
    defer { kill(-group, SIGKILL) }
    return try await withThrowingTaskGroup(of: Part.self) { tasks in
      tasks.addTask {
        .output(try await drain(execution.standardOutput, .output, limits, consumer()))
      }
      tasks.addTask {
        .error(try await drain(execution.standardError, .error, limits, consumer()))
      }
      if let deadline = limits.deadline {
        tasks.addTask {
          guard (try? await Task.sleep(for: deadline)) != nil else { return .watch }
          ending.note(.deadline)
          await execution.teardown(using: teardown(limits))
          return .watch
        }
      }
      if let handle {
        tasks.addTask {
          guard await handle.requested() else { return .watch }
          ending.note(.request)
          await execution.teardown(using: teardown(limits))
          return .watch
        }
      }
      var streams = Streams()
      var open = 2
      while let part = try await tasks.next() {
        switch part {
        case .output(let capture): (streams.output, open) = (capture, open - 1)
        case .error(let capture): (streams.error, open) = (capture, open - 1)
        case .watch: break
        }
        guard open == 0 else { continue }
        // Both pipes are closed, yet the child may live on without them: it keeps its deadline.
        await waitForExit(group)
        tasks.cancelAll()
      }
      return streams
    }
  }

  /// Returns when the child can be reaped, without reaping it: that is the library's business.
  private static func waitForExit(_ child: pid_t) async {
    var pause = Duration.milliseconds(1)
    while !Task.isCancelled {
      var info = siginfo_t()
      let status = waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT | WNOHANG)
      if status != 0 && errno != EINTR { return }
      if status == 0 && info.si_signo == SIGCHLD { return }
      try? await Task.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(100))
    }
  }

  private static func drain(
    _ sequence: SubprocessOutputSequence, _ stream: ChildStream, _ limits: ChildLimits, _ sink: (any StreamConsumer)?
  ) async throws -> BoundedCapture {
    var capture = BoundedCapture(limit: limits.keptBytes)
    var sink = sink
    for try await buffer in sequence {
      let chunk = buffer.withUnsafeBytes { Array($0) }
      capture.append(chunk)
      sink?.take(chunk, stream)
    }
    sink?.finish(stream)
    return capture
  }

  private static func failure(_ code: ChildError.Code, _ command: ChildCommand, _ reason: String = "") -> ChildError {
    ChildError(code: code, command: command.shellLine, reason: reason)
  }

  private static func translated(_ error: any Error, _ command: ChildCommand) -> ChildError {
    if Task.isCancelled || error is CancellationError { return failure(.cancelled, command) }
    guard let error = error as? SubprocessError else { return failure(.stream, command, "\(error)") }
    switch error.code {
    case .executableNotFound: return failure(.notFound, command)
    case .failedToChangeWorkingDirectory: return failure(.directory, command)
    case .spawnFailed: return failure(.spawn, command, "\(error)")
    default: return failure(.stream, command, "\(error)")
    }
  }
}
