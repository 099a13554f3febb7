import Clibgit2

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension KernelRepository {
  /// How many of the wanted files are in `tree` with the wanted blob.
  public func matches(_ wanted: [WantedBlob], in tree: ObjectID) throws(TreeError) -> Int {
    var probe = TreeProbe(paths: wanted.map(\.path))
    try probe.look(at: tree, in: database.pointer)
    return zip(wanted, probe.entries).count { $0.isMatched(by: $1) }
  }

  /// The commits that match most of the wanted files, the best first and of equal ones the newest.
  ///
  /// The walk goes back from HEAD and every branch, remote branch and tag in the order of commit dates; it ends at the
  /// first commit that has all files, or after `limit`.
  ///
  /// - Complexity: per commit, the directories on the wanted paths that it changes.
  public func bestMatches(
    for wanted: [WantedBlob], within limit: Duration
  ) throws(TreeError) -> HistorySearch<[BlobMatch]> {
    var probe = TreeProbe(paths: wanted.map(\.path))
    var isMatched = [Bool](repeating: false, count: wanted.count)
    var count = 0
    var best: [BlobMatch] = []
    let database = database.pointer
    let walk = try RevisionWalkHandle(in: repository.pointer, path: path)
    // A repository without a commit, or with a detached HEAD, still has its other references.
    _ = git_revwalk_push_head(walk.pointer)
    for glob in ["heads/*", "remotes/*", "tags/*"] { _ = git_revwalk_push_glob(walk.pointer, glob) }
    let end = try self.walk(walk, within: limit) { (commit) throws(TreeError) in
      guard let tree = try RawCommit(commit, in: database).tree else { return true }
      try probe.look(at: tree, in: database)
      for index in probe.changed {
        let matches = wanted[index].isMatched(by: probe.entries[index])
        if matches != isMatched[index] { count += matches ? 1 : -1 }
        isMatched[index] = matches
      }
      guard count > best.first?.count ?? 0 else { return true }
      best.insert(BlobMatch(commit: commit, count: count), at: 0)
      if best.count > 6 { best.removeLast() }
      return count < wanted.count
    }
    return HistorySearch(found: best, visited: end.visited, isComplete: end.isComplete)
  }

  /// The commit that last changed `path` in the history of `tip`; nil when the search took longer than `limit`, or the
  /// history ends before (a shallow clone).
  public func lastChange(
    of path: String, before tip: ObjectID, within limit: Duration
  ) throws(TreeError) -> ObjectID? {
    let clock = ContinuousClock()
    let end = clock.now + limit
    var probe = TreeProbe(paths: [path])
    func entry(in commit: borrowing RawCommit) throws(TreeError) -> TreeEntry? {
      guard let tree = commit.tree else { return nil }
      try probe.look(at: tree, in: database.pointer)
      return probe.entries[0]
    }
    var commit = tip
    var parents: [ObjectID] = []
    var wanted: TreeEntry?
    do {
      let raw = try RawCommit(commit, in: database.pointer)
      parents = raw.parents
      wanted = try entry(in: raw)
    }
    search: while clock.now < end {
      for parent in parents {
        guard contains(parent) else { return nil }
        let raw = try RawCommit(parent, in: database.pointer)
        if try entry(in: raw) == wanted {
          commit = parent
          parents = raw.parents
          continue search
        }
      }
      return commit
    }
    return nil
  }

  /// The newest commit in the history of `tip` whose message holds a needle, for each of `needles`.
  public func commits(
    mentioning needles: [String], before tip: ObjectID, within limit: Duration
  ) throws(TreeError) -> HistorySearch<[String: ObjectID]> {
    var open = Set(needles.filter { !$0.isEmpty })
    var found: [String: ObjectID] = [:]
    guard !open.isEmpty else { return HistorySearch(found: found, visited: 0, isComplete: true) }
    let database = database.pointer
    let end = try walk(try walkHandle(from: tip), within: limit) { (commit) throws(TreeError) in
      let raw = try RawCommit(commit, in: database)
      for needle in open where raw.withBytes({ Self.holds($0, needle) }) {
        found[needle] = commit
        open.remove(needle)
      }
      return !open.isEmpty
    }
    return HistorySearch(found: found, visited: end.visited, isComplete: end.isComplete)
  }

  /// The newest commit in the history of `tip` whose patch has one of `ids`, for each of them.
  ///
  /// The ids are those of `git patch-id --stable`, as `git format-patch --base` lists them. Merges have none.
  public func commits(
    withPatchIDs ids: Set<ObjectID>, before tip: ObjectID, within limit: Duration
  ) throws(TreeError) -> HistorySearch<[ObjectID: ObjectID]> {
    var open = ids
    var found: [ObjectID: ObjectID] = [:]
    guard !open.isEmpty else { return HistorySearch(found: found, visited: 0, isComplete: true) }
    let end = try walk(try walkHandle(from: tip), within: limit) { (commit) throws(TreeError) in
      guard let id = try self.patchID(of: commit), open.remove(id) != nil else { return true }
      found[id] = commit
      return !open.isEmpty
    }
    return HistorySearch(found: found, visited: end.visited, isComplete: end.isComplete)
  }

  /// More files than a patch on a list changes: a commit with more is not a prerequisite of one.
  private static var largestPatch: Int { 5000 }

  /// What `git patch-id --stable` says of a commit; nil for the first commit of a history, for a merge, for one that
  /// changes more than 5,000 files, and where the parent is not in the repository.
  public func patchID(of commit: ObjectID) throws(TreeError) -> ObjectID? {
    let raw = try RawCommit(commit, in: database.pointer)
    guard let tree = raw.tree, let parent = raw.parents.first, raw.parents.count == 1, contains(parent) else {
      return nil
    }
    guard let oldTree = try RawCommit(parent, in: database.pointer).tree else { return nil }
    let changed = try RawTreeDiff(from: oldTree, to: tree, in: database.pointer, limit: Self.largestPatch)
    guard !changed.isCut, !changed.paths.isEmpty else { return nil }
    let old = try ObjectHandle(oldTree, GIT_OBJECT_TREE, in: repository.pointer, "read the tree")
    let new = try ObjectHandle(tree, GIT_OBJECT_TREE, in: repository.pointer, "read the tree")
    let diff = try Self.diff(old, new, of: changed.paths, in: repository.pointer)
    var id = git_oid()
    try Libgit2.check(git_diff_patchid(&id, diff.pointer, nil), "find the patch id of", commit.hex)
    return ObjectID(id)
  }

  /// What libgit2 says of two trees at `paths` alone.
  private static func diff(
    _ old: borrowing ObjectHandle, _ new: borrowing ObjectHandle, of paths: [String], in repository: OpaquePointer
  ) throws(TreeError) -> DiffHandle {
    var options = git_diff_options()
    git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION))
    options.flags |= GIT_DIFF_DISABLE_PATHSPEC_MATCH.rawValue
    var names: [UnsafeMutablePointer<CChar>?] = paths.map { strdup($0) }
    defer { names.forEach { free($0) } }
    var made: OpaquePointer?
    let status = names.withUnsafeMutableBufferPointer { names in
      options.pathspec = git_strarray(strings: names.baseAddress, count: names.count)
      return git_diff_tree_to_tree(&made, repository, old.pointer, new.pointer, &options)
    }
    guard status == 0, let made else { throw Libgit2.error(status, "compare trees in", "\(paths.count) files") }
    return DiffHandle(taking: made)
  }

  // MARK: Walking

  private func contains(_ id: ObjectID) -> Bool {
    var oid = id.oid
    return git_odb_exists(database.pointer, &oid) == 1
  }

  private func walkHandle(from tip: ObjectID) throws(TreeError) -> RevisionWalkHandle {
    let walk = try RevisionWalkHandle(in: repository.pointer, path: path)
    var start = tip.oid
    try Libgit2.check(git_revwalk_push(walk.pointer, &start), "walk the history from", tip.hex)
    return walk
  }

  /// Calls `visit` with each commit, the newest first, until it returns false, the time is up or the history ends.
  private func walk(
    _ walk: borrowing RevisionWalkHandle, within limit: Duration, _ visit: (ObjectID) throws(TreeError) -> Bool
  ) throws(TreeError) -> (visited: Int, isComplete: Bool) {
    try Libgit2.check(git_revwalk_sorting(walk.pointer, GIT_SORT_TIME.rawValue), "walk the history of", path)
    let clock = ContinuousClock()
    let end = clock.now + limit
    var next = git_oid()
    var visited = 0
    while clock.now < end {
      let status = git_revwalk_next(&next, walk.pointer)
      // Where a shallow clone is cut off, the walk ends without having seen all.
      guard status == 0 else { return (visited, status == GIT_ITEROVER.rawValue) }
      visited += 1
      guard try visit(ObjectID(next)) else { return (visited, true) }
    }
    return (visited, false)
  }

  private static func holds(_ bytes: UnsafeRawBufferPointer, _ needle: String) -> Bool {
    var needle = needle
    return needle.withUTF8 { wanted in
      guard let base = bytes.baseAddress, let start = wanted.baseAddress, wanted.count > 0 else { return false }
      var at = 0
      while at + wanted.count <= bytes.count,
        let hit = memchr(base + at, Int32(wanted[0]), bytes.count - wanted.count - at + 1)
      {
        if memcmp(hit, start, wanted.count) == 0 { return true }
        at = UnsafeRawPointer(hit) - base + 1
      }
      return false
    }
  }
}
