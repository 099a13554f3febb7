public import Findings
import SeriesRules

/// Which rules a run uses, split by who runs them.
public struct RuleSelection: Sendable, Hashable {
  /// Rules over C.
  public let source: Set<String>
  /// Rules over the patches of a series.
  public let series: Set<String>

  /// The rules named in `ids`, or those on by default.
  ///
  /// - Throws: `LintError.unknownRule` for an identifier that no rule has.
  public init(_ ids: Set<String>?, checker: [RuleDescription]) throws(LintError) {
    let seriesRules = SeriesRules.all.map { $0.description }
    let known = checker + seriesRules
    if let ids, let unknown = ids.subtracting(known.map(\.id)).sorted().first {
      throw LintError(
        .unknownRule, "run the rule '\(unknown)'", reason: "there is no such rule",
        nextStep: "'gmemkit explain' lists the rules")
    }
    func chosen(_ rules: [RuleDescription]) -> Set<String> {
      Set(rules.filter { rule in ids.map { $0.contains(rule.id) } ?? rule.onByDefault }.map(\.id))
    }
    source = chosen(checker)
    series = chosen(seriesRules)
  }
}
