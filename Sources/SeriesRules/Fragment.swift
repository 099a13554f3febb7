/// What a hunk shows of one side of a file, made into C that a parser can read on its own.
///
/// Every line keeps its number: what the hunk does not show is blank. Where the hunk starts inside a function, the line
/// above it gets a head with the name that `diff -p` gives and the braces that the hunk closes; what the hunk leaves open
/// is closed on the line below it.
public struct Fragment: Sendable, Hashable {
  /// The source, with the line numbers of the whole file.
  public let bytes: [UInt8]

  /// The name of a condition that stands for what the hunk does not show.
  public static let hiddenCondition = "hunk_does_not_show"

  /// The old (`removed`) or new (`added`) side of `region`.
  public init(_ region: ChangedRegion, side: ChangedLine.Kind) {
    let start = max(1, side == .removed ? region.oldStart : region.newStart)
    var shown = region.lines.filter { $0.kind == side || $0.kind == .context }.map(\.text)
    Self.blankCommentTail(&shown)
    let shape = Shape(shown, section: region.section)
    var bytes = [UInt8](repeating: 0x0A, count: max(0, start - 2))
    if start >= 2 {
      bytes += shape.head
      bytes.append(0x0A)
    }
    for line in shown {
      bytes += line
      bytes.append(0x0A)
    }
    bytes += shape.tail
    if !shape.tail.isEmpty { bytes.append(0x0A) }
    self.bytes = bytes
  }

  /// A hunk may start inside a block comment: what comes before its end is no code.
  private static func blankCommentTail(_ lines: inout [[UInt8]]) {
    for (index, line) in lines.enumerated() {
      let opening = line.firstRange(of: "/*".utf8)?.lowerBound ?? line.count
      guard let closing = line.firstRange(of: "*/".utf8) else {
        if opening < line.count { return }
        continue
      }
      guard closing.lowerBound < opening else { return }
      for earlier in 0..<index { lines[earlier] = [] }
      lines[index] = [UInt8](repeating: 0x20, count: closing.upperBound) + line[closing.upperBound...]
      return
    }
  }
}

/// What must stand above and below the lines of a hunk so that its brackets balance.
private struct Shape {
  private(set) var head: [UInt8] = []
  private(set) var tail: [UInt8] = []

  init(_ lines: [[UInt8]], section: [UInt8]) {
    var words = CodeWords()
    let pieces = lines.map { words.pieces(of: $0) }
    let start = Self.start(of: pieces)
    var depth = 0
    var openings: [String] = []
    if start == .inBody, section.contains(UInt8(ascii: "(")) || Self.closesMore(pieces) {
      head = Self.closedHead(section)
      depth = 1
    } else if start == .inHead, section.contains(UInt8(ascii: "(")) {
      head = Self.openHead(section, parameters: pieces)
    }
    var parentheses = 0
    for line in pieces {
      for (index, piece) in line.enumerated() {
        switch piece.text {
        case "(": parentheses += 1
        case ")": parentheses = max(0, parentheses - 1)
        case "{": depth += 1
        case "}" where piece.column == 1: depth = 0
        case "}" where depth > 1: depth -= 1
        case "}" where !head.isEmpty:
          let next = index + 1 < line.count ? line[index + 1].text : ""
          openings.append(next == "while" ? " do {" : " if (\(Fragment.hiddenCondition)) {")
        default: break
        }
      }
    }
    if start == .inBody { for opening in openings.reversed() { head += opening.utf8 } }
    tail = Array((String(repeating: ")", count: parentheses) + (parentheses > 0 ? ";" : "")).utf8)
    tail += Array(String(repeating: "}", count: max(0, depth)).utf8)
  }

  private enum Start { case outside, inBody, inHead }

  /// Where the first line of a hunk stands, told by the first line that starts at column one, as kernel style has it.
  private static func start(of lines: [[CodePiece]]) -> Start {
    for line in lines {
      guard let first = line.first, first.column == 1, first.text != "#" else { continue }
      if first.text == "}" { return .inBody }
      if first.text == "{" { return .inHead }
      // A label.
      if first.isWord, line.count == 2, line[1].text == ":" { continue }
      return .outside
    }
    return .inBody
  }

  private static func closesMore(_ lines: [[CodePiece]]) -> Bool {
    lines.joined().count { $0.text == "}" } > lines.joined().count { $0.text == "{" }
  }

  /// `int f(struct a *a, struct b *b` cut off anywhere, as `int f(struct a *a) {`.
  private static func closedHead(_ section: [UInt8]) -> [UInt8] {
    let bare = trimmed(section)
    guard let open = bare.firstIndex(of: UInt8(ascii: "(")) else { return Array("void hunk(void) {".utf8) }
    if let close = bare.lastIndex(of: UInt8(ascii: ")")), close > open {
      return Array(bare[...close]) + Array(" {".utf8)
    }
    if let comma = bare.lastIndex(of: UInt8(ascii: ",")), comma > open {
      return Array(bare[..<comma]) + Array(") {".utf8)
    }
    return Array(bare[...open]) + Array("void) {".utf8)
  }

  /// The head of the function whose last parameters are the first lines of the hunk.
  private static func openHead(_ section: [UInt8], parameters: [[CodePiece]]) -> [UInt8] {
    let bare = trimmed(section)
    let open = bare.count { $0 == UInt8(ascii: "(") } - bare.count { $0 == UInt8(ascii: ")") }
    let before = parameters.prefix { $0.first?.column != 1 }.joined()
    let closing = before.count { $0.text == ")" } - before.count { $0.text == "(" }
    if open == closing { return Array(bare) }
    return open > 0 ? Array(closedHead(section).dropLast(2)) : []
  }

  private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    var bare = bytes[...]
    while let last = bare.last, last <= 0x20 { bare.removeLast() }
    while let first = bare.first, first <= 0x20 { bare.removeFirst() }
    return bare
  }
}
