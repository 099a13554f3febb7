/// Why a lint run could not do its work; what it found about the source is a `Finding`, never an error.
public struct LintError: Error, Sendable, Hashable {
  /// What kind of obstacle it was.
  public enum Code: Sendable, Hashable {
    /// A file, blob or folder cannot be read.
    case unreadable
    /// Nothing that the arguments name holds C.
    case nothingToAnalyse
    /// A rule that does not exist.
    case unknownRule
    /// A revision or range that does not fit the request.
    case badRevision
  }

  /// The kind.
  public let code: Code
  /// What was attempted, e.g. "read virt/kvm/guest_memfd.c".
  public let attempted: String
  /// Why it failed.
  public let reason: String
  /// What to do next.
  public let nextStep: String

  /// An obstacle.
  public init(_ code: Code, _ attempted: String, reason: String, nextStep: String) {
    self.code = code
    self.attempted = attempted
    self.reason = reason
    self.nextStep = nextStep
  }
}

extension LintError: CustomStringConvertible {
  /// One line: what was attempted, why it failed, what to do next.
  public var description: String { "cannot \(attempted): \(reason); \(nextStep)" }
}
