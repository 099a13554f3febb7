public import Findings
public import KernelC
import LintRules
import SeriesRules

/// The rules over C, as a lint run asks for them.
public struct SourceRules: SourceChecker {
  private let lint = KernelLint()

  /// Every rule that a run can use, those over C and those over a series, by identifier.
  public static var descriptions: [RuleDescription] {
    (KernelLint().rules + SeriesRules.all.map { $0.description }).sorted { $0.id < $1.id }
  }

  /// The rules over C.
  public var rules: [RuleDescription] {
    let changeRules = Set(RuleRegistry.changeRules.map(\.description.id))
    return lint.rules.map { rule in
      var rule = rule
      // What compares two versions needs no more than the part that both show.
      if changeRules.contains(rule.id) { rule.judgesFragments = true }
      return rule
    }
  }

  /// All rules over C. Facts that one value reads mean nothing to another.
  public init() {}

  /// Reads one file.
  public func facts(of bytes: [UInt8], path: String) -> ParsedFile { lint.facts(of: bytes, path: path) }

  /// How many function definitions it has.
  public func functionCount(_ facts: ParsedFile) -> Int { lint.functionCount(facts) }

  /// The functions that reach a changed one through a few calls.
  public func callers(
    of changes: [(facts: ParsedFile, lines: Set<Int>)], in files: [(path: String, facts: ParsedFile)]
  ) -> [String: Set<String>] {
    lint.callers(of: changes.map { (file: $0.facts, lines: $0.lines) }, in: files.map(\.facts))
  }

  /// What the changed functions reach or use, and nobody at hand defines.
  public func missingNames(
    reachedFrom changes: [(facts: ParsedFile, lines: Set<Int>)], in files: [ParsedFile], depth: Int
  ) -> (functions: Set<[UInt8]>, structures: Set<[UInt8]>) {
    let missing = lint.missingNames(
      reachedFrom: changes.map { (file: $0.facts, lines: $0.lines) }, in: files, depth: depth)
    return (missing.functions, missing.structures)
  }

  /// Runs the rules on one program.
  public func check(
    _ files: [(path: String, facts: ParsedFile)], focus: Set<String>, callers: [String: Set<String>],
    rules ids: Set<String>
  ) -> CheckOutcome {
    let outcome = lint.check(files.map(\.facts), focus: focus, callers: callers, rules: ids)
    return CheckOutcome(outcome)
  }

  /// Runs the rules on several programs that share most of their files.
  public func check(
    _ files: [(path: String, facts: ParsedFile)], states: [[Int]], focus: Set<String>, callers: [String: Set<String>],
    rules ids: Set<String>, jobs: Int
  ) async -> [CheckOutcome] {
    await lint.check(files.map(\.facts), states: states, focus: focus, callers: callers, rules: ids, jobs: jobs).map(
      CheckOutcome.init)
  }

  /// Runs the rules on a change.
  public func checkChange(
    _ parts: [(before: ParsedFile, after: ParsedFile)], path: String, rules ids: Set<String>
  ) -> CheckOutcome {
    CheckOutcome(lint.checkChange(parts, rules: ids))
  }
}

extension CheckOutcome {
  fileprivate init(_ outcome: LintOutcome) {
    self.init(
      findings: outcome.findings, notAnalysed: outcome.notAnalysed, programs: outcome.programs,
      assertions: outcome.assertions)
  }
}
