import ByteText

/// Collects the trailers that reviewers gave in replies, as `b4 am` does.
enum TrailerCollection {
  /// A trailer given in a reply.
  private struct Given {
    var line: [UInt8]
    var sender: MailAddress
    var person: MailAddress
    var message: Int
  }

  /// Whether a reply's trailer of this name belongs into a commit: what a person did, or which commit is mended.
  ///
  /// `Link:`, `Closes:` and `Cc:` in a reply are part of the talk, and b4 leaves them there too.
  private static func isCollected(_ name: String) -> Bool {
    name == "fixes" || (name.hasSuffix("-by") && name != "obsoleted-by")
  }

  /// Adds them to the messages of `series`; a trailer for the cover letter goes to every patch.
  ///
  /// - Returns: warnings, among them one for each trailer whose name and address are not the sender's: those are left out.
  static func collect(
    into series: inout PatchSeries, mailbox: Mailbox, links: MailThread, group: SeriesGroup
  ) -> [String] {
    var warnings: [String] = []
    var targets: [Int: [Int]] = [:]
    if let cover = group.cover { targets[cover] = Array(series.patches.indices) }
    for (position, patch) in series.patches.enumerated() {
      if let message = group.parts[patch.number] ?? group.loose.dropFirst(patch.number - 1).first {
        targets[message] = [position]
      }
    }
    let nearest = links.nearest(of: Set(targets.keys))
    for index in nearest.indices {
      guard let (top, depth) = nearest[index], depth > 0, let info = mailbox.mails[index] else { continue }
      for given in trailers(in: info, message: index) {
        guard agrees(given) else {
          warnings.append(
            "trailer left out: '\(given.line.text)' in \(mailbox.place(of: index)) was sent by \(given.sender.text)")
          continue
        }
        for position in targets[top] ?? [] { add(given.line, to: &series.patches[position].message) }
      }
    }
    return warnings
  }

  private static func trailers(in info: MailInfo, message: Int) -> [Given] {
    var found: [Given] = []
    let lines = info.log.lineRanges().map { info.log[$0] }
    for (index, line) in lines.enumerated() {
      if line.elementsEqual("-- ".utf8) { break }
      var trailer = ASCII.trimmed(line)
      guard let colon = trailer.firstIndex(of: 0x3A), colon > 0, colon < 40,
        isCollected(trailer[..<colon].text.lowercased())
      else { continue }
      // A mailer may have put the address on a line of its own.
      if !trailer.contains(UInt8(ascii: "@")), index + 1 < lines.count {
        let next = ASCII.trimmed(lines[index + 1])
        if next.first == UInt8(ascii: "<"), next.last == UInt8(ascii: ">") { trailer += [0x20] + next }
      }
      // A sign-off or `Fixes:` above a patch in the reply's own text is that patch's.
      if isOfAPatch(trailer), info.embeddedPatchCount > 0 { continue }
      let value = ASCII.trimmed(trailer[(colon + 1)...])
      let isPerson = value.contains(UInt8(ascii: "@"))
      guard isPerson || trailer[..<colon].text.lowercased() == "fixes" else { continue }
      let person = isPerson ? MailAddress(from: value) : info.sender
      found.append(Given(line: trailer, sender: info.sender, person: person, message: message))
    }
    return found
  }

  private static func isOfAPatch(_ trailer: [UInt8]) -> Bool {
    ASCII.starts(trailer, with: "signed-off-by:") || ASCII.starts(trailer, with: "fixes:")
  }

  /// Whether the person named is the one who sent the mail: the same address, or the same name.
  private static func agrees(_ given: Given) -> Bool {
    given.person.email.lowercased() == given.sender.email.lowercased()
      || (!given.person.name.isEmpty && given.person.name.lowercased() == given.sender.name.lowercased())
  }

  /// Puts the trailer into the message's last block, in front of the submitter's sign-off, unless it is there.
  private static func add(_ line: [UInt8], to message: inout [UInt8]) {
    let lines = message.lineRanges()
    if lines.contains(where: { message[$0].elementsEqual(line) }) { return }
    var at = message.count
    var hasBlock = false
    for range in lines.reversed() {
      guard !range.isEmpty, let colon = message[range].firstIndex(of: 0x3A),
        message[range.lowerBound..<colon].allSatisfy({ $0 == 0x2D || (ASCII.lower($0) >= 97 && ASCII.lower($0) <= 122) }
        )
      else { break }
      hasBlock = true
      if at == message.count, ASCII.starts(message[range], with: "signed-off-by:") { at = range.lowerBound }
    }
    let text = (hasBlock ? [] : [0x0A]) + line + [0x0A]
    message.insert(contentsOf: text, at: hasBlock ? at : message.count)
  }
}
