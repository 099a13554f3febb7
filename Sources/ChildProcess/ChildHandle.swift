import Subprocess
import Synchronization

/// A way to end a running child from outside, for a caller that has seen enough.
public final class ChildHandle: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  /// A handle for one run.
  public init() {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Ends the child and its process group: SIGTERM, then SIGKILL. Safe to call at any time and more than once.
  public func end() {
    continuation.yield()
  }

  /// Waits until ``end()`` is called; false if the wait was cancelled.
  func requested() async -> Bool {
    var iterator = stream.makeAsyncIterator()
    return await iterator.next() != nil
  }
}

/// Remembers which of our own signals came first, so that a child we ended is not reported as one that died.
final class Ending: Sendable {
  enum Cause: Sendable { case deadline, request }
  private let cause = Mutex<Cause?>(nil)

  func note(_ new: Cause) {
    cause.withLock { if $0 == nil { $0 = new } }
  }

  func end(for status: TerminationStatus, deadline: Duration?) -> ChildResult.End {
    switch (cause.withLock { $0 }, status) {
    case (.deadline?, _): .deadline(deadline ?? .zero)
    case (.request?, _): .ended
    case (nil, .exited(let code)): .exited(code)
    case (nil, .signaled(let signal)): .signalled(signal)
    }
  }
}
