import Foundation

/// A way to put a series on a tree.
struct Contender {
  let name: String
  /// Whether it makes commits on the checked-out branch, which is checked against the generated one afterwards.
  let makesCommits: Bool
  let prepare: [[String]]
  let command: (_ mbox: String) -> [String]

  static func all(gmemkit: String) -> [Contender] {
    let plain = [["git", "config", "core.splitIndex", "false"], ["git", "update-index", "--no-split-index"]]
    let split = [["git", "config", "core.splitIndex", "true"], ["git", "update-index", "--split-index"]]
    return [
      Contender(name: "gmemkit apply", makesCommits: false, prepare: plain) {
        [gmemkit, "apply", $0, "--tree", ".", "--branch", "by-gmemkit"]
      },
      Contender(name: "gmemkit apply --dry-run", makesCommits: false, prepare: plain) {
        [gmemkit, "apply", $0, "--tree", ".", "--dry-run"]
      },
      Contender(name: "git am", makesCommits: true, prepare: plain) { ["git", "am", "-q", $0] },
      Contender(name: "git am, core.splitIndex=true", makesCommits: true, prepare: split) { ["git", "am", "-q", $0] },
      Contender(name: "git apply --check, one call", makesCommits: false, prepare: plain) {
        ["git", "apply", "--numstat", "--check", $0]
      },
      Contender(name: "b4 shazam -m", makesCommits: true, prepare: plain) {
        ["b4", "--offline-mode", "shazam", "-m", $0]
      },
    ]
  }

  /// One measured run in a clean tree.
  func measure(_ mbox: String, base: String, tree: String, in directory: String) throws -> Cost {
    try Child.git(["checkout", "-q", "-f", "master"], in: directory)
    try Child.git(["reset", "-q", "--hard", base], in: directory)
    _ = try Child.run(["git", "branch", "-q", "-D", "by-gmemkit"], in: directory)
    // What an earlier run has written would be found and not written again.
    try Child.git(["reflog", "expire", "--expire=now", "--all"], in: directory)
    _ = try Child.run(["sh", "-c", "rm -rf .git/objects/pack/* .git/objects/??"], in: directory)
    for command in prepare { _ = try Child.run(command, in: directory) }
    try Child.git(["status", "--porcelain"], in: directory)
    let cost = try Child.run(command(mbox), in: directory)
    guard cost.status == 0 else { throw BenchmarkError(what: "\(name) failed") }
    let result = makesCommits ? "HEAD" : name == "gmemkit apply" ? "by-gmemkit" : nil
    if let result {
      let made = try Child.git(["rev-parse", "\(result)^{tree}"], in: directory)
      guard made == tree else { throw BenchmarkError(what: "\(name) made another tree: \(made)") }
    }
    return cost
  }
}
