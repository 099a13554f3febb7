import ByteText
import PatchMail

/// A thread in order: the series as posted, and under it what was said, each comment at the place it speaks of.
public struct ReviewThread: Sendable {
  /// What a message is in the thread.
  public enum Role: String, Sendable {
    /// `[PATCH 0/n]`.
    case cover
    /// A patch of the series.
    case patch
    /// An answer to one of them, however deep.
    case reply
    /// A posting of another version or series.
    case otherSeries = "other-series"
    /// No part of the discussion.
    case unplaced
  }

  /// A message and its place.
  public struct Message: Sendable {
    /// Its headers.
    public var envelope: Envelope
    /// What it is.
    public var role: Role
    /// The patch it is or is about; 0 for the cover letter; nil if it is about neither.
    public var patch: Int?
    /// How deep it stands below the posting it is about.
    public var depth: Int
    /// How many patches stand in its text (a counter-proposal); take them with `--from-reply`.
    public var embeddedPatches: Int
  }

  /// The series that was asked for.
  public var series: PatchSeries
  /// All series of the input, in the order of their postings; the chosen one is among them.
  public var allSeries: [PatchSeries]
  /// Every message of the input, in its order.
  public var messages: [Message]
  /// The comments, by patch, then in the order in which they were written.
  public var comments: [ReviewComment]

  /// The ids of the messages that belong to no posting.
  public var unplaced: [String] {
    messages.filter { $0.role == .unplaced }.map { $0.envelope.messageID ?? "message \($0.envelope.index + 1)" }
  }

  /// The comments that ask something nobody took up.
  public var openQuestions: [ReviewComment] { comments.filter(\.isOpen) }

  /// Sorts a thread out.
  ///
  /// - Complexity: O(text) for the messages of the series' threads.
  public init(_ thread: PostedThread) {
    series = thread.series
    allSeries = thread.allSeries
    var builder = ReviewBuilder(thread)
    messages = builder.place()
    comments = builder.comments(messages)
  }
}
