/// Makes the tree objects of a whole tree from its files, bottom up.
public struct TreeBuilder: Sendable {
  private final class Directory {
    var files: [(name: [UInt8], entry: TreeEntry)] = []
    var directories: [[UInt8]: Directory] = [:]
  }

  private let files: [(path: [UInt8], entry: TreeEntry)]

  /// A tree of `files`, whose paths are relative, without empty or dot components, and of which none is another's
  /// directory.
  public init(_ files: [(path: [UInt8], entry: TreeEntry)]) { self.files = files }

  /// Hands over every tree object, the children first, and returns the name of the top one.
  public func build(
    _ take: (_ id: ObjectID, _ content: [UInt8]) throws(TreeError) -> Void
  ) throws(TreeError) -> ObjectID {
    let top = Directory()
    for file in files {
      let parts = file.path.split(separator: UInt8(ascii: "/")).map(Array.init)
      guard let name = parts.last else { continue }
      var directory = top
      for part in parts.dropLast() {
        if let known = directory.directories[part] {
          directory = known
        } else {
          let made = Directory()
          directory.directories[part] = made
          directory = made
        }
      }
      directory.files.append((name, file.entry))
    }
    return try Self.write(top, take)
  }

  private static func write(
    _ directory: Directory, _ take: (ObjectID, [UInt8]) throws(TreeError) -> Void
  ) throws(TreeError) -> ObjectID {
    // git sorts a directory as if its name ended in a slash.
    var entries: [(key: [UInt8], name: [UInt8], entry: TreeEntry)] = directory.files.map {
      ($0.name, $0.name, $0.entry)
    }
    for (name, child) in directory.directories {
      let id = try write(child, take)
      entries.append((name + [UInt8(ascii: "/")], name, TreeEntry(mode: 0o40000, id: id)))
    }
    entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
    var content: [UInt8] = []
    for entry in entries {
      content += Array(String(entry.entry.mode, radix: 8).utf8) + [0x20] + entry.name + [0] + entry.entry.id.bytes
    }
    let id = content.withUnsafeBytes { PackEncoder.name(.tree, $0) }
    try take(id, content)
    return id
  }
}
