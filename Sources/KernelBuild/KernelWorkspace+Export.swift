import ByteText
import KernelTree
import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What an export did.
public struct ExportOutcome: Sendable {
  /// Files written because their content differs.
  public let written: Int
  /// Files and links removed.
  public let removed: Int
  /// Wall time.
  public let elapsed: Duration
}

extension KernelWorkspace {
  /// Makes `source/` hold exactly `tree`, as far as a build for one architecture reads it.
  ///
  /// Only files whose blob differs are touched, so that make sees what changed and nothing else. The state on disk says
  /// which files are there and which are on their way; after a kill those in question are compared byte by byte.
  /// Documentation and the other architectures' sources are left out; their Kconfig files stay.
  ///
  /// - Parameters:
  ///   - base: a tree that is in the repository for good; the state is kept as a difference to it, because the trees of a
  ///     series that is not landed are gone with the process.
  ///   - progress: called now and then with files done and files in all.
  public func export(
    _ tree: ObjectID, over base: ObjectID, of repository: KernelRepository, sourceArchitecture: String,
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws(BuildError) -> ExportOutcome {
    let clock = ContinuousClock()
    let start = clock.now
    try source.makeDirectories()
    let before = ExportState(contents: state.contents(), architecture: sourceArchitecture)
    let step: ExportStep
    do {
      step = try await before.step(to: tree, over: base, in: repository) { Self.isNeeded($0, sourceArchitecture) }
    } catch {
      throw BuildError(.tree, "cannot export the kernel tree \(tree.short): \(error)")
    }
    if !step.changes.isEmpty {
      try state.replace(step.during.serialised(for: sourceArchitecture))
      if step.changes.contains(where: { Self.decidesConfiguration($0.path) }) {
        try configurationStamp.replace(Array(tree.hex.utf8))
      }
    }
    var removed = 0
    for change in step.changes where change.new == nil {
      if unlink(source.appending(change.path).string) == 0 { removed += 1 }
    }
    let written = try await write(step.changes, of: repository, comparing: step.inQuestion, progress: progress)
    try state.replace(step.after.serialised(for: sourceArchitecture))
    return ExportOutcome(written: written, removed: removed, elapsed: clock.now - start)
  }

  private func write(
    _ changes: [TreeChange], of repository: KernelRepository, comparing: ExportStep.Questionable,
    progress: @Sendable (Int, Int) -> Void
  ) async throws(BuildError) -> Int {
    let present = changes.filter { $0.new != nil }
    var madeDirectories: Set<Substring> = []
    var written = 0
    for start in stride(from: 0, to: present.count, by: 512) {
      if Task.isCancelled { throw BuildError(.cancelled, "the export of the kernel tree was interrupted") }
      let batch = Array(present[start..<min(start + 512, present.count)])
      let blobs: [[UInt8]]
      do {
        blobs = try await repository.contents(of: batch.compactMap { $0.new?.id })
      } catch {
        throw BuildError(.tree, "cannot export the kernel tree: \(error)")
      }
      for (change, bytes) in zip(batch, blobs) {
        guard let entry = change.new else { continue }
        let parent = change.path[..<(change.path.lastIndex(of: "/") ?? change.path.startIndex)]
        if madeDirectories.insert(parent).inserted { try source.appending(String(parent)).makeDirectories() }
        let path = source.appending(change.path)
        if try place(bytes, entry, at: path, comparing: comparing.contains(change.path)) { written += 1 }
      }
      progress(min(start + 512, present.count), present.count)
    }
    return written
  }

  /// Writes one file or link; false if it is there already.
  private func place(_ bytes: [UInt8], _ entry: TreeEntry, at path: FilePath, comparing: Bool) throws(BuildError)
    -> Bool
  {
    if entry.isSymbolicLink {
      unlink(path.string)
      guard symlink(bytes.text, path.string) == 0 else {
        throw BuildError(.workspace, "cannot make the link \(path): \(Errno(rawValue: errno))")
      }
      return true
    }
    let executable = entry.mode & 0o111 != 0
    if comparing, path.contents() == bytes {
      chmod(path.string, executable ? 0o755 : 0o644)
      return false
    }
    if path.exists { unlink(path.string) }
    try path.write(bytes, mode: executable ? 0o755 : 0o644)
    return true
  }

  /// Whether a build for the architecture reads the file.
  ///
  /// Of other architectures only sources are left out: makefiles and headers of theirs are included from elsewhere, such as
  /// `arch/um/scripts/Makefile.rules` from `fs/hostfs`.
  static func isNeeded(_ path: String, _ sourceArchitecture: String) -> Bool {
    let base = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
    if base.hasPrefix("Kconfig") || base.hasPrefix("Makefile") || base == "Kbuild" { return true }
    if path.hasPrefix("Documentation/") { return false }
    guard path.hasPrefix("arch/") else { return true }
    let rest = path.dropFirst(5)
    if !rest.contains("/") || rest.hasPrefix(sourceArchitecture + "/") { return true }
    return ![".c", ".S", ".dts", ".dtsi", ".dtso"].contains { base.hasSuffix($0) }
  }

  /// Whether a change to the file can change the final configuration.
  private static func decidesConfiguration(_ path: String) -> Bool {
    path.contains("Kconfig") || path.hasPrefix("scripts/") || path.hasSuffix(".config") || path == "Makefile"
  }
}

extension KernelRepository {
  /// Several blobs in one go.
  func contents(of ids: [ObjectID]) throws(TreeError) -> [[UInt8]] {
    var blobs: [[UInt8]] = []
    blobs.reserveCapacity(ids.count)
    for id in ids { blobs.append(try blob(id)) }
    return blobs
  }
}
