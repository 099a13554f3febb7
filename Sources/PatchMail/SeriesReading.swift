/// Which series to take out of the input, and how.
public struct SeriesReading: Sendable, Equatable {
  /// The version to take; nil for the newest.
  public var version: Int?
  /// Take the patches that stand in this reply instead of a posted series.
  public var fromReply: String?
  /// Take the series that this message is a part of, or an answer to.
  public var containing: String?
  /// Accept a series that lacks parts.
  public var allowsMissing = false
  /// Collect trailers from the replies, as `b4 am` does.
  public var collectsTrailers = false
  /// Read the other series of the input as well (``PostedThread/allSeries``).
  public var includesAllSeries = false
  /// Cut messages at scissors lines.
  public var cutsAtScissors = false

  /// The newest series, whole, as `git am` would record it.
  public init() {}
}
