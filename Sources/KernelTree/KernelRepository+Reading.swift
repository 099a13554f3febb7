import Clibgit2

extension KernelRepository {
  /// The commit that `revision` names: a branch, a tag, a range-free expression such as `HEAD~2`, or an object name that
  /// no branch need reach.
  public func commit(_ revision: String) throws(TreeError) -> ObjectID {
    var found: OpaquePointer?
    let status = git_revparse_single(&found, repository.pointer, revision)
    guard status == 0, let found else { throw Libgit2.error(status, "find the revision", revision) }
    let object = ObjectHandle(taking: found)
    var peeled: OpaquePointer?
    let peelStatus = git_object_peel(&peeled, object.pointer, GIT_OBJECT_COMMIT)
    guard peelStatus == 0, let peeled else { throw Libgit2.error(peelStatus, "find a commit in", revision) }
    let commit = ObjectHandle(taking: peeled)
    guard let id = git_object_id(commit.pointer) else {
      throw TreeError(.notFound, "find the revision", revision, reason: "it has no name")
    }
    return ObjectID(id.pointee)
  }

  /// A commit's content.
  public func commitContent(_ id: ObjectID) throws(TreeError) -> Commit {
    let commit = try ObjectHandle(id, GIT_OBJECT_COMMIT, in: repository.pointer, "read the commit")
    guard let tree = git_commit_tree_id(commit.pointer), let author = git_commit_author(commit.pointer),
      let committer = git_commit_committer(commit.pointer), let message = git_commit_message_raw(commit.pointer)
    else { throw TreeError(.failed, "read the commit", id.hex, reason: "it is damaged") }
    let parents = (0..<git_commit_parentcount(commit.pointer)).compactMap {
      git_commit_parent_id(commit.pointer, $0).map { ObjectID($0.pointee) }
    }
    return Commit(
      id: id, tree: ObjectID(tree.pointee), parents: parents, author: Signature(author.pointee),
      committer: Signature(committer.pointee),
      message: message.withMemoryRebound(to: UInt8.self, capacity: 1) { bytes in
        var length = 0
        while bytes[length] != 0 { length += 1 }
        return Array(UnsafeBufferPointer(start: bytes, count: length))
      })
  }

  /// The tree of a commit.
  public func tree(of commit: ObjectID) throws(TreeError) -> ObjectID {
    let handle = try ObjectHandle(commit, GIT_OBJECT_COMMIT, in: repository.pointer, "read the commit")
    guard let tree = git_commit_tree_id(handle.pointer) else {
      throw TreeError(.failed, "read the commit", commit.hex, reason: "it names no tree")
    }
    return ObjectID(tree.pointee)
  }

  /// The parents of a commit, the first one first.
  public func parents(of commit: ObjectID) throws(TreeError) -> [ObjectID] { try commitContent(commit).parents }

  /// The first paragraph of a commit's message, on one line.
  public func subject(of commit: ObjectID) throws(TreeError) -> String { try commitContent(commit).subject }

  /// The whole message of a commit.
  public func message(of commit: ObjectID) throws(TreeError) -> [UInt8] { try commitContent(commit).message }

  /// What is at `path` in `tree`; nil when nothing is. The empty path is the tree itself.
  ///
  /// - Complexity: one tree read per directory of the path.
  public func entry(at path: String, in tree: ObjectID) throws(TreeError) -> TreeEntry? {
    var found = TreeEntry(mode: 0o40000, id: tree)
    guard !path.isEmpty else { return found }
    for component in path.utf8.split(separator: 0x2F) {
      guard found.isDirectory, let next = try child(Array(component), of: found.id) else { return nil }
      found = next
    }
    return found
  }

  /// What stands in the way to `path`: the first of the entries above it that is no directory, with its path.
  ///
  /// - Complexity: one tree read per directory of the path.
  public func obstacle(to path: String, in tree: ObjectID) throws(TreeError) -> TreeFile? {
    var directory = tree
    var place: [UInt8] = []
    for component in path.utf8.split(separator: 0x2F).dropLast() {
      place += component
      guard let entry = try child(Array(component), of: directory) else { return nil }
      guard entry.isDirectory else { return TreeFile(path: String(decoding: place, as: UTF8.self), entry: entry) }
      directory = entry.id
      place.append(0x2F)
    }
    return nil
  }

  private func child(_ name: [UInt8], of tree: ObjectID) throws(TreeError) -> TreeEntry? {
    try DatabaseObjectHandle(tree, in: database.pointer, "read the tree")
      .withTree { (bytes) throws(TreeError) in RawTree.entry(named: name, in: bytes) }
  }

  /// The content of a blob.
  public func blob(_ id: ObjectID) throws(TreeError) -> [UInt8] {
    let object: DatabaseObjectHandle
    do {
      object = try DatabaseObjectHandle(id, in: database.pointer, "read the blob")
    } catch {
      guard error.code == .notFound else { throw error }
      throw TreeError(
        .notFound, "read the blob", id.hex, reason: "the repository does not have it",
        nextStep: "in a partial clone, 'git -C \(path) cat-file -e \(id.short)' fetches it; else run git fsck")
    }
    guard object.type == GIT_OBJECT_BLOB else {
      throw TreeError(.notFound, "read the blob", id.hex, reason: "the object is not a blob")
    }
    return object.bytes
  }

  /// The one blob whose name starts with `prefix`, at least four hexadecimal digits; nil when there is none here.
  ///
  /// - Throws: ``TreeError`` with code `ambiguous` when several objects share the prefix.
  public func blob(abbreviated prefix: String) throws(TreeError) -> ObjectID? {
    guard prefix.utf8.count >= 4, prefix.utf8.count <= 40 else { return nil }
    var short = git_oid()
    guard git_oid_fromstrn(&short, prefix, prefix.utf8.count) == 0 else { return nil }
    var full = git_oid()
    let status = git_odb_exists_prefix(&full, database.pointer, &short, prefix.utf8.count)
    guard status != GIT_ENOTFOUND.rawValue else { return nil }
    try Libgit2.check(status, "find the blob", prefix)
    var size = 0
    var type = GIT_OBJECT_INVALID
    try Libgit2.check(git_odb_read_header(&size, &type, database.pointer, &full), "read the blob", prefix)
    return type == GIT_OBJECT_BLOB ? ObjectID(full) : nil
  }

  /// The paths on which two trees differ, in path order; `old` nil stands for the empty tree.
  ///
  /// - Complexity: proportional to the directories that differ, not to the tree.
  public func changes(from old: ObjectID?, to new: ObjectID) throws(TreeError) -> [TreeChange] {
    guard let old else {
      return try files(in: new).map { TreeChange(path: $0.path, old: nil, new: $0.entry) }
    }
    let oldTree = try ObjectHandle(old, GIT_OBJECT_TREE, in: repository.pointer, "read the tree")
    let newTree = try ObjectHandle(new, GIT_OBJECT_TREE, in: repository.pointer, "read the tree")
    var made: OpaquePointer?
    let status = git_diff_tree_to_tree(&made, repository.pointer, oldTree.pointer, newTree.pointer, nil)
    guard status == 0, let made else { throw Libgit2.error(status, "compare the trees", "\(old)..\(new)") }
    let diff = DiffHandle(taking: made)
    return (0..<git_diff_num_deltas(diff.pointer)).compactMap { index in
      guard let delta = git_diff_get_delta(diff.pointer, index)?.pointee,
        let path = delta.new_file.path ?? delta.old_file.path
      else { return nil }
      return TreeChange(
        path: String(cString: path), old: TreeEntry(delta.old_file), new: TreeEntry(delta.new_file))
    }
  }

  /// Every file (blob, link, submodule) at or below `path`, in the tree's order; the empty path is the whole tree.
  public func files(in tree: ObjectID, under path: String = "") throws(TreeError) -> [TreeFile] {
    guard let start = try entry(at: path, in: tree) else {
      throw TreeError(.notFound, "list", path, reason: "there is no such path in tree \(tree.short)")
    }
    guard start.isDirectory else { return [TreeFile(path: path, entry: start)] }
    var files: [TreeFile] = []
    try appendFiles(of: start.id, prefix: path.isEmpty ? "" : path + "/", to: &files)
    return files
  }

  private func appendFiles(of tree: ObjectID, prefix: String, to files: inout [TreeFile]) throws(TreeError) {
    let handle = try ObjectHandle(tree, GIT_OBJECT_TREE, in: repository.pointer, "read the tree")
    for index in 0..<git_tree_entrycount(handle.pointer) {
      guard let pointer = git_tree_entry_byindex(handle.pointer, index), let entry = TreeEntry(pointer),
        let name = git_tree_entry_name(pointer)
      else { continue }
      let path = prefix + String(cString: name)
      if entry.isDirectory {
        try appendFiles(of: entry.id, prefix: path + "/", to: &files)
      } else {
        files.append(TreeFile(path: path, entry: entry))
      }
    }
  }
}

extension TreeEntry {
  /// One side of a libgit2 delta; nil when the file is not on that side.
  fileprivate init?(_ file: git_diff_file) {
    guard file.mode != 0 else { return nil }
    self.init(mode: UInt32(file.mode), id: ObjectID(file.id))
  }
}
