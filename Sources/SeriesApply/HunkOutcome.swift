import KernelTree

/// What became of one hunk, or of a change that has none (a mode, a rename, binary content).
public struct HunkOutcome: Sendable, Equatable {
  /// How it was applied.
  public enum How: String, Sendable {
    /// Where the patch says.
    case exact
    /// At another line, the lines being the same to the byte.
    case offset
    /// By a three-way merge from the blob that the index line names.
    case threeWay = "three-way"
    /// Not at all.
    case failed
  }

  /// Why it was not.
  public enum Reason: String, Sendable {
    /// A line that the hunk expects is different or missing.
    case contextChanged = "context changed"
    /// What the hunk would leave behind is there already.
    case alreadyApplied = "already applied"
    /// The file is not in the tree.
    case fileMissing = "file missing"
    /// The patch makes a file that is there already.
    case fileExists = "file exists"
    /// The file is not there any more, but the hunks fit a file of another path.
    case renamed
    /// The lines are there but for blanks, tabs or carriage returns.
    case whitespace
    /// The context is different, and the blob that the patch was made from is not in the repository: most likely a patch
    /// that should come first is missing.
    case baseBlobUnknown = "base blob unknown"
    /// The patch wants to write where no patch may.
    case unsafePath = "unsafe path"
    /// The patch does not carry what it would need: binary content, a submodule.
    case notInPatch = "not in the patch"
  }

  /// The path that the patch writes, relative to the tree's top.
  public var path: String
  /// The hunk's place among the file's hunks, from 1; 0 stands for the file as a whole.
  public var number: Int
  /// First line in the old file as the hunk's header says.
  public var oldStart: Int
  /// First line in the new file as the hunk's header says.
  public var newStart: Int
  /// How it was applied.
  public var how: How
  /// The distance from where the header says, in lines, when `how` is `offset`.
  public var offset: Int
  /// Why it failed; nil when it did not.
  public var reason: Reason?
  /// More on the reason or on the way it was applied, in one line.
  public var detail: String?
  /// The line of the patch's diff that does not fit, from 1; the hunk's header where no single line is to blame.
  public var patchLine: Int?
  /// The first line that differs.
  public var difference: Difference?
  /// Where most of the hunk's lines stand.
  public var nearest: Nearest?
  /// A diff of what the hunk would do at the nearest place, its context taken from the file; to be looked at, never taken
  /// unseen. Nil when a line that it removes is not there, or more than three lines of context differ.
  public var preview: String?
  /// The commit that last changed the file, when the history tells.
  public var lastChange: LastChange?
  /// The number of an earlier patch of the series whose failure in the same file may have caused this one.
  public var follows: Int?

  /// One line that is not what the hunk expects.
  public struct Difference: Sendable, Equatable {
    /// The line of the file as it is, from 1.
    public var line: Int
    /// What the hunk expects there.
    public var expected: String
    /// What is there; nil beyond the end of the file.
    public var found: String?
  }

  /// The best place for a hunk that fits nowhere.
  public struct Nearest: Sendable, Equatable {
    /// The line of the file where the hunk would start, from 1.
    public var line: Int
    /// How many of the hunk's old lines are in place there.
    public var matching: Int
    /// How many old lines it has.
    public var total: Int
  }

  /// A commit and its subject.
  public struct LastChange: Sendable, Equatable {
    /// The commit.
    public var commit: ObjectID
    /// Its subject.
    public var subject: String
  }

  init(path: String, number: Int = 0, oldStart: Int = 0, newStart: Int = 0, how: How = .exact) {
    self.path = path
    self.number = number
    self.oldStart = oldStart
    self.newStart = newStart
    self.how = how
    offset = 0
  }

  /// Whether the change is part of the new tree.
  public var isApplied: Bool { how != .failed }
}
