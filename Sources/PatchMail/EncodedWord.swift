/// Header text with RFC 2047 encoded words (`=?utf-8?q?...?=`).
enum EncodedWord {
  /// The header in UTF-8. As in git, one malformed word leaves the whole header as it stands.
  static func decode(_ value: [UInt8]) -> [UInt8] {
    guard value.count >= 8, contains(value, 0x3D, 0x3F) else { return value }
    var out: [UInt8] = []
    var position = 0
    while let mark = find(value, 0x3D, 0x3F, from: position) {
      let between = value[position..<mark]
      // White space between two encoded words is not part of the text.
      if position == 0 || !between.allSatisfy(ASCII.isSpace) { out.append(contentsOf: between) }
      guard let charsetEnd = value[(mark + 2)...].firstIndex(of: 0x3F), charsetEnd + 2 < value.count,
        value[charsetEnd + 2] == 0x3F, let end = find(value, 0x3F, 0x3D, from: charsetEnd + 3)
      else { return value }
      let charset = String(decoding: value[(mark + 2)..<charsetEnd], as: UTF8.self)
      let piece = value[(charsetEnd + 3)..<end]
      let bytes: [UInt8]
      switch ASCII.lower(value[charsetEnd + 1]) {
      case UInt8(ascii: "b"): bytes = Base64.decode(piece)
      case UInt8(ascii: "q"): bytes = QuotedPrintable.decode(piece, underscoreIsBlank: true)
      default: return value
      }
      guard let text = Charset.utf8(bytes, from: charset) else { return value }
      out.append(contentsOf: text)
      position = end + 2
    }
    out.append(contentsOf: value[position...])
    return out
  }

  private static func find(_ bytes: [UInt8], _ first: UInt8, _ second: UInt8, from start: Int) -> Int? {
    guard start >= 0, start + 1 < bytes.count else { return nil }
    for index in start..<(bytes.count - 1) where bytes[index] == first && bytes[index + 1] == second { return index }
    return nil
  }

  private static func contains(_ bytes: [UInt8], _ first: UInt8, _ second: UInt8) -> Bool {
    find(bytes, first, second, from: 0) != nil
  }
}
