import PatchMail

/// Something a person wrote about a series, and the place it speaks of.
public struct ReviewComment: Sendable, Equatable {
  /// What part of a posting a comment is about.
  public enum Target: String, Sendable {
    /// A line of the diff.
    case diff
    /// The commit message or the cover letter's text.
    case message
    /// The posting as a whole, or something said further up.
    case posting
  }

  /// The mail it stands in, without angle brackets.
  public var messageID: String?
  /// Who wrote it.
  public var author: MailAddress
  /// When.
  public var date: PostedDate?
  /// The patch it speaks of; 0 for the cover letter.
  public var patch: Int
  /// If it speaks of a patch that stands in a reply, that reply's id: ``path`` and ``line`` are of that patch.
  public var counterPatch: String?
  /// What part of it.
  public var target: Target
  /// The file, where a line of the diff is quoted.
  public var path: String?
  /// The line of the file as the patch leaves it; of the file before, if the quoted line is a removed one.
  public var line: Int?
  /// Whether ``line`` counts in the file before the patch.
  public var isRemovedLine: Bool
  /// The line that is quoted right above, as it stands in the patch; empty if nothing is quoted.
  public var quoted: String
  /// What was written.
  public var text: String
  /// The questions in it, one line each.
  public var questions: [String]
  /// Whether it asks something that no reply takes up.
  public var isOpen: Bool
}
