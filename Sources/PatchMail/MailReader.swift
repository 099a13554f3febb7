/// Walks one raw message the way `git mailinfo` does: headers, MIME parts, in-body headers, message, patch.
struct MailReader {
  /// The three headers that matter, once from the mail, once from the top of its body.
  struct Fields {
    var from: [UInt8]?
    var subject: [UInt8]?
    var date: [UInt8]?
  }

  /// What the headers of a MIME part say.
  struct Part {
    var encoding = TransferEncoding.identity
    var charset = ""
    var isHTML = false
  }

  enum Stage { case inBodyHeaders, message, patch }

  let reading: MailReading
  let place: String
  var lines: MailLines
  var posted = Fields()
  var inBody = Fields()
  var part = Part()
  var boundaries: [[UInt8]] = []
  var isFlowed = false
  var joinsFlowedWords = false
  var stage = Stage.inBodyHeaders
  var pendingHeader: [UInt8] = []
  var flowed: [UInt8] = []
  var log: [UInt8] = []
  var patch: [UInt8] = []
  var warnings: [String] = []
  var skippedHTML = false
  var hasText = false

  /// More parts inside parts than any mailer makes.
  static let deepestNesting = 16

  init(_ buffer: UnsafeBufferPointer<UInt8>, reading: MailReading, place: String) {
    self.reading = reading
    self.place = place
    lines = MailLines(
      buffer, isMboxrd: reading.isMboxrd, keepsReturns: MailLines.endsInLineFeeds(buffer))
  }

  mutating func read() throws(MailError) {
    while let line = lines.peek(), line.text.allSatisfy(ASCII.isSpace) { _ = lines.next() }
    while let field = lines.headerField() { try take(field, overwrite: true) }
    if let line = lines.peek(), line.text.isEmpty || !boundaries.isEmpty { _ = lines.next() }
    try readBody()
    flushPendingHeader()
    if skippedHTML, !hasText {
      throw MailError(
        .badEncoding, at: place, "the mail is HTML only, which holds no patch", next: "ask for it as plain text")
    }
  }

  func info() -> MailInfo {
    let sender = MailAddress(from: ASCII.collapsed(posted.from ?? []))
    let usesInBody = !patch.isEmpty
    let from = (usesInBody ? inBody.from : nil) ?? posted.from ?? []
    let date = (usesInBody ? inBody.date : nil) ?? posted.date ?? []
    let subject = (usesInBody ? inBody.subject : nil) ?? posted.subject ?? []
    return MailInfo(
      author: MailAddress(from: ASCII.collapsed(from)),
      date: UTF8Text.text(ASCII.collapsed(date)),
      subject: UTF8Text.text(CommitMessage.cleanedSubject(subject)),
      fullSubject: UTF8Text.text(ASCII.collapsed(ASCII.trimmed(posted.subject ?? []))),
      log: UTF8Text.repaired(log),
      patch: patch,
      sender: sender,
      sentDate: UTF8Text.text(ASCII.collapsed(posted.date ?? [])),
      warnings: warnings,
      isFlowed: isFlowed)
  }

  // MARK: Headers

  mutating func take(_ field: [UInt8], overwrite: Bool) throws(MailError) {
    guard let colon = field.firstIndex(of: 0x3A) else { return }
    let name = field[..<colon]
    func value() -> [UInt8] { EncodedWord.decode(Array(field[(colon + 1)...].drop(while: ASCII.isSpace))) }
    func set(_ slot: inout [UInt8]?) { if overwrite || slot == nil { slot = value() } }
    switch name.count {
    case 4 where ASCII.starts(name, with: "from"): set(&posted.from)
    case 4 where ASCII.starts(name, with: "date"): set(&posted.date)
    case 7 where ASCII.starts(name, with: "subject"): set(&posted.subject)
    case 12 where ASCII.starts(name, with: "content-type"): try takeContentType(value())
    case 25 where ASCII.starts(name, with: "content-transfer-encoding"):
      part.encoding = TransferEncoding(header: value())
    default: break
    }
  }

  private mutating func takeContentType(_ value: [UInt8]) throws(MailError) {
    if let boundary = Self.attribute("boundary=", of: value), !boundary.isEmpty {
      guard boundaries.count < Self.deepestNesting else {
        throw MailError(
          .tooDeep, at: place, "MIME parts nested more than \(Self.deepestNesting) deep",
          next: "save the patch itself to a file")
      }
      boundaries.append([0x2D, 0x2D] + boundary)
    }
    if Self.attribute("format=", of: value).map({ String(decoding: $0, as: UTF8.self).lowercased() }) == "flowed" {
      isFlowed = true
      joinsFlowedWords =
        Self.attribute("delsp=", of: value).map { String(decoding: $0, as: UTF8.self).lowercased() } == "yes"
    }
    if let charset = Self.attribute("charset=", of: value) { part.charset = String(decoding: charset, as: UTF8.self) }
    part.isHTML = ASCII.starts(value, with: "text/html")
  }

  /// The value of `name=` in a structured header, quoted or not.
  static func attribute(_ name: String, of value: [UInt8]) -> [UInt8]? {
    guard let found = ASCII.find(name, in: value) else { return nil }
    var start = found + name.utf8.count
    let isQuoted = start < value.count && value[start] == UInt8(ascii: "\"")
    if isQuoted { start += 1 }
    let end =
      value[start...].firstIndex {
        isQuoted ? $0 == UInt8(ascii: "\"") : $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09
      } ?? value.count
    return Array(value[start..<end])
  }
}
