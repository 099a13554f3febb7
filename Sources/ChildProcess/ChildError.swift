/// Why a child process could not be run at all; a child that ran and failed is a ``ChildResult``.
public struct ChildError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure, stable for callers that decide by them.
  public enum Code: Sendable, Hashable {
    /// The executable is not in `PATH` or not at its path.
    case notFound
    /// The working directory does not exist or may not be entered.
    case directory
    /// The system refused to start the process.
    case spawn
    /// The surrounding task was cancelled; the child and its group are gone.
    case cancelled
    /// Reading from or writing to the child failed.
    case stream
  }

  /// The kind of failure.
  public let code: Code
  /// The command as a shell line.
  public let command: String
  /// What the system said.
  public let reason: String

  /// The error for `command` when the task around it was cancelled before it could report anything.
  public static func cancelled(_ command: ChildCommand) -> ChildError {
    ChildError(code: .cancelled, command: command.shellLine, reason: "")
  }

  /// One line: what was attempted, why it failed, what to do next.
  public var description: String {
    switch code {
    case .notFound: "cannot run '\(command)': executable not found; install it or add it to PATH"
    case .directory: "cannot run '\(command)': working directory is missing or not accessible"
    case .spawn: "cannot start '\(command)': \(reason)"
    case .cancelled: "'\(command)' was interrupted"
    case .stream: "lost the pipe to '\(command)': \(reason)"
    }
  }
}
