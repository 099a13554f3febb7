/// Builds the result tree from KTAP lines, by indentation and plans, in all the dialects the kernel has.
///
/// - KTAP nests by two spaces with a version line, KUnit by four (or a tab) with `# Subtest:`, kselftest by `# `.
/// - A set's result follows its tests on the outer level; a set that never gets one has crashed.
/// - Some writers forget to indent: then a set ends when its plan is fulfilled or its name comes up.
struct KTAPParser {
  private struct Frame {
    var column: Int
    var hashes: Int
    var name: String?
    var planned: Int?
    var results: [TestResult] = []
    var notes: [String] = []
    /// On the same column as the frame around it.
    var isFlat = false

    var isFresh: Bool { results.isEmpty && planned == nil && name == nil }
    var isFulfilled: Bool { planned == results.count }
  }

  private(set) var tests: [TestResult] = []
  private(set) var planned: Int?
  private(set) var missing = 0
  private(set) var notes: [String] = []
  private(set) var foundVersion = false
  private var frames: [Frame] = []
  /// The last lines since a result.
  private var log = LineRing(limit: 200)
  /// A plan that stands in front of results although no version line did.
  private var unversionedPlan: (column: Int, count: Int)?
  /// A test that announced itself and has no result yet.
  private(set) var running: String?

  /// Takes the next line and returns the names of the result it completed, outermost first.
  mutating func add(_ line: KTAPLine, _ text: Slice<UnsafeBufferPointer<UInt8>>, number: Int) -> Completed? {
    if frames.isEmpty, !opensReport(line) { return nil }
    if line.hashes > 0, !isNested(line) {
      log.add(text)
      return nil
    }
    switch line.kind {
    case .version(let version, let isKTAP):
      begin(line, number)
      let known = isKTAP ? 1...1 : 13...14
      if !known.contains(version) { frames[frames.count - 1].notes.append("unknown version \(version)") }
    case .plan(let count):
      unwind(to: line, number)
      open(line)
      plan(count)
    case .subtest(let name):
      unwind(to: line, number)
      subtest(name, line)
    case .result(let result):
      return finish(result, line, number)
    case .other:
      log.add(text)
    }
    return nil
  }

  /// What a result line completed.
  struct Completed {
    /// The names of the sets around it, outermost first, and its own.
    var path: [String]
    var status: TestResult.Status
  }

  /// A report begins with its version line. One that lost it, or a program that never wrote it, still has a plan and then
  /// results.
  private mutating func opensReport(_ line: KTAPLine) -> Bool {
    switch line.kind {
    case .version:
      return true
    case .plan(let count) where !foundVersion:
      unversionedPlan = (line.column, count)
    case .result where unversionedPlan?.column == line.column:
      guard !foundVersion, let plan = unversionedPlan else { return false }
      foundVersion = true
      frames.append(Frame(column: line.column, hashes: line.hashes))
      frames[0].planned = plan.count
      notes.append("no version line")
      return true
    default:
      break
    }
    return false
  }

  /// Whether a report is being read.
  var isOpen: Bool { !frames.isEmpty }

  /// A test says that it starts: init's markers and kselftest's header line.
  mutating func start(_ name: String) {
    running = name
  }

  /// Nothing more comes: what is open has crashed.
  mutating func finish(line: Int) {
    unwindAll(line)
    guard let root = frames.popLast() else { return }
    var results = root.results
    if let name = running {
      let inner = pendingCrash
      results.append(
        TestResult(
          number: nil, name: name, status: .crashed, message: "no result", subtests: inner?.subtests ?? [],
          planned: inner?.planned, notes: [], log: inner?.log ?? log.take(), line: line))
    } else if let crash = pendingCrash {
      results.append(crash)
    }
    pendingCrash = nil
    running = nil
    tests += results
    notes += root.notes
    if let count = root.planned {
      planned = (planned ?? 0) + count
      missing += max(0, count - results.count)
    }
  }

  /// The outermost set that was open at the end, until its name is known.
  private var pendingCrash: TestResult?

  // MARK: Frames

  /// A kselftest line is structure only where a version line opened that level; else it is a test's own text.
  private func isNested(_ line: KTAPLine) -> Bool {
    if case .version = line.kind { return true }
    guard line.isStructural else { return false }
    return frames.contains { $0.hashes == line.hashes && $0.column <= line.column }
  }

  private mutating func begin(_ line: KTAPLine, _ number: Int) {
    foundVersion = true
    guard let root = frames.first else {
      frames.append(Frame(column: line.column, hashes: line.hashes))
      return
    }
    unwind(to: line, number)
    let top = frames[frames.count - 1]
    if line.column > top.column {
      frames.append(Frame(column: line.column, hashes: line.hashes))
    } else if top.isFresh {
      return
    } else if frames.count == 1 && (top.isFulfilled || line.column < root.column) {
      finish(line: number)
      frames.append(Frame(column: line.column, hashes: line.hashes))
    } else {
      frames.append(Frame(column: line.column, hashes: line.hashes, isFlat: true))
    }
  }

  /// Opens a level for a line that stands deeper than any version line.
  private mutating func open(_ line: KTAPLine) {
    guard let top = frames.last, line.column > top.column else { return }
    frames.append(Frame(column: line.column, hashes: line.hashes))
  }

  private mutating func plan(_ count: Int) {
    let last = frames.count - 1
    if let earlier = frames[last].planned, earlier != count {
      frames[last].notes.append("two plans, \(earlier) and \(count)")
    } else {
      frames[last].planned = count
    }
  }

  private mutating func subtest(_ name: String, _ line: KTAPLine) {
    let top = frames[frames.count - 1]
    if line.column > top.column {
      frames.append(Frame(column: line.column, hashes: line.hashes, name: name))
    } else if top.isFresh {
      frames[frames.count - 1].name = name
    } else {
      frames.append(Frame(column: line.column, hashes: line.hashes, name: name, isFlat: true))
    }
  }

  /// Closes the levels inside the one `line` stands on; what they lack, they will never get.
  private mutating func unwind(to line: KTAPLine, _ number: Int) {
    while frames.count > 1, let top = frames.last, top.column > line.column {
      frames.removeLast()
      if let lost = crashed(top, number) { frames[frames.count - 1].results.append(lost) }
    }
  }

  private mutating func unwindAll(_ number: Int) {
    while frames.count > 1 {
      let top = frames.removeLast()
      guard let lost = crashed(top, number) else { continue }
      if frames.count == 1 { pendingCrash = lost } else { frames[frames.count - 1].results.append(lost) }
    }
  }

  private mutating func crashed(_ frame: Frame, _ number: Int) -> TestResult? {
    guard !frame.isFresh else { return nil }
    return TestResult(
      number: nil, name: frame.name ?? "(unnamed)", status: .crashed, message: "no result", subtests: frame.results,
      planned: frame.planned, notes: frame.notes + ["the set has no result line"], log: log.take(), line: number)
  }

  // MARK: Results

  private mutating func finish(
    _ result: KTAPLine.Result, _ line: KTAPLine, _ number: Int
  ) -> Completed {
    var set: Frame?
    while frames.count > 1, let top = frames.last, top.column > line.column {
      frames.removeLast()
      if let inner = set, let lost = crashed(inner, number) {
        var outer = top
        outer.results.append(lost)
        set = outer
      } else {
        set = top
      }
    }
    if line.column > frames[frames.count - 1].column {
      frames.append(Frame(column: line.column, hashes: line.hashes))
    }
    if set == nil, let top = frames.last, top.isFlat, frames.count > 1,
      top.name == result.name || (top.name == nil && top.isFulfilled)
    {
      set = frames.removeLast()
    }
    if let inner = set, let name = inner.name, name != result.name {
      if let lost = crashed(inner, number) { frames[frames.count - 1].results.append(lost) }
      set = nil
    }

    let last = frames.count - 1
    var notes = set?.notes ?? []
    let expected = frames[last].results.count + 1
    if let found = result.number, found != expected { notes.append("test number \(found) where \(expected) was due") }
    var test = TestResult(
      number: result.number, name: result.name, status: .passed, message: "", subtests: set?.results ?? [],
      planned: set?.planned, notes: notes, log: [], line: number)
    (test.status, test.message) = Self.status(result)
    Self.bubbleUp(&test, isSet: set != nil)
    if test.status.isBad || test.status == .skipped { test.log = log.take() } else { log.removeAll() }
    frames[last].results.append(test)
    if last == 0 { running = nil }
    return Completed(path: frames.compactMap(\.name) + [test.name], status: test.status)
  }

  private static func status(_ result: KTAPLine.Result) -> (TestResult.Status, String) {
    let words = result.remark.split(separator: " ", maxSplits: 1).map(String.init)
    let rest = words.dropFirst().first ?? ""
    switch (words.first ?? "").uppercased() {
    case let word where word.hasPrefix("SKIP"): return (.skipped, rest)
    case "TODO": return (result.isOK ? .passed : .expectedFailure, rest)
    case "XFAIL": return (.expectedFailure, rest)
    case "TIMEOUT": return (.timedOut, rest)
    case "ERROR": return (.errored, rest)
    default: return (result.isOK ? .passed : .failed, result.remark)
    }
  }

  /// A set is as bad as the worst in it, whatever its own line says.
  private static func bubbleUp(_ test: inout TestResult, isSet: Bool) {
    if test.missing > 0 {
      test.notes.append("\(test.missing) of \(test.planned ?? 0) announced tests have no result")
      // One that was ended for its time has not crashed.
      if test.status != .timedOut { test.status = .crashed }
    } else if test.subtests.contains(where: { $0.status == .crashed }) {
      test.status = .crashed
    } else if !test.status.isBad, test.subtests.contains(where: \.status.isBad) {
      test.notes.append("reported as \(test.status.rawValue) although a test in it did not pass")
      test.status = .failed
    }
    if isSet && test.subtests.isEmpty && test.status != .skipped { test.notes.append("0 tests run") }
  }
}
