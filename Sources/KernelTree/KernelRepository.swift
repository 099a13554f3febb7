import Clibgit2

/// A git repository that holds a kernel tree, through libgit2.
///
/// Reading never changes it. New blobs, trees and commits are staged in memory, where reads see them at once, until
/// ``land(_:as:)`` writes them as one pack and one new branch. The work tree, the index, HEAD, the stash and the
/// configuration are never written.
///
/// Every libgit2 object stays inside this actor; what crosses its border is a value.
public actor KernelRepository {
  /// The path as it was given.
  public nonisolated let path: String
  let repository: RepositoryHandle
  let database: DatabaseHandle
  /// The new objects; `database` reads them through a backend of its own.
  let staged: StagedObjects

  /// Opens the repository at `path`: a work tree's top directory, a bare repository or a linked worktree.
  ///
  /// - Throws: ``TreeError`` with code `notARepository` or `unsupported`.
  public init(opening path: String) throws(TreeError) {
    _ = Libgit2.version
    self.path = path
    let repository: RepositoryHandle
    do {
      repository = try RepositoryHandle(opening: path)
    } catch {
      throw Self.explain(error, path: path)
    }
    database = try DatabaseHandle(of: repository, path: path)
    staged = try StagedObjects(path: path)
    try staged.attach(to: database.pointer, path: path)
    self.repository = repository
  }

  private static func explain(_ error: TreeError, path: String) -> TreeError {
    if error.reason.lowercased().contains("refstorage") {
      return TreeError(
        .unsupported, "open the repository", path, reason: error.reason,
        nextStep: "gmemkit reads branches from files and packed-refs; 'git clone' makes such a repository of this one")
    }
    if error.reason.contains("objectformat") || error.reason.contains("extension") {
      return TreeError(
        .unsupported, "open the repository", path, reason: error.reason,
        nextStep: "gmemkit reads repositories with SHA-1 object names; clone the tree into one of those")
    }
    if error.reason.contains("not owned by current user") {
      return TreeError(
        .notARepository, "open the repository", path, reason: "it belongs to another user",
        nextStep: "git config --global --add safe.directory \(path)")
    }
    return TreeError(
      .notARepository, "open the repository", path, reason: error.reason,
      nextStep: "give --tree a git repository (bare or not), or leave it out to use the embedded kernel tree")
  }
}
