import Findings

/// Collects what the commits of a series bring and take away, and makes the report of it.
struct ReportBuilder {
  private let all: Bool
  private var findings: [ReportedFinding] = []
  var notAnalysed: [NotAnalysed] = []
  var analysed = AnalysedCount()
  var limits: [String] = []
  /// Files that are programs for user space, which not all rules judge.
  var programs: Set<String> = []
  /// How many functions assert the locks that they rely on, where that was asked for.
  var assertions: [LockAssertChange] = []
  /// Files of a run over whole files that may hold comments which nothing needs any more.
  var marked: [String] = []
  /// The rules that ran, for which such comments are judged.
  var rules: Set<String> = []

  /// With `all`, fixed and existing findings are reported too.
  init(all: Bool) { self.all = all }

  mutating func add(fixed: [Finding], new: [Finding], existing: [Finding], of patch: PatchIdentity) {
    for finding in fixed {
      // What an earlier patch of the series brought in is told at that patch.
      let origin = findings.lastIndex { earlier in
        earlier.status == .new && earlier.fixedBy == nil && earlier.finding.fingerprint == finding.fingerprint
          && earlier.finding.place.path == finding.place.path
      }
      if let origin { findings[origin].fixedBy = patch }
      findings.append(ReportedFinding(finding, patch: patch, status: .fixed))
    }
    add(new: new, of: patch)
    findings += existing.map { ReportedFinding($0, patch: patch, status: .existing) }
  }

  mutating func add(new found: [Finding], of patch: PatchIdentity) {
    findings += found.map { ReportedFinding($0, patch: patch, status: .new) }
  }

  mutating func add(_ finding: ReportedFinding) { findings.append(finding) }

  /// The report; `lines` gives the lines of a file as a commit leaves it, to look for comments that take a finding out.
  func finish(
    lines: (_ commit: String?, _ path: String) async throws(LintError) -> [ArraySlice<UInt8>]
  ) async throws(LintError) -> LintReport {
    struct Version: Hashable {
      let commit: String?
      let path: String
    }
    struct Used: Hashable {
      let path: String
      let line: Int
      let rule: String
    }
    var used: Set<Used> = []
    var limits = limits
    if !programs.isEmpty {
      limits.append(
        "\(programs.count) \(programs.count == 1 ? "file is a program" : "files are programs") for user space and judged by few rules "
          + "('gmemkit explain RULE' says which leave them out)")
    }
    var sources: [Version: [ArraySlice<UInt8>]] = [:]
    var kept: [ReportedFinding] = []
    var suppressed: [SuppressedFinding] = []
    for reported in findings where all || reported.status == .new || reported.patch == nil {
      let version = Version(commit: reported.patch?.commit, path: reported.finding.place.path)
      if reported.status != .fixed, sources[version] == nil {
        sources[version] = try await lines(version.commit, version.path)
      }
      if reported.status != .fixed,
        let comment = Suppression.comment(
          for: reported.finding.rule, line: reported.finding.place.line, in: sources[version] ?? []),
        let reason = comment.reason
      {
        used.insert(Used(path: reported.finding.place.path, line: comment.line, rule: reported.finding.rule))
        suppressed.append(SuppressedFinding(reported, reason: reason))
      } else {
        kept.append(reported)
      }
    }
    kept = ReportedFinding.merged(kept)
    var columns = UTF16Columns()
    for reported in kept + suppressed.map(\.reported) where reported.status != .fixed {
      for place in [reported.finding.place] + reported.finding.evidence.map(\.place) where place.line > 0 {
        let version = Version(commit: reported.patch?.commit, path: place.path)
        if sources[version] == nil { sources[version] = try await lines(version.commit, version.path) }
        guard let source = sources[version], place.line <= source.count else { continue }
        columns.note(place, commit: version.commit, line: source[place.line - 1])
      }
    }
    for path in marked.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      for comment in Suppression.comments(in: try await lines(nil, path)) {
        let place = SourcePlace(path: path, line: comment.line)
        if comment.reason == nil {
          limits.append("\(place): a 'gmemkit: allow' comment without a reason changes nothing")
        }
        for rule in comment.rules
        where comment.reason != nil && rules.contains(rule)
          && !used.contains(Used(path: path, line: comment.line, rule: rule))
        {
          limits.append("\(place): nothing is left for 'gmemkit: allow \(rule)' to take out")
        }
      }
    }
    return LintReport(
      findings: kept, notAnalysed: Array(Set(notAnalysed)), analysed: analysed, suppressed: suppressed, limits: limits,
      assertions: assertions, columns: columns)
  }
}
