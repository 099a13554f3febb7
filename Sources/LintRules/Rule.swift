public import Findings

/// One check. A rule is added by one file in `Rules/` and one line in `RuleRegistry`.
public protocol Rule: Sendable {
  /// What it looks for and how far it can be trusted.
  var description: RuleDescription { get }

  /// Judges the functions of the context; findings in any order.
  func check(_ context: RuleContext) -> [Finding]
}

/// A check of what a patch did to one file.
public protocol ChangeRule: Sendable {
  /// What it looks for and how far it can be trusted.
  var description: RuleDescription { get }

  /// Whether it looks at `FileChange.comparable` alone, so that functions which are too long are left out and told.
  var leavesOutLong: Bool { get }

  /// Compares a file before and after; findings lie in the file after.
  func check(_ change: FileChange) -> [Finding]
}

extension ChangeRule {
  /// Most look at everything.
  public var leavesOutLong: Bool { false }
}

/// All rules, in the order in which they are listed.
public enum RuleRegistry {
  /// Rules over source as it stands.
  public static let rules: [any Rule] = [
    LockImbalance(),
    DoubleLock(),
    InterruptUnsafeLock(),
    SleepInAtomic(),
    RawSectionLock(),
    ResourceLeak(),
    ErrPtrConfusion(),
    UninitialisedInout(),
    LockOrder(),
    LockNotHeld(),
    WrongLoopVariable(),
    InvertedSearch(),
    MissingErrorCheck(),
    WrongError(),
    ErrorType(),
    OverwrittenError(),
    MissingUnwind(),
    EarlyUnwind(),
    CopiedCleanup(),
    DroppedReference(),
    ReallocLeak(),
    InvertedCheck(),
    InvertedGuard(),
    LostElse(),
    ContradictingGuard(),
    UnguardedMember(),
    SharedWrite(),
    PlainListAdd(),
    ShadowedError(),
    IgnoredGfp(),
    ConstantComparison(),
    CopiedCondition(),
    LateUnlink(),
    LateInit(),
    LateNullCheck(),
    LockAssertCoverage(),
  ]

  /// Rules over a change.
  public static let changeRules: [any ChangeRule] = [
    InvertedCondition(),
    LockDropped(),
    LockWeakened(),
    WeakerAccess(),
    UnlockDropped(),
    LostCleanup(),
    LostCheck(),
    LostInitialiser(),
    ChangedReturn(),
    PublishedEarly(),
    TrylockDropped(),
    LockedVariant(),
  ]
}
