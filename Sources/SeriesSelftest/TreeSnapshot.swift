import KernelTree
import SelftestPlan

/// Reads out of a repository what planning needs, once.
enum TreeSnapshot {
  /// A reader of `tree` that holds the files that planning reads.
  static func reader(
    of tree: ObjectID, in repository: KernelRepository, alsoReading extra: Set<String> = [],
    sourcesOf directories: Set<String> = []
  ) async throws(TreeError) -> TreeReader {
    let files = try await repository.files(in: tree, under: "")
    let wanted = files.filter {
      !$0.entry.isSymbolicLink && (isRead($0.path) || extra.contains($0.path) || isSource($0.path, of: directories))
    }
    let contents = try await repository.contents(of: wanted)
    return TreeReader(paths: files.map(\.path).sorted()) { contents[$0] }
  }

  /// A reader of the files of `tree` that `isWanted` names.
  static func reader(
    of tree: ObjectID, in repository: KernelRepository, isWanted: (String) -> Bool
  ) async throws(TreeError) -> TreeReader {
    let wanted = try await repository.files(in: tree, under: "").filter {
      !$0.entry.isSymbolicLink && isWanted($0.path)
    }
    let contents = try await repository.contents(of: wanted)
    return TreeReader(paths: wanted.map(\.path)) { contents[$0] }
  }

  /// The files that differ between two trees, with both contents.
  static func changes(
    from base: ObjectID, to tree: ObjectID, in repository: KernelRepository
  ) async throws(TreeError) -> [ChangedFile] {
    var changes: [ChangedFile] = []
    for change in try await repository.changes(from: base, to: tree) {
      changes.append(
        ChangedFile(
          path: change.path, old: try await repository.content(of: change.old),
          new: try await repository.content(of: change.new)))
    }
    return changes
  }

  private static func isSource(_ path: String, of directories: Set<String>) -> Bool {
    path.hasSuffix(".c") && directories.contains(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
  }

  private static func isRead(_ path: String) -> Bool {
    TreeReader.isRead(path) || (path.hasPrefix("tools/testing/selftests/") && path.hasSuffix(".c"))
  }
}

extension KernelRepository {
  /// The contents of files by path.
  fileprivate func contents(of files: [TreeFile]) throws(TreeError) -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    contents.reserveCapacity(files.count)
    for file in files { contents[file.path] = try blob(file.entry.id) }
    return contents
  }

  /// The content of an entry; empty for what is no blob, such as a submodule.
  fileprivate func content(of entry: TreeEntry?) throws(TreeError) -> [UInt8]? {
    guard let entry else { return nil }
    return entry.mode & 0o170000 == 0o160000 ? [] : try blob(entry.id)
  }
}
