import Clibgit2

extension KernelRepository {
  /// Stages a blob and returns its name.
  public func stageBlob(_ bytes: [UInt8]) throws(TreeError) -> ObjectID {
    try stage(.blob, bytes)
  }

  /// The name that a blob of this content has, whether or not the repository holds it.
  public func name(ofBlob bytes: [UInt8]) throws(TreeError) -> ObjectID { try name(.blob, bytes) }

  private func name(_ type: ObjectType, _ bytes: [UInt8]) throws(TreeError) -> ObjectID {
    // libgit2 hashes with collision detection: the bytes come from strangers.
    var oid = git_oid()
    let status = bytes.withUnsafeBytes {
      git_odb_hash(&oid, $0.baseAddress, $0.count, git_object_t(rawValue: Int32(type.rawValue)))
    }
    try Libgit2.check(status, "hash a \(type.word) of", "\(bytes.count) bytes")
    return ObjectID(oid)
  }

  private func stage(_ type: ObjectType, _ bytes: [UInt8]) throws(TreeError) -> ObjectID {
    let id = try name(type, bytes)
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
    let database = database.pointer
    let store = TreeEdit.Store(
      read: { (id, body) throws(TreeError) in
        try DatabaseObjectHandle(id, in: database, "read the tree").withTree(body)
      },
      write: { (bytes) throws(TreeError) in self.stageTree(bytes) })
    return try TreeEdit(updates).apply(to: tree, path: "", store) ?? stageTree([])
  }

  /// Stages a tree object. Its bytes are ours but for file names, so libgit2's slow hash is not needed.
  private func stageTree(_ content: [UInt8]) -> ObjectID {
    content.withUnsafeBytes { bytes in
      let id = PackEncoder.name(.tree, bytes)
      staged.add(id, .tree, bytes)
      return id
    }
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
