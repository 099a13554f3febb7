/// A line of code with its calls reduced to their names, for telling a flipped condition from a rewritten one.
struct Condition {
  /// Words and operators outside call arguments; a call is its name with `()`.
  private let reduced: [String]
  /// Whether the line holds the whole condition; the rest of another may change it in ways that this line does not show.
  private let isWhole: Bool

  private static let keywords: Set<String> = ["if", "while", "for", "switch", "return", "else", "sizeof"]
  private static let flips: Set<String> = ["!", "==", "!=", "<", "<=", ">", ">=", "&&", "||"]

  /// Nil for a line that decides nothing: no `if`, no loop, no `return` of a comparison.
  init?(_ pieces: [CodePiece]) {
    guard pieces.contains(where: { ["if", "while", "return"].contains($0.text) }) else { return nil }
    var reduced: [String] = []
    var position = 0
    while position < pieces.count {
      let piece = pieces[position]
      let isCall =
        piece.isWord && !Self.keywords.contains(piece.text) && position + 1 < pieces.count
        && pieces[position + 1].text == "("
      guard isCall else {
        reduced.append(piece.text)
        position += 1
        continue
      }
      reduced.append(piece.text + "()")
      var depth = 0
      position += 1
      while position < pieces.count {
        if pieces[position].text == "(" { depth += 1 }
        if pieces[position].text == ")" { depth -= 1 }
        position += 1
        if depth == 0 { break }
      }
    }
    self.reduced = reduced
    isWhole = pieces.count { $0.text == "(" } == pieces.count { $0.text == ")" }
  }

  /// Whether both test the same names and differ in a negation or a comparison alone.
  func isFlip(of other: Condition) -> Bool {
    isWhole == other.isWhole && operators != other.operators && names == other.names
      && names.contains { $0.utf8.first.map(CodeWords.startsWord) ?? false }
  }

  private var operators: [String] { reduced.filter(Self.flips.contains) }

  private var names: [String] {
    reduced.filter { !Self.flips.contains($0) && $0 != "(" && $0 != ")" && $0 != "{" && $0 != ";" }
  }
}
