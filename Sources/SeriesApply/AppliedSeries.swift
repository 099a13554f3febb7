import KernelTree

/// What became of a series: one entry per patch, the commits staged but not landed.
public struct AppliedSeries: Sendable {
  /// The commit that the first patch was put on.
  public let base: ObjectID
  /// The patches, in the order in which they were applied.
  public let patches: [AppliedPatch]

  /// The outcome of `patches` on `base`.
  public init(base: ObjectID, patches: [AppliedPatch]) {
    self.base = base
    self.patches = patches
  }

  /// Whether every patch is in; one that was there already counts.
  public var isComplete: Bool { !patches.contains { $0.status == .conflict } }

  /// The last commit of the series; the base when no patch changed anything.
  public var tip: ObjectID { patches.last { $0.commit != nil }?.commit ?? base }
}

/// What became of one patch.
public struct AppliedPatch: Sendable {
  /// Applied, not applied, or nothing to apply.
  public enum Status: String, Sendable {
    /// It is a commit.
    case applied
    /// At least one hunk has no place; there is no commit, nor one for any later patch.
    case conflict
    /// Its changes are in the tree already (a three-way merge left nothing of it).
    case skipped
  }

  /// Its number in the series, from 1.
  public let number: Int
  /// The subject without the bracketed prefix.
  public let subject: String
  /// The Message-ID of the mail, without angle brackets.
  public let messageID: String?
  /// The staged commit; nil where there is none.
  public let commit: ObjectID?
  /// The tree after the patch; nil for a conflict and for what follows one.
  public let tree: ObjectID?
  /// What became of it.
  public let status: Status
  /// Every hunk, in the order of the patch.
  public let hunks: [HunkOutcome]
  /// What is wrong with the patch as a whole: a diff that cannot be read.
  public let failure: String?
  /// What is odd about its diff although it can be read, one line each: text that looks lost.
  public let warnings: [String]

  /// The hunks that have no place.
  public var failedHunks: [HunkOutcome] { hunks.filter { !$0.isApplied } }
}
