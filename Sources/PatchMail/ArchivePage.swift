import ByteText

/// A thread as a public-inbox archive shows it on one page, saved as text by a browser.
///
/// Each message has a small overview (its parent, itself behind an `@`, its answers), a `From:` line without address, and
/// its body; `^ permalink` closes it. Ids are not on the page, so messages get made-up ones under `page.invalid`.
enum ArchivePage {
  /// A message of the page, written as a mail.
  struct Message {
    var raw: [UInt8]
    /// The made-up id of the message it answers.
    var parent: String?
  }

  private struct Block {
    var subject: [UInt8] = []
    var author: [UInt8] = []
    var date: [UInt8] = []
    var parentLine: [UInt8] = []
    var body: [UInt8] = []
  }

  /// Whether the text is such a page.
  static func isPage(_ buffer: UnsafeBufferPointer<UInt8>) -> Bool {
    var seen = 0
    for range in ByteLines(buffer) {
      let line = buffer[range]
      if line.elementsEqual(" help / color / mirror / Atom feed".utf8) { return true }
      if line.starts(with: "^ permalink raw reply".utf8) { return true }
      seen += 1
      if seen > 40 { return false }
    }
    return false
  }

  /// The messages in the order of the page.
  static func messages(of buffer: UnsafeBufferPointer<UInt8>) -> [Message] {
    let blocks = blocks(of: buffer)
    let addresses = addresses(in: buffer)
    var places: [[UInt8]: [Int]] = [:]
    var messages: [Message] = []
    for (index, block) in blocks.enumerated() {
      var parent: Int?
      if !block.parentLine.isEmpty, let found = places[block.parentLine] {
        let title = SubjectLine(block.subject.text).title
        parent = found.first { SubjectLine(blocks[$0].subject.text).title == title } ?? found.first
      }
      let plain = withoutReply(block.subject)
      places[block.date + [0x20] + block.author, default: []].append(index)
      places[block.date + Array(" ` ".utf8) + plain + [0x20] + block.author, default: []].append(index)
      places[block.date + [0x20] + plain + [0x20] + block.author, default: []].append(index)

      // Quoted: a name may hold commas, dots and at signs.
      var raw = Array("From: \"".utf8) + block.author.filter { $0 != 0x22 && $0 != 0x5C }
      raw += Array("\" <".utf8) + (addresses[block.author] ?? []) + Array(">".utf8)
      raw += Array("\nSubject: ".utf8) + block.subject
      raw += Array("\nDate: ".utf8) + block.date + Array(":00 +0000\nMessage-ID: <\(id(index))>\n\n".utf8)
      messages.append(Message(raw: raw + block.body, parent: parent.map(id)))
    }
    return messages
  }

  private static func id(_ index: Int) -> String { "\(index + 1)@page.invalid" }

  private static func withoutReply(_ subject: [UInt8]) -> [UInt8] {
    ASCII.starts(subject, with: "re: ") ? Array(subject[4...]) : subject
  }

  private static func blocks(of buffer: UnsafeBufferPointer<UInt8>) -> [Block] {
    var blocks: [Block] = []
    var block: Block?
    var overview: [(indent: Int, text: [UInt8])] = []
    var isBody = false
    var isHead = false
    for range in ByteLines(buffer) {
      var line = buffer[range]
      if line.last == 0x0D { line = line.dropLast() }
      if line.starts(with: "^ permalink raw reply".utf8) {
        if let block { blocks.append(block) }
        block = nil
        isBody = false
        isHead = false
      } else if isBody {
        block?.body.append(contentsOf: line)
        block?.body.append(0x0A)
      } else if isHead {
        // `  To:` and `  Cc:` with their continuations, up to the empty line
        if line.isEmpty {
          isBody = true
          isHead = false
        }
      } else if block == nil {
        if line.starts(with: "* ".utf8) {
          block = Block()
          block?.subject = Array(line.dropFirst(2))
          overview = []
        }
      } else if line.starts(with: "From: ".utf8), line.contains(UInt8(ascii: "@")) {
        isHead = true
        if block?.author.isEmpty == true { readAuthor(line, &block) }
      } else if line.starts(with: "@ ".utf8) {
        readSelf(line, &block, overview)
      } else if let entry = overviewEntry(line) {
        overview.append(entry)
      }
    }
    if let block, isBody { blocks.append(block) }
    return blocks
  }

  /// `@ 2025-01-22 14:39   ` Tom Lendacky`: the message itself; its parent stands above it, less indented.
  private static func readSelf(
    _ line: Slice<UnsafeBufferPointer<UInt8>>, _ block: inout Block?, _ overview: [(indent: Int, text: [UInt8])]
  ) {
    guard let entry = overviewEntry(line) else { return }
    block?.date = Array(entry.text.prefix(16))
    var parent = overview.last { $0.indent < entry.indent }?.text ?? []
    if let tick = parent.firstIndex(of: 0x60), tick == 17 { parent.removeSubrange(17..<min(19, parent.count)) }
    block?.parentLine = parent
  }

  /// `From: Tom Lendacky @ 2025-01-22 14:39 UTC (permalink / raw)`
  private static func readAuthor(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ block: inout Block?) {
    let text = Array(line.dropFirst(6))
    guard let at = text.lastIndex(of: UInt8(ascii: "@")) else { return }
    block?.author = ASCII.trimmed(text[..<at])
    let date = Array(text[(at + 1)...].drop(while: ASCII.isSpace).prefix(16))
    if date.count == 16 { block?.date = date }
  }

  /// A line of an overview: two marks, date and time (16 bytes), indentation, author or subject and author.
  private static func overviewEntry(
    _ line: Slice<UnsafeBufferPointer<UInt8>>
  ) -> (indent: Int, text: [UInt8])? {
    let rest = line.dropFirst(2)
    guard line.count > 18, rest.prefix(4).allSatisfy(ASCII.isDigit), rest.dropFirst(4).first == 0x2D,
      rest.dropFirst(13).first == 0x3A
    else { return nil }
    let date = Array(rest.prefix(16))
    let tail = rest.dropFirst(16)
    let indent = tail.prefix { $0 == 0x20 }.count
    var text = Array(tail.dropFirst(indent))
    var depth = indent
    if text.starts(with: [0x60, 0x20]) {
      text.removeFirst(2)
      depth += 1
    }
    return (depth, date + [0x20] + text)
  }

  /// The addresses that go with names anywhere on the page: in trailers and above quotes.
  private static func addresses(in buffer: UnsafeBufferPointer<UInt8>) -> [[UInt8]: [UInt8]] {
    var found: [[UInt8]: [UInt8]] = [:]
    for range in ByteLines(buffer) where range.count < 500 {
      let line = buffer[range]
      guard let close = line.lastIndex(of: UInt8(ascii: ">")),
        let open = line[..<close].lastIndex(of: UInt8(ascii: "<")),
        line[open..<close].contains(UInt8(ascii: "@"))
      else { continue }
      let email = Array(line[(open + 1)..<close])
      let before = line[..<open]
      let start = before.lastIndex { $0 == 0x3A || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ">") }
      let name = ASCII.trimmed(before[(start.map { $0 + 1 } ?? before.startIndex)...]).filter { $0 != 0x22 }
      if name.count > 2, found[name] == nil { found[name] = email }
      // `On Mon, Jun 2, 2025 at 6:34 PM Yan Zhao <...> wrote:` has the name behind the time
      let words = name.split(separator: 0x20)
      for count in 2...4 where words.count > count {
        let short = Array(words.suffix(count).joined(separator: [0x20]))
        if found[short] == nil { found[short] = email }
      }
    }
    return found
  }
}
