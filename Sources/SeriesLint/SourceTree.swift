import ByteText
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

  /// The same tree, to be read at the same time by another task.
  func independent() throws(LintError) -> Self

  /// Equal for trees of equal content, nil where that is not known.
  var identity: String? { get }
}

extension SourceTree {
  /// The C files under `paths`, each once and sorted; no paths stand for the whole tree.
  func cFiles(under paths: [String]) async throws(LintError) -> [SourceEntry] {
    var found: Set<SourceEntry> = []
    for path in paths.isEmpty ? [""] : paths {
      func error(_ reason: String) -> LintError {
        LintError(
          .nothingToAnalyse, "lint '\(path.isEmpty ? "the tree" : path)'", reason: reason,
          nextStep: "give paths relative to the top of the tree")
      }
      guard let inside = TreePath.normal(path) else { throw error("it does not lie in the tree") }
      let entries = try await entries(under: inside).filter { $0.path.hasSuffix(".c") || $0.path.hasSuffix(".h") }
      guard !entries.isEmpty else { throw error("it holds no .c or .h file") }
      found.formUnion(entries)
    }
    return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// A value that any number of tasks can read is its own copy.
  public func independent() throws(LintError) -> Self { self }

  /// Unknown.
  public var identity: String? { nil }
}

/// A tree object of a repository.
public struct RepositoryTree: SourceTree {
  private let repository: KernelRepository
  private let tree: ObjectID
  /// Has the objects that are staged in memory, which a copy of the repository lacks.
  private let original: KernelRepository?

  /// The tree `tree` of `repository`.
  public init(_ repository: KernelRepository, tree: ObjectID) {
    self.repository = repository
    self.tree = tree
    original = nil
  }

  private init(copy: KernelRepository, of original: KernelRepository, tree: ObjectID) {
    repository = copy
    self.tree = tree
    self.original = original
  }

  /// The same tree through a repository that is opened anew.
  public func independent() throws(LintError) -> RepositoryTree {
    do {
      return RepositoryTree(
        copy: try KernelRepository(opening: repository.path), of: original ?? repository, tree: tree)
    } catch {
      throw LintError(error, attempted: "open the repository again")
    }
  }

  /// The tree's object name.
  public var identity: String? { tree.hex }

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
      if let original, let bytes = try? await original.blob(blob) { return bytes }
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
