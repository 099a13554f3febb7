import KernelTree
import PatchMail
import UnifiedDiff

/// Puts a series on a tree, in memory: one staged commit per patch, or an outcome that says hunk by hunk why not.
public enum SeriesApplier {
  /// Applies `series` onto the commit `onto`.
  ///
  /// Nothing is written: the commits are staged in `repository`, where every reader of it sees them. After a patch that
  /// does not fit the others are still tried, on what is there, so that all failing hunks are told at once; none of them
  /// gets a commit.
  ///
  /// - Parameter committer: Who records the commits; nil takes each patch's author and date, which gives the same names
  ///   on every machine and is meant for commits that are never landed.
  /// - Throws: ``ApplyError`` when the repository cannot be read or the series holds no patch.
  public static func apply(
    _ series: PatchSeries, to repository: KernelRepository, onto: ObjectID, committer: Signature? = nil
  ) async throws(ApplyError) -> AppliedSeries {
    guard !series.patches.isEmpty else {
      throw ApplyError(.nothingToApply, "the series holds no patch", nextStep: "see gmemkit thread on what it holds")
    }
    do {
      return try await applyAll(series.patches, to: repository, onto: onto, committer: committer)
    } catch let error as TreeError {
      throw ApplyError(error)
    } catch {
      throw ApplyError(.repository, "\(error)")
    }
  }

  private static func applyAll(
    _ patches: [PostedPatch], to repository: isolated KernelRepository, onto: ObjectID, committer: Signature?
  ) throws -> AppliedSeries {
    var line = Line(tree: try repository.tree(of: onto), parent: onto, committer: committer)
    var applied: [AppliedPatch] = []
    applied.reserveCapacity(patches.count)
    for patch in patches {
      try Task.checkCancellation()
      applied.append(try line.add(patch, repository))
    }
    return AppliedSeries(base: onto, patches: applied)
  }

  /// The line of commits as it grows.
  private struct Line {
    var tree: ObjectID
    var parent: ObjectID
    let committer: Signature?
    /// Paths that a patch failed on, with that patch's number.
    var failed: [String: Int] = [:]
    var isBroken = false
    private let base: ObjectID
    /// Per path, since many hunks of one file fail together.
    private var lastChanges: [String: HunkOutcome.LastChange?] = [:]

    init(tree: ObjectID, parent: ObjectID, committer: Signature?) {
      self.tree = tree
      self.parent = parent
      self.committer = committer
      base = parent
    }

    /// A failed hunk with the commit that last changed its file; none for what an earlier patch has caused, nor for a
    /// file that is as it was in the first commit of the history.
    private mutating func withLastChange(
      _ outcome: HunkOutcome, _ repository: isolated KernelRepository
    ) throws(TreeError) -> HunkOutcome {
      guard !outcome.isApplied, outcome.follows == nil, outcome.reason != .unsafePath else { return outcome }
      var outcome = outcome
      if let known = lastChanges[outcome.path] {
        outcome.lastChange = known
        return outcome
      }
      if let commit = try repository.lastChange(of: outcome.path, before: base, within: .seconds(1)),
        case let content = try repository.commitContent(commit), !content.parents.isEmpty
      {
        outcome.lastChange = .init(commit: commit, subject: content.subject)
      }
      lastChanges[outcome.path] = .some(outcome.lastChange)
      return outcome
    }

    mutating func add(_ patch: PostedPatch, _ repository: isolated KernelRepository) throws -> AppliedPatch {
      let diff: UnifiedDiff
      do {
        diff = try UnifiedDiff(parsing: patch.diff)
      } catch {
        isBroken = true
        return patch.outcome(.conflict, failure: "\(error)")
      }
      let files = diff.files
      let warnings = diff.warnings.map(\.description)
      guard !files.isEmpty else {
        isBroken = true
        return patch.outcome(.conflict, failure: "the mail holds no diff")
      }
      var work = PatchOnTree(tree: tree, files: files, failedBefore: failed)
      for file in files { try work.apply(file, in: repository) }
      let fits = work.outcomes.allSatisfy(\.isApplied)
      let next = try work.stage(in: repository)
      guard fits else {
        isBroken = true
        for outcome in work.outcomes where !outcome.isApplied {
          failed[outcome.path] = failed[outcome.path] ?? patch.number
        }
        let outcomes = try work.outcomes.map { try withLastChange($0, repository) }
        // What did fit stays, so that later patches are judged by their own hunks.
        tree = next
        return patch.outcome(.conflict, hunks: outcomes, warnings: warnings)
      }
      let unchanged = next == tree
      tree = next
      guard !isBroken else { return patch.outcome(.applied, hunks: work.outcomes, warnings: warnings) }
      // Only a merge may find that nothing is left to do; an empty patch is refused above.
      if unchanged, work.outcomes.contains(where: { $0.how == .threeWay }) {
        return patch.outcome(.skipped, tree: next, hunks: work.outcomes, warnings: warnings)
      }
      let author = Signature(
        name: patch.author.name.isEmpty ? patch.author.email : patch.author.name, email: patch.author.email,
        secondsSince1970: patch.date.secondsSince1970,
        offsetMinutes: patch.date.offsetMinutes)
      parent = try repository.stageCommit(
        tree: next, parents: [parent], author: author, committer: committer ?? author, message: patch.message)
      return patch.outcome(.applied, commit: parent, tree: next, hunks: work.outcomes, warnings: warnings)
    }
  }
}

extension PatchOnTree {
  /// Stages the tree with the patch's changes in it.
  func stage(in repository: isolated KernelRepository) throws(TreeError) -> ObjectID {
    var removals: [TreeUpdate] = []
    var updates: [TreeUpdate] = []
    for (path, state) in overlay.sorted(by: { $0.key < $1.key }) {
      switch state {
      case .absent:
        // A path that the patch made and took away again was never in the tree.
        if try repository.entry(at: path, in: tree) != nil { removals.append(TreeUpdate(path: path, entry: nil)) }
      case .present(let mode, .stored(let id)):
        updates.append(TreeUpdate(path: path, entry: TreeEntry(mode: mode, id: id)))
      case .present(let mode, .new(let bytes)):
        updates.append(TreeUpdate(path: path, entry: TreeEntry(mode: mode, id: try repository.stageBlob(bytes))))
      }
    }
    // First what goes: a directory may become a file, or a file a directory.
    return try repository.stageTree(try repository.stageTree(tree, updating: removals), updating: updates)
  }
}

extension PostedPatch {
  fileprivate func outcome(
    _ status: AppliedPatch.Status, commit: ObjectID? = nil, tree: ObjectID? = nil, hunks: [HunkOutcome] = [],
    failure: String? = nil, warnings: [String] = []
  ) -> AppliedPatch {
    AppliedPatch(
      number: number, subject: subject, messageID: messageID, commit: commit, tree: tree, status: status,
      hunks: hunks, failure: failure, warnings: warnings)
  }
}
