/// The patch (or commit) that a finding is attributed to.
public struct PatchIdentity: Sendable, Hashable, Codable {
  /// From 1, in the order of the series.
  public var number: Int
  /// How many patches the series has.
  public var count: Int
  /// Without `[PATCH n/m]`.
  public var subject: String
  /// 40 hexadecimal digits; nil when the series was linted without a tree.
  public var commit: String?

  /// Patch `number` of `count`.
  public init(number: Int, count: Int, subject: String, commit: String? = nil) {
    self.number = number
    self.count = count
    self.subject = subject
    self.commit = commit
  }
}

/// A finding, who brought it, and what became of it.
public struct ReportedFinding: Sendable, Hashable {
  /// What was found. For a `fixed` finding the places are those before the patch.
  public var finding: Finding
  /// Nil in a run over whole files.
  public var patch: PatchIdentity?
  /// What the patch did.
  public var status: FindingStatus
  /// The later patch that makes the finding disappear again, if one does.
  public var fixedBy: PatchIdentity?

  /// `finding` as attributed to `patch`.
  public init(_ finding: Finding, patch: PatchIdentity?, status: FindingStatus, fixedBy: PatchIdentity? = nil) {
    self.finding = finding
    self.patch = patch
    self.status = status
    self.fixedBy = fixedBy
  }
}

/// A function or file that no rule could judge.
public struct NotAnalysed: Sendable, Hashable, Codable {
  /// Where it starts; line 0 for a whole file.
  public var place: SourcePlace
  /// Empty for a whole file.
  public var function: String
  /// Why, in one sentence without a full stop.
  public var reason: String
  /// Nil in a run over whole files.
  public var patch: PatchIdentity?

  /// `function` at `place` was left out for `reason`.
  public init(_ place: SourcePlace, function: String, reason: String, patch: PatchIdentity? = nil) {
    self.place = place
    self.function = function
    self.reason = reason
    self.patch = patch
  }
}

/// How much source was looked at.
public struct AnalysedCount: Sendable, Hashable {
  /// Versions of files: a file that two patches change counts for each.
  public var files: Int
  /// Function definitions in them.
  public var functions: Int

  /// `files` versions of files with `functions` definitions.
  public init(files: Int = 0, functions: Int = 0) {
    self.files = files
    self.functions = functions
  }
}

/// Everything that a lint run has to say.
public struct LintReport: Sendable, Hashable {
  /// In the order of output: by patch, then place, then rule.
  public var findings: [ReportedFinding]
  /// What no rule could judge.
  public var notAnalysed: [NotAnalysed]
  /// What the rules did judge.
  public var analysed: AnalysedCount
  /// Findings that a comment in the source took out, with its reason.
  public var suppressed: [SuppressedFinding]
  /// What the mode of the run cannot see, one sentence each, e.g. that no tree was given.
  public var limits: [String]
  /// How many functions assert the locks that they rely on; empty unless the rule `lock-assert-coverage` ran.
  public var assertions: [LockAssertChange]
  /// Where a column in UTF-16 code units differs from that in bytes.
  public var columns: UTF16Columns

  /// A report; sorts its parts so that equal runs give equal bytes.
  public init(
    findings: [ReportedFinding] = [], notAnalysed: [NotAnalysed] = [], analysed: AnalysedCount = AnalysedCount(),
    suppressed: [SuppressedFinding] = [], limits: [String] = [], assertions: [LockAssertChange] = [],
    columns: UTF16Columns = UTF16Columns()
  ) {
    self.findings = findings.sorted()
    self.notAnalysed = notAnalysed.sorted()
    self.analysed = analysed
    self.suppressed = suppressed.sorted { $0.reported < $1.reported }
    self.limits = limits
    self.assertions = assertions
    self.columns = columns
  }

  /// The findings that make a run fail: new ones in a run over patches, all in a run over whole files.
  public var failing: [ReportedFinding] {
    findings.filter { $0.status == .new || $0.patch == nil }
  }
}

/// A finding that a comment in the source took out.
public struct SuppressedFinding: Sendable, Hashable {
  /// What would have been reported.
  public var reported: ReportedFinding
  /// The reason that the comment gives.
  public var reason: String

  /// `reported`, taken out for `reason`.
  public init(_ reported: ReportedFinding, reason: String) {
    self.reported = reported
    self.reason = reason
  }
}

extension ReportedFinding: Comparable {
  /// By patch, then place, then rule, then message: the order of every output.
  public static func < (left: ReportedFinding, right: ReportedFinding) -> Bool {
    let (leftPatch, rightPatch) = (left.patch?.number ?? 0, right.patch?.number ?? 0)
    if leftPatch != rightPatch { return leftPatch < rightPatch }
    if left.finding.place != right.finding.place { return left.finding.place < right.finding.place }
    if left.finding.rule != right.finding.rule { return left.finding.rule < right.finding.rule }
    if left.status != right.status { return left.status.rawValue < right.status.rawValue }
    return left.finding.message.utf8.lexicographicallyPrecedes(right.finding.message.utf8)
  }
}

extension NotAnalysed: Comparable {
  /// By patch, then place, then function.
  public static func < (left: NotAnalysed, right: NotAnalysed) -> Bool {
    let (leftPatch, rightPatch) = (left.patch?.number ?? 0, right.patch?.number ?? 0)
    if leftPatch != rightPatch { return leftPatch < rightPatch }
    if left.place != right.place { return left.place < right.place }
    if left.function != right.function { return left.function < right.function }
    return left.reason < right.reason
  }
}
