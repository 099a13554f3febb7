public import Findings

/// One line of a change, where it stands in the old or in the new file.
public struct ChangedLine: Sendable, Hashable {
  /// What the patch does with the line.
  public enum Kind: Sendable, Hashable {
    /// Unchanged, shown around a change.
    case context
    /// In the old file only.
    case removed
    /// In the new file only.
    case added
  }

  /// What the patch does with it.
  public let kind: Kind
  /// Its number in the old file for a removed line, in the new file for the others; from 1.
  public let number: Int
  /// Its bytes without the line end.
  public let text: [UInt8]

  /// A line of a hunk.
  public init(_ kind: Kind, number: Int, text: [UInt8]) {
    self.kind = kind
    self.number = number
    self.text = text
  }
}

/// A region of a file that a patch changes.
public struct ChangedRegion: Sendable, Hashable {
  /// The function that `diff -p` names for it; empty when none is known.
  public let section: [UInt8]
  /// Its first line in the old file, from 1.
  public let oldStart: Int
  /// Its first line in the new file, from 1.
  public let newStart: Int
  /// Its lines in the order of the diff.
  public let lines: [ChangedLine]

  /// A hunk.
  public init(section: [UInt8] = [], oldStart: Int, newStart: Int, lines: [ChangedLine]) {
    self.section = section
    self.oldStart = oldStart
    self.newStart = newStart
    self.lines = lines
  }
}

/// What one patch does to one file.
public struct PatchedFile: Sendable {
  /// Nil for a file that the patch creates.
  public let oldPath: String?
  /// Nil for a file that the patch deletes.
  public let newPath: String?
  /// The changed regions in ascending order.
  public let regions: [ChangedRegion]
  /// The whole file before the patch, where a tree is at hand.
  public let before: [UInt8]?
  /// The whole file after the patch, where a tree is at hand.
  public let after: [UInt8]?

  /// A file as a patch changes it.
  public init(
    oldPath: String?, newPath: String?, regions: [ChangedRegion], before: [UInt8]? = nil, after: [UInt8]? = nil
  ) {
    self.oldPath = oldPath
    self.newPath = newPath
    self.regions = regions
    self.before = before
    self.after = after
  }

  /// The path to show: the new one, or the old one of a deleted file.
  public var path: String { newPath ?? oldPath ?? "" }

  /// Whether it holds C: a `.c` or a `.h` file.
  public var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
}

/// One patch as the rules over a series see it: its log and its changes, no syntax tree.
public struct SeriesPatch: Sendable {
  /// Which patch of the series it is.
  public let identity: PatchIdentity
  /// The commit message: subject, blank line, body, trailers.
  public let message: [UInt8]
  /// What it does, in the order of the diff.
  public let files: [PatchedFile]

  /// A patch of a series.
  public init(identity: PatchIdentity, message: [UInt8], files: [PatchedFile]) {
    self.identity = identity
    self.message = message
    self.files = files
  }
}
