/// One `@@` block of a unified diff.
public struct Hunk: Sendable, Equatable {
  /// First line in the old file, from 1; 0 when the old file is empty.
  public var oldStart: Int
  /// How many lines of the old file it spans.
  public var oldCount: Int
  /// First line in the new file, from 1; 0 when the new file is empty.
  public var newStart: Int
  /// How many lines of the new file it spans.
  public var newCount: Int
  /// What follows the second `@@` on the header line, from its blank on (git puts the function's name there).
  public var section: ArraySlice<UInt8>
  /// Context, removed and added lines in order.
  public var lines: [HunkLine]
  /// The line of the patch text that holds the header, from 1.
  public var lineNumber: Int

  /// Makes a hunk from its parts.
  public init(
    oldStart: Int, oldCount: Int, newStart: Int, newCount: Int, section: ArraySlice<UInt8> = [], lines: [HunkLine],
    lineNumber: Int = 0
  ) {
    self.oldStart = oldStart
    self.oldCount = oldCount
    self.newStart = newStart
    self.newCount = newCount
    self.section = section
    self.lines = lines
    self.lineNumber = lineNumber
  }

  /// How many lines it adds.
  public var addedCount: Int { lines.reduce(0) { $0 + ($1.kind == .added ? 1 : 0) } }
  /// How many lines it removes.
  public var removedCount: Int { lines.reduce(0) { $0 + ($1.kind == .removed ? 1 : 0) } }

  /// The header as git prints it: a count of one is left out.
  public var header: String {
    func span(_ start: Int, _ count: Int) -> String { count == 1 ? "\(start)" : "\(start),\(count)" }
    return "@@ -\(span(oldStart, oldCount)) +\(span(newStart, newCount)) @@"
  }

  /// The line of the patch text that holds `lines[index]`.
  ///
  /// - Complexity: O(index).
  public func lineNumber(ofLineAt index: Int) -> Int {
    lines.prefix(index).reduce(lineNumber + 1 + index) { $0 + ($1.noNewlineAtEnd ? 1 : 0) }
  }
}

/// One line of a hunk.
public struct HunkLine: Sendable, Equatable {
  /// Which side of the change a line belongs to.
  public enum Kind: UInt8, Sendable {
    /// In the old and in the new file.
    case context = 0x20
    /// In the old file only.
    case removed = 0x2D
    /// In the new file only.
    case added = 0x2B
  }

  /// Which side it belongs to.
  public var kind: Kind
  /// The line without its mark and without `\n`; a carriage return stays. Shares the patch text's storage.
  public var text: ArraySlice<UInt8>
  /// Whether the file ends here without a newline (`\ No newline at end of file`).
  public var noNewlineAtEnd: Bool

  /// Makes a line from its parts.
  public init(_ kind: Kind, _ text: ArraySlice<UInt8>, noNewlineAtEnd: Bool = false) {
    self.kind = kind
    self.text = text
    self.noNewlineAtEnd = noNewlineAtEnd
  }

  /// Whether the old file has it.
  public var isOld: Bool { kind != .added }
  /// Whether the new file has it.
  public var isNew: Bool { kind != .removed }
}
