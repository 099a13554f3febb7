import Findings
import SeriesRules

/// A series out of unified diffs written in the test.
enum SeriesFixture {
  /// One patch: a message, and per path the lines of one hunk with their marks (` `, `+`, `-`).
  struct Patch {
    var message: String
    var files: [(path: String, hunk: String)]

    init(_ message: String, _ files: (path: String, hunk: String)...) {
      self.message = message
      self.files = files
    }
  }

  static func series(_ patches: Patch...) -> [SeriesPatch] {
    patches.enumerated().map { index, patch in
      SeriesPatch(
        identity: PatchIdentity(number: index + 1, count: patches.count, subject: "patch \(index + 1)"),
        message: Array(patch.message.utf8),
        files: patch.files.map { path, hunk in
          PatchedFile(oldPath: path, newPath: path, regions: [region(hunk)])
        })
    }
  }

  static func region(_ hunk: String, section: String = "", start: Int = 100) -> ChangedRegion {
    var (old, new) = (start, start)
    let lines = hunk.split(separator: "\n", omittingEmptySubsequences: false).map { line -> ChangedLine in
      let text = Array(line.dropFirst().utf8)
      switch line.first {
      case "-":
        old += 1
        return ChangedLine(.removed, number: old - 1, text: text)
      case "+":
        new += 1
        return ChangedLine(.added, number: new - 1, text: text)
      default:
        old += 1
        new += 1
        return ChangedLine(.context, number: new - 1, text: text)
      }
    }
    return ChangedRegion(section: Array(section.utf8), oldStart: start, newStart: start, lines: lines)
  }
}
