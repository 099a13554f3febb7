/// One test of a KTAP report, with the tests it contains.
public struct TestResult: Sendable, Hashable {
  /// What became of a test.
  public enum Status: String, Sendable, Hashable, CaseIterable {
    /// It passed.
    case passed
    /// It failed, or a test in it did.
    case failed
    /// It did not run, for the reason in the message.
    case skipped
    /// It failed as expected (`XFAIL`, `TODO`).
    case expectedFailure = "xfail"
    /// It was ended because it took too long.
    case timedOut = "timeout"
    /// It could not be executed (`ERROR`).
    case errored = "error"
    /// It began and has no result: the kernel or the program under it went away.
    case crashed

    /// Whether this speaks against the kernel under test.
    public var isBad: Bool {
      switch self {
      case .passed, .skipped, .expectedFailure: false
      case .failed, .timedOut, .errored, .crashed: true
      }
    }
  }

  /// Its number among its siblings as the report gives it; not part of its identity, since it changes with every new test.
  public var number: Int?
  /// Its name; two tests of one name are two results.
  public var name: String
  /// What became of it.
  public var status: Status
  /// The text behind the result: a reason, `exit=1`, `30 seconds`.
  public var message: String
  /// The tests in it, in the report's order.
  public var subtests: [TestResult]
  /// How many tests it announced, if it did.
  public var planned: Int?
  /// What is wrong with its part of the report, such as a plan that was not kept.
  public var notes: [String]
  /// The lines before the result that belong to it, for a test that did not pass; of many the last.
  public var log: [String]
  /// The line of its result in the log, from 1; of a crashed test the line where its part ends.
  public var line: Int

  /// Announced tests in it that have no result.
  public var missing: Int { max(0, (planned ?? 0) - subtests.count) }
}

/// How many tests ended how; only the innermost tests count.
public struct TestCounts: Sendable, Hashable {
  /// The number of tests with this status.
  public private(set) var byStatus: [TestResult.Status: Int] = [:]
  /// Announced tests without a result.
  public private(set) var missing = 0
  /// Notes about the report itself.
  public private(set) var notes = 0

  /// Nothing counted.
  public init() {}

  /// The number of tests with this status.
  public subscript(status: TestResult.Status) -> Int { byStatus[status] ?? 0 }

  /// All tests with a result.
  public var total: Int { byStatus.values.reduce(0, +) }

  /// All tests whose result speaks against the kernel, and those that are missing.
  public var bad: Int { missing + byStatus.reduce(0) { $0 + ($1.key.isBad ? $1.value : 0) } }

  /// Counts the innermost tests of `results`; a bad set without a bad test in it counts itself.
  public mutating func add(_ results: [TestResult]) {
    for result in results {
      notes += result.notes.count
      missing += result.missing
      guard !result.subtests.isEmpty else {
        byStatus[result.status, default: 0] += 1
        continue
      }
      let before = bad
      add(result.subtests)
      if result.status.isBad && bad == before && result.missing == 0 { byStatus[result.status, default: 0] += 1 }
    }
  }

  /// Counts what a report announced and never delivered.
  mutating func add(missing count: Int, notes: Int) {
    missing += count
    self.notes += notes
  }
}
