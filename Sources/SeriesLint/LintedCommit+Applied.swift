public import KernelTree
public import SeriesApply

extension LintedCommit {
  /// The commits that an applied series became, in order; patches without a commit are left out.
  public static func commits(
    of applied: AppliedSeries, in repository: KernelRepository
  ) async throws(LintError) -> [LintedCommit] {
    var commits: [LintedCommit] = []
    do {
      var parent = try await repository.tree(of: applied.base)
      for patch in applied.patches {
        guard let commit = patch.commit, let tree = patch.tree else { continue }
        let message = try await repository.message(of: commit)
        commits.append(
          LintedCommit(
            number: patch.number, subject: patch.subject, commit: commit, tree: tree, parentTree: parent,
            message: message))
        parent = tree
      }
    } catch {
      throw LintError(error, attempted: "read the commits of the series")
    }
    return commits
  }
}
