/// Where a hunk went, or why it did not go anywhere.
public enum HunkPlacement: Sendable, Equatable {
  /// Where its header says; `line` is the first line in the new content, from 1.
  case exact(line: Int)
  /// Elsewhere, its lines being the same to the byte.
  ///
  /// `lines` is the distance from where the header says, `otherPlaces` how many further places would have matched as
  /// well (the nearest was taken, as `git apply` does).
  case offset(line: Int, lines: Int, otherPlaces: Int)
  /// Nowhere.
  case failed(HunkFailure)

  /// Whether the hunk is part of the new content.
  public var isApplied: Bool {
    if case .failed = self { false } else { true }
  }
}

/// Why a hunk fits nowhere, and where it would fit best.
public struct HunkFailure: Sendable, Equatable {
  /// The reasons, the most certain first.
  public enum Reason: String, Sendable {
    /// The lines it would leave behind are there already.
    case alreadyApplied = "already applied"
    /// Its lines are there but for blanks, tabs or carriage returns.
    case whitespace
    /// It would fit only on lines that an earlier hunk of the same patch made.
    case overlap
    /// It has no context lines and its place is not the end of the file: it could go anywhere.
    case noContext = "no context"
    /// Its lines are there, but not at the beginning or the end of the file as the hunk demands.
    case notAtEdge = "not at the file's edge"
    /// Some line it expects is different or missing.
    case contextChanged = "context changed"
    /// The file repeats its lines so often that the search was given up.
    case searchLimit = "search limit"
  }

  /// Why.
  public var reason: Reason
  /// The best place, if any line of the hunk occurs in the file.
  public var nearest: NearestPlace?
  /// How many more of its lines are there when blanks, tabs and carriage returns are ignored: a mailer has changed them.
  /// Where this is not 0, ``nearest`` ignores them too.
  public var blankDamage = 0
}

/// The place where most of a hunk's old lines are.
public struct NearestPlace: Sendable, Equatable {
  /// The line of the old content where the hunk's first line would stand, from 1; may be below 1 or beyond the end.
  public var line: Int
  /// How many of the hunk's old lines are in place there.
  public var matching: Int
  /// How many old lines the hunk has.
  public var total: Int
  /// The first line that differs, if any does.
  public var difference: LineDifference?
}

/// One line that is not what a hunk expects.
public struct LineDifference: Sendable, Equatable {
  /// The line of the patch text, from 1.
  public var patchLine: Int
  /// The line of the old content, from 1.
  public var fileLine: Int
  /// What the hunk expects, without newline.
  public var expected: [UInt8]
  /// What is there, without newline; nil beyond the end of the file.
  public var found: [UInt8]?
}

/// What hunks made of a content.
public struct PatchedContent: Sendable, Equatable {
  /// The content with every hunk that fits applied.
  public var bytes: [UInt8]
  /// One outcome per hunk, in the order of the diff.
  public var placements: [HunkPlacement]

  /// Whether all hunks are applied; if not, ``bytes`` must not be taken for the result.
  public var isComplete: Bool { placements.allSatisfy(\.isApplied) }
}
