/// Who made or recorded a commit, and when.
public struct Signature: Hashable, Sendable {
  /// The name as it stands in the commit.
  public let name: String
  /// The address, without angle brackets.
  public let email: String
  /// Seconds since the first of January 1970, UTC.
  public let secondsSince1970: Int64
  /// The offset of the clock from UTC, in minutes, positive to the east.
  public let offsetMinutes: Int

  /// A signature with all its parts.
  public init(name: String, email: String, secondsSince1970: Int64, offsetMinutes: Int) {
    self.name = name
    self.email = email
    self.secondsSince1970 = secondsSince1970
    self.offsetMinutes = offsetMinutes
  }
}

/// A commit's own content.
public struct Commit: Hashable, Sendable {
  /// The commit's name.
  public let id: ObjectID
  /// Its tree.
  public let tree: ObjectID
  /// Its parents, the first one first.
  public let parents: [ObjectID]
  /// Who wrote the change.
  public let author: Signature
  /// Who recorded it.
  public let committer: Signature
  /// The whole message, as it is stored.
  public let message: [UInt8]

  /// The first paragraph of the message on one line, as `git log --oneline` shows it.
  public var subject: String {
    let lines = String(decoding: message, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let first = lines.drop { $0.allSatisfy(\.isWhitespace) }.prefix { !$0.allSatisfy(\.isWhitespace) }
    return first.joined(separator: " ")
  }
}
