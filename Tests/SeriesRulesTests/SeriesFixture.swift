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

  static func series(_ patches: Patch...) -> [SeriesPatch] { series(patches) }

  private static func series(_ patches: [Patch]) -> [SeriesPatch] {
    patches.enumerated().map { index, patch in
      SeriesPatch(
        identity: PatchIdentity(number: index + 1, count: patches.count, subject: "patch \(index + 1)"),
        message: Array(patch.message.utf8),
        files: patch.files.map { path, hunk in
          PatchedFile(oldPath: path, newPath: path, regions: [region(hunk)])
        })
    }
  }

  /// The series that an example of a rule describes: `patch N: log`, then per file its path and the lines of one hunk.
  static func series(of example: String) -> [SeriesPatch] {
    var patches: [Patch] = []
    for line in example.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("patch "), let colon = line.firstIndex(of: ":") {
        patches.append(Patch(String(line[line.index(after: colon)...].drop { $0 == " " })))
      } else if let first = line.first, !" +-".contains(first), let last = patches.indices.last {
        patches[last].files.append((line, ""))
      } else if let last = patches.indices.last, let file = patches[last].files.indices.last {
        let hunk = patches[last].files[file].hunk
        patches[last].files[file].hunk = hunk.isEmpty ? line : hunk + "\n" + line
      }
    }
    return series(patches)
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
