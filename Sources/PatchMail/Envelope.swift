/// What a message's headers say about its place in a thread; its body stays where it is.
public struct Envelope: Sendable, Equatable {
  /// Its place in the input, from 0.
  public var index: Int
  /// The message id without angle brackets; nil if there is none.
  public var messageID: String?
  /// The ids it answers, the nearest first (`In-Reply-To`, then `References` from the end).
  public var parents: [String]
  /// The subject, decoded.
  public var subjectText: String
  /// The subject taken apart.
  public var subject: SubjectLine
  /// Who sent it.
  public var from: MailAddress
  /// When, if the header can be read.
  public var date: PostedDate?

  /// As ids are compared and printed: without angle brackets and blanks.
  public static func bareID(_ text: String) -> String {
    String(text.trimmingPrefix { $0 == "<" || $0 == " " }.prefix { $0 != ">" && $0 != " " })
  }

  init(index: Int, message: UnsafeBufferPointer<UInt8>, isMboxrd: Bool) {
    self.index = index
    var lines = MailLines(message, isMboxrd: isMboxrd)
    while let line = lines.peek(), line.text.allSatisfy(ASCII.isSpace) { _ = lines.next() }
    var from: [UInt8] = []
    var subject: [UInt8] = []
    var date: [UInt8] = []
    var id: String?
    var answered: [String] = []
    var references: [String] = []
    while let field = lines.headerField() {
      guard let colon = field.firstIndex(of: 0x3A) else { continue }
      let name = field[..<colon]
      let value = field[(colon + 1)...].drop(while: ASCII.isSpace)
      switch name.count {
      case 4 where ASCII.starts(name, with: "from"): from = Array(value)
      case 4 where ASCII.starts(name, with: "date"): date = Array(value)
      case 7 where ASCII.starts(name, with: "subject"): subject = Array(value)
      case 10 where ASCII.starts(name, with: "message-id"): id = Self.ids(value).first ?? id
      case 11 where ASCII.starts(name, with: "in-reply-to"): answered = Self.ids(value)
      case 10 where ASCII.starts(name, with: "references"): references = Self.ids(value)
      default: break
      }
    }
    messageID = id
    var seen: Set<String> = id.map { [$0] } ?? []
    parents = (answered + references.reversed()).filter { seen.insert($0).inserted }
    subjectText = UTF8Text.text(ASCII.collapsed(EncodedWord.decode(subject)))
    self.subject = SubjectLine(subjectText)
    self.from = MailAddress(from: ASCII.collapsed(EncodedWord.decode(from)))
    self.date = PostedDate(date)
  }

  /// The `<ids>` of a header value; of a very long one, the last hundred.
  private static func ids(_ value: ArraySlice<UInt8>) -> [String] {
    var ids: [String] = []
    var rest = value.suffix(64 * 1024)
    while let open = rest.firstIndex(of: UInt8(ascii: "<")),
      let close = rest[open...].firstIndex(of: UInt8(ascii: ">"))
    {
      ids.append(UTF8Text.text(Array(rest[(open + 1)..<close].filter { !ASCII.isSpace($0) })))
      rest = rest[(close + 1)...]
    }
    return ids.suffix(100)
  }
}
