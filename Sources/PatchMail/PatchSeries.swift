/// One patch of a series, as it was posted.
public struct PostedPatch: Sendable, Equatable {
  /// Its number in the series, from 1.
  public var number: Int
  /// How many patches the series has.
  public var count: Int
  /// The subject without its brackets.
  public var subject: String
  /// Who wrote it (an in-body `From:` counts before the mail's), as a commit records it.
  public var author: MailAddress
  /// When it was written.
  public var date: PostedDate
  /// The id of the mail, without angle brackets.
  public var messageID: String?
  /// The commit message that `git am` would record: subject, empty line, body; UTF-8.
  public var message: [UInt8]
  /// The patch: everything from its `---` or `diff` line on, bytes as they came.
  public var diff: [UInt8]
  /// The whole subject as posted, brackets and all.
  public var postedSubject: String
  /// Whether the mail came as `format=flowed`: if the diff is damaged, that is why.
  public var isFlowed: Bool

  /// Makes a patch from its parts.
  public init(
    number: Int, count: Int, subject: String, author: MailAddress, date: PostedDate, messageID: String?,
    message: [UInt8], diff: [UInt8], postedSubject: String = "", isFlowed: Bool = false
  ) {
    self.number = number
    self.count = count
    self.subject = subject
    self.author = author
    self.date = date
    self.messageID = messageID
    self.message = message
    self.diff = diff
    self.postedSubject = postedSubject
    self.isFlowed = isFlowed
  }
}

/// The mail that introduces a series (`[PATCH 0/5]`); whatever diff it quotes is not a patch.
public struct CoverLetter: Sendable, Equatable {
  /// The subject without its brackets.
  public var subject: String
  /// The whole subject as posted.
  public var postedSubject: String
  /// Who sent it.
  public var author: MailAddress
  /// When.
  public var date: PostedDate?
  /// The id of the mail, without angle brackets.
  public var messageID: String?
  /// The text, in UTF-8, down to the signature.
  public var text: [UInt8]
}

/// Something that a series says it stands on.
public struct Prerequisite: Sendable, Hashable {
  /// How it is named.
  public enum Kind: String, Sendable {
    /// `prerequisite-patch-id:` (as `git patch-id --stable`).
    case patchID = "prerequisite-patch-id"
    /// `prerequisite-message-id:`.
    case messageID = "prerequisite-message-id"
    /// `prerequisite-change-id:` (b4).
    case changeID = "prerequisite-change-id"
    /// `Based-on:` with a message id or a branch.
    case basedOn = "based-on"
    /// `Depends-on:`.
    case dependsOn = "depends-on"
    /// A commit that the cover letter's text lists by id and subject.
    case commit
  }

  /// How it is named.
  public var kind: Kind
  /// The id.
  public var value: String
  /// The subject that goes with a commit, or whatever else stands on the line.
  public var text: String
}

/// A patch series put together from mail.
public struct PatchSeries: Sendable, Equatable {
  /// The version, from 1.
  public var version: Int
  /// How many patches the author says it has.
  public var count: Int
  /// The cover letter, if it was in the input.
  public var cover: CoverLetter?
  /// The patches in order.
  public var patches: [PostedPatch]
  /// The numbers of patches that are not in the input (only if the reading allowed that).
  public var missing: [Int]
  /// What was odd and how it was decided, one line each.
  public var warnings: [String]
  /// The `base-commit:` line, full hex.
  public var baseCommit: String?
  /// What the series says it stands on, in the order of the text.
  public var prerequisites: [Prerequisite]
}
