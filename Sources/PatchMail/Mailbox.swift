/// All messages of an input: headers read, bodies kept as bytes.
///
/// A mailbox of a large file keeps no bodies; they are read while the file is mapped.
public struct Mailbox: Sendable {
  /// The headers, in the order of the input.
  public internal(set) var envelopes: [Envelope] = []
  /// The messages read so far, by index.
  public internal(set) var mails: [Int: MailInfo] = [:]
  /// What is odd about the input as a whole.
  public internal(set) var warnings: [String] = []

  /// More than a list sends in many years.
  static let messageLimit = 1_000_000
  /// The largest mail whose body is read, in bytes.
  static let mailLimit = 256 << 20

  /// Why a message that was asked for could not be read, by index.
  public internal(set) var failures: [Int: MailError] = [:]
}

extension Mailbox {
  /// Reads the input at `path`, and the bodies of the messages that `wanted` picks once all headers are known.
  static func read(
    path: String, reading: SeriesReading, wanted: (inout Mailbox) throws(MailError) -> Set<Int>
  ) throws(MailError) -> Mailbox {
    if path != "-", let files = try MailFolder.files(at: path) {
      return try readFolder(files, path: path, reading: reading, wanted: wanted)
    }
    return try read(
      source: try MailSource(path: path), place: path == "-" ? "standard input" : path, reading: reading, wanted: wanted
    )
  }

  /// The same for one opened file.
  static func read(
    source: borrowing MailSource, place: String, reading: SeriesReading,
    wanted: (inout Mailbox) throws(MailError) -> Set<Int>
  ) throws(MailError) -> Mailbox {
    try source.withBytes { (buffer) throws(MailError) in
      if ArchivePage.isPage(buffer) {
        var mailbox = Mailbox()
        let page = ArchivePage.messages(of: buffer)
        mailbox.warnings.append(
          "\(place) is an archive's text page: message ids and recipients are not in it, and dates are to the minute")
        for message in page { mailbox.add(message) }
        for index in try wanted(&mailbox) {
          page[index].raw.withUnsafeBufferPointer { mailbox.readBody(index, $0, isMboxrd: false, reading) }
        }
        return mailbox
      }
      let entries = Mbox.split(buffer)
      try check(buffer, entries, place: place)
      var mailbox = Mailbox()
      for entry in entries {
        mailbox.envelopes.append(
          Envelope(
            index: mailbox.envelopes.count, message: UnsafeBufferPointer(rebasing: buffer[entry.range]),
            isMboxrd: entry.isMboxrd))
      }
      for index in try wanted(&mailbox) {
        let entry = entries[index]
        mailbox.readBody(
          index, UnsafeBufferPointer(rebasing: buffer[entry.range]), isMboxrd: entry.isMboxrd, reading)
      }
      return mailbox
    }
  }

  private static func readFolder(
    _ files: [String], path: String, reading: SeriesReading, wanted: (inout Mailbox) throws(MailError) -> Set<Int>
  ) throws(MailError) -> Mailbox {
    guard files.count <= messageLimit else {
      throw MailError(
        .tooLarge, at: path, "the directory holds \(files.count) messages",
        next: "move the thread to a folder of its own")
    }
    var mailbox = Mailbox()
    var places: [(file: String, entry: Int)] = []
    for file in files {
      let source = try MailSource(path: file)
      try source.withBytes { (buffer) throws(MailError) in
        let entries = Mbox.split(buffer)
        try check(buffer, entries, place: file)
        for (number, entry) in entries.enumerated() {
          mailbox.envelopes.append(
            Envelope(
              index: mailbox.envelopes.count, message: UnsafeBufferPointer(rebasing: buffer[entry.range]),
              isMboxrd: entry.isMboxrd))
          places.append((file, number))
        }
      }
    }
    for index in try wanted(&mailbox).sorted() {
      let source = try MailSource(path: places[index].file)
      source.withBytes { buffer in
        let entries = Mbox.split(buffer)
        guard places[index].entry < entries.count else { return }
        let entry = entries[places[index].entry]
        mailbox.readBody(
          index, UnsafeBufferPointer(rebasing: buffer[entry.range]), isMboxrd: entry.isMboxrd, reading)
      }
    }
    return mailbox
  }

  /// Refuses input that is not mail.
  private static func check(
    _ buffer: UnsafeBufferPointer<UInt8>, _ entries: [Mbox.Entry], place: String
  ) throws(MailError) {
    guard entries.count <= messageLimit else {
      throw MailError(
        .tooLarge, at: place, "\(entries.count) messages in one input", next: "cut the thread out of the mailbox first")
    }
    guard let first = entries.first else {
      throw MailError(
        .noMail, at: place, "the input is empty", next: "name an mbox or a patch made by git format-patch")
    }
    var lines = MailLines(UnsafeBufferPointer(rebasing: buffer[first.range]), isMboxrd: false)
    guard let line = lines.peek(), MailLines.isHeader(line.text) else {
      let what =
        buffer.starts(with: "diff ".utf8) || buffer.starts(with: "--- ".utf8)
        ? "a diff without mail headers: it has no author, date or message" : "the input is not mail"
      throw MailError(
        .noMail, at: place, what, next: "make patches with git format-patch, or save the thread as an mbox")
    }
  }

  private mutating func add(_ message: ArchivePage.Message) {
    var envelope = message.raw.withUnsafeBufferPointer {
      Envelope(index: envelopes.count, message: $0, isMboxrd: false)
    }
    envelope.parents = message.parent.map { [$0] } ?? []
    envelopes.append(envelope)
  }

  private mutating func readBody(
    _ index: Int, _ buffer: UnsafeBufferPointer<UInt8>, isMboxrd: Bool, _ reading: SeriesReading
  ) {
    guard buffer.count <= Self.mailLimit else {
      failures[index] = MailError(
        .tooLarge, at: place(of: index), "the mail is larger than \(Self.mailLimit >> 20) MiB",
        next: "no patch is; take the mail out of the mailbox")
      return
    }
    var options = MailReading()
    options.isMboxrd = isMboxrd
    options.cutsAtScissors = reading.cutsAtScissors
    do {
      mails[index] = try MailInfo(parsing: buffer, reading: options, place: place(of: index))
    } catch {
      failures[index] = error
    }
  }

  /// How to name a message in an error: its number and subject.
  public func place(of index: Int) -> String {
    guard envelopes.indices.contains(index) else { return "message \(index + 1)" }
    return "message \(index + 1) '\(envelopes[index].subjectText.prefix(120))'"
  }
}
