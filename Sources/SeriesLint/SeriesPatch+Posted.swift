import Findings
public import PatchMail
public import SeriesRules
import UnifiedDiff

extension SeriesPatch {
  /// The patches of a posted series as its hunks show them, without a tree.
  ///
  /// - Throws: `LintError.unreadable` for a patch whose diff cannot be read.
  public static func patches(of series: PatchSeries) throws(LintError) -> [SeriesPatch] {
    var patches: [SeriesPatch] = []
    for posted in series.patches {
      let identity = PatchIdentity(number: posted.number, count: posted.count, subject: posted.subject)
      let files: [FileDiff]
      do {
        files = try UnifiedDiff.parse(posted.diff)
      } catch {
        throw LintError(
          .unreadable, "read the diff of \(identity.label)", reason: "line \(error.line): \(error.what)",
          nextStep: error.next)
      }
      patches.append(SeriesPatch(identity: identity, message: posted.message, files: files.map(PatchedFile.init)))
    }
    return patches
  }
}

extension PatchedFile {
  /// A file as its diff shows it.
  fileprivate init(_ diff: FileDiff) {
    self.init(oldPath: diff.oldPath, newPath: diff.newPath, regions: diff.hunks.map(ChangedRegion.init))
  }
}

extension ChangedRegion {
  /// A hunk as a region.
  fileprivate init(_ hunk: Hunk) {
    var (old, new) = (hunk.oldStart, hunk.newStart)
    let lines = hunk.lines.map { line -> ChangedLine in
      defer {
        if line.isOld { old += 1 }
        if line.isNew { new += 1 }
      }
      switch line.kind {
      case .context: return ChangedLine(.context, number: new, text: Array(line.text))
      case .removed: return ChangedLine(.removed, number: old, text: Array(line.text))
      case .added: return ChangedLine(.added, number: new, text: Array(line.text))
      }
    }
    let section = hunk.section.drop { $0 == 0x20 }
    self.init(section: Array(section), oldStart: hunk.oldStart, newStart: hunk.newStart, lines: lines)
  }
}
