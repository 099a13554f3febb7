/// Which of a child's two streams.
public enum ChildStream: Sendable, Hashable {
  /// Standard output.
  case output
  /// Standard error.
  case error
}

/// How a child process ended and what it wrote.
public struct ChildResult: Sendable {
  /// Why the child is no longer there.
  public enum End: Sendable, Hashable {
    /// It exited with this status.
    case exited(Int32)
    /// This signal, which we did not send, ended it.
    case signalled(Int32)
    /// It was ended because its deadline passed.
    case deadline(Duration)
    /// It was ended because the caller asked for it (``ChildHandle/end()``).
    case ended
  }

  /// The command that ran.
  public let command: ChildCommand
  /// How it ended.
  public let end: End
  /// Standard output within ``ChildLimits/keptBytes``.
  public let output: BoundedCapture
  /// Standard error within ``ChildLimits/keptBytes``.
  public let error: BoundedCapture
  /// Wall time from start to end.
  public let elapsed: Duration

  /// Whether the child exited with status 0.
  public var succeeded: Bool { end == .exited(0) }

  /// The end in words: `exit status 2`, `killed by signal 9`, `no end within 30.0 seconds`.
  public var endDescription: String {
    switch end {
    case .exited(let status): "exit status \(status)"
    case .signalled(let signal): "killed by signal \(signal)"
    case .deadline(let deadline): "no end within \(deadline)"
    case .ended: "ended on request"
    }
  }
}
