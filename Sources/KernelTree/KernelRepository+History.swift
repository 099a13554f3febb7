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
  /// A commit of the history and how many of the wanted files it has.
  public struct Match: Hashable, Sendable {
    /// The commit.
    public let commit: ObjectID
    /// How many of the wanted files are in its tree with the wanted blob.
    public let count: Int
  }

  /// A file that a patch was made from: a path and the first digits of a blob's name.
  public struct WantedBlob: Hashable, Sendable {
    /// The path, relative to the tree's top.
    public let path: String
    /// The first digits of the blob's name, lower case.
    public let prefix: String

    /// A file with its blob.
    public init(path: String, prefix: String) {
      self.path = path
      self.prefix = prefix.lowercased()
    }
  }

  /// How many of the wanted files are in `tree` with the wanted blob.
  public func matches(_ wanted: [WantedBlob], in tree: ObjectID) throws(TreeError) -> Int {
    var count = 0
    for file in wanted {
      if let entry = try entry(at: file.path, in: tree), entry.id.hex.hasPrefix(file.prefix) { count += 1 }
    }
    return count
  }

  /// The commits that match most of the wanted files, the best first and of equal ones the newest.
  ///
  /// The walk goes back from HEAD and every branch, remote branch and tag in the order of commit dates; it ends at the
  /// first commit that has all files, or after `limit`.
  public func bestMatches(for wanted: [WantedBlob], within limit: Duration) throws(TreeError) -> [Match] {
    let walk = try RevisionWalkHandle(in: repository.pointer, path: path)
    try Libgit2.check(git_revwalk_sorting(walk.pointer, GIT_SORT_TIME.rawValue), "walk the history of", path)
    // A repository without a commit, or with a detached HEAD, still has its other references.
    _ = git_revwalk_push_head(walk.pointer)
    for glob in ["heads/*", "remotes/*", "tags/*"] { _ = git_revwalk_push_glob(walk.pointer, glob) }
    let clock = ContinuousClock()
    let end = clock.now + limit
    var best: [Match] = []
    var next = git_oid()
    var last: ObjectID?
    while git_revwalk_next(&next, walk.pointer) == 0, clock.now < end {
      let commit = ObjectID(next)
      let tree = try tree(of: commit)
      // An empty commit, or one that was rebased: the same tree has the same matches.
      if tree == last { continue }
      last = tree
      let count = try matches(wanted, in: tree)
      if count == wanted.count { return [Match(commit: commit, count: count)] + best }
      guard count > best.first?.count ?? 0 else { continue }
      best.insert(Match(commit: commit, count: count), at: 0)
      if best.count > 5 { best.removeLast() }
    }
    return best
  }

  /// The commit that last changed `path` in the history of `tip`; nil when the search took longer than `limit`.
  public func lastChange(
    of path: String, before tip: ObjectID, within limit: Duration
  ) throws(TreeError) -> ObjectID? {
    let clock = ContinuousClock()
    let end = clock.now + limit
    var commit = tip
    var entry = try entry(at: path, in: tree(of: commit))
    while clock.now < end {
      var same: (commit: ObjectID, entry: TreeEntry?)?
      for parent in try parents(of: commit) {
        let there = try self.entry(at: path, in: tree(of: parent))
        if there == entry {
          same = (parent, there)
          break
        }
      }
      guard let same else { return commit }
      commit = same.commit
      entry = same.entry
    }
    return nil
  }

  /// Whether `ancestor` is `commit` or one of its ancestors.
  public func isAncestor(_ ancestor: ObjectID, of commit: ObjectID) throws(TreeError) -> Bool {
    guard ancestor != commit else { return true }
    var old = ancestor.oid
    var new = commit.oid
    let status = git_graph_descendant_of(repository.pointer, &new, &old)
    try Libgit2.check(status, "walk the history of", commit.hex)
    return status == 1
  }

  /// The newest commit in the history of `tip` whose message holds one of `needles`, each with the commit it was found
  /// in; ends when all are found or after `limit`.
  public func commits(
    mentioning needles: [String], before tip: ObjectID, within limit: Duration
  ) throws(TreeError) -> [String: ObjectID] {
    let walk = try RevisionWalkHandle(in: repository.pointer, path: path)
    try Libgit2.check(git_revwalk_sorting(walk.pointer, GIT_SORT_TIME.rawValue), "walk the history of", path)
    var start = tip.oid
    try Libgit2.check(git_revwalk_push(walk.pointer, &start), "walk the history from", tip.hex)
    let clock = ContinuousClock()
    let end = clock.now + limit
    var open = Set(needles.filter { !$0.isEmpty })
    var found: [String: ObjectID] = [:]
    var next = git_oid()
    while !open.isEmpty, git_revwalk_next(&next, walk.pointer) == 0, clock.now < end {
      let commit = ObjectID(next)
      let message = String(decoding: try self.message(of: commit), as: UTF8.self)
      for needle in open where message.contains(needle) {
        found[needle] = commit
        open.remove(needle)
      }
    }
    return found
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
