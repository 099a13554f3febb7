/// Files in portions that are judged apart from each other, so that a whole kernel needs neither the memory nor the time of
/// one program of all its functions: what a file can reach lies in its own folder and near it (``Neighbourhood``).
struct FileGroups {
  /// No fewer files make a portion of their own, where there are more in all.
  static let smallest = 1_500
  /// More files than this are cut between any two folders.
  static let largest = 5_000

  /// The portions, each in path order.
  let groups: [[SourceEntry]]

  /// Deals out `entries`, which are in path order. Up to ``largest`` files stay together.
  init(of entries: [SourceEntry]) {
    guard entries.count > Self.largest else {
      groups = [entries]
      return
    }
    var groups: [[SourceEntry]] = [[]]
    for entry in entries {
      let last = groups[groups.count - 1]
      if let previous = last.last {
        let isApart =
          last.count >= Self.largest
          ? Self.folder(entry.path, depth: .max) != Self.folder(previous.path, depth: .max)
          : last.count >= Self.smallest
            && Self.folder(entry.path, depth: 2) != Self.folder(previous.path, depth: 2)
        if isApart { groups.append([]) }
      }
      groups[groups.count - 1].append(entry)
    }
    self.groups = groups
  }

  /// The first `depth` folders of a path.
  private static func folder(_ path: String, depth: Int) -> Substring {
    var end = path.startIndex
    var count = 0
    for index in path.utf8.indices where path.utf8[index] == UInt8(ascii: "/") && count < depth {
      end = index
      count += 1
    }
    return path[..<end]
  }
}
