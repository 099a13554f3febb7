import KernelTree
import UnifiedDiff

/// One patch on one tree: what it changes so far, and what became of its hunks.
///
/// A rename or a copy reads its source from the tree as it was before the patch, other changes see what the patch has
/// done to the path already (git-apply's rules).
struct PatchOnTree {
  let tree: ObjectID
  /// Paths that earlier patches of the series failed on, with the patch's number.
  let failedBefore: [String: Int]
  private(set) var outcomes: [HunkOutcome] = []
  var overlay: [String: FileState] = [:]
  /// Paths that the patch takes away, at any place in it: another file of it may be made there.
  private let removed: Set<String>
  /// Paths that the patch has put another file at: a rename away from one of them leaves that file alone.
  private var made: Set<String> = []

  init(tree: ObjectID, files: [FileDiff], failedBefore: [String: Int]) {
    self.tree = tree
    self.failedBefore = failedBefore
    removed = Set(files.filter { $0.change == .delete || $0.change == .rename }.compactMap(\.oldPath))
  }

  /// Applies one file's change; what fails is noted in ``outcomes``, and what fits of it stays in ``overlay``.
  mutating func apply(_ file: FileDiff, in repository: isolated KernelRepository) throws(TreeError) {
    if let refusal = refusal(of: file) {
      outcomes.append(failure(file, refusal.reason, refusal.detail))
      return
    }
    if let blocked = try blockedPath(file, repository) {
      outcomes.append(failure(file, blocked.reason, blocked.detail))
      return
    }
    switch file.change {
    case .create: try create(file, repository)
    case .delete, .modify: try change(file, at: file.oldPath ?? file.path, repository)
    case .rename, .copy: try change(file, at: file.oldPath ?? file.path, repository)
    }
  }

  mutating func note(_ more: [HunkOutcome]) { outcomes += more }

  // MARK: What stands where

  func state(of path: String, _ repository: isolated KernelRepository) throws(TreeError) -> FileState {
    if let state = overlay[path] { return state }
    return try original(path, repository)
  }

  func original(_ path: String, _ repository: isolated KernelRepository) throws(TreeError) -> FileState {
    guard let entry = try repository.entry(at: path, in: tree) else { return .absent }
    return .present(mode: entry.mode, content: .stored(entry.id))
  }

  func bytes(_ content: FileState.Content, _ repository: isolated KernelRepository) throws(TreeError) -> [UInt8] {
    switch content {
    case .new(let bytes): bytes
    case .stored(let id): try repository.blob(id)
    }
  }

  // MARK: Refusals

  private func refusal(of file: FileDiff) -> (reason: HunkOutcome.Reason, detail: String)? {
    for path in [file.oldPath, file.newPath].compactMap({ $0 }) {
      if let refusal = PathSafety.refusal(of: path) { return (.unsafePath, "\(refusal): '\(path)'") }
    }
    if kind(ofMode: file.newMode ?? 0) == 0o160000 || kind(ofMode: file.oldMode ?? 0) == 0o160000 {
      return (.notInPatch, "the change of a submodule cannot be applied; update it by hand")
    }
    if let old = file.oldMode, let new = file.newMode, file.change == .modify, kind(ofMode: old) != kind(ofMode: new) {
      return (.unsafePath, "the patch turns \(name(ofMode: old)) into \(name(ofMode: new)) without removing it first")
    }
    if case .withheld = file.binary {
      return (.notInPatch, "the patch says that the binary file differs, not how; make it with git diff --binary")
    }
    return nil
  }

  /// A path that runs through something that is not a directory, or names one.
  private func blockedPath(
    _ file: FileDiff, _ repository: isolated KernelRepository
  ) throws(TreeError) -> (reason: HunkOutcome.Reason, detail: String)? {
    guard let path = file.newPath else { return nil }
    func refusal(_ prefix: String, _ mode: UInt32) -> (reason: HunkOutcome.Reason, detail: String) {
      if kind(ofMode: mode) == 0o120000 { return (.unsafePath, "'\(path)' is beyond the symbolic link '\(prefix)'") }
      return (.fileExists, "'\(prefix)' is \(name(ofMode: mode)), not a directory")
    }
    if !overlay.isEmpty {
      for slash in path.utf8.indices where path.utf8[slash] == 0x2F {
        let prefix = String(path[..<slash])
        if case .present(let mode, _) = overlay[prefix], !removed.contains(prefix) { return refusal(prefix, mode) }
      }
    }
    guard let there = try repository.obstacle(to: path, in: tree), !removed.contains(there.path) else { return nil }
    if case .absent = overlay[there.path] { return nil }
    return refusal(there.path, there.entry.mode)
  }

  // MARK: Changes

  private mutating func create(
    _ file: FileDiff, _ repository: isolated KernelRepository
  ) throws(TreeError) {
    let result = try content(of: file, from: [], repository)
    if case .present(let mode, let there) = try state(of: file.path, repository), !removed.contains(file.path) {
      guard kind(ofMode: mode) != 0o040000 else {
        outcomes.append(failure(file, .fileExists, "'\(file.path)' is a directory"))
        return
      }
      let same = try result.bytes == bytes(there, repository)
      outcomes.append(
        failure(
          file, same ? .alreadyApplied : .fileExists,
          same ? "the file is there with the same content" : "the file is there with other content"))
      return
    }
    note(result.outcomes)
    made.insert(file.path)
    overlay[file.path] = .present(mode: file.newMode ?? 0o100644, content: .new(result.bytes))
  }

  private mutating func change(
    _ file: FileDiff, at source: String, _ repository: isolated KernelRepository
  ) throws(TreeError) {
    let moves = file.change == .rename || file.change == .copy
    let found = moves ? try original(source, repository) : try state(of: source, repository)
    guard case .present(let mode, let content) = found else {
      outcomes.append(try missing(file, source, repository))
      return
    }
    guard kind(ofMode: file.oldMode ?? mode) == kind(ofMode: mode), kind(ofMode: mode) != 0o160000,
      kind(ofMode: mode) != 0o040000
    else {
      outcomes.append(failure(file, .contextChanged, "'\(source)' is \(name(ofMode: mode)) in the tree"))
      return
    }
    if moves, source != file.path, !removed.contains(file.path),
      case .present = try state(of: file.path, repository)
    {
      outcomes.append(failure(file, .fileExists, "'\(file.path)' is there already"))
      return
    }
    // A mode on the index line says that the patch does not change it: the tree's own stays.
    let newMode = file.modeOnIndexLine ? mode : file.newMode ?? mode
    var result = FileResult(bytes: [], outcomes: [])
    if file.hunks.isEmpty, file.binary == nil {
      result.outcomes = [HunkOutcome(path: file.path)]
      guard file.change != .delete else {
        try remove(file, source, leaving: bytes(content, repository), result.outcomes)
        return
      }
      note(result.outcomes)
      overlay[file.path] = .present(mode: newMode, content: content)
    } else {
      result = try self.content(of: file, from: bytes(content, repository), repository)
      guard file.change != .delete else {
        try remove(file, source, leaving: result.bytes, result.outcomes)
        return
      }
      note(result.outcomes)
      overlay[file.path] = .present(mode: newMode, content: .new(result.bytes))
    }
    guard moves, source != file.path else { return }
    made.insert(file.path)
    if file.change == .rename, !made.contains(source) { overlay[source] = .absent }
  }

  private mutating func remove(
    _ file: FileDiff, _ source: String, leaving rest: [UInt8], _ outcomes: [HunkOutcome]
  ) throws(TreeError) {
    guard outcomes.allSatisfy(\.isApplied) else {
      note(outcomes)
      return
    }
    guard rest.isEmpty else {
      self.outcomes.append(
        failure(
          file, .contextChanged, "the file would be removed with \(rest.count) bytes that the patch does not know"))
      return
    }
    note(outcomes)
    overlay[source] = .absent
  }

  func failure(_ file: FileDiff, _ reason: HunkOutcome.Reason, _ detail: String) -> HunkOutcome {
    var outcome = HunkOutcome(path: file.path, how: .failed)
    if let first = file.hunks.first {
      outcome.number = 1
      outcome.oldStart = first.oldStart
      outcome.newStart = first.newStart
    }
    outcome.reason = reason
    outcome.detail = detail
    outcome.patchLine = file.hunks.first?.lineNumber ?? file.lineNumber
    outcome.follows = failedBefore[file.oldPath ?? file.path] ?? failedBefore[file.path]
    return outcome
  }
}

/// A file's new content with the outcome of each hunk.
struct FileResult {
  var bytes: [UInt8]
  var outcomes: [HunkOutcome]
}
