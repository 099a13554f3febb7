import ByteText
import UnifiedDiff

/// What a failed hunk would do at its nearest place, with the file's own context lines in place of the patch's.
///
/// Never applied: GNU patch calls it fuzz and takes it unseen. It is something to look at.
enum FuzzPreview {
  /// The most context lines that may differ: more is another place, not another context.
  private static let differingLines = 3

  /// A unified diff against `old`, or nil when the hunk's removed lines are not there or too much differs.
  static func diff(_ file: FileDiff, _ hunk: Hunk, at nearest: NearestPlace, in old: [UInt8]) -> String? {
    let ranges = old.lineRanges()
    var index = nearest.line - 1
    guard index >= 0 else { return nil }
    var differing = 0
    var body: [UInt8] = []
    for line in hunk.lines {
      guard line.isOld else {
        body += [line.kind.rawValue] + line.text + [0x0A]
        continue
      }
      guard index < ranges.count else { return nil }
      let there = old[ranges[index]]
      index += 1
      if there != line.text {
        guard line.kind == .context else { return nil }
        differing += 1
      }
      body += [line.kind.rawValue] + there + [0x0A]
    }
    guard differing > 0, differing <= differingLines, nearest.matching * 2 > nearest.total else { return nil }
    let header =
      "--- a/\(file.oldPath ?? file.path)\n+++ b/\(file.path)\n"
      + "@@ -\(nearest.line),\(hunk.oldCount) +\(nearest.line),\(hunk.newCount) @@\n"
    return header + body.text
  }
}
