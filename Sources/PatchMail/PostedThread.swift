/// A series and the discussion around it.
public struct PostedThread: Sendable {
  /// The series that was asked for.
  public var series: PatchSeries
  /// All messages of the input; bodies of those in the series' threads are read.
  public var mailbox: Mailbox
  /// Which message answers which.
  public var links: MailThread
  /// All series of the input, the chosen one among them; those that cannot be read are left out.
  public var allSeries: [PatchSeries]
  private let groups: [SeriesGroup]
  private let chosen: SeriesGroup?

  init(
    series: PatchSeries, allSeries: [PatchSeries], mailbox: Mailbox, links: MailThread, groups: [SeriesGroup],
    chosen: SeriesGroup?
  ) {
    self.series = series
    self.allSeries = allSeries
    self.mailbox = mailbox
    self.links = links
    self.groups = groups
    self.chosen = chosen
  }

  /// The messages of the chosen series and the number of each one's patch, 0 for the cover letter.
  public var numbers: [Int: Int] {
    guard let chosen else { return [:] }
    var numbers: [Int: Int] = [:]
    for (number, message) in chosen.parts { numbers[message] = number }
    for patch in series.patches where chosen.count == nil {
      if let message = chosen.loose.first(where: { mailbox.envelopes[$0].messageID == patch.messageID }) {
        numbers[message] = patch.number
      }
    }
    if let cover = chosen.cover { numbers[cover] = 0 }
    return numbers
  }

  /// The messages of the other series in the input.
  public var otherMessages: Set<Int> {
    groups.reduce(into: Set<Int>()) { $0.formUnion($1.messages) }
      .subtracting(chosen?.messages ?? [])
  }

  /// The other postings in the input, as one line each.
  public var otherSeries: [String] {
    groups.filter { $0.messages != chosen?.messages }.map { $0.label(mailbox.envelopes) }
  }
}
