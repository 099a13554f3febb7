/// Parts of a path in a tree, whose parts are divided by `/`.
enum TreePath {
  private static let slash = UInt8(ascii: "/")

  /// What stands before the last slash; empty for a file at the top.
  static func folder(_ path: String) -> Substring {
    path.utf8.lastIndex(of: slash).map { path[..<$0] } ?? ""
  }

  /// What stands behind the last slash.
  static func name(_ path: some StringProtocol) -> Substring {
    let path = Substring(path)
    return path.utf8.lastIndex(of: slash).map { path[path.utf8.index(after: $0)...] } ?? path
  }

  /// The first parts, at most `limit` of them, and what is left.
  static func parts(_ path: some StringProtocol, limit: Int = .max) -> [Substring] {
    Substring(path).utf8.split(separator: slash, maxSplits: limit == .max ? .max : limit - 1).map { Substring($0) }
  }

  /// Whether the file lies in this folder itself.
  static func lies(_ path: String, in folder: some StringProtocol) -> Bool {
    let bytes = path.utf8
    guard bytes.count > folder.utf8.count, bytes.starts(with: folder.utf8) else { return false }
    var rest = bytes.dropFirst(folder.utf8.count)
    if !folder.isEmpty, rest.popFirst() != slash { return false }
    return !rest.contains(slash)
  }
}

/// What a folder says of the files in it, found out once for files that come in the order of their paths.
struct FolderVerdicts {
  private var folder: Substring?
  private var verdict = false

  /// What `judge` says of the folder of a file.
  mutating func verdict(of path: String, _ judge: (Substring) -> Bool) -> Bool {
    if let folder, TreePath.lies(path, in: folder) { return verdict }
    let folder = TreePath.folder(path)
    self.folder = folder
    verdict = judge(folder)
    return verdict
  }
}
