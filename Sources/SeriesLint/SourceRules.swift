public import Findings
import SeriesRules

/// The rules over C, linked to the runs of this target.
public struct SourceRules: SourceChecker {
  /// What is learned from one file.
  public struct Facts: Sendable {
    let functions: Int
  }

  /// Every rule that a run can use, those over C and those over a series.
  public static var descriptions: [RuleDescription] { SeriesRules.all.map { $0.description } }

  /// The rules over C.
  public var rules: [RuleDescription] { [] }

  /// All rules over C.
  public init() {}

  /// Reads one file.
  public func facts(of bytes: [UInt8], path: String) -> Facts { Facts(functions: 0) }

  /// How many function definitions it has.
  public func functionCount(_ facts: Facts) -> Int { facts.functions }

  /// Runs the rules on one program.
  public func check(
    _ files: [(path: String, facts: Facts)], focus: Set<String>, rules ids: Set<String>
  ) -> CheckOutcome { CheckOutcome() }

  /// Runs the rules on a change.
  public func checkChange(before: Facts, after: Facts, path: String, rules ids: Set<String>) -> CheckOutcome {
    CheckOutcome()
  }
}
