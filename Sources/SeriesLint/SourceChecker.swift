public import Findings

/// What the rules of one kind say about some source.
public struct CheckOutcome: Sendable {
  /// What they found; in no particular order.
  public var findings: [Finding]
  /// What they could not judge.
  public var notAnalysed: [NotAnalysed]
  /// Files under review that are programs for user space, which not all rules judge.
  public var programs: Set<String>
  /// How many functions assert the locks that they rely on, where that was asked for.
  public var assertions: [LockAssertFigure]

  /// An outcome.
  public init(
    findings: [Finding] = [], notAnalysed: [NotAnalysed] = [], programs: Set<String> = [],
    assertions: [LockAssertFigure] = []
  ) {
    self.findings = findings
    self.notAnalysed = notAnalysed
    self.programs = programs
    self.assertions = assertions
  }
}

/// What a lint run needs from whoever understands C: facts about one file, and rules over the facts of many.
///
/// Facts depend on a file's bytes alone, so that they can be kept by content; everything that looks across files happens
/// in `check`.
public protocol SourceChecker: Sendable {
  /// What is learned from one file.
  associatedtype Facts: Sendable

  /// Its rules.
  var rules: [RuleDescription] { get }

  /// Reads one file.
  func facts(of bytes: [UInt8], path: String) -> Facts

  /// How many function definitions the file has.
  func functionCount(_ facts: Facts) -> Int

  /// The functions of `files`, by path, whose judgement may depend on a function of `changes` that one of the lines lies in.
  func callers(
    of changes: [(facts: Facts, lines: Set<Int>)], in files: [(path: String, facts: Facts)]
  ) -> [String: Set<String>]

  /// What a function of `changes` that one of the lines lies in reaches through at most `depth` calls, or uses, and none of
  /// `files` defines.
  func missingNames(
    reachedFrom changes: [(facts: Facts, lines: Set<Int>)], in files: [Facts], depth: Int
  ) -> (functions: Set<[UInt8]>, structures: Set<[UInt8]>)

  /// Links `files` into one program and runs the rules in `ids` on it; findings only in the files of `focus` and in the
  /// functions that `callers` names by path.
  func check(
    _ files: [(path: String, facts: Facts)], focus: Set<String>, callers: [String: Set<String>], rules ids: Set<String>
  ) -> CheckOutcome

  /// Runs the rules in `ids` on several programs, at most `jobs` at a time. `files` are the versions of all files in path
  /// order, and a program is a list of indices into them, at most one of each path.
  func check(
    _ files: [(path: String, facts: Facts)], states: [[Int]], focus: Set<String>, callers: [String: Set<String>],
    rules ids: Set<String>, jobs: Int
  ) async -> [CheckOutcome]

  /// Runs the rules in `ids` that compare a file before and after a patch; places are those after it. `parts` is the
  /// whole file, or the hunks that show something of it.
  func checkChange(_ parts: [(before: Facts, after: Facts)], path: String, rules ids: Set<String>) -> CheckOutcome
}

extension SourceChecker {
  /// One program after the other, each on its own.
  public func check(
    _ files: [(path: String, facts: Facts)], states: [[Int]], focus: Set<String>, callers: [String: Set<String>],
    rules ids: Set<String>, jobs: Int
  ) async -> [CheckOutcome] {
    states.map { state in check(state.map { files[$0] }, focus: focus, callers: callers, rules: ids) }
  }
}
