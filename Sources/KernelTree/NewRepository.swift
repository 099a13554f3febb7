import Clibgit2

/// A bare repository that is being made: empty until a pack is written into ``packDirectory``.
public struct NewRepository: ~Copyable {
  private let repository: RepositoryHandle
  private let path: String
  /// Where ``PackWriter`` writes.
  public var packDirectory: String { path + "/objects/pack" }

  /// Makes a bare repository at `path`, whose HEAD names `branch`.
  public init(bareAt path: String, branch: String) throws(TreeError) {
    _ = Libgit2.version
    self.path = path
    var options = git_repository_init_options()
    git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
    options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
    var made: OpaquePointer?
    let status = branch.withCString { name in
      options.initial_head = name
      return git_repository_init_ext(&made, path, &options)
    }
    guard status == 0, let made else { throw Libgit2.error(status, "make a repository at", path) }
    repository = RepositoryHandle(taking: made)
  }

  /// Creates a branch at a commit that is in the repository.
  public func createBranch(_ name: String, at commit: ObjectID) throws(TreeError) {
    var oid = commit.oid
    var reference: OpaquePointer?
    try Libgit2.check(
      git_reference_create(&reference, repository.pointer, "refs/heads/" + name, &oid, 0, "import"),
      "create the branch", name)
    git_reference_free(reference)
  }
}
