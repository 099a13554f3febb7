import KernelTree
import PatchMail

/// Whether something that a series says it stands on is in the base.
public struct PrerequisiteCheck: Sendable {
  /// The answer.
  public enum State: Sendable, Equatable {
    /// It is part of the base, as this commit.
    case present(ObjectID)
    /// The repository has it as this commit, but the base does not stand on it.
    case elsewhere(ObjectID)
    /// It is not in the base's history.
    case missing
    /// It cannot be told from the repository; with the reason.
    case unknown(String)
  }

  /// What the series names.
  public let prerequisite: Prerequisite
  /// Whether the base has it.
  public let state: State

  /// Whether the base lacks it for certain.
  public var isMissing: Bool {
    switch state {
    case .missing, .elsewhere: true
    case .present, .unknown: false
    }
  }

  /// Looks up everything that `series` says it stands on in the history of `base`.
  ///
  /// A commit is found by its name or its subject, a message by its id in a commit's `Link:` or `Message-ID:`, a patch id
  /// by what `git patch-id --stable` says of the commits, a branch or tag as such.
  public static func run(
    _ series: PatchSeries, in repository: KernelRepository, base: ObjectID
  ) async throws(ApplyError) -> [PrerequisiteCheck] {
    do {
      return try await run(series.prerequisites, repository, base)
    } catch let error as TreeError {
      throw ApplyError(error)
    } catch {
      throw ApplyError(.repository, "\(error)")
    }
  }

  private static func run(
    _ prerequisites: [Prerequisite], _ repository: isolated KernelRepository, _ base: ObjectID
  ) throws -> [PrerequisiteCheck] {
    guard !prerequisites.isEmpty else { return [] }
    let names = prerequisites.map(PrerequisiteName.init)
    let mentioned = try repository.commits(
      mentioning: names.flatMap(\.needles), before: base, within: .seconds(2))
    let patches = try repository.commits(
      withPatchIDs: Set(names.compactMap(\.patchID)), before: base, within: .seconds(3))
    return try zip(prerequisites, names).map { item, name in
      PrerequisiteCheck(
        prerequisite: item, state: try state(of: name, mentioned, patches, repository, base))
    }
  }

  private static func state(
    of name: PrerequisiteName, _ mentioned: HistorySearch<[String: ObjectID]>,
    _ patches: HistorySearch<[ObjectID: ObjectID]>, _ repository: isolated KernelRepository, _ base: ObjectID
  ) throws -> State {
    if let id = name.patchID {
      if let commit = patches.found[id] { return .present(commit) }
      return patches.isComplete ? .missing : given(up: patches.visited)
    }
    if name.isMalformedPatchID { return .unknown("it is no patch id: forty hexadecimal digits") }
    var elsewhere: ObjectID?
    for revision in name.revisions {
      guard let commit = try repository.commit(abbreviated: revision) ?? (try? repository.commit(revision)) else {
        continue
      }
      if try repository.isAncestor(commit, of: base) { return .present(commit) }
      elsewhere = elsewhere ?? commit
    }
    for needle in name.needles {
      if let commit = mentioned.found[needle] { return .present(commit) }
    }
    if let elsewhere { return .elsewhere(elsewhere) }
    return mentioned.isComplete ? .missing : given(up: mentioned.visited)
  }

  private static func given(up visited: Int) -> State {
    .unknown("not among the newest \(visited) commits of the base; the search ended there")
  }
}
