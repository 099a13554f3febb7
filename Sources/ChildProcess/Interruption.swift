import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Turns SIGINT, SIGTERM and SIGHUP into task cancellation, which ends every child and lets each owner clean up.
public enum Interruption {
  /// The exit status of an interrupted program.
  public static let exitStatus: Int32 = 130

  /// Runs `body` in a task that the first of these signals cancels; a second one ends the program at once.
  ///
  /// - Returns: what `body` made of it, and the signal that came in, if one did: the caller then exits with
  ///   ``exitStatus``.
  public static func cancelling<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async -> (result: Result<Value, any Error>, signal: Int32?) {
    let task = Task { try await body() }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return (await task.result, nil) }
    let (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }

    let received = Mutex<Int32?>(nil)
    let source = DispatchSource.makeReadSource(fileDescriptor: readEnd)
    source.setEventHandler {
      var number: UInt8 = 0
      guard read(readEnd, &number, 1) == 1 else { return }
      let first = received.withLock { previous in
        defer { previous = Int32(number) }
        return previous == nil
      }
      guard first else { _exit(exitStatus) }
      task.cancel()
    }
    source.setCancelHandler {
      close(readEnd)
      close(writeEnd)
    }
    source.resume()
    wakeUpPipe.store(writeEnd, ordering: .sequentiallyConsistent)
    // A handler, not SIG_IGN: children inherit an ignored signal and would then outlive our SIGTERM.
    for number in signals { signal(number, noteSignal) }

    let result = await task.result
    for number in signals { signal(number, SIG_DFL) }
    wakeUpPipe.store(-1, ordering: .sequentiallyConsistent)
    source.cancel()
    return (result, received.withLock { $0 })
  }

  private static let signals = [SIGINT, SIGTERM, SIGHUP]
}

/// Where ``noteSignal`` writes; -1 while nobody listens. A signal handler may touch only lock-free globals.
private let wakeUpPipe = Atomic<Int32>(-1)

private func noteSignal(_ number: Int32) {
  let saved = errno
  var byte = UInt8(truncatingIfNeeded: number)
  _ = write(wakeUpPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
  errno = saved
}
