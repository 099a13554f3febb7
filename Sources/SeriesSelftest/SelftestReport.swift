import KernelTree
import LineCoverage
import SelftestPlan

/// The result of one test program in one run.
public struct TestResult: Sendable, Codable, Equatable {
  /// How it ended.
  public enum Result: String, Sendable, Codable {
    case pass, fail, skip, crash
    /// Some repetitions passed and some did not.
    case flaky
    /// It was planned and is not there: not built, or the run ended before it.
    case notRun = "not-run"
  }

  /// `kvm:guest_memfd_test`, with the run's name in brackets if it is not the default.
  public let name: String
  /// How it ended.
  public let result: Result
  /// The lines that matter: the failed assertion, the reason for a skip.
  public let message: String
  /// How it ended on the base, where that was asked for and the base has it.
  public internal(set) var onBase: Result?

  init(name: String, result: Result, message: String, onBase: Result? = nil) {
    self.name = name
    self.result = result
    self.message = message
    self.onBase = onBase
  }

  /// Whether it speaks against the patch: it went wrong, and not in the same way without the patch.
  public var isBad: Bool {
    switch result {
    case .pass, .skip: false
    case .fail, .crash, .flaky, .notRun: result != onBase
    }
  }

  /// What the patch changed about it, if the base is known: `new failure`, `fixed`, `as on the base`.
  public var change: String? {
    guard let onBase else { return nil }
    if isBad { return "new failure" }
    let wasBad = TestResult(name: name, result: onBase, message: "").isBad
    return wasBad ? (result == .pass ? "fixed" : "as on the base") : nil
  }
}

/// The result of one boot.
public struct RunResult: Sendable, Codable, Equatable {
  /// The run's name in the plan.
  public let name: String
  /// `booted`, `panic`, `hang`, `reset` or `not-started`.
  public let boot: String
  /// What went wrong in it, with the lines that matter: a splat, a panic, the last console lines.
  public internal(set) var problems: [String]
  /// Seconds from QEMU's start to its end.
  public let seconds: Double
  /// Seconds from the kernel's first byte to the first test.
  public let secondsToFirstTest: Double?
  /// The run's directory, relative to the patch's.
  public let directory: String
  /// Problems that the base has too, where that was asked for; they are not among ``problems``.
  public internal(set) var problemsOfBase: [String]?

  init(
    name: String, boot: String, problems: [String], seconds: Double, secondsToFirstTest: Double?, directory: String
  ) {
    self.name = name
    self.boot = boot
    self.problems = problems
    self.seconds = seconds
    self.secondsToFirstTest = secondsToFirstTest
    self.directory = directory
  }

  /// Sets the complaints aside that a boot of the base has as well. A boot that failed is never excused.
  mutating func compare(with base: [RunResult]) {
    guard boot == "booted" else { return }
    let known = Set(base.flatMap(\.problems).map(Self.identity))
    problemsOfBase = problems.filter { known.contains(Self.identity(of: $0)) }
    problems.removeAll { known.contains(Self.identity(of: $0)) }
  }

  /// What stays the same about a complaint from boot to boot: its kind without numbers and the functions that it begins
  /// with, without offsets.
  private static func identity(of problem: String) -> String {
    let title = problem.prefix { $0 != "\n" }.filter { !$0.isNumber }
    let functions = problem.split { $0.isWhitespace || "[](),".contains($0) }
      .compactMap { $0.firstRange(of: "+0x").map { $0.lowerBound }.map($0.prefix(upTo:)) }
    return ([title] + functions.prefix(4).map(String.init)).joined(separator: " ")
  }
}

/// What became of one patch.
public struct PatchResult: Sendable, Codable, Equatable {
  /// Its number in the series.
  public let number: Int
  /// Its subject.
  public let subject: String
  /// Its commit.
  public let commit: String
  /// `built`, `failed` or `not-run`.
  public internal(set) var build: String = "not-run"
  /// `booted`, `failed` or `not-run`.
  public internal(set) var boot: String = "not-run"
  /// The first errors of a failed build.
  public internal(set) var errors: [String] = []
  /// Warnings that this patch's build gave for the first time.
  public internal(set) var warnings: [String] = []
  /// The boots.
  public internal(set) var runs: [RunResult] = []
  /// The tests of all runs.
  public internal(set) var tests: [TestResult] = []
  /// How much of what it adds was executed, where that was asked for.
  public internal(set) var coverage: PatchCoverage?
  /// Seconds per phase, in order.
  public internal(set) var phases: [Phase] = []
  /// Where its logs, configuration and `replay.sh` are.
  public internal(set) var directory: String?
  /// The patch whose boots these are, where kernel and test programs are the same to the byte.
  public internal(set) var sameAs: Int?
  /// Whether slow tests were left to the first and the last patch.
  var hasDeferred = false
  /// Whether the result is that of an earlier run with the same inputs.
  public internal(set) var isKnown = false

  /// A phase with its time.
  public struct Phase: Sendable, Codable, Equatable {
    /// `export`, `configure`, `build`, `tests`, or a run's name.
    public let name: String
    /// Wall seconds.
    public let seconds: Double
  }

  /// The result as far as it got, ended by an error of the patch.
  func failed(because reason: String) -> PatchResult {
    var result = self
    result.errors.append(reason)
    if build == "built" { result.boot = "failed" } else { result.build = "failed" }
    return result
  }

  /// The result as far as it got, ended by what is no fault of the patch.
  func notRun(because reason: String) -> PatchResult {
    var result = self
    result.errors.append("not run: \(reason)")
    return result
  }

  /// The result with the boots of a patch that has the same kernel and the same test programs.
  func withBoots(of twin: PatchResult) -> PatchResult {
    var result = self
    result.sameAs = twin.sameAs ?? twin.number
    result.hasDeferred = twin.hasDeferred
    result.boot = twin.boot
    result.runs = twin.runs
    result.tests = twin.tests
    return result
  }

  /// Notes next to each test how it ended on the base, and sets aside what the base's kernel complains about too.
  public mutating func compare(with base: PatchResult) {
    for index in runs.indices { runs[index].compare(with: base.runs) }
    for index in tests.indices {
      tests[index].onBase = base.tests.first { $0.name == tests[index].name }?.result
    }
  }

  init(_ subject: SelftestSubject) {
    number = subject.number
    self.subject = subject.subject
    commit = subject.commit.hex
  }

  /// Whether any test said something: one that is skipped or not there says nothing.
  public var isTested: Bool { tests.contains { $0.result != .skip && $0.result != .notRun } }

  /// The worst that happened, in the order of exit statuses.
  public var verdict: SelftestVerdict {
    if build != "built" { return .buildFailed }
    if boot != "booted" { return .bootFailed }
    if tests.contains(where: \.isBad) { return .failed }
    if runs.contains(where: { !$0.problems.isEmpty }) { return .failed }
    return .passed
  }
}

/// What a patch or a series came to.
public enum SelftestVerdict: String, Sendable, Comparable {
  case passed
  case failed
  case buildFailed = "build-failed"
  case bootFailed = "boot-failed"

  /// From good to bad.
  public static func < (lhs: SelftestVerdict, rhs: SelftestVerdict) -> Bool { lhs.rank < rhs.rank }

  /// The exit status that goes with it.
  public var exitStatus: Int32 {
    switch self {
    case .passed: 0
    case .failed: 1
    case .buildFailed: 3
    case .bootFailed: 4
    }
  }

  private var rank: Int32 { exitStatus }
}

/// What came of testing a series.
public struct SelftestReport: Sendable {
  /// How guests were executed, and why so.
  public let acceleration: String
  /// The plan.
  public let plan: SelftestPlan
  /// One entry per tested patch.
  public let patches: [PatchResult]
  /// Where logs, configurations and `replay.sh` are.
  public let directory: String

  /// A report of tested patches.
  public init(acceleration: String, plan: SelftestPlan, patches: [PatchResult], directory: String) {
    (self.acceleration, self.plan, self.patches, self.directory) = (acceleration, plan, patches, directory)
  }

  /// The worst verdict of a patch; the base is only there to compare with.
  public var verdict: SelftestVerdict { patches.filter { $0.number > 0 }.map(\.verdict).max() ?? .passed }
}
