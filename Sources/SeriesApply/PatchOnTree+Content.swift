import KernelTree
import UnifiedDiff

extension PatchOnTree {
  /// The file's new content out of `old`: the hunks where they belong, else a three-way merge from the blob that the
  /// index line names.
  func content(
    of file: FileDiff, from old: [UInt8], _ repository: isolated KernelRepository
  ) throws(TreeError) -> FileResult {
    if case .content(let forward, _) = file.binary { return try binary(file, forward, from: old, repository) }
    let patched = file.apply(to: old)
    if patched.isComplete {
      return FileResult(
        bytes: patched.bytes, outcomes: zip(file.hunks.indices, patched.placements).map { outcome(file, $0, $1) })
    }
    let base = try baseBlob(file, repository)
    if let base, let merged = try threeWay(file, base: base, ours: old, repository) {
      let outcomes = zip(file.hunks.indices, patched.placements).map { index, placement in
        var outcome = outcome(file, index, placement)
        if !outcome.isApplied {
          outcome.how = .threeWay
          outcome.reason = nil
          outcome.difference = nil
          outcome.nearest = nil
          outcome.detail = nil
          outcome.patchLine = nil
        }
        return outcome
      }
      return FileResult(bytes: merged, outcomes: outcomes)
    }
    let outcomes = zip(file.hunks.indices, patched.placements).map { index, placement in
      var outcome = outcome(file, index, placement)
      guard !outcome.isApplied else { return outcome }
      outcome.follows = failedBefore[file.path]
      if base == nil, let name = file.oldBlob, outcome.reason == .contextChanged, outcome.follows == nil {
        outcome.reason = .baseBlobUnknown
        let damage = outcome.detail.map { "; " + $0 } ?? ""
        outcome.detail = "the patch was made from blob \(name), which is not in this repository" + damage
      }
      if case .failed(let failure) = placement, failure.reason == .contextChanged, let nearest = failure.nearest {
        outcome.preview = FuzzPreview.diff(file, file.hunks[index], at: nearest, in: old)
      }
      return outcome
    }
    return FileResult(bytes: patched.bytes, outcomes: outcomes)
  }

  /// A binary change fits only the very content that it was made from: there is no context to tell otherwise.
  private func binary(
    _ file: FileDiff, _ forward: BinaryHunk, from old: [UInt8], _ repository: isolated KernelRepository
  ) throws(TreeError) -> FileResult {
    func failed(_ reason: HunkOutcome.Reason, _ detail: String) -> FileResult {
      FileResult(bytes: old, outcomes: [failure(file, reason, detail)])
    }
    let there = try repository.name(ofBlob: old).hex
    if let wanted = file.oldBlob, file.change != .create, !there.hasPrefix(wanted) {
      if let new = file.newBlob, there.hasPrefix(new) {
        return failed(.alreadyApplied, "the binary file has the content that the patch would give it")
      }
      let isKnown = try baseBlob(file, repository) != nil
      return failed(
        isKnown ? .contextChanged : .baseBlobUnknown,
        "the binary file is blob \(there.prefix(12)), the patch was made from blob \(wanted.prefix(12))"
          + (isKnown ? "" : ", which is not in this repository"))
    }
    do {
      let bytes = try forward.applied(to: old, line: file.lineNumber)
      if let promised = file.newBlob, file.change != .delete, case let made = try repository.name(ofBlob: bytes).hex,
        !made.hasPrefix(promised)
      {
        return failed(
          .notInPatch, "the binary patch makes blob \(made.prefix(12)), its index line promises \(promised.prefix(12))")
      }
      return FileResult(bytes: bytes, outcomes: [HunkOutcome(path: file.path)])
    } catch let error as TreeError {
      throw error
    } catch {
      return failed(.contextChanged, "\(error)")
    }
  }

  /// The content that the patch was made from, when the index line names it and the repository has it.
  private func baseBlob(
    _ file: FileDiff, _ repository: isolated KernelRepository
  ) throws(TreeError) -> [UInt8]? {
    guard let name = file.oldBlob, name.contains(where: { $0 != "0" }) else { return nil }
    do {
      guard let id = try repository.blob(abbreviated: name) else { return nil }
      return try repository.blob(id)
    } catch  where error.code == .ambiguous {
      return nil
    }
  }

  private func threeWay(
    _ file: FileDiff, base: [UInt8], ours: [UInt8], _ repository: isolated KernelRepository
  ) throws(TreeError) -> [UInt8]? {
    let theirs = file.apply(to: base)
    guard theirs.placements.allSatisfy({ if case .exact = $0 { true } else { false } }) else { return nil }
    return try repository.mergeFile(base: base, ours: ours, theirs: theirs.bytes)
  }

  private func outcome(_ file: FileDiff, _ index: Int, _ placement: HunkPlacement) -> HunkOutcome {
    let hunk = file.hunks[index]
    var outcome = HunkOutcome(
      path: file.path, number: index + 1, oldStart: hunk.oldStart, newStart: hunk.newStart)
    switch placement {
    case .exact: break
    case .offset(_, let lines, let others):
      outcome.how = .offset
      outcome.offset = lines
      if others > 0 { outcome.detail = "\(others) more \(others == 1 ? "place matches" : "places match")" }
    case .failed(let failure):
      outcome.how = .failed
      outcome.patchLine = hunk.lineNumber
      describe(failure, in: &outcome)
    }
    return outcome
  }

  private func describe(_ failure: HunkFailure, in outcome: inout HunkOutcome) {
    switch failure.reason {
    case .alreadyApplied: outcome.reason = .alreadyApplied
    case .whitespace: outcome.reason = .whitespace
    case .contextChanged: outcome.reason = .contextChanged
    case .overlap:
      outcome.reason = .contextChanged
      outcome.detail = "it fits only on lines that another hunk of this patch makes"
    case .noContext:
      outcome.reason = .contextChanged
      outcome.detail = "the hunk has no context lines, and its place is not the end of the file"
    case .notAtEdge:
      outcome.reason = .contextChanged
      outcome.detail = "its lines are there, but not at the beginning or the end of the file as the hunk demands"
    case .searchLimit:
      outcome.reason = .contextChanged
      outcome.detail = "the file repeats its lines so often that the search for a place was given up"
    }
    if failure.blankDamage > 0 {
      outcome.detail = "white space is damaged: \(failure.blankDamage) more lines match without it"
    }
    guard let nearest = failure.nearest else { return }
    if nearest.line > 0 {
      outcome.nearest = .init(line: nearest.line, matching: nearest.matching, total: nearest.total)
    }
    if let difference = nearest.difference {
      outcome.patchLine = difference.patchLine
      outcome.difference = .init(
        line: difference.fileLine, expected: String(decoding: difference.expected, as: UTF8.self),
        found: difference.found.map { String(decoding: $0, as: UTF8.self) })
    }
  }
}
