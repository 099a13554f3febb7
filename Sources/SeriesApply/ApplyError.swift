import KernelTree

/// Why a series could not be applied at all; a patch that does not fit is no error but an outcome.
public struct ApplyError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: Sendable {
    /// The input holds no patch.
    case nothingToApply
    /// No commit to start from was named, and none could be found.
    case baseUnknown
    /// The repository could not be read or written.
    case repository
    /// The branch is there already and holds something else.
    case branchExists
    /// No name and address for the committer.
    case noCommitter
  }

  /// The kind of failure.
  public let code: Code
  /// What failed, on what, and why.
  public let what: String
  /// What to do.
  public let nextStep: String?

  /// An error with its parts.
  public init(_ code: Code, _ what: String, nextStep: String? = nil) {
    self.code = code
    self.what = what
    self.nextStep = nextStep
  }

  init(_ error: TreeError) {
    self.init(error.code == .branchExists ? .branchExists : .repository, "\(error)")
  }

  /// One line: what, and what to do.
  public var description: String { nextStep.map { "\(what); \($0)" } ?? what }
}
