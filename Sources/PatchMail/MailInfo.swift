/// A mail taken apart into what a commit needs: the counterpart of `git mailinfo`, and its oracle in the tests.
public struct MailInfo: Sendable, Equatable {
  /// Who wrote the patch: the in-body `From:` if there is one, else the header's.
  public var author: MailAddress
  /// The date as written, in-body or header; empty if there is none.
  public var date: String
  /// The subject without `Re:` and `[tags]`.
  public var subject: String
  /// The whole subject as posted, decoded, white space collapsed.
  public var fullSubject: String
  /// The text before the patch, in UTF-8, before `git stripspace`.
  public var log: [UInt8]
  /// The patch and what follows it, bytes as they came; empty if the mail holds none.
  public var patch: [UInt8]
  /// The sender of the mail itself.
  public var sender: MailAddress
  /// The mail's own date, as written.
  public var sentDate: String
  /// What is odd about the mail, one line each.
  public var warnings: [String]
  /// Whether the body was sent as `format=flowed`, which rewrites lines.
  public var isFlowed: Bool

  /// The commit message that `git am` would record.
  public var message: [UInt8] { CommitMessage.make(subject: Array(subject.utf8), body: log) }
}

/// How a mail's body becomes a commit message.
public struct MailReading: Sendable, Equatable {
  /// Drop everything above a scissors line (`-- >8 --`); off, as in `git am`.
  public var cutsAtScissors = false
  /// Read `>From ` as `From ` (an mboxrd file).
  public var isMboxrd = false

  /// The defaults of `git am`.
  public init() {}
}

extension MailInfo {
  /// Reads one raw message (headers, empty line, body).
  ///
  /// - Throws: `MailError` when a charset cannot be decoded or MIME parts are nested beyond reason.
  /// - Complexity: O(bytes).
  public init(parsing message: [UInt8], reading: MailReading = MailReading()) throws(MailError) {
    self = try message.withUnsafeBufferPointer { (buffer) throws(MailError) in
      try MailInfo(parsing: buffer, reading: reading, place: "mail")
    }
  }

  init(parsing buffer: UnsafeBufferPointer<UInt8>, reading: MailReading, place: String) throws(MailError) {
    var reader = MailReader(buffer, reading: reading, place: place)
    try reader.read()
    self = reader.info()
  }
}
