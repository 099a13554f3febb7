import Findings
import SeriesRules

/// Tells whether a patch touches the function that starts at a line.
///
/// The end of a function is the first line after its start that begins with `}`, as kernel style has it.
struct TouchedFunctions {
  private let changed: [Int]
  private let closings: [Int]

  /// The functions of `file` as the patch leaves it.
  init(_ file: PatchedFile) {
    // A removed line counts where it was: at the next line that the new file has.
    var changed: Set<Int> = []
    for region in file.regions {
      var next = region.newStart
      for line in region.lines {
        if line.kind != .context { changed.insert(next) }
        if line.kind != .removed { next += 1 }
      }
    }
    self.changed = changed.sorted()
    var closings: [Int] = []
    for (index, line) in (file.after ?? []).split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where line.first == UInt8(ascii: "}") {
      closings.append(index + 1)
    }
    self.closings = closings
  }

  /// Whether the function that starts at `line` has a changed line; line 0 stands for the whole file.
  func touches(functionAt line: Int) -> Bool {
    guard line > 0 else { return !changed.isEmpty }
    let end = closings.first { $0 >= line } ?? Int.max
    return changed.contains { $0 >= line && $0 <= end }
  }
}
