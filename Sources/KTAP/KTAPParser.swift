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
  private(set) var notes: [String] = []
  private(set) var foundVersion = false
  private var frames: [Frame] = []
  /// The last lines since a result, as indices that only the caller can turn into text.
  private var log: [Int] = []
  private var logStart = 0
  /// A test that announced itself and has no result yet.
  private(set) var running: String?

  private static let logLimit = 200

  /// Takes the next line and returns the names of the result it completed, outermost first.
  mutating func add(_ line: KTAPLine, number: Int, index: Int, text: (Int) -> String) -> [String]? {
    if frames.isEmpty {
      guard case .version = line.kind else { return nil }
    }
    if line.hashes > 0, !isNested(line) {
      note(index)
      return nil
    }
    switch line.kind {
    case .version(let version, let isKTAP):
      begin(line, number, text)
      let known = isKTAP ? 1...1 : 13...14
      if !known.contains(version) { frames[frames.count - 1].notes.append("unknown version \(version)") }
    case .plan(let count):
      unwind(to: line, number, text)
      open(line)
      plan(count)
    case .subtest(let name):
      unwind(to: line, number, text)
      subtest(name, line)
    case .result(let result):
      return finish(result, line, number, text)
    case .other:
      note(index)
    }
    return nil
  }

  /// A test says that it starts: init's markers and kselftest's header line.
  mutating func start(_ name: String) {
    running = name
  }

  /// Nothing more comes: what is open has crashed.
  mutating func finish(line: Int, text: (Int) -> String) {
    unwindAll(line, text)
    guard let root = frames.popLast() else { return }
    var results = root.results
    if let name = running {
      let inner = pendingCrash
      results.append(
        TestResult(
          number: nil, name: name, status: .crashed, message: "no result", subtests: inner?.subtests ?? [],
          planned: inner?.planned, notes: [], log: inner?.log ?? takeLog(text), line: line))
    } else if let crash = pendingCrash {
      results.append(crash)
    }
    pendingCrash = nil
    running = nil
    tests += results
    notes += root.notes
    if let count = root.planned { planned = (planned ?? 0) + count }
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

  private mutating func begin(_ line: KTAPLine, _ number: Int, _ text: (Int) -> String) {
    foundVersion = true
    guard let root = frames.first else {
      frames.append(Frame(column: line.column, hashes: line.hashes))
      return
    }
    unwind(to: line, number, text)
    let top = frames[frames.count - 1]
    if line.column > top.column {
      frames.append(Frame(column: line.column, hashes: line.hashes))
    } else if top.isFresh {
      return
    } else if frames.count == 1 && (top.isFulfilled || line.column < root.column) {
      finish(line: number, text: text)
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
  private mutating func unwind(to line: KTAPLine, _ number: Int, _ text: (Int) -> String) {
    while frames.count > 1, let top = frames.last, top.column > line.column {
      frames.removeLast()
      if let lost = crashed(top, number, text) { frames[frames.count - 1].results.append(lost) }
    }
  }

  private mutating func unwindAll(_ number: Int, _ text: (Int) -> String) {
    while frames.count > 1 {
      let top = frames.removeLast()
      guard let lost = crashed(top, number, text) else { continue }
      if frames.count == 1 { pendingCrash = lost } else { frames[frames.count - 1].results.append(lost) }
    }
  }

  private mutating func crashed(_ frame: Frame, _ number: Int, _ text: (Int) -> String) -> TestResult? {
    guard !frame.isFresh else { return nil }
    return TestResult(
      number: nil, name: frame.name ?? "(unnamed)", status: .crashed, message: "no result", subtests: frame.results,
      planned: frame.planned, notes: frame.notes + ["the set has no result line"], log: takeLog(text), line: number)
  }

  // MARK: Results

  private mutating func finish(
    _ result: KTAPLine.Result, _ line: KTAPLine, _ number: Int, _ text: (Int) -> String
  ) -> [String] {
    var set: Frame?
    while frames.count > 1, let top = frames.last, top.column > line.column {
      frames.removeLast()
      if let inner = set, let lost = crashed(inner, number, text) {
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
      if let lost = crashed(inner, number, text) { frames[frames.count - 1].results.append(lost) }
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
    let lines = takeLog(text)
    if test.status.isBad || test.status == .skipped { test.log = lines }
    frames[last].results.append(test)
    if last == 0 { running = nil }
    return frames.compactMap(\.name) + [test.name]
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
      test.status = .crashed
    } else if test.subtests.contains(where: { $0.status == .crashed }) {
      test.status = .crashed
    } else if !test.status.isBad, test.subtests.contains(where: \.status.isBad) {
      test.notes.append("reported as \(test.status.rawValue) although a test in it did not pass")
      test.status = .failed
    }
    if isSet && test.subtests.isEmpty && test.status != .skipped { test.notes.append("0 tests run") }
  }

  // MARK: Log

  private mutating func note(_ text: Int) {
    if log.count < Self.logLimit {
      log.append(text)
    } else {
      log[logStart] = text
      logStart = (logStart + 1) % Self.logLimit
    }
  }

  private mutating func takeLog(_ text: (Int) -> String) -> [String] {
    defer {
      log = []
      logStart = 0
    }
    let lines = (log[logStart...] + log[..<logStart]).map(text).filter { !$0.isEmpty }
    let indentation = lines.map { $0.prefix { $0 == " " || $0 == "\t" }.count }.min() ?? 0
    return lines.map { String($0.dropFirst(indentation)) }
  }
}
