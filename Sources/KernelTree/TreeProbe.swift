import Clibgit2

/// Looks the same paths up in one tree after the other.
///
/// Neighbouring commits share nearly all of their directories: one that is the same object as last time is not read again.
struct TreeProbe {
  private struct Node {
    var children: [[UInt8]: Int] = [:]
    /// Which of the paths end here.
    var paths: [Int] = []
    var last: TreeEntry??
  }

  private var nodes = [Node()]
  /// What stands at each path in the tree that was looked at last.
  private(set) var entries: [TreeEntry?]
  /// Which entries differ from those of the tree before.
  private(set) var changed: [Int] = []

  init(paths: [String]) {
    entries = Array(repeating: nil, count: paths.count)
    for (index, path) in paths.enumerated() {
      var at = 0
      for component in path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false) {
        let name = Array(component)
        if let next = nodes[at].children[name] {
          at = next
        } else {
          nodes.append(Node())
          nodes[at].children[name] = nodes.count - 1
          at = nodes.count - 1
        }
      }
      nodes[at].paths.append(index)
    }
  }

  /// Brings ``entries`` up to `tree`.
  ///
  /// - Complexity: proportional to the directories on the paths that differ from the last tree.
  mutating func look(at tree: ObjectID, in database: OpaquePointer) throws(TreeError) {
    changed.removeAll(keepingCapacity: true)
    try visit(0, TreeEntry(mode: 0o40000, id: tree), database)
  }

  private mutating func visit(_ index: Int, _ entry: TreeEntry?, _ database: OpaquePointer) throws(TreeError) {
    if let last = nodes[index].last, last == entry { return }
    nodes[index].last = .some(entry)
    for path in nodes[index].paths where entries[path] != entry {
      entries[path] = entry
      changed.append(path)
    }
    let children = nodes[index].children
    guard !children.isEmpty else { return }
    var found: [Int: TreeEntry] = [:]
    if let entry, entry.isDirectory {
      let object = try DatabaseObjectHandle(entry.id, in: database, "read the tree")
      object.withBytes { tree in
        RawTree.forEach(in: tree) { entry in
          for (name, child) in children where entry.isNamed(name, in: tree) { found[child] = entry.entry(in: tree) }
        }
      }
    }
    for child in children.values { try visit(child, found[child], database) }
  }
}
