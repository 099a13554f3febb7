import KernelConfig

/// Why a kernel could not be configured or built; a kernel that does not compile is a ``BuildOutcome``.
public struct BuildError: Error, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: Sendable, Hashable {
    /// The workspace cannot be written; often a full disk.
    case workspace
    /// Another run uses the workspace.
    case busy
    /// The kernel tree could not be read.
    case tree
    /// make or a configuration tool failed.
    case configuration
    /// Options were dropped from the final configuration; see ``BuildError/dropped``.
    case optionsDropped
    /// A program that a kernel build needs is not installed.
    case toolMissing
    /// The surrounding task was cancelled.
    case cancelled
  }

  /// The kind of failure.
  public let code: Code
  /// What was attempted, on what, why it failed, what to do next.
  public let description: String
  /// The options that the final configuration does not have, with the reason of each.
  public let dropped: [DroppedOption]

  /// A failure with its text.
  public init(_ code: Code, _ description: String, dropped: [DroppedOption] = []) {
    self.code = code
    self.description = description
    self.dropped = dropped
  }
}
