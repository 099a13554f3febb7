public import KernelTree

extension LintedCommit {
  /// The commits of `base..tip`, oldest first.
  ///
  /// - Throws: `LintError.badRevision` when a revision does not exist or the range is empty.
  public static func range(_ base: String, _ tip: String, in repository: KernelRepository) async throws(LintError)
    -> [LintedCommit]
  {
    let range = "\(base)..\(tip)"
    do {
      let start = try await repository.commit(base.isEmpty ? "HEAD" : base)
      let end = try await repository.commit(tip.isEmpty ? "HEAD" : tip)
      var commits: [LintedCommit] = []
      for id in try await repository.commits(from: start, to: end) {
        commits.append(try await LintedCommit(id, number: commits.count + 1, in: repository))
      }
      guard commits.isEmpty else { return commits }
    } catch {
      throw LintError(
        .badRevision, "lint \(range)", reason: error.reason, nextStep: error.nextStep ?? "give two revisions as A..B")
    }
    throw LintError(
      .badRevision, "lint \(range)", reason: "no commit is in that range",
      nextStep: "give the older revision first, or '--rev A' for whole files")
  }

  private init(_ id: ObjectID, number: Int, in repository: KernelRepository) async throws(TreeError) {
    let content = try await repository.commitContent(id)
    var parentTree: ObjectID?
    if let parent = content.parents.first { parentTree = try await repository.tree(of: parent) }
    self.init(
      number: number, subject: content.subject, commit: id, tree: content.tree, parentTree: parentTree,
      message: content.message)
  }
}
