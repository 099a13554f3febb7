import Clibgit2

extension KernelRepository {
  /// The commits that `tip` reaches and `base` does not, parents before children; merges are included.
  public func commits(from base: ObjectID, to tip: ObjectID) throws(TreeError) -> [ObjectID] {
    let walk = try RevisionWalkHandle(in: repository.pointer, path: path)
    let order = GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_REVERSE.rawValue
    try Libgit2.check(git_revwalk_sorting(walk.pointer, order), "walk the history of", path)
    var start = tip.oid
    var end = base.oid
    try Libgit2.check(git_revwalk_push(walk.pointer, &start), "walk the history from", tip.hex)
    try Libgit2.check(git_revwalk_hide(walk.pointer, &end), "walk the history down to", base.hex)
    var commits: [ObjectID] = []
    var next = git_oid()
    while true {
      let status = git_revwalk_next(&next, walk.pointer)
      if status == GIT_ITEROVER.rawValue { return commits }
      try Libgit2.check(status, "walk the history from", tip.hex)
      commits.append(ObjectID(next))
    }
  }
}

extension KernelRepository {
  /// Whether `ancestor` is `commit` or one of its ancestors.
  public func isAncestor(_ ancestor: ObjectID, of commit: ObjectID) throws(TreeError) -> Bool {
    guard ancestor != commit else { return true }
    var old = ancestor.oid
    var new = commit.oid
    let status = git_graph_descendant_of(repository.pointer, &new, &old)
    try Libgit2.check(status, "walk the history of", commit.hex)
    return status == 1
  }

  /// The one commit whose name starts with `prefix`; nil when there is none in the repository.
  public func commit(abbreviated prefix: String) throws(TreeError) -> ObjectID? {
    guard prefix.utf8.count >= 7, prefix.utf8.count <= 40 else { return nil }
    var short = git_oid()
    guard git_oid_fromstrn(&short, prefix, prefix.utf8.count) == 0 else { return nil }
    var full = git_oid()
    let status = git_odb_exists_prefix(&full, database.pointer, &short, prefix.utf8.count)
    guard status == 0 else { return nil }
    var size = 0
    var type = GIT_OBJECT_INVALID
    try Libgit2.check(git_odb_read_header(&size, &type, database.pointer, &full), "read the commit", prefix)
    return type == GIT_OBJECT_COMMIT ? ObjectID(full) : nil
  }
}
