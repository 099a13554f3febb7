public import KernelTree

/// A commit to lint: one patch of a series, or one commit of a range.
public struct LintedCommit: Sendable, Hashable {
  /// From 1, in the order of the series.
  public let number: Int
  /// Without `[PATCH n/m]`.
  public let subject: String
  /// The commit; it may be staged in memory only.
  public let commit: ObjectID
  /// Its tree.
  public let tree: ObjectID
  /// The tree of its first parent; nil for a root commit.
  public let parentTree: ObjectID?
  /// Subject, blank line, body, trailers.
  public let message: [UInt8]

  /// A commit to lint.
  public init(
    number: Int, subject: String, commit: ObjectID, tree: ObjectID, parentTree: ObjectID?, message: [UInt8]
  ) {
    self.number = number
    self.subject = subject
    self.commit = commit
    self.tree = tree
    self.parentTree = parentTree
    self.message = message
  }
}

/// How to lint.
public struct LintOptions: Sendable {
  /// The rules to run; nil for those that are on by default.
  public var rules: Set<String>?
  /// Also report what a patch fixes and what was there before.
  public var all: Bool
  /// How many files are read at the same time; the report does not depend on it.
  public var jobs: Int
  /// Where results of earlier runs are kept; nil to keep none.
  public var cache: LintCache?

  /// Options; by default the default rules, new findings only, nothing kept.
  public init(rules: Set<String>? = nil, all: Bool = false, jobs: Int, cache: LintCache? = nil) {
    self.cache = cache
    self.rules = rules
    self.all = all
    self.jobs = max(1, jobs)
  }
}
