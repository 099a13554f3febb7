import Findings

/// A name that a patch uses and a later patch defines.
enum DefinedLater: SeriesRule {
  static let description = RuleDescription(
    id: "defined-later",
    summary: "a patch calls a function or macro that only a later patch of the series defines",
    severity: .error, confidence: .medium,
    whatItDoes: """
      Looks for a call in the added lines of a patch whose callee is defined or declared for the first time by a later \
      patch of the same series, in the same file or in a header.
      """,
    whyItMatters: """
      The tree does not build from the patch with the call to the patch with the definition: every bisection that lands \
      there has to skip.
      """,
    accepts: ["names that an earlier line of the file or any hunk of an earlier patch shows"],
    knownFalsePositives: ["a second definition for another configuration of a name that exists, when no tree is given"],
    triggering: [
      RuleExample(
        """
        patch 1: mm: use the new call
        a.c
         int f(void)
         {
        +	return frob(1); /* reported */
         }
        patch 2: mm: declare it
        a.h
        +int frob(int a);
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        patch 1: mm: declare the new call
        a.h
        +int frob(int a);
        patch 2: mm: use it
        a.c
         int f(void)
         {
        +	return frob(1);
         }
        """)
    ])

  static func findings(in series: [SeriesPatch], hasTree: Bool) -> [SeriesFinding] {
    let index = SeriesIndex(series)
    var firstDefinition: [String: (patch: Int, path: String, definition: Definition)] = [:]
    var known: Set<String> = []
    var introduced: Set<String> = []
    for file in index.patches.joined() {
      for region in file.regions {
        // What a removed or context line shows existed before the patch, unless an earlier patch brought it.
        for line in region where line.line.kind != .added {
          known.formUnion(line.pieces.lazy.map(\.text).filter { !introduced.contains($0) })
        }
        // A changed head is no first definition.
        known.formUnion(Definition.heads(in: region, side: .removed).map(\.name))
        for head in Definition.heads(in: region, side: .added)
        where firstDefinition[head.name] == nil && !known.contains(head.name) {
          firstDefinition[head.name] = (file.patchIndex, file.file.path, head)
        }
      }
      introduced.formUnion(file.lines(.added).flatMap { $0.pieces.map(\.text) }.filter { !known.contains($0) })
    }
    var reported: Set<String> = []
    var found: [SeriesFinding] = []
    for file in index.patches.joined() {
      for line in file.lines(.added) {
        for (word, next) in zip(line.pieces, line.pieces.dropFirst()) where next.text == "(" && word.isWord {
          guard let later = firstDefinition[word.text], later.patch > file.patchIndex,
            later.path == file.file.path || later.path.hasSuffix(".h"), !reported.contains(word.text),
            !existed(word.text, in: series, upTo: file.patchIndex)
          else { continue }
          reported.insert(word.text)
          let identity = series[later.patch].identity
          found.append(
            SeriesFinding(
              Finding(
                rule: description.id, severity: description.severity, confidence: description.confidence,
                place: SourcePlace(path: file.file.path, line: line.line.number, column: word.column), function: "",
                message: "'\(word.text)' is used here, but only patch \(identity.number) defines it",
                evidence: [
                  Evidence(
                    SourcePlace(path: later.path, line: later.definition.place.line.number, column: 1),
                    "defined here by patch \(identity.number)")
                ], key: word.text),
              patchIndex: file.patchIndex, fixedByIndex: later.patch, unlessTreeHolds: word.text))
        }
      }
    }
    return found
  }

  /// Whether a whole file that the series brings along showed the word before the patch.
  private static func existed(_ word: String, in series: [SeriesPatch], upTo patchIndex: Int) -> Bool {
    series[...patchIndex].contains { $0.files.contains { ($0.before ?? []).holdsWord(word) } }
  }
}
