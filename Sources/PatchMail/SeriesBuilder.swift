import ByteText
import UnifiedDiff

/// Makes a series out of the messages that were picked for it.
struct SeriesBuilder {
  let mailbox: Mailbox
  let links: MailThread
  let reading: SeriesReading
  let place: String
  private var warnings: [String] = []

  init(mailbox: Mailbox, links: MailThread, reading: SeriesReading, place: String) {
    self.mailbox = mailbox
    self.links = links
    self.reading = reading
    self.place = place
    warnings = mailbox.warnings
  }

  /// The posted series.
  mutating func series(_ group: SeriesGroup) throws(MailError) -> PatchSeries {
    warnings += group.warnings
    let cover = group.cover.flatMap { index in letter(at: index) }
    var patches: [PostedPatch] = []
    var messages: [(number: Int, index: Int)] = group.parts.keys.sorted().map { number in
      (number, group.parts[number] ?? 0)
    }
    if group.count == nil { messages = group.loose.enumerated().map { ($0.offset + 1, $0.element) } }
    let count = group.count ?? messages.count

    for (number, index) in messages {
      let info = try mail(index)
      guard !info.patch.isEmpty else {
        if group.count == nil, messages.count > 1 {
          warnings.append("\(mailbox.place(of: index)) holds no diff: skipped")
          continue
        }
        throw MailError(
          .noPatch, at: mailbox.place(of: index), "part \(number) of \(count) holds no diff",
          next: "ask for it again; the mail's text is not a patch")
      }
      try check(info, at: index)
      patches.append(patch(info, number: group.count == nil ? patches.count + 1 : number, count: count, index: index))
    }
    if group.count == nil { for index in patches.indices { patches[index].count = patches.count } }
    guard !patches.isEmpty else {
      throw MailError(.noPatch, at: place, "the series has a cover letter but no patch", next: "save the whole thread")
    }

    let missing = group.missing
    if !missing.isEmpty {
      let list = missing.prefix(20).map(String.init).joined(separator: ", ")
      let what = "part\(missing.count == 1 ? "" : "s") \(list)\(missing.count > 20 ? ", ..." : "") of \(count) missing"
      // Who gives one mail means that one: b4's hooks do, patch by patch.
      guard reading.allowsMissing || mailbox.envelopes.count == 1 else {
        throw MailError(
          .incomplete, at: place, "\(what) from the v\(group.version) series",
          next: "save the whole thread, replies and all")
      }
      warnings.append(what)
    }
    if group.count != nil, group.count ?? 0 > 1, group.cover == nil {
      warnings.append("no cover letter in the input")
    }

    let texts = (cover.map { [$0.text] } ?? []) + patches.map { Self.around($0) }
    var series = PatchSeries(
      version: group.version, count: count, cover: cover, patches: patches, missing: missing, warnings: [],
      baseCommit: Prerequisites.baseCommit(in: texts),
      prerequisites: Prerequisites.read(texts: texts, prose: cover?.text ?? []))
    if reading.collectsTrailers {
      warnings += TrailerCollection.collect(into: &series, mailbox: mailbox, links: links, group: group)
    }
    series.warnings = warnings
    return series
  }

  /// The patches inside a reply: a counter-proposal, often as `git show` prints it.
  mutating func series(fromReply id: String) throws(MailError) -> PatchSeries {
    guard let envelope = mailbox.envelopes.first(where: { $0.messageID == id }) else {
      throw MailError(.notFound, at: place, "no message has the id <\(id)>", next: "name one that is in the input")
    }
    let info = try mail(envelope.index)
    let found: [EmbeddedPatch]
    do {
      found = try EmbeddedPatch.find(in: info)
    } catch {
      throw MailError(
        .noPatch, at: mailbox.place(of: envelope.index), "the patch in it is damaged: \(error)",
        next: "ask its author for a patch made by git format-patch")
    }
    guard !found.isEmpty else {
      throw MailError(
        .noPatch, at: mailbox.place(of: envelope.index), "there is no patch in this message (quoted ones do not count)",
        next: "gmemkit thread marks the replies that hold one")
    }
    let date = envelope.date ?? .now
    let patches = found.enumerated().map { index, embedded in
      PostedPatch(
        number: index + 1, count: found.count, subject: embedded.subject ?? envelope.subject.title,
        author: (embedded.author ?? info.sender).asIdentity, date: embedded.date ?? date, messageID: id,
        message: CommitMessage.make(
          subject: Array((embedded.subject ?? envelope.subject.title).utf8), body: embedded.body),
        diff: embedded.diff, postedSubject: envelope.subjectText, isFlowed: info.isFlowed)
    }
    warnings += found.flatMap(\.warnings)
    return PatchSeries(
      version: envelope.subject.version, count: patches.count, cover: nil, patches: patches, missing: [],
      warnings: warnings, baseCommit: Prerequisites.baseCommit(in: [info.log, info.patch]),
      prerequisites: Prerequisites.read(texts: [info.log, info.patch], prose: []))
  }

  // MARK: Parts

  private func mail(_ index: Int) throws(MailError) -> MailInfo {
    if let info = mailbox.mails[index] { return info }
    throw mailbox.failures[index]
      ?? MailError(.unreadable, at: mailbox.place(of: index), "its body was not read", next: "report this as a defect")
  }

  private func letter(at index: Int) -> CoverLetter? {
    guard let info = mailbox.mails[index] else { return nil }
    let envelope = mailbox.envelopes[index]
    return CoverLetter(
      subject: envelope.subject.title, postedSubject: envelope.subjectText, author: info.sender.asIdentity,
      date: envelope.date, messageID: envelope.messageID, text: info.log + info.patch)
  }

  private mutating func patch(_ info: MailInfo, number: Int, count: Int, index: Int) -> PostedPatch {
    let envelope = mailbox.envelopes[index]
    for warning in info.warnings { warnings.append("\(mailbox.place(of: index)): \(warning)") }
    var date = PostedDate(Array(info.date.utf8))
    if date == nil {
      warnings.append(
        "\(mailbox.place(of: index)): "
          + (info.date.isEmpty ? "no date in it" : "the date '\(info.date.prefix(60))' cannot be read")
          + (envelope.date == nil ? ", the present time is taken" : ", the mail's own is taken"))
      date = envelope.date ?? .now
    }
    let author = info.author.asIdentity
    if author.email.isEmpty {
      warnings.append("\(mailbox.place(of: index)): no address of '\(author.name)' is known; the commit will have none")
    }
    return PostedPatch(
      number: number, count: count, subject: info.subject, author: author, date: date ?? .now,
      messageID: envelope.messageID, message: info.message, diff: info.patch, postedSubject: info.fullSubject,
      isFlowed: info.isFlowed)
  }

  /// Refuses a patch that `format=flowed` has broken, before anybody wonders why it does not apply.
  private func check(_ info: MailInfo, at index: Int) throws(MailError) {
    guard info.isFlowed else { return }
    do {
      _ = try UnifiedDiff(parsing: info.patch)
    } catch {
      throw MailError(
        .badEncoding, at: mailbox.place(of: index),
        "sent as format=flowed, which has rewrapped the diff (\(error.what) at line \(error.line) of the patch)",
        next: "ask for it again, sent with git send-email or as an attachment")
    }
  }

  /// The text of a patch that is not its diff: message, notes below `---`, and what format-patch --base puts at the end.
  private static func around(_ patch: PostedPatch) -> [UInt8] { patch.message + patch.diff }
}
