/// Why a configuration could not be read or worked out.
public struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Code: String, Sendable {
    /// The tree has no top-level Kconfig file, so it is not a kernel tree.
    case notAKernelTree
    /// The tree has no `arch/<name>` directory for the wanted architecture.
    case unknownArchitecture
  }

  /// What kind of trouble it is.
  public let code: Code
  /// What was attempted, on what, and what to do next.
  public let description: String

  /// An error of one kind with its text.
  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
