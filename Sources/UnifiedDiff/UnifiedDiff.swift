/// A patch text taken apart: the changes to files it carries, and what was odd about it.
///
/// Text around the diffs (a commit message, a diffstat, a signature) is skipped, as `git apply` does.
public struct UnifiedDiff: Sendable, Equatable {
  /// The changed files, in the order of the text. A file may occur more than once in a concatenated patch.
  public let files: [FileDiff]
  /// What the text holds that no file diff accounts for, yet looks like a part of one.
  public let warnings: [DiffWarning]

  /// Reads git and plain unified diffs out of `bytes`.
  ///
  /// - Throws: `DiffError` on a hunk that is cut short, a header without file names, a damaged binary patch.
  /// - Complexity: O(bytes), whatever the bytes are.
  public init(parsing bytes: [UInt8]) throws(DiffError) {
    var files: [FileDiff] = []
    var warnings: [DiffWarning] = []
    try bytes.withUnsafeBufferPointer { (buffer) throws(DiffError) in
      var parser = DiffParser(bytes: bytes, buffer: buffer)
      try parser.parse()
      files = parser.files
      warnings = parser.warnings
    }
    self.files = files
    self.warnings = warnings
  }

  /// The changed files of a patch text; see ``init(parsing:)``.
  public static func parse(_ bytes: [UInt8]) throws(DiffError) -> [FileDiff] {
    try UnifiedDiff(parsing: bytes).files
  }

  /// The files printed one after the other; for a text without anything around its diffs, the text itself.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    var headerIsOpen = false
    for file in files {
      // a bare git header (a mode, an empty file) would take the plain one's '---' line for its own
      if headerIsOpen, !file.isGit { out.append(0x0A) }
      file.print(to: &out)
      headerIsOpen = file.isGit && file.hunks.isEmpty
    }
    return out
  }
}

/// A line next to a hunk that looks like a part of it but is not counted by its header.
///
/// `git apply` drops such a line without a word, so a hand-edited patch loses code.
public struct DiffWarning: Sendable, Equatable, CustomStringConvertible {
  /// The line of the patch text, from 1.
  public let line: Int
  /// What is odd there.
  public let text: String

  /// `line N: text`.
  public var description: String { "line \(line): \(text)" }
}
