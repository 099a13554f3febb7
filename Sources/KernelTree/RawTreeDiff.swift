import Clibgit2

/// The paths on which two trees differ, found without looking into directories that are the same object.
///
/// libgit2's own comparison expands both trees whole, which on a kernel costs 30 ms for every pair.
struct RawTreeDiff {
  private let database: OpaquePointer
  private let limit: Int
  private(set) var paths: [String] = []
  /// Whether more paths differ than the limit allows: the list is cut off.
  private(set) var isCut = false

  /// Compares `old` with `new`; ends when more than `limit` paths differ.
  init(from old: ObjectID, to new: ObjectID, in database: OpaquePointer, limit: Int) throws(TreeError) {
    self.database = database
    self.limit = limit
    try compare(old, new, below: "")
  }

  private mutating func compare(_ old: ObjectID?, _ new: ObjectID?, below prefix: String) throws(TreeError) {
    guard old != new, !isCut else { return }
    let left = try entries(of: old)
    let right = try entries(of: new)
    var i = 0
    var j = 0
    while i < left.count || j < right.count {
      let isOnlyLeft = j == right.count || (i < left.count && left[i].precedes(right[j]))
      let isOnlyRight = !isOnlyLeft && (i == left.count || right[j].precedes(left[i]))
      let before = isOnlyRight ? nil : left[i].entry
      let after = isOnlyLeft ? nil : right[j].entry
      let name = isOnlyRight ? right[j].name : left[i].name
      if before != after {
        let path = prefix + String(decoding: name, as: UTF8.self)
        if (before ?? after)?.isDirectory == true {
          try compare(before?.id, after?.id, below: path + "/")
        } else {
          guard paths.count < limit else {
            isCut = true
            return
          }
          paths.append(path)
        }
      }
      if !isOnlyRight { i += 1 }
      if !isOnlyLeft { j += 1 }
    }
  }

  private struct Named {
    var name: [UInt8]
    var entry: TreeEntry

    func precedes(_ other: Named) -> Bool {
      RawTree.precedes(name, entry.isDirectory, other.name, other.entry.isDirectory)
    }
  }

  private func entries(of tree: ObjectID?) throws(TreeError) -> [Named] {
    guard let tree else { return [] }
    return try DatabaseObjectHandle(tree, in: database, "read the tree").withTree { (bytes) throws(TreeError) in
      var entries: [Named] = []
      RawTree.forEach(in: bytes) { entries.append(Named(name: Array(bytes[$0.name]), entry: $0.entry(in: bytes))) }
      return entries
    }
  }
}
