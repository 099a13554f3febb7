import Findings

/// A static function that nobody calls in the patch that adds it.
enum UnusedUntilLater: SeriesRule {
  static let description = RuleDescription(
    id: "unused-until-later",
    summary: "a static function is added by one patch and first used by a later one",
    severity: .warning, confidence: .high,
    whatItDoes: """
      Looks for a static function that a patch adds and that nothing in the file uses before a later patch of the series \
      does, or that the series never uses.
      """,
    whyItMatters: """
      The compiler warns about an unused static function, and with CONFIG_WERROR=y it stops: from that patch to the one \
      that brings the use, the tree does not build, and 'git bisect' stumbles over it.
      """,
    accepts: [
      "functions marked inline, __maybe_unused or __used", "functions in headers",
      "functions whose name a macro may paste together, as DEFINE_SHOW_ATTRIBUTE(x) uses x_show",
    ],
    knownFalsePositives: ["a use that only another preprocessor branch outside the hunks shows, when no tree is given"],
    triggering: [
      RuleExample(
        """
        patch 1: mm: add a helper
        a.c
        +static int helper(int a) /* reported */
        +{
        +	return a;
        +}
        patch 2: mm: use it
        a.c
        +	r = helper(1);
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        patch 1: mm: add a helper and use it
        a.c
        +static int helper(int a)
        +{
        +	return a;
        +}
        +int f(void)
        +{
        +	return helper(2);
        +}
        """)
    ])

  static func findings(in series: [SeriesPatch], hasTree: Bool) -> [SeriesFinding] {
    let index = SeriesIndex(series)
    var found: [SeriesFinding] = []
    for file in index.patches.joined() where file.file.path.hasSuffix(".c") {
      let added = file.lines(.added)
      let removedNames = Set(file.regions.flatMap { Definition.heads(in: $0, side: .removed) }.map(\.name))
      for region in file.regions {
        for head in Definition.heads(in: region, side: .added)
        where head.isStatic && head.hasBody && !head.needsNoUse && !removedNames.contains(head.name) {
          if isUsed(head, in: added, wholeFile: file.file.after) { continue }
          let later = index.files(after: file.patchIndex).first { later in
            later.file.path == file.file.path && isUsed(head, in: later.lines(.added), wholeFile: nil)
          }
          found.append(finding(head, in: file, later: later.map { series[$0.patchIndex].identity }, series: series))
        }
      }
    }
    return found
  }

  private static func finding(
    _ head: Definition, in file: SeriesIndex.File, later: PatchIdentity?, series: [SeriesPatch]
  ) -> SeriesFinding {
    let until =
      later.map { "unused until patch \($0.number) uses it, which the compiler warns about in between" }
      ?? "used by no patch of the series, which the compiler warns about"
    return SeriesFinding(
      Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: SourcePlace(path: file.file.path, line: head.place.line.number, column: head.nameColumn),
        function: head.name, message: "static function '\(head.name)' is \(until)", key: head.name),
      patchIndex: file.patchIndex, fixedByIndex: later.map { $0.number - 1 })
  }

  /// Whether a line other than the function's own head names it, or a macro may paste its name together.
  private static func isUsed(_ head: Definition, in lines: [ReadLine], wholeFile: [UInt8]?) -> Bool {
    var words = CodeWords()
    let all: [[CodePiece]] =
      wholeFile.map { bytes in
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { words.pieces(of: Array($0)) }
      } ?? lines.map(\.pieces)
    for pieces in all {
      for (position, piece) in pieces.enumerated() where piece.isWord {
        if piece.text == head.name {
          let isHead = pieces.first?.text == "static" && pieces.first?.column == 1
          if !isHead { return true }
        } else if position >= 2, pieces[position - 1].text == "(" || pieces[position - 1].text == ",",
          isMacro(pieces[..<position]), piece.text.utf8.count >= 3,
          head.name.hasPrefix(piece.text) || head.name.hasSuffix(piece.text)
        {
          return true
        }
      }
    }
    return false
  }

  /// Whether a word in capitals is followed by a parenthesis: `DEFINE_SHOW_ATTRIBUTE(`.
  private static func isMacro(_ pieces: ArraySlice<CodePiece>) -> Bool {
    zip(pieces, pieces.dropFirst()).contains { word, next in
      next.text == "(" && word.isWord && word.text.utf8.count > 2
        && word.text.utf8.allSatisfy { $0 < UInt8(ascii: "a") || $0 > UInt8(ascii: "z") }
    }
  }
}
