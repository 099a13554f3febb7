public import Findings

/// A rule over the patches of a series: what one patch says or does in the light of the others.
public protocol SeriesRule: Sendable {
  /// What it looks for and how far it can be trusted.
  static var description: RuleDescription { get }

  /// The findings, each with the index into `series` of the patch that brings it.
  ///
  /// `hasTree` says that whole files are at hand and that `SeriesFinding.unlessTreeHolds` will be looked up.
  static func findings(in series: [SeriesPatch], hasTree: Bool) -> [SeriesFinding]
}

/// A finding of a `SeriesRule`.
public struct SeriesFinding: Sendable, Hashable {
  /// What was found; its places are those after the patch.
  public let finding: Finding
  /// Index into the series of the patch that brings it.
  public let patchIndex: Int
  /// Index of the later patch that mends it, if one does.
  public let fixedByIndex: Int?
  /// The finding is void if the tree that the series is for has this word; nil if the tree does not matter.
  public let unlessTreeHolds: String?

  /// A finding brought by the patch at `patchIndex`.
  public init(_ finding: Finding, patchIndex: Int, fixedByIndex: Int? = nil, unlessTreeHolds: String? = nil) {
    self.finding = finding
    self.patchIndex = patchIndex
    self.fixedByIndex = fixedByIndex
    self.unlessTreeHolds = unlessTreeHolds
  }
}

/// The rules of this target.
public enum SeriesRules {
  /// Every rule, in the order of `gmemkit explain`.
  public static let all: [any SeriesRule.Type] = [
    ChangelogMismatch.self,
    DefinedLater.self,
    PatchLeftover.self,
    SeriesChurn.self,
    UnusedUntilLater.self,
  ]

  /// Runs the rules named in `ids` (nil: those on by default) over `series`.
  public static func findings(
    in series: [SeriesPatch], rules ids: Set<String>? = nil, hasTree: Bool
  ) -> [SeriesFinding] {
    all.flatMap { rule in
      let wanted = ids.map { $0.contains(rule.description.id) } ?? rule.description.onByDefault
      return wanted ? rule.findings(in: series, hasTree: hasTree) : []
    }
  }
}
