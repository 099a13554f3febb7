/// How bad it is if the finding is right.
public enum Severity: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// Worth knowing; no misbehaviour follows from it alone.
  case note
  /// Misbehaviour on some path.
  case warning
  /// Deadlock, memory corruption or a broken build on a path that the evidence spells out.
  case error

  /// Notes before warnings before errors.
  public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}

/// How sure the rule is that the finding is right.
public enum Confidence: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// A hint for a reader; never on by default.
  case low
  /// Right more often than not.
  case medium
  /// Known false positives are listed in the rule and rare.
  case high

  /// Low before medium before high.
  public static func < (left: Confidence, right: Confidence) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .low: 0
    case .medium: 1
    case .high: 2
    }
  }
}

/// What a patch did to a finding; in a run without a baseline every finding is `existing`.
public enum FindingStatus: String, Sendable, Hashable, CaseIterable {
  /// Absent before the patch, present after it.
  case new
  /// Present before the patch, absent after it.
  case fixed
  /// Present before and after: not the author's, never fails the run.
  case existing
}
