import KernelTree
import SeriesApply

/// One commit to be tested: a patch of a series, or a commit that exists.
public struct SelftestSubject: Sendable {
  /// Its number in the series, from 1.
  public let number: Int
  /// The subject line.
  public let subject: String
  /// The commit.
  public let commit: ObjectID
  /// Its tree.
  public let tree: ObjectID

  /// Names a commit.
  public init(number: Int, subject: String, commit: ObjectID, tree: ObjectID) {
    self.number = number
    self.subject = subject
    self.commit = commit
    self.tree = tree
  }

  /// The patches of an applied series that have a tree of their own; what does not apply cannot be tested.
  public static func subjects(of series: AppliedSeries) -> [SelftestSubject] {
    series.patches.compactMap { patch in
      guard let commit = patch.commit, let tree = patch.tree else { return nil }
      return SelftestSubject(number: patch.number, subject: patch.subject, commit: commit, tree: tree)
    }
  }

  /// The commits of `base..tip`, oldest first; the tip alone when it is the base.
  public static func subjects(
    from base: ObjectID, to tip: ObjectID, in repository: KernelRepository
  ) async throws(TreeError) -> [SelftestSubject] {
    var commits = base == tip ? [] : try await repository.commits(from: base, to: tip)
    if commits.isEmpty { commits = [tip] }
    var subjects: [SelftestSubject] = []
    for (index, commit) in commits.enumerated() {
      subjects.append(
        SelftestSubject(
          number: index + 1, subject: try await repository.subject(of: commit), commit: commit,
          tree: try await repository.tree(of: commit)))
    }
    return subjects
  }
}
