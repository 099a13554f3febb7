/// A word or an operator of a line of C.
struct CodePiece: Hashable {
  /// As written; a string or character literal is `"`.
  let text: String
  /// Counted from 1, in bytes.
  let column: Int

  var isWord: Bool { text.utf8.first.map(CodeWords.startsWord) ?? false }
}

/// Reads the words and operators of lines of C, without comments; strings become one piece.
///
/// It knows no syntax: enough to compare lines of a diff, which may start and end anywhere.
struct CodeWords {
  private var inComment = false

  /// The pieces of the next line; a comment that an earlier line opened is still open.
  mutating func pieces(of line: [UInt8]) -> [CodePiece] {
    var pieces: [CodePiece] = []
    var position = 0
    if !inComment, Self.looksLikeCommentBody(line) { return [] }
    while position < line.count {
      let byte = line[position]
      let next = position + 1 < line.count ? line[position + 1] : 0
      if inComment {
        if byte == UInt8(ascii: "*") && next == UInt8(ascii: "/") {
          inComment = false
          position += 1
        }
        position += 1
      } else if byte == UInt8(ascii: "/") && next == UInt8(ascii: "*") {
        inComment = true
        position += 2
      } else if byte == UInt8(ascii: "/") && next == UInt8(ascii: "/") {
        return pieces
      } else if byte <= 0x20 {
        position += 1
      } else if Self.startsWord(byte) || Self.isDigit(byte) {
        let start = position
        while position < line.count, Self.startsWord(line[position]) || Self.isDigit(line[position]) { position += 1 }
        pieces.append(CodePiece(text: String(decoding: line[start..<position], as: UTF8.self), column: start + 1))
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        pieces.append(CodePiece(text: "\"", column: position + 1))
        position = Self.endOfLiteral(in: line, from: position)
      } else {
        let length = Self.operatorLength(byte, next)
        pieces.append(
          CodePiece(
            text: String(decoding: line[position..<position + length], as: UTF8.self), column: position + 1))
        position += length
      }
    }
    return pieces
  }

  static func startsWord(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  /// The kernel's ` * text` inside a block comment whose start a hunk does not show.
  private static func looksLikeCommentBody(_ line: [UInt8]) -> Bool {
    guard let first = line.firstIndex(where: { $0 > 0x20 }), line[first] == UInt8(ascii: "*"), first > 0 else {
      return false
    }
    let next = first + 1 < line.count ? line[first + 1] : 0x20
    return next == 0x20 || next == UInt8(ascii: "/") || next == 0x09
  }

  private static func endOfLiteral(in line: [UInt8], from start: Int) -> Int {
    var position = start + 1
    while position < line.count {
      if line[position] == UInt8(ascii: "\\") {
        position += 1
      } else if line[position] == line[start] {
        return position + 1
      }
      position += 1
    }
    return line.count
  }

  private static func operatorLength(_ byte: UInt8, _ next: UInt8) -> Int {
    switch (byte, next) {
    case (UInt8(ascii: "="), UInt8(ascii: "=")), (UInt8(ascii: "!"), UInt8(ascii: "=")),
      (UInt8(ascii: "<"), UInt8(ascii: "=")), (UInt8(ascii: ">"), UInt8(ascii: "=")),
      (UInt8(ascii: "&"), UInt8(ascii: "&")), (UInt8(ascii: "|"), UInt8(ascii: "|")),
      (UInt8(ascii: "-"), UInt8(ascii: ">")), (UInt8(ascii: "+"), UInt8(ascii: "+")),
      (UInt8(ascii: "-"), UInt8(ascii: "-")), (UInt8(ascii: "<"), UInt8(ascii: "<")),
      (UInt8(ascii: ">"), UInt8(ascii: ">")):
      2
    default: 1
    }
  }
}

/// A changed line with its pieces.
struct ReadLine {
  let line: ChangedLine
  let pieces: [CodePiece]

  /// Whether the line carries a word of code: not blank, not a brace, not a comment.
  var isCode: Bool { pieces.contains(where: \.isWord) }

  /// The pieces joined by one space: equal for lines that differ in white space and comments only.
  var normalised: String { pieces.map(\.text).joined(separator: " ") }
}

extension ChangedRegion {
  /// Its lines with their pieces, the old and the new text each read on its own.
  func read() -> [ReadLine] {
    var old = CodeWords()
    var new = CodeWords()
    return lines.map { line in
      switch line.kind {
      case .removed: return ReadLine(line: line, pieces: old.pieces(of: line.text))
      case .added: return ReadLine(line: line, pieces: new.pieces(of: line.text))
      case .context:
        _ = old.pieces(of: line.text)
        return ReadLine(line: line, pieces: new.pieces(of: line.text))
      }
    }
  }
}
