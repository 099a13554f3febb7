import Findings

/// A log that names what the code does not have.
enum ChangelogMismatch: SeriesRule {
  static let description = RuleDescription(
    id: "changelog-mismatch",
    summary: "the log names something that the code spells otherwise",
    severity: .note, confidence: .medium,
    whatItDoes: """
      Looks for a name in the log that occurs nowhere in the changes of the series (nor in the tree, when one is given) \
      while the patch itself adds or removes a name that differs from it by leading underscores or by one letter.
      """,
    whyItMatters: """
      The log is what is read when the change is searched for years later; a name that never existed is not found, and a \
      flag spelt as another one misleads the reviewer about what the code does.
      """,
    accepts: ["plural forms", "families of names such as foo_*", "file names, links and trailers"],
    knownFalsePositives: ["a name from another tree that the log compares with, when no tree is given"],
    triggering: [
      RuleExample(
        """
        patch 1: mm: pass GFP_NOWARN so that failures are quiet
        a.c
        +	gfp = gfp | __GFP_NOWARN;
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        patch 1: mm: pass __GFP_NOWARN so that failures are quiet
        a.c
        +	gfp = gfp | __GFP_NOWARN;
        """)
    ])

  static func findings(in series: [SeriesPatch], hasTree: Bool) -> [SeriesFinding] {
    let index = SeriesIndex(series)
    let shown = words(of: series)
    var found: [SeriesFinding] = []
    for (patchIndex, patch) in series.enumerated() {
      let changed = index.patches[patchIndex].flatMap { file in
        file.regions.joined().filter { $0.line.kind != .context }.map { (file.file.path, $0) }
      }
      guard !changed.isEmpty else { continue }
      for mention in LogWords(patch.message).mentions where isName(mention) && !shown.contains(mention.word) {
        guard let (path, line, piece) = variant(of: mention, in: changed, hasTree: hasTree)
        else { continue }
        found.append(
          SeriesFinding(
            Finding(
              rule: description.id, severity: description.severity,
              confidence: hasTree ? .high : description.confidence,
              place: SourcePlace(path: path, line: line.line.number, column: piece.column), function: "",
              message: "the log says '\(mention.word)', the code has '\(piece.text)'",
              key: "\(mention.word) \(piece.text)"),
            patchIndex: patchIndex, unlessTreeHolds: mention.word))
      }
    }
    return found
  }

  /// Every word that the changes of the series show, and the words of the whole files where they are known.
  private static func words(of series: [SeriesPatch]) -> Set<String> {
    var shown: Set<String> = []
    func add(_ bytes: [UInt8]) {
      var position = 0
      while position < bytes.count {
        let start = position
        while position < bytes.count, CodeWords.isWordByte(bytes[position]) { position += 1 }
        if position > start { shown.insert(String(decoding: bytes[start..<position], as: UTF8.self)) }
        position += 1
      }
    }
    for file in series.flatMap(\.files) {
      for region in file.regions {
        add(region.section)
        for line in region.lines { add(line.text) }
      }
      if let before = file.before { add(before) }
      if let after = file.after { add(after) }
    }
    return shown
  }

  /// A word of prose is not a name: a name has an underscore, or parentheses behind it.
  private static func isName(_ mention: LogWords.Mention) -> Bool {
    mention.word.utf8.count >= 5 && (mention.isCall || mention.word.dropFirst().dropLast().contains("_"))
  }

  /// The changed name that the log most likely means.
  private static func variant(
    of mention: LogWords.Mention, in changed: [(String, ReadLine)], hasTree: Bool
  ) -> (String, ReadLine, CodePiece)? {
    // What the patch adds is what the log describes; what it removes comes second.
    for kind in [ChangedLine.Kind.added, .removed] {
      for (path, line) in changed where line.line.kind == kind {
        for piece in line.pieces where piece.isWord && isVariant(mention.word, of: piece.text, hasTree: hasTree) {
          return (path, line, piece)
        }
      }
    }
    return nil
  }

  private static func isVariant(_ word: String, of name: String, hasTree: Bool) -> Bool {
    guard word != name else { return false }
    let (bareWord, bareName) = (word.drop(while: { $0 == "_" }), name.drop(while: { $0 == "_" }))
    if bareWord == bareName {
      // Functions come in pairs f() and __f(); without a tree only constants, which do not, are told apart.
      return hasTree || !bareWord.contains(where: \.isLowercase)
    }
    return hasTree && isOneLetterApart(Array(bareWord.utf8), Array(bareName.utf8))
  }

  /// One letter inserted, left out, changed or two swapped, in words long enough for that to be a slip.
  private static func isOneLetterApart(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    let (short, long) = left.count <= right.count ? (left, right) : (right, left)
    guard short.count >= 8, long.count - short.count <= 1 else { return false }
    let common = zip(short, long).prefix { $0 == $1 }.count
    let (restShort, restLong) = (short[common...], long[common...])
    if short.count < long.count {
      // A plural or a past tense is no slip, and neither is a number behind the name.
      guard common < short.count, let extra = restLong.first, !CodeWords.isDigit(extra), extra != UInt8(ascii: "_")
      else { return false }
      return restShort.elementsEqual(restLong.dropFirst())
    }
    guard let one = restShort.first, let other = restLong.first, !CodeWords.isDigit(one), !CodeWords.isDigit(other)
    else { return false }
    if restShort.dropFirst().elementsEqual(restLong.dropFirst()) { return isLetter(one) && isLetter(other) }
    return restShort.count >= 2 && restShort.dropFirst(2).elementsEqual(restLong.dropFirst(2))
      && one == restLong.dropFirst().first && other == restShort.dropFirst().first
  }

  private static func isLetter(_ byte: UInt8) -> Bool { CodeWords.startsWord(byte) && byte != UInt8(ascii: "_") }
}
