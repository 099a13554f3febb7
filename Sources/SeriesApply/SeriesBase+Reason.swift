import KernelTree

extension SeriesBase {
  /// Why this commit, in a few words, with how many of the series' files it has as the index lines want them.
  public var reason: String {
    let how =
      switch origin {
      case .named: "named by --onto"
      case .baseCommit: "the series' base-commit"
      case .head: "the tree's HEAD"
      case .history: "found by the index lines"
      }
    return wanted == 0 ? how : "\(how); \(matched) of \(wanted) files as the index lines want them"
  }

  /// What the user should know about the choice: what the series names and the repository lacks, and commits that have
  /// more of its files.
  public var remarks: [String] {
    notes + candidates.map { "\($0.commit.short) has \($0.count) of the \(wanted) files" }
  }
}
