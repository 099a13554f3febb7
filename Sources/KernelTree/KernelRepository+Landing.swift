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
    try refuseExisting(name)
    let pack = try writePack()
    do {
      try createBranch(reference, name, at: commit)
    } catch {
      // Another run that has won may stand on the very same pack: only a failure of our own takes it away, with the
      // reflog entry that libgit2 writes first and that must not name a commit which is gone.
      if error.code == .failed, (try? branch(name) == nil) == true {
        git_reflog_delete(repository.pointer, reference)
        pack?.remove()
      }
      throw error
    }
    // From here on the pack has the objects.
    try Libgit2.check(git_odb_refresh(database.pointer), "read the new pack of", path)
    staged.removeAll()
  }

  /// Creates the reference under git's own lock, which is held only while it is written.
  private func createBranch(_ reference: String, _ name: String, at commit: ObjectID) throws(TreeError) {
    let transaction = try TransactionHandle(in: repository.pointer, path: path)
    let status = git_transaction_lock_ref(transaction.pointer, reference)
    if status == GIT_ELOCKED.rawValue {
      throw TreeError(
        .locked, "create the branch", name, reason: "another process holds its lock",
        nextStep: "if none is at work, a killed one left it: remove '\(commonDirectory)\(reference).lock'")
    }
    try Libgit2.check(status, "lock the branch", name)
    try refuseExisting(name)
    var oid = commit.oid
    try Libgit2.check(
      git_transaction_set_target(transaction.pointer, reference, &oid, nil, "gmemkit apply: created"),
      "create the branch", name)
    try Libgit2.check(git_transaction_commit(transaction.pointer), "create the branch", name)
  }

  /// Refuses a name that is taken, or that another branch's name makes impossible (`a` and `a/b`).
  private func refuseExisting(_ name: String) throws(TreeError) {
    if try branch(name) != nil {
      throw TreeError(
        .branchExists, "create the branch", name, reason: "it exists already",
        nextStep: "choose another name with --branch, or delete it with git branch -D \(name)")
    }
    var parts = name.split(separator: "/", omittingEmptySubsequences: false)
    var blocking: String?
    while parts.count > 1, blocking == nil {
      parts.removeLast()
      let parent = parts.joined(separator: "/")
      if try branch(parent) != nil { blocking = parent }
    }
    if blocking == nil { blocking = try firstBranch(below: name) }
    guard let blocking else { return }
    throw TreeError(
      .branchExists, "create the branch", name,
      reason: "the branch '\(blocking)' is there, and git allows only one of them",
      nextStep: "choose another name with --branch")
  }

  private func firstBranch(below name: String) throws(TreeError) -> String? {
    var iterator: OpaquePointer?
    let status = git_reference_iterator_glob_new(&iterator, repository.pointer, "refs/heads/\(name)/*")
    try Libgit2.check(status, "list the branches below", name)
    defer { git_reference_iterator_free(iterator) }
    var found: UnsafePointer<CChar>?
    guard git_reference_next_name(&found, iterator) == 0, let found else { return nil }
    return String(String(cString: found).dropFirst("refs/heads/".count))
  }

  private func writePack() throws(TreeError) -> WrittenPack? {
    guard !staged.isEmpty else { return nil }
    var pack = try PackWriter(in: commonDirectory + "objects/pack")
    try staged.forEach { (entry) throws(TreeError) in try pack.append(entry) }
    return try pack.finish()
  }

  /// The repository's own directory with a slash at its end; linked worktrees share it.
  private var commonDirectory: String {
    git_repository_commondir(repository.pointer).map { String(cString: $0) } ?? path + "/"
  }
}
