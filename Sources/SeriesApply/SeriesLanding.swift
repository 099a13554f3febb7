import KernelTree

/// A series that is a branch now.
public struct SeriesLanding: Sendable {
  /// The branch's name, without `refs/heads/`.
  public let branch: String
  /// The commits, in the order of the applied patches; nil for a patch that left nothing to do.
  public let commits: [ObjectID?]
  /// Whether the branch was there already, with the same series.
  public let wasThere: Bool

  /// Makes `branch` of a series that applied completely: one pack, one reference, or nothing.
  ///
  /// A branch that is there already is left alone: if it holds the same series on the same base, by trees, authors,
  /// messages and the committer's address, its commits are the answer, otherwise it is refused.
  public static func land(
    _ series: AppliedSeries, as branch: String, in repository: KernelRepository
  ) async throws(ApplyError) -> SeriesLanding {
    do {
      if let there = try await repository.branch(branch) {
        guard let commits = try await same(series, as: there, repository) else {
          throw ApplyError(
            .branchExists, "the branch '\(branch)' exists and holds something else",
            nextStep: "choose another name with --branch, or delete it with git branch -D \(branch)")
        }
        return SeriesLanding(branch: branch, commits: commits, wasThere: true)
      }
      try await repository.land(series.tip, as: branch)
      return SeriesLanding(branch: branch, commits: series.patches.map(\.commit), wasThere: false)
    } catch let error as ApplyError {
      throw error
    } catch let error as TreeError {
      throw ApplyError(error)
    } catch {
      throw ApplyError(.repository, "\(error)")
    }
  }

  /// The commits of the branch at `tip` when they are the series' own but for their committer dates, else nil.
  private static func same(
    _ series: AppliedSeries, as tip: ObjectID, _ repository: isolated KernelRepository
  ) throws -> [ObjectID?]? {
    var commits: [ObjectID?] = []
    var next = tip
    for patch in series.patches.reversed() {
      guard let staged = patch.commit else {
        commits.append(nil)
        continue
      }
      let new = try repository.commitContent(staged)
      let old = try repository.commitContent(next)
      guard old.tree == new.tree, old.author == new.author, old.message == new.message,
        old.committer.name == new.committer.name, old.committer.email == new.committer.email,
        old.parents.count == 1
      else { return nil }
      commits.append(next)
      next = old.parents[0]
    }
    return next == series.base ? commits.reversed() : nil
  }
}
