/// Parts of a path in a tree, divided by `/`; bytes, as git has them.
public enum TreePath {
  private static let slash = UInt8(ascii: "/")

  /// What stands before the last slash; empty for a file at the top.
  public static func folder(_ path: String) -> Substring {
    path.utf8.lastIndex(of: slash).map { path[..<$0] } ?? ""
  }

  /// What stands behind the last slash.
  public static func name(_ path: some StringProtocol) -> Substring {
    let path = Substring(path)
    return path.utf8.lastIndex(of: slash).map { path[path.utf8.index(after: $0)...] } ?? path
  }

  /// What stands between the slashes; of more than `limit` parts the last is all the rest.
  public static func parts(_ path: some StringProtocol, limit: Int = .max) -> [Substring] {
    Substring(path).utf8.split(separator: slash, maxSplits: limit - 1).map { Substring($0) }
  }

  /// The path as the tree spells it, `a/b` for `./a//c/../b/`; empty for the top, nil for what does not lie in the tree.
  public static func normal(_ path: some StringProtocol) -> String? {
    guard path.utf8.first != slash else { return nil }
    var result: [Substring] = []
    for part in parts(path) where part != "." {
      if part != ".." {
        result.append(part)
      } else if result.popLast() == nil {
        return nil
      }
    }
    return result.joined(separator: "/")
  }

  /// Whether the file lies in this folder itself.
  public static func lies(_ path: String, in folder: String) -> Bool {
    // Asked for every file of a tree: `withUTF8` wants variables, and copies nothing of a string that Swift made.
    var (path, folder) = (path, folder)
    return path.withUTF8 { path in
      folder.withUTF8 { folder in
        guard path.count > folder.count, path.prefix(folder.count).elementsEqual(folder) else { return false }
        if folder.isEmpty { return !path.contains(slash) }
        return path[folder.count] == slash && !path[(folder.count + 1)...].contains(slash)
      }
    }
  }
}
