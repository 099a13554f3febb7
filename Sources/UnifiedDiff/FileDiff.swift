/// What a patch does to one file.
public struct FileDiff: Sendable, Equatable {
  /// The kinds of change; each is told by the header, not guessed from the hunks.
  public enum Change: String, Sendable {
    /// Content or mode of an existing file.
    case modify
    /// A file that must not exist yet.
    case create
    /// A file that goes, with exactly the content that the hunks remove.
    case delete
    /// A file that moves, perhaps with changes.
    case rename
    /// A file that is made from another one, which stays.
    case copy
  }

  /// What happens to the file.
  public var change: Change
  /// The path before, relative to the tree's top; nil when the file is created.
  public var oldPath: String?
  /// The path after; nil when the file is deleted.
  public var newPath: String?
  /// The mode before, if the header tells it (`0o100644`, `0o100755`, `0o120000`, `0o160000`).
  public var oldMode: UInt32?
  /// The mode after, if the header tells it.
  public var newMode: UInt32?
  /// The blob before as the index line gives it, usually abbreviated hex; all zeros for a new file.
  public var oldBlob: String?
  /// The blob after, as ``oldBlob``.
  public var newBlob: String?
  /// `similarity index`, or `dissimilarity index` as a negative number, in per cent.
  public var similarity: Int?
  /// The changes of content, in order.
  public var hunks: [Hunk]
  /// Content of a binary file; nil for text.
  public var binary: BinaryPatch?
  /// Whether the header was git's (`diff --git`): modes, renames and binary content need it.
  public var isGit: Bool
  /// Whether the index line carries the mode (the mode did not change).
  public var modeOnIndexLine: Bool
  /// The header lines as they stood, each without its `\n`; empty for a value made in memory.
  public var header: [ArraySlice<UInt8>]
  /// The line of the patch text where the header starts, from 1.
  public var lineNumber: Int
  /// The line of the patch text behind its last one.
  public var endLineNumber: Int

  /// Makes a text change of one existing file; set what else differs.
  public init(path: String, hunks: [Hunk], lineNumber: Int = 0) {
    change = .modify
    oldPath = path
    newPath = path
    self.hunks = hunks
    isGit = true
    modeOnIndexLine = false
    header = []
    self.lineNumber = lineNumber
    endLineNumber = lineNumber
  }

  /// The path to name the file by in a message: the new one, else the old one.
  public var path: String { newPath ?? oldPath ?? "" }

  /// How many lines the hunks add.
  public var addedCount: Int { hunks.reduce(0) { $0 + $1.addedCount } }
  /// How many lines the hunks remove.
  public var removedCount: Int { hunks.reduce(0) { $0 + $1.removedCount } }
}
