import ByteText
import UnifiedDiff

/// Finds a patch series in whatever a person has: an mbox, a maildir, files, one mail, an archive's page.
public enum SeriesInput {
  /// The series at `path` (`-` is standard input): the newest version, whole, in order.
  ///
  /// - Throws: `MailError` if there is no mail, no patch, more than one series, or a part is missing.
  public static func series(
    at path: String, _ reading: SeriesReading = SeriesReading()
  ) throws(MailError) -> PatchSeries {
    try thread(at: path, reading).series
  }

  /// The series and all messages of its threads, bodies included.
  public static func thread(
    at path: String, _ reading: SeriesReading = SeriesReading()
  ) throws(MailError) -> PostedThread {
    try thread(reading, place: path == "-" ? "standard input" : path) { (wanted) throws(MailError) in
      try Mailbox.read(path: path, reading: reading, wanted: wanted)
    }
  }

  /// The same for bytes that are in memory already.
  ///
  /// - Parameter name: how messages name the input.
  public static func thread(
    in bytes: [UInt8], name: String = "input", _ reading: SeriesReading = SeriesReading()
  ) throws(MailError) -> PostedThread {
    try thread(reading, place: name) { (wanted) throws(MailError) in
      try Mailbox.read(source: try MailSource(bytes: bytes, place: name), place: name, reading: reading, wanted: wanted)
    }
  }

  /// Picks the messages to read once the headers are known.
  private typealias Picking = (inout Mailbox) throws(MailError) -> Set<Int>

  private static func thread(
    _ reading: SeriesReading, place: String, from read: (Picking) throws(MailError) -> Mailbox
  ) throws(MailError) -> PostedThread {
    var links = MailThread([])
    var groups: [SeriesGroup] = []
    var chosen: SeriesGroup?
    let mailbox = try read { (box) throws(MailError) in
      links = MailThread(box.envelopes)
      groups = SeriesGrouping.groups(box.envelopes, links)
      if let reply = reading.fromReply {
        let wanted = Envelope.bareID(reply)
        guard let found = box.envelopes.first(where: { $0.messageID == wanted }) else {
          throw MailError(
            .notFound, at: place, "no message has the id <\(wanted)>", next: "gmemkit thread lists the ids of the input"
          )
        }
        return Set(links.root.indices.filter { links.root[$0] == links.root[found.index] })
      }
      let group = try choose(groups, box, links, reading, place: place)
      chosen = group
      if reading.includesAllSeries {
        let roots = Set(groups.flatMap { $0.messages.map { links.root[$0] } })
        return Set(links.root.indices.filter { roots.contains(links.root[$0]) })
      }
      let roots = Set(group.messages.map { links.root[$0] })
      return Set(links.root.indices.filter { roots.contains(links.root[$0]) }).union(group.messages)
    }
    var builder = SeriesBuilder(mailbox: mailbox, links: links, reading: reading, place: place)
    let series: PatchSeries
    if let reply = reading.fromReply {
      series = try builder.series(fromReply: Envelope.bareID(reply))
    } else if let chosen {
      series = try builder.series(chosen)
    } else {
      throw MailError(
        .noPatch, at: place, "there is mail but no patch in it", next: "name the mail that holds the series")
    }
    var all = [series]
    if reading.includesAllSeries {
      var lenient = reading
      lenient.allowsMissing = true
      all = groups.compactMap { group in
        if group.messages == chosen?.messages { return series }
        var other = SeriesBuilder(mailbox: mailbox, links: links, reading: lenient, place: place)
        return try? other.series(group)
      }
    }
    return PostedThread(
      series: series, allSeries: all, mailbox: mailbox, links: links, groups: groups, chosen: chosen)
  }

  /// Picks the series to read out of all that the input holds.
  private static func choose(
    _ groups: [SeriesGroup], _ box: Mailbox, _ links: MailThread, _ reading: SeriesReading, place: String
  ) throws(MailError) -> SeriesGroup {
    var candidates = groups
    if let id = reading.containing.map(Envelope.bareID) {
      guard let message = box.envelopes.first(where: { $0.messageID == id }) else {
        throw MailError(.notFound, at: place, "no message has the id <\(id)>", next: "name one that is in the input")
      }
      candidates = groups.filter { $0.root == links.root[message.index] }
      if let exact = candidates.first(where: { $0.messages.contains(message.index) }) { candidates = [exact] }
    }
    guard !candidates.isEmpty else { throw noPatch(box, place: place) }
    if let version = reading.version {
      candidates = candidates.filter { $0.version == version }
      guard !candidates.isEmpty else {
        throw MailError(
          .notFound, at: place, "there is no version \(version) of the series",
          next: "it holds " + groups.prefix(5).map { $0.label(box.envelopes) }.joined(separator: ", "))
      }
    }
    // Numbered parts are a series; a patch without a number beside them is somebody's afterthought.
    let numbered = candidates.filter { $0.count != nil }
    if !numbered.isEmpty { candidates = numbered }
    let newest = candidates.map(\.version).max() ?? 1
    candidates = candidates.filter { $0.version == newest }
    guard candidates.count > 1, let first = candidates.first else { return candidates[0] }

    if numbered.isEmpty { return joined(candidates) }
    // A smaller series inside the first one's thread is a counter-proposal, not a rival.
    let rivals = candidates.filter { $0.root != first.root }
    let wholeOnes = candidates.filter(\.isWhole)
    if rivals.isEmpty || wholeOnes.count == 1 {
      var taken = wholeOnes.count == 1 ? wholeOnes[0] : first
      for other in candidates where other != taken {
        taken.warnings.append("another series is in the input and not taken: \(other.label(box.envelopes))")
      }
      return taken
    }
    throw MailError(
      .ambiguous, at: place,
      "the input holds \(candidates.count) series: "
        + candidates.prefix(5).map { $0.label(box.envelopes) }.joined(separator: ", "),
      next: "choose one by its version or message id, or save only the wanted thread")
  }

  /// Patches without numbers are taken in the order of the input, as `git am` takes them.
  private static func joined(_ groups: [SeriesGroup]) -> SeriesGroup {
    var whole = groups[0]
    whole.loose = groups.flatMap(\.loose).sorted()
    return whole
  }

  private static func noPatch(_ box: Mailbox, place: String) -> MailError {
    if let pull = box.envelopes.first(where: { $0.subject.isPull }) {
      return MailError(
        .noPatch, at: place,
        "'\(pull.subjectText.prefix(100))' is a pull request: it names a branch and holds no patch",
        next: "fetch the branch it names")
    }
    let replies = box.envelopes.count { $0.subject.isReply }
    return MailError(
      .noPatch, at: place,
      "none of \(box.envelopes.count) message\(box.envelopes.count == 1 ? "" : "s") is posted as a patch"
        + (replies > 0 ? " (\(replies) are replies)" : ""),
      next: replies > 0
        ? "a patch inside a reply is taken with --from-reply MESSAGE-ID" : "name the mail with the series")
  }
}
