/// One step of the chain that shows why a finding is right: a lock taken, a call, the second acquisition.
public struct Evidence: Sendable, Hashable, Codable {
  /// Where the step is.
  public var place: SourcePlace
  /// What happens there: lower case, one sentence, no full stop, names in quotes.
  public var message: String

  /// A step at `place`.
  public init(_ place: SourcePlace, _ message: String) {
    self.place = place
    self.message = message
  }
}

/// The one mistake that several findings may be about, such as a handler that is waited for with a lock held by ten callers.
public struct Cause: Sendable, Hashable, Codable {
  /// Equal for all findings of the mistake, in one run.
  public var fact: String
  /// Which of the ways to see it, where a mistake is one of two sides: that with fewer findings is shown.
  public var side: String

  /// A mistake, seen from a side.
  public init(_ fact: String, side: String = "") {
    self.fact = fact
    self.side = side
  }
}

/// What a rule found in one version of the source; which patch brought it is told by `ReportedFinding`.
public struct Finding: Sendable, Hashable, Codable {
  /// The rule's stable identifier, e.g. `double-lock`.
  public var rule: String
  /// How bad it is if it is right.
  public var severity: Severity
  /// How sure the rule is.
  public var confidence: Confidence
  /// Where a reader must look first.
  public var place: SourcePlace
  /// The function it is about; empty when it is about no function.
  public var function: String
  /// Lower case, one sentence, no full stop, names in quotes.
  public var message: String
  /// The chain in the order of execution; empty where the message says it all.
  public var evidence: [Evidence]
  /// What makes this the same finding in another version of the source, e.g. the lock class and the callee's name.
  ///
  /// Rules whose wording depends on more than the defect (a call chain that a patch may lengthen) set it; for the others
  /// message and evidence without their line numbers serve.
  public var key: String?
  /// What the finding shares with others that are one mistake to whoever mends it; nil where it stands alone.
  ///
  /// It is no part of the fingerprint: versions are compared finding by finding, and only what is reported is merged.
  public var cause: Cause?

  /// A finding of `rule` at `place`.
  public init(
    rule: String, severity: Severity, confidence: Confidence, place: SourcePlace, function: String, message: String,
    evidence: [Evidence] = [], key: String? = nil, cause: Cause? = nil
  ) {
    self.rule = rule
    self.severity = severity
    self.confidence = confidence
    self.place = place
    self.function = function
    self.message = message
    self.evidence = evidence
    self.key = key
    self.cause = cause
  }
}
