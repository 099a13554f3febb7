/// Why a repository could not be read or written: what was attempted, on what, and what to do next.
public struct TreeError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is, for a caller that reacts to it.
  public enum Code: Sendable {
    /// There is no repository at the path, or it cannot be opened.
    case notARepository
    /// The repository uses a format that gmemkit does not read (sha256 object names).
    case unsupported
    /// A revision, object or path that does not exist.
    case notFound
    /// An abbreviated object name that several objects share.
    case ambiguous
    /// The branch to be created is there already.
    case branchExists
    /// Another process holds the lock.
    case locked
    /// A name or a path that git does not allow.
    case invalidName
    /// No name and address for the committer.
    case noCommitter
    /// Reading or writing failed: permissions, a full disk, a damaged object.
    case failed
  }

  /// The kind of failure.
  public let code: Code
  /// What was attempted, as in "open the repository".
  public let attempted: String
  /// On what: a path, a revision, an object name.
  public let subject: String
  /// The reason, in libgit2's or our words.
  public let reason: String
  /// What the user can do, if there is something.
  public let nextStep: String?

  /// An error with all its parts.
  public init(_ code: Code, _ attempted: String, _ subject: String, reason: String, nextStep: String? = nil) {
    self.code = code
    self.attempted = attempted
    self.subject = subject
    self.reason = reason
    self.nextStep = nextStep
  }

  /// One line: what, on what, why, what to do.
  public var description: String {
    let line = "cannot \(attempted) '\(subject)': \(reason)"
    guard let nextStep else { return line }
    return "\(line); \(nextStep)"
  }
}
