/// A function whose definition starts on a line at column one of a hunk.
struct Definition {
  let name: String
  let place: ReadLine
  let nameColumn: Int
  let isStatic: Bool
  /// `inline`, `__maybe_unused`, `__init` call registration and the like: the compiler does not ask for a use.
  let needsNoUse: Bool
  /// A body follows; false for a declaration.
  let hasBody: Bool

  /// The definitions and declarations among the lines of one side of a region (`removed` or `added`, context included).
  ///
  /// A head starts at column one with a word, holds a name in front of its first parenthesis, and ends at the `{` or `;`
  /// of nesting depth zero, which may be lines later.
  static func heads(in lines: [ReadLine], side: ChangedLine.Kind) -> [Definition] {
    var found: [Definition] = []
    let visible = lines.filter { $0.line.kind == side || $0.line.kind == .context }
    for (index, start) in visible.enumerated() where start.line.kind == side {
      guard let first = start.pieces.first, first.isWord, first.column == 1,
        let open = start.pieces.firstIndex(where: { $0.text == "(" }), open > 1,
        start.pieces[open - 1].isWord, !start.pieces[..<open].contains(where: { $0.text == "=" }),
        !statementWords.contains(first.text)
      else { continue }
      let name = start.pieces[open - 1]
      guard let hasBody = ending(of: visible[index...]) else { continue }
      let words = start.pieces[..<(open - 1)].map(\.text)
      let attributes = visible[index...].prefix(6).flatMap { $0.pieces.prefix(while: { $0.text != "{" }).map(\.text) }
      found.append(
        Definition(
          name: name.text, place: start, nameColumn: name.column, isStatic: words.contains("static"),
          needsNoUse: words.contains("inline") || attributes.contains(where: unusedMarks.contains), hasBody: hasBody))
    }
    return found
  }

  private static let statementWords: Set<String> = ["if", "for", "while", "switch", "return", "else", "do", "goto"]
  private static let unusedMarks: Set<String> = [
    "__maybe_unused", "__always_unused", "__used", "__attribute__", "__always_inline", "__unused",
  ]

  /// Whether the head that starts with these lines ends in a body; nil if the lines do not show.
  private static func ending(of lines: ArraySlice<ReadLine>) -> Bool? {
    var depth = 0
    for line in lines.prefix(24) {
      for piece in line.pieces {
        switch piece.text {
        case "(": depth += 1
        case ")": depth -= 1
        case "{" where depth <= 0: return true
        case ";" where depth <= 0: return false
        default: break
        }
      }
    }
    return nil
  }
}
