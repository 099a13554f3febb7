/// A series and the discussion around it.
public struct PostedThread: Sendable {
  /// The series that was asked for.
  public var series: PatchSeries
  /// All messages of the input; bodies of those in the series' threads are read.
  public var mailbox: Mailbox
  /// Which message answers which.
  public var links: MailThread
  private let groups: [SeriesGroup]
  private let chosen: SeriesGroup?

  init(series: PatchSeries, mailbox: Mailbox, links: MailThread, groups: [SeriesGroup], chosen: SeriesGroup?) {
    self.series = series
    self.mailbox = mailbox
    self.links = links
    self.groups = groups
    self.chosen = chosen
  }

  /// The messages that are patches or cover letters of the chosen series.
  public var seriesMessages: Set<Int> { chosen?.messages ?? [] }

  /// The other postings in the input, as one line each.
  public var otherSeries: [String] { groups.filter { $0 != chosen }.map { $0.label(mailbox.envelopes) } }
}
