import Findings
import Foundation
import KernelTree
import SeriesLint

/// A checker for the tests: every line `bug(NAME)` is a finding of rule `bug`, every `odd(NAME)` was not analysed, and a
/// line `calls(NAME)` is a finding while another file of the program has `provides(NAME)`.
struct MarkChecker: SourceChecker {
  struct Facts: Sendable {
    var marks: [(kind: String, name: String, line: Int)] = []
  }

  let rules = [
    RuleDescription(
      id: "bug", summary: "a mark", severity: .warning, confidence: .high, judgesFragments: true, whatItDoes: "marks",
      whyItMatters: "tests"),
    RuleDescription(
      id: "quiet", summary: "a mark", severity: .warning, confidence: .low, onByDefault: false, whatItDoes: "marks",
      whyItMatters: "tests"),
  ]

  func facts(of bytes: [UInt8], path: String) -> Facts {
    var facts = Facts()
    for (index, line) in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      if let match = line.firstMatch(of: /(bug|odd|calls|provides)\((\w+)\)/) {
        facts.marks.append((String(match.1), String(match.2), index + 1))
      }
    }
    return facts
  }

  func functionCount(_ facts: Facts) -> Int { facts.marks.count }

  /// Every file counts as a caller.
  func callers(
    of changes: [(facts: Facts, lines: Set<Int>)], in files: [(path: String, facts: Facts)]
  ) -> [String: Set<String>] {
    Dictionary(files.map { ($0.path, ["f"]) }, uniquingKeysWith: { first, _ in first })
  }

  func check(
    _ files: [(path: String, facts: Facts)], focus: Set<String>, callers: [String: Set<String>], rules ids: Set<String>
  ) -> CheckOutcome {
    var outcome = CheckOutcome()
    guard ids.contains("bug") else { return outcome }
    let provided = Set(files.flatMap { $0.facts.marks.filter { $0.kind == "provides" }.map(\.name) })
    for (path, facts) in files where focus.contains(path) || callers[path] != nil {
      for mark in facts.marks {
        let place = SourcePlace(path: path, line: mark.line, column: 2)
        if mark.kind == "bug" || mark.kind == "calls" && provided.contains(mark.name) {
          outcome.findings.append(
            Finding(
              rule: "bug", severity: .warning, confidence: .high, place: place, function: "f",
              message: "'\(mark.name)' is wrong"))
        } else if mark.kind == "odd" {
          outcome.notAnalysed.append(NotAnalysed(place, function: mark.name, reason: "odd"))
        }
      }
    }
    return outcome
  }

  /// What `calls(NAME)` marks name and no file provides.
  func missingNames(
    reachedFrom changes: [(facts: Facts, lines: Set<Int>)], in files: [Facts], depth: Int
  ) -> (functions: Set<[UInt8]>, structures: Set<[UInt8]>) {
    let provided = Set(files.flatMap { $0.marks.filter { $0.kind == "provides" }.map(\.name) })
    let called = Set(changes.flatMap { $0.facts.marks.filter { $0.kind == "calls" }.map(\.name) })
    return (Set(called.subtracting(provided).map { Array($0.utf8) }), [])
  }

  func checkChange(_ parts: [(before: Facts, after: Facts)], path: String, rules ids: Set<String>) -> CheckOutcome {
    CheckOutcome()
  }
}

/// A throw-away repository with a line of commits.
final class LintFixture: Sendable {
  let path = NSTemporaryDirectory() + "gmemkit-lint-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git("init", "-q", "-b", "master")
    try git("config", "user.name", "A Committer")
    try git("config", "user.email", "committer@example.org")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes the files (nil deletes) and commits them.
  func commit(_ files: [String: String?], _ message: String = "subject") throws {
    for (name, text) in files {
      let url = URL(fileURLWithPath: path + "/" + name)
      if let text {
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      } else {
        try FileManager.default.removeItem(at: url)
      }
    }
    try git("add", "-A", "-f")
    try git("commit", "-q", "--allow-empty", "-m", message)
  }

  func git(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", path] + arguments
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }

  /// Lints the last `count` commits.
  func lint(last count: Int, all: Bool = false, rules: Set<String>? = nil, jobs: Int = 2) async throws -> LintReport {
    let repository = try KernelRepository(opening: path)
    let commits = try await LintedCommit.range("HEAD~\(count)", "HEAD", in: repository)
    return try await SeriesLinter(
      repository, checker: MarkChecker(), options: LintOptions(rules: rules, all: all, jobs: jobs)
    ).lint(commits)
  }
}
