import ByteText

/// A mail's text as runs of quoted and of own lines.
struct QuotedBody {
  /// An own text and the quote right above it.
  struct Passage {
    /// Quoted lines without their marks, the blank ones included.
    var quote: [ArraySlice<UInt8>] = []
    var text: [ArraySlice<UInt8>] = []
  }

  private(set) var passages: [Passage] = []
  /// Every quoted line of the mail without marks and white space: what it takes up of others.
  private(set) var quotedKeys: Set<[UInt8]> = []

  init(_ body: [UInt8]) {
    var passage = Passage()
    for range in body.lineRanges() {
      let line = body[range]
      if line.elementsEqual("-- ".utf8) { break }
      if line.first == 0x3E {
        if !passage.text.isEmpty { close(&passage) }
        let bare = Self.withoutMarks(line)
        passage.quote.append(bare)
        let key = PatchText.key(bare)
        if !key.isEmpty { quotedKeys.insert(key) }
      } else if !passage.text.isEmpty || line.contains(where: { $0 > 0x20 }) {
        passage.text.append(line)
      }
    }
    close(&passage)
  }

  /// Takes the finished passage; what introduces the next quote (`On ... X wrote:`) is not text.
  private mutating func close(_ passage: inout Passage) {
    defer { passage = Passage() }
    func dropBlankEnd() {
      while let last = passage.text.last, !last.contains(where: { $0 > 0x20 }) { passage.text.removeLast() }
    }
    dropBlankEnd()
    if let last = passage.text.last, Self.introduces(last) {
      passage.text.removeLast()
      // the introduction may be wrapped: `On Thu, Jun 12, 2025 at 6:28 AM Somebody` and `<s@example.org> wrote:`
      if let before = passage.text.last, before.starts(with: "On ".utf8) { passage.text.removeLast() }
      dropBlankEnd()
    }
    guard !passage.text.isEmpty else {
      // The quote belongs to what follows it, however many introductions stand between.
      return
    }
    passages.append(passage)
  }

  private static func introduces(_ line: ArraySlice<UInt8>) -> Bool {
    let end = line.suffix(8).text.trimmedEnd
    return end.hasSuffix("wrote:") || end.hasSuffix("writes:")
  }

  /// A quoted line without its `>` marks, each with at most one blank behind it.
  static func withoutMarks(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = line
    while rest.first == 0x3E {
      rest = rest.dropFirst()
      if rest.first == 0x20 { rest = rest.dropFirst() }
    }
    return rest
  }
}

extension String {
  /// Without white space at the end.
  fileprivate var trimmedEnd: Substring {
    var rest = self[...]
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return rest
  }
}
