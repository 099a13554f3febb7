/// A piece of C that a rule must report, or must leave alone. One list serves the tests, `gmemkit explain` and the docs.
public struct RuleExample: Sendable, Hashable {
  /// C source; for a rule about a change, the source before it.
  public var before: String?
  /// C source. In a triggering example the line where the finding must land ends in `/* reported */`, for the test as for
  /// the reader.
  public var source: String

  /// Source as it stands.
  public init(_ source: String) { self.source = source }

  /// A change from `before` to `after`.
  public init(before: String, after: String) {
    self.before = before
    self.source = after
  }
}

/// What a rule looks for and how far it can be trusted: the text of `gmemkit explain` and of SARIF's rule list.
public struct RuleDescription: Sendable, Hashable {
  /// Stable, kebab-case, never reused, e.g. `lock-imbalance`.
  public var id: String
  /// One line for a list of rules.
  public var summary: String
  /// The severity of its findings unless a finding says otherwise.
  public var severity: Severity
  /// The confidence of its findings unless a finding says otherwise.
  public var confidence: Confidence
  /// False for a rule that cannot be precise: it runs only when asked for by name.
  public var onByDefault: Bool
  /// Whether it may judge a function of which only the part that a hunk shows is known.
  public var judgesFragments: Bool
  /// Whether it also judges programs for user space that are part of the tree, where the kernel's conventions (negative
  /// errnos, an undo for every step) do not hold.
  public var judgesPrograms: Bool
  /// What it does: a paragraph.
  public var whatItDoes: String
  /// Why it matters: a paragraph, with what happens on a running kernel.
  public var whyItMatters: String
  /// What it deliberately accepts, one sentence each.
  public var accepts: [String]
  /// When it is wrong, one sentence each.
  public var knownFalsePositives: [String]
  /// Must be reported.
  public var triggering: [RuleExample]
  /// Must not be reported.
  public var nonTriggering: [RuleExample]

  /// Describes the rule `id`.
  public init(
    id: String, summary: String, severity: Severity, confidence: Confidence, onByDefault: Bool = true,
    judgesFragments: Bool = false, judgesPrograms: Bool = false, whatItDoes: String, whyItMatters: String,
    accepts: [String] = [],
    knownFalsePositives: [String] = [],
    triggering: [RuleExample] = [], nonTriggering: [RuleExample] = []
  ) {
    self.id = id
    self.summary = summary
    self.severity = severity
    self.confidence = confidence
    self.onByDefault = onByDefault
    self.judgesFragments = judgesFragments
    self.judgesPrograms = judgesPrograms
    self.whatItDoes = whatItDoes
    self.whyItMatters = whyItMatters
    self.accepts = accepts
    self.knownFalsePositives = knownFalsePositives
    self.triggering = triggering
    self.nonTriggering = nonTriggering
  }
}
