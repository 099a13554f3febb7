import KernelTree
import UnifiedDiff

extension PatchOnTree {
  /// Why a file that the patch changes is not there: already removed, moved elsewhere, or never there.
  func missing(
    _ file: FileDiff, _ path: String, _ repository: isolated KernelRepository
  ) throws(TreeError) -> HunkOutcome {
    if file.change == .delete { return failure(file, .alreadyApplied, "the file is gone already") }
    if file.change == .rename, case .present(_, let content) = try state(of: file.path, repository) {
      let there = try bytes(content, repository)
      let isDone = file.hunks.isEmpty || file.hunks.reversedHunksFit(there)
      if isDone { return failure(file, .alreadyApplied, "'\(path)' has moved to '\(file.path)' already") }
    }
    if let place = try movedTo(file, path, repository) {
      return failure(file, .renamed, "'\(path)' is not in the tree; the hunks fit '\(place)'")
    }
    let blob = file.oldBlob.map { " (blob \($0))" } ?? ""
    return failure(file, .fileMissing, "'\(path)'\(blob) is not in the tree")
  }

  /// A file of the same name elsewhere, or with the very blob, on which all hunks fit.
  private func movedTo(
    _ file: FileDiff, _ path: String, _ repository: isolated KernelRepository
  ) throws(TreeError) -> String? {
    guard let name = path.split(separator: "/").last, !file.hunks.isEmpty else { return nil }
    let all = try repository.files(in: tree)
    let wanted = file.oldBlob.flatMap { $0.utf8.count >= 7 ? $0 : nil }
    if let wanted, let same = all.first(where: { $0.entry.id.hex.hasPrefix(wanted) }) { return same.path }
    for candidate in all.lazy.filter({ $0.path.hasSuffix("/" + name) }).prefix(32)
    where file.apply(to: try repository.blob(candidate.entry.id)).isComplete {
      return candidate.path
    }
    return nil
  }
}

extension [Hunk] {
  /// Whether what the hunks would leave behind is in `content`.
  fileprivate func reversedHunksFit(_ content: [UInt8]) -> Bool {
    let reversed = map { hunk in
      Hunk(
        oldStart: hunk.newStart, oldCount: hunk.newCount, newStart: hunk.oldStart, newCount: hunk.oldCount,
        section: hunk.section,
        lines: hunk.lines.map { line in
          let kind: HunkLine.Kind =
            switch line.kind {
            case .context: .context
            case .removed: .added
            case .added: .removed
            }
          return HunkLine(kind, line.text, noNewlineAtEnd: line.noNewlineAtEnd)
        })
    }
    return reversed.apply(to: content).isComplete
  }
}
