/// What a path stands for in a tree: the mode and the object.
public struct TreeEntry: Hashable, Sendable {
  /// The mode as git writes it, in octal: 0o100644, 0o100755, 0o120000 (symbolic link), 0o40000 (directory) or 0o160000.
  public let mode: UInt32
  /// The blob, the tree, or the commit of a submodule.
  public let id: ObjectID

  /// An entry with its mode and object.
  public init(mode: UInt32, id: ObjectID) {
    self.mode = mode
    self.id = id
  }

  /// Whether the entry is a directory.
  public var isDirectory: Bool { mode == 0o40000 }
  /// Whether the entry is a symbolic link, whose target is the blob's content.
  public var isSymbolicLink: Bool { mode == 0o120000 }
}

/// One path on which two trees differ.
public struct TreeChange: Hashable, Sendable {
  /// The path, relative to the top of the tree.
  public let path: String
  /// The entry in the old tree, nil when the path is new.
  public let old: TreeEntry?
  /// The entry in the new tree, nil when the path is gone.
  public let new: TreeEntry?

  /// A change of `path` from `old` to `new`.
  public init(path: String, old: TreeEntry?, new: TreeEntry?) {
    self.path = path
    self.old = old
    self.new = new
  }
}

/// A file of a tree with its full path.
public struct TreeFile: Hashable, Sendable {
  /// The path, relative to the top of the tree.
  public let path: String
  /// Mode and blob.
  public let entry: TreeEntry
}

/// What is to be at a path in a new tree.
public struct TreeUpdate: Hashable, Sendable {
  /// The path, relative to the top of the tree; missing directories are made, empty ones vanish.
  public let path: String
  /// The entry to put there, or nil to remove the path.
  public let entry: TreeEntry?

  /// Puts `entry` at `path`, or removes the path.
  public init(path: String, entry: TreeEntry?) {
    self.path = path
    self.entry = entry
  }
}
