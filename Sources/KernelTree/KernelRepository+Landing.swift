import Clibgit2

extension KernelRepository {
  /// The commit that a local branch points at; nil when there is no such branch.
  public func branch(_ name: String) throws(TreeError) -> ObjectID? {
    var oid = git_oid()
    let status = git_reference_name_to_id(&oid, repository.pointer, "refs/heads/" + name)
    guard status != GIT_ENOTFOUND.rawValue else { return nil }
    try Libgit2.check(status, "read the branch", name)
    return ObjectID(oid)
  }

  /// Writes everything staged as one pack, then creates the branch `name` at `commit`.
  ///
  /// All or nothing: the branch appears at the very end, under git's own lock on it; a process killed before that leaves
  /// every reference as it was.
  ///
  /// - Throws: ``TreeError`` with code `branchExists`, `locked`, `invalidName` or `failed`.
  public func land(_ commit: ObjectID, as name: String) throws(TreeError) {
    let reference = "refs/heads/" + name
    var valid: Int32 = 0
    try Libgit2.check(git_branch_name_is_valid(&valid, name), "create the branch", name)
    guard valid == 1 else {
      throw TreeError(
        .invalidName, "create the branch", name, reason: "git does not allow this name",
        nextStep: "see git help check-ref-format")
    }
    let transaction = try TransactionHandle(in: repository.pointer, path: path)
    try Libgit2.check(git_transaction_lock_ref(transaction.pointer, reference), "lock the branch", name)
    guard try branch(name) == nil else {
      throw TreeError(
        .branchExists, "create the branch", name, reason: "it exists already",
        nextStep: "choose another name with --branch, or delete it with git branch -D \(name)")
    }
    try writePack()
    var oid = commit.oid
    try Libgit2.check(
      git_transaction_set_target(transaction.pointer, reference, &oid, nil, "gmemkit apply: created"),
      "create the branch", name)
    try Libgit2.check(git_transaction_commit(transaction.pointer), "create the branch", name)
  }

  private func writePack() throws(TreeError) {
    guard !staged.isEmpty else { return }
    var pack = try PackWriter(in: objectDirectory + "/pack")
    try staged.forEach { (entry) throws(TreeError) in try pack.append(entry) }
    try pack.finish()
    // From here on the pack has the objects.
    try Libgit2.check(git_odb_refresh(database.pointer), "read the new pack of", path)
    staged.removeAll()
  }

  /// The object store's directory; linked worktrees share their repository's.
  private var objectDirectory: String {
    git_repository_commondir(repository.pointer).map { String(cString: $0) + "objects" } ?? path + "/objects"
  }
}
