import ByteText

/// What a console log or a test report says: the tests and their results, and what the kernel reported about itself.
public struct KernelLog: Sendable, Hashable {
  /// The results, in order; several reports in one log follow one another.
  public var tests: [TestResult]
  /// How many tests the reports announced on the outermost level, if they did.
  public var planned: Int?
  /// Tests that a report announced on the outermost level and that have no result.
  public var missing: Int
  /// What is wrong with the report as a whole.
  public var notes: [String]
  /// Whether there was a KTAP or TAP version line; without one there are no results, which is an error of the run.
  public var hasReport: Bool
  /// The kernel's reports about itself, in order.
  public var splats: [Splat]
  /// Lines in the log.
  public var lineCount: Int

  /// The tests counted.
  public var counts: TestCounts {
    var counts = TestCounts()
    counts.add(tests)
    counts.add(missing: missing, notes: notes.count)
    return counts
  }

  /// The status of everything together: the worst there is.
  public var status: TestResult.Status {
    let counts = counts
    if !hasReport { return .errored }
    if counts[.crashed] > 0 || counts.missing > 0 { return .crashed }
    for status in [TestResult.Status.failed, .timedOut, .errored] where counts[status] > 0 { return .failed }
    if counts[.passed] + counts[.expectedFailure] > 0 { return .passed }
    return counts[.skipped] > 0 ? .skipped : .errored
  }

  /// Whether any line has a kernel's stamp or is one that only a kernel writes: a console log without tests is no error.
  public var isKernelLog: Bool

  /// Reads a log of any length; any bytes are a log. ``KernelLogReader`` reads one that is not in memory.
  ///
  /// - Complexity: O(`bytes.count`)
  public init(_ bytes: [UInt8]) {
    var reader = KernelLogReader()
    reader.add(bytes)
    self = reader.finish()
  }

  init(parser: KTAPParser, splats: [Splat], lineCount: Int, isKernelLog: Bool) {
    tests = parser.tests
    planned = parser.planned
    missing = parser.missing
    notes = parser.notes
    hasReport = parser.foundVersion
    self.splats = splats
    self.lineCount = lineCount
    self.isKernelLog = isKernelLog
  }
}
