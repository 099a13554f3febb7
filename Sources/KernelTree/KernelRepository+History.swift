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
