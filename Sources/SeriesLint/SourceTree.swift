public import KernelTree

/// A file of a tree and what identifies its content.
public struct SourceEntry: Sendable, Hashable {
  /// Relative to the top of the tree.
  public let path: String
  /// Equal for equal content: the blob id in a repository; nil where the content was not read yet.
  public let blob: ObjectID?

  /// A file.
  public init(path: String, blob: ObjectID?) {
    self.path = path
    self.blob = blob
  }
}

/// Where source comes from: a tree object of a repository, or an unpacked folder.
public protocol SourceTree: Sendable {
  /// The regular files under `path` (the whole tree for an empty path; the file itself where it names one), sorted.
  func entries(under path: String) async throws(LintError) -> [SourceEntry]

  /// The content of a file that `entries(under:)` named.
  func bytes(of entry: SourceEntry) async throws(LintError) -> [UInt8]
}

/// A tree object of a repository.
public struct RepositoryTree: SourceTree {
  private let repository: KernelRepository
  private let tree: ObjectID

  /// The tree `tree` of `repository`.
  public init(_ repository: KernelRepository, tree: ObjectID) {
    self.repository = repository
    self.tree = tree
  }

  /// The regular files under `path`, sorted by path.
  public func entries(under path: String) async throws(LintError) -> [SourceEntry] {
    do {
      if !path.isEmpty, let entry = try await repository.entry(at: path, in: tree), !entry.isDirectory {
        return entry.isSymbolicLink ? [] : [SourceEntry(path: path, blob: entry.id)]
      }
      return try await repository.files(in: tree, under: path)
        .filter { !$0.entry.isSymbolicLink && !$0.entry.isDirectory && $0.entry.mode != RepositoryTree.submodule }
        .map { SourceEntry(path: $0.path, blob: $0.entry.id) }
    } catch {
      throw LintError(error, attempted: "list \(path.isEmpty ? "the tree" : path)")
    }
  }

  /// The content of the entry's blob.
  public func bytes(of entry: SourceEntry) async throws(LintError) -> [UInt8] {
    guard let blob = entry.blob else {
      throw LintError(
        .unreadable, "read \(entry.path)", reason: "no blob is known for it", nextStep: "name a file of the tree")
    }
    do {
      return try await repository.blob(blob)
    } catch {
      throw LintError(error, attempted: "read \(entry.path)")
    }
  }

  private static let submodule: UInt32 = 0o160000
}

extension LintError {
  /// A failure of the repository while `attempted` was going on.
  init(_ error: TreeError, attempted: String) {
    self.init(
      .unreadable, attempted, reason: error.reason, nextStep: error.nextStep ?? "check the repository with 'git fsck'")
  }
}
