import Findings

/// Something of the author's work that was not meant to be posted.
enum PatchLeftover: SeriesRule {
  static let description = RuleDescription(
    id: "patch-leftover",
    summary: "a conflict marker or a file of an editor, of patch or of a build is part of the patch",
    severity: .error, confidence: .high,
    whatItDoes: "Looks for conflict markers in added lines and for added files such as *.rej, *.orig, *.o and *.swp.",
    whyItMatters: """
      The file does not compile, or the tree carries somebody's scrap: git applies both without a word, and so does \
      every tool after it.
      """,
    accepts: ["documentation, where a row of '=' is a heading"],
    knownFalsePositives: ["a test that holds conflict markers on purpose"],
    triggering: [
      RuleExample(
        """
        patch 1: mm: merged
        a.c
        +<<<<<<< HEAD
        +	x();
        +=======
        +	y();
        +>>>>>>> topic
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        patch 1: mm: merged
        a.c
        +	x();
        +	y();
        """)
    ])

  private static let scrap: [String] = [
    ".rej", ".orig", ".o", ".ko", ".swp", ".swo", ".mod.c", ".cmd", ".porig", "~", ".pyc", ".order",
  ]
  private static let markers: [[UInt8]] = ["<<<<<<< ", ">>>>>>> ", "||||||| "].map { Array($0.utf8) }

  static func findings(in series: [SeriesPatch], hasTree: Bool) -> [SeriesFinding] {
    series.enumerated().flatMap { patchIndex, patch in
      patch.files.flatMap { file -> [SeriesFinding] in
        if file.oldPath == nil, let suffix = scrap.first(where: file.path.hasSuffix) {
          return [
            finding(
              "the patch adds '\(file.path)', which looks like a leftover (*\(suffix))",
              SourcePlace(path: file.path, line: 0), patchIndex)
          ]
        }
        guard file.isC || file.path.hasSuffix(".S") || file.path.hasSuffix("Makefile") || file.path.hasSuffix("Kconfig")
        else { return [] }
        return file.regions.flatMap(\.lines).compactMap { line in
          guard line.kind == .added, markers.contains(where: line.text.starts) else { return nil }
          return finding(
            "a conflict marker was left in the patch", SourcePlace(path: file.path, line: line.number, column: 1),
            patchIndex)
        }
      }
    }
  }

  private static func finding(_ message: String, _ place: SourcePlace, _ patchIndex: Int) -> SeriesFinding {
    SeriesFinding(
      Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence, place: place,
        function: "", message: message),
      patchIndex: patchIndex)
  }
}
