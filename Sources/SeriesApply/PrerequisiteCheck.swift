import KernelTree
import PatchMail

/// Whether something that a series says it stands on is in the base.
public struct PrerequisiteCheck: Sendable {
  /// The answer.
  public enum State: Sendable, Equatable {
    /// It is part of the base, as this commit.
    case present(ObjectID)
    /// It is not.
    case missing
    /// It cannot be told from the repository; with the reason.
    case unknown(String)
  }

  /// What the series names.
  public let prerequisite: Prerequisite
  /// Whether the base has it.
  public let state: State

  /// Looks up everything that `series` says it stands on in the history of `base`.
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
    let needles = Dictionary(
      prerequisites.compactMap { item in needle(for: item).map { (item, $0) } }, uniquingKeysWith: { first, _ in first }
    )
    let mentioned = try repository.commits(
      mentioning: Array(Set(needles.values)), before: base, within: .seconds(3))
    return try prerequisites.map { item in
      if item.kind == .commit, let commit = try repository.commit(abbreviated: item.value),
        try repository.isAncestor(commit, of: base)
      {
        return PrerequisiteCheck(prerequisite: item, state: .present(commit))
      }
      guard let needle = needles[item] else {
        return PrerequisiteCheck(
          prerequisite: item, state: .unknown("a patch id can only be compared with patches at hand"))
      }
      return PrerequisiteCheck(prerequisite: item, state: mentioned[needle].map(State.present) ?? .missing)
    }
  }

  /// What a commit's message would hold: its own subject, or the id of the mail that it was posted as.
  private static func needle(for item: Prerequisite) -> String? {
    switch item.kind {
    case .patchID: nil
    case .commit: item.text.isEmpty ? nil : item.text
    case .messageID, .changeID, .basedOn, .dependsOn: item.value
    }
  }
}
