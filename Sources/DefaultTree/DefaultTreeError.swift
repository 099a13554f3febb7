/// Why the embedded kernel tree could not be made.
public struct DefaultTreeError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: Sendable {
    /// The Debian package with the source is not installed.
    case tarballMissing
    /// The tarball is damaged, or not what its name says.
    case tarballDamaged
    /// The cache directory cannot be used: no home, no permission, no space.
    case cacheUnusable
    /// The run was cancelled; the next one starts from the beginning.
    case interrupted
  }

  /// The kind of failure.
  public let code: Code
  /// What was attempted, and on what.
  public let attempted: String
  /// Why it failed.
  public let reason: String
  /// What to do.
  public let nextStep: String

  init(_ code: Code, _ attempted: String, reason: String, nextStep: String) {
    self.code = code
    self.attempted = attempted
    self.reason = reason
    self.nextStep = nextStep
  }

  /// One line: what, why, what to do.
  public var description: String { "cannot \(attempted): \(reason); \(nextStep)" }

  static func damaged(_ path: String, _ reason: String) -> DefaultTreeError {
    DefaultTreeError(
      .tarballDamaged, "unpack '\(path)'", reason: reason,
      nextStep: "install it again: apt-get install --reinstall linux-source-6.12")
  }

  static func cache(_ path: String, _ reason: String) -> DefaultTreeError {
    DefaultTreeError(
      .cacheUnusable, "make the kernel tree in '\(path)'", reason: reason,
      nextStep: "it needs 500 MB there; set XDG_CACHE_HOME to another place, or give --tree a kernel repository")
  }
}
