import Clibgit2

extension KernelRepository {
  /// Stages a blob and returns its name.
  public func stageBlob(_ bytes: [UInt8]) throws(TreeError) -> ObjectID {
    try stage(.blob, bytes)
  }

  private func stage(_ type: ObjectType, _ bytes: [UInt8]) throws(TreeError) -> ObjectID {
    // libgit2 hashes with collision detection: the bytes come from strangers.
    var oid = git_oid()
    let status = bytes.withUnsafeBytes {
      git_odb_hash(&oid, $0.baseAddress, $0.count, git_object_t(rawValue: Int32(type.rawValue)))
    }
    try Libgit2.check(status, "stage a \(type.word) of", "\(bytes.count) bytes")
    let id = ObjectID(oid)
    bytes.withUnsafeBytes { staged.add(id, type, $0) }
    return id
  }

  /// Stages `tree` with `updates` made in it and returns the new tree's name.
  ///
  /// Only the directories on the updated paths are read and written. An update of a path that is a directory, or that
  /// runs through a file, is refused, as is a path that git does not allow (`.git`, `..`, an absolute one).
  ///
  /// - Complexity: proportional to the size of the directories on the updated paths.
  public func stageTree(_ tree: ObjectID, updating updates: [TreeUpdate]) throws(TreeError) -> ObjectID {
    guard !updates.isEmpty else { return tree }
    let base = try ObjectHandle(tree, GIT_OBJECT_TREE, in: repository.pointer, "read the tree")
    var names: [UnsafeMutablePointer<CChar>] = []
    defer { names.forEach { $0.deallocate() } }
    var list: [git_tree_update] = []
    for update in updates {
      let utf8 = update.path.utf8CString
      let name = UnsafeMutablePointer<CChar>.allocate(capacity: utf8.count)
      for (index, character) in utf8.enumerated() { name[index] = character }
      names.append(name)
      list.append(
        git_tree_update(
          action: update.entry == nil ? GIT_TREE_UPDATE_REMOVE : GIT_TREE_UPDATE_UPSERT,
          id: update.entry?.id.oid ?? git_oid(), filemode: git_filemode_t(rawValue: update.entry?.mode ?? 0),
          path: UnsafePointer(name)))
    }
    var oid = git_oid()
    let status = git_tree_create_updated(&oid, repository.pointer, base.pointer, list.count, list)
    try Libgit2.check(status, "change the tree at", updates.map(\.path).joined(separator: ", "))
    return ObjectID(oid)
  }

  /// Stages a commit and returns its name.
  public func stageCommit(
    tree: ObjectID, parents: [ObjectID], author: Signature, committer: Signature, message: [UInt8]
  ) throws(TreeError) -> ObjectID {
    let content = try Commit.content(
      tree: tree, parents: parents, author: author, committer: committer, message: message)
    return try stage(.commit, content)
  }

  /// The user's name and address from git's configuration, with the given time; nil when either is not set.
  public func configuredCommitter(at secondsSince1970: Int64, offsetMinutes: Int) -> Signature? {
    var made: UnsafeMutablePointer<git_signature>?
    guard git_signature_default(&made, repository.pointer) == 0, let made else { return nil }
    defer { git_signature_free(made) }
    let found = Signature(made.pointee)
    return Signature(
      name: found.name, email: found.email, secondsSince1970: secondsSince1970, offsetMinutes: offsetMinutes)
  }
}
