import Findings

/// What one commit did to the findings of the rules over C; depends on its trees and the rules alone, so it can be kept.
struct CommitOutcome: Codable, Sendable {
  var new: [Finding] = []
  var fixed: [Finding] = []
  var existing: [Finding] = []
  /// What rules over a change say.
  var changed: [Finding] = []
  /// Without the patch, which is named when the outcome is reported.
  var notAnalysed: [NotAnalysed] = []
  /// How many functions assert the locks that they rely on, before and after.
  var assertionsBefore: [LockAssertFigure] = []
  var assertionsAfter: [LockAssertFigure] = []
  /// Changed files that are programs for user space.
  var programs: Set<String> = []
  var files = 0
  var functions = 0
}

extension ReportBuilder {
  /// Adds what the commit of `patch` did.
  mutating func add(_ outcome: CommitOutcome, of patch: PatchIdentity) {
    add(fixed: outcome.fixed, new: outcome.new, existing: outcome.existing, of: patch)
    add(new: outcome.changed, of: patch)
    notAnalysed += outcome.notAnalysed.map { $0.attributed(to: patch) }
    assertions += LockAssertChange.changes(
      from: outcome.assertionsBefore, to: outcome.assertionsAfter, patch: patch)
    programs.formUnion(outcome.programs)
    analysed.files += outcome.files
    analysed.functions += outcome.functions
  }
}
