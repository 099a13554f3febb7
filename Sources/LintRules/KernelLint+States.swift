public import KernelC
import LockModel

extension KernelLint {
  /// Runs the rules named in `ids` on several states of one tree, as `check` does on one, at most `jobs` at a time.
  ///
  /// `files` are the versions of all files, those of one path together, in path order; a state is a list of indices into
  /// them. What is the same in all states is found out once; the outcomes do not depend on `jobs`.
  public func check(
    _ files: [ParsedFile], states: [[Int]], focus: Set<String>, callers: [String: Set<String>], rules ids: Set<String>,
    jobs: Int
  ) async -> [LintOutcome] {
    @Sendable func judge(_ solver: Solver) -> LintOutcome {
      outcome(solver, focus: focus, callers: callers, rules: ids)
    }
    guard states.count > 1 else {
      return states.map { judge(Solver(Program(FileVersions(files), state: $0, symbols: symbols))) }
    }
    var family = await StateFamily(FileVersions(files), states: states, symbols: symbols, jobs: jobs) { _ = judge($0) }
    return await family.outcomes(jobs: jobs, judge)
  }
}
