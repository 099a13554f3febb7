import Findings
import KernelTree
import SeriesRules

/// What one commit does, with the whole files before and after it.
struct CommitChanges: Sendable {
  /// One file of the commit.
  struct File: Sendable {
    let oldPath: String?
    let newPath: String?
    let old: SourceEntry?
    let new: SourceEntry?
    let patched: PatchedFile

    var path: String { newPath ?? oldPath ?? "" }
    var isC: Bool { patched.isC }
  }

  let commit: LintedCommit
  let identity: PatchIdentity
  let files: [File]
  let skippedMerge: Bool

  /// A file whose old and new text share this part of their lines was renamed.
  private static let similarity = 0.5

  /// Reads the files that `commit` changes.
  init(_ commit: LintedCommit, count: Int, repository: KernelRepository) async throws(LintError) {
    self.commit = commit
    identity = PatchIdentity(number: commit.number, count: count, subject: commit.subject, commit: commit.commit.hex)
    do {
      var raw: [(change: TreeChange, old: [UInt8]?, new: [UInt8]?)] = []
      for change in try await repository.changes(from: commit.parentTree, to: commit.tree) {
        let old = change.old.flatMap { Self.isFile($0) ? $0 : nil }
        let new = change.new.flatMap { Self.isFile($0) ? $0 : nil }
        guard old != nil || new != nil else { continue }
        let wanted = change.path.hasSuffix(".c") || change.path.hasSuffix(".h")
        var oldBytes: [UInt8]?
        var newBytes: [UInt8]?
        if let old, wanted || change.old?.id != change.new?.id { oldBytes = try await repository.blob(old.id) }
        if let new, wanted || change.old?.id != change.new?.id { newBytes = try await repository.blob(new.id) }
        raw.append((TreeChange(path: change.path, old: old, new: new), oldBytes, newBytes))
      }
      files = Self.pair(raw)
      skippedMerge = try await repository.parents(of: commit.commit).count > 1
    } catch {
      throw LintError(error, attempted: "read commit \(commit.commit.short)")
    }
  }

  private static func isFile(_ entry: TreeEntry) -> Bool { entry.mode & 0o170000 == 0o100000 }

  /// Pairs deleted with created files of like content, as `git diff -M` does.
  private static func pair(_ raw: [(change: TreeChange, old: [UInt8]?, new: [UInt8]?)]) -> [File] {
    var deleted = raw.filter { $0.change.new == nil && $0.old != nil }
    var files: [File] = []
    for (change, old, new) in raw {
      if let new, change.old == nil,
        let index = deleted.firstIndex(where: { likeness($0.old ?? [], new) >= similarity })
      {
        let source = deleted.remove(at: index)
        files.append(file(source.change, source.old, to: change, new))
      } else if change.old != nil && change.new != nil || change.old == nil {
        files.append(file(change.old == nil ? nil : change, old, to: change, new))
      }
    }
    files += deleted.map { file($0.change, $0.old, to: nil, nil) }
    return files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  private static func file(_ old: TreeChange?, _ before: [UInt8]?, to new: TreeChange?, _ after: [UInt8]?) -> File {
    let diff = LineDiff(before ?? [], after ?? [])
    return File(
      oldPath: old?.path, newPath: new?.path,
      old: old.flatMap { change in change.old.map { SourceEntry(path: change.path, blob: $0.id) } },
      new: new.flatMap { change in change.new.map { SourceEntry(path: change.path, blob: $0.id) } },
      patched: PatchedFile(
        oldPath: old?.path, newPath: new?.path, regions: diff.regions, before: before, after: after))
  }

  /// The part of the lines of the longer text that the other has too.
  private static func likeness(_ old: [UInt8], _ new: [UInt8]) -> Double {
    let (oldLines, newLines) = (old.split(separator: 0x0A), new.split(separator: 0x0A))
    guard !oldLines.isEmpty, !newLines.isEmpty else { return 0 }
    var counts: [ArraySlice<UInt8>: Int] = [:]
    for line in oldLines { counts[line, default: 0] += 1 }
    var common = 0
    for line in newLines {
      guard let count = counts[line], count > 0 else { continue }
      counts[line] = count - 1
      common += 1
    }
    return Double(common) / Double(max(oldLines.count, newLines.count))
  }

  /// The commit as the rules over a series see it.
  var patch: SeriesPatch {
    SeriesPatch(identity: identity, message: commit.message, files: files.map(\.patched))
  }

  /// Old path to new path of renamed files.
  var renames: [String: String] {
    files.reduce(into: [:]) { renames, file in
      if let old = file.oldPath, let new = file.newPath, old != new { renames[old] = new }
    }
  }

  /// The numbers of the lines that the commit adds, by path.
  var addedLines: [String: Set<Int>] {
    files.reduce(into: [:]) { added, file in
      guard let path = file.newPath else { return }
      added[path] = Set(file.patched.regions.flatMap(\.lines).filter { $0.kind == .added }.map(\.number))
    }
  }
}
