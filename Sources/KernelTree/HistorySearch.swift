/// What a walk through the history came upon before its time was up.
public struct HistorySearch<Found: Sendable>: Sendable {
  /// What was found.
  public let found: Found
  /// How many commits were looked at.
  public let visited: Int
  /// Whether the walk came to its end: nothing that the history holds was left out.
  public let isComplete: Bool
}

/// A commit of the history and how many of the wanted files it has.
public struct BlobMatch: Hashable, Sendable {
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

  func isMatched(by entry: TreeEntry?) -> Bool { entry?.id.hex.hasPrefix(prefix) ?? false }
}
