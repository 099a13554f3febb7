import Findings

/// A later patch undoes or silently repairs what an earlier one did.
enum SeriesChurn: SeriesRule {
  static let description = RuleDescription(
    id: "series-churn",
    summary: "a later patch of the series undoes or silently repairs an earlier one",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares the patches of a series with each other: a condition that one patch writes and a later one turns round \
      (a lost '!', '<' for '<=', '&&' for '||'), and a block of code that one patch adds and a later one takes away again.
      """,
    whyItMatters: """
      A repair that is folded into a later patch leaves the tree broken in between: a bisection lands on it, and a \
      backport that takes the first patch alone ships the defect. Code that comes and goes costs reviewers time twice.
      """,
    accepts: ["lines that the later patch moves or indents", "blocks of fewer than four lines of code"],
    knownFalsePositives: ["a stepping stone that is meant to go, and whose log says so"],
    triggering: [
      RuleExample(
        """
        patch 1: mm: ask the device
        a.c
        -	if (!ready)
        +	if (device_is_ready(dev)) /* reported */
         		prepare(dev);
        patch 2: mm: by index
        a.c
        -	if (device_is_ready(dev))
        +	if (!device_is_ready(dev, index))
         		prepare(dev);
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        patch 1: mm: ask the device
        a.c
        -	if (!ready)
        +	if (!device_is_ready(dev))
         		prepare(dev);
        patch 2: mm: by index
        a.c
        -	if (!device_is_ready(dev))
        +	if (!device_is_ready(dev, index))
         		prepare(dev);
        """)
    ])

  /// Fewer lines than this are the ordinary give and take between patches.
  private static let smallestBlock = 4

  static func findings(in series: [SeriesPatch], hasTree: Bool) -> [SeriesFinding] {
    let index = SeriesIndex(series)
    var found: [SeriesFinding] = []
    for earlier in index.patches.joined() {
      let added = Dictionary(
        earlier.lines(.added).filter(\.isCode).map { ($0.normalised, $0) }, uniquingKeysWith: { first, _ in first })
      let moved = Set(earlier.lines(.removed).map(\.normalised))
      for later in index.files(after: earlier.patchIndex) where later.file.path == earlier.file.path {
        let context = Comparison(
          added: added.filter { !moved.contains($0.key) }, earlier: earlier, later: later,
          readded: Set(index.patches[later.patchIndex].flatMap { $0.lines(.added).map(\.normalised) }),
          patch: series[later.patchIndex].identity)
        found += context.repairs() + context.undone(atLeast: smallestBlock)
      }
    }
    return found
  }

  /// One file in an earlier and in a later patch.
  private struct Comparison {
    /// The earlier patch's code by its normalised text.
    let added: [String: ReadLine]
    let earlier: SeriesIndex.File
    let later: SeriesIndex.File
    /// What the later patch adds anywhere: its removals of the same text are moves.
    let readded: Set<String>
    let patch: PatchIdentity

    func repairs() -> [SeriesFinding] {
      changeBlocks.flatMap { block -> [SeriesFinding] in
        let written = block.filter { $0.line.kind == .added }.compactMap { Condition($0.pieces) }
        return block.filter { $0.line.kind == .removed }.compactMap { removed in
          guard let origin = added[removed.normalised], let old = Condition(removed.pieces),
            written.contains(where: { $0.isFlip(of: old) })
          else { return nil }
          return finding(
            isFixed: true,
            "this condition is turned round by patch \(patch.number): until then the series does the opposite",
            at: origin, evidence: "patch \(patch.number) replaces it here", place: removed, confidence: .high)
        }
      }
    }

    func undone(atLeast smallest: Int) -> [SeriesFinding] {
      changeBlocks.compactMap { block -> SeriesFinding? in
        let gone = block.filter { line in
          line.line.kind == .removed && line.pieces.count > 2 && added[line.normalised] != nil
            && !readded.contains(line.normalised)
        }
        guard gone.count >= smallest, let first = gone.first, let origin = added[first.normalised] else { return nil }
        return finding(
          isFixed: false, "\(gone.count) lines of code that start here are removed again by patch \(patch.number)",
          at: origin, evidence: "patch \(patch.number) removes them here", place: first, confidence: .medium)
      }
    }

    /// Runs of changed lines without context in between.
    private var changeBlocks: [[ReadLine]] {
      later.regions.flatMap { region in
        region.split { $0.line.kind == .context }.map(Array.init)
      }
    }

    private func finding(
      isFixed: Bool, _ message: String, at origin: ReadLine, evidence: String, place: ReadLine, confidence: Confidence
    ) -> SeriesFinding {
      let path = earlier.file.path
      return SeriesFinding(
        Finding(
          rule: description.id, severity: description.severity, confidence: confidence,
          place: SourcePlace(
            path: path, line: origin.line.number, column: origin.pieces.first?.column ?? 1),
          function: "", message: message,
          evidence: [Evidence(SourcePlace(path: path, line: place.line.number, column: 1), evidence)],
          key: origin.normalised),
        patchIndex: earlier.patchIndex, fixedByIndex: isFixed ? later.patchIndex : nil)
    }
  }
}
