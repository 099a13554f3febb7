/// Why mail could not be read, or no series be found in it.
public struct MailError: Error, Sendable, Equatable {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The file or directory cannot be read.
    case unreadable
    /// The input is larger than what is taken into memory.
    case tooLarge
    /// Compressed input that does not unpack.
    case badCompression
    /// Nothing in the input is a mail.
    case noMail
    /// There is mail but no patch in it.
    case noPatch
    /// The wanted version or message is not in the input.
    case notFound
    /// The input holds several series and none is asked for.
    case ambiguous
    /// A part of the series is not in the input.
    case incomplete
    /// A mail whose encoding has damaged the patch, or that cannot be decoded.
    case badEncoding
    /// MIME parts nested beyond all use.
    case tooDeep
  }

  /// Which failure it is.
  public let code: Code
  /// Which file or message it is about: `x.mbox`, `message 12 <id@host>`.
  public let place: String
  /// What was found.
  public let what: String
  /// What to do about it.
  public let next: String

  /// Makes an error from its parts.
  public init(_ code: Code, at place: String, _ what: String, next: String) {
    self.code = code
    self.place = place
    self.what = what
    self.next = next
  }
}

extension MailError: CustomStringConvertible {
  /// One line: where, what, what to do.
  public var description: String { "\(place): \(what); \(next)" }
}
