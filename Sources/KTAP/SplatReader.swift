import ByteText

/// Finds splats in a console log, line by line. Reports that two processors or tasks write at the same time are kept apart
/// where the log names its callers.
struct SplatReader {
  typealias Line = Slice<UnsafeBufferPointer<UInt8>>

  private(set) var splats: [Splat] = []
  /// What is being told, by caller; several only where the log names callers.
  private var open: [OpenSplat] = []
  /// The last separator or foreword, which belongs to the splat that follows it.
  private var rule: (text: String, number: Int, isForeword: Bool)?
  /// Whether the kernel's lines can be told from others by their stamp.
  private var hasStamps = false

  /// The most reports that are told at the same time.
  private static let openLimit = 16
  /// Of the reports after these only the title and the first frames are kept.
  private static let fullSplats = 1000

  /// Takes the next line of the log, without the console's prefix.
  ///
  /// - Parameters:
  ///   - isBoundary: whether it is a result or another line of a test report.
  ///   - test: the test that runs, if the log says so.
  mutating func add(_ line: ConsoleLines.Line, isBoundary: Bool, test: String?) {
    if line.isKernel { hasStamps = true }
    if isBoundary {
      rule = nil
      for index in open.indices.reversed() where open[index].isDone(after: 1) { close(index) }
      return
    }
    let current = open.firstIndex { $0.caller == line.caller }
    if let opening = opening(line), current.map({ open[$0].isEnded(by: opening.kind) }) ?? true {
      start(opening, line, current, test)
      return
    }
    if SplatTitles.isCutHere(line.text), line.isKernel || !hasStamps {
      if let current { close(current) }
      begin(OpenSplat(line, test: test))
      open[open.count - 1].take(line)
      return
    }
    guard let current else {
      remember(line)
      return
    }
    guard !open[current].follow(line) else { return }
    close(current)
    // A rule that the report did not take stands above the next one.
    if SplatTitles.isRule(line.text), splats.last?.lines.upperBound != line.number { remember(line) }
  }

  /// Another boot, or the end of the log: nothing that is open goes on.
  mutating func finish() {
    while !open.isEmpty { close(0) }
    rule = nil
  }

  /// Attributes the splats from `index` on to a test that the log names only afterwards.
  mutating func attribute(from index: Int, to test: String) {
    for index in splats.indices.dropFirst(index) where splats[index].test == nil { splats[index].test = test }
    for index in open.indices where open[index].test == nil { open[index].test = test }
  }

  /// Marks the splats from `index` on that a passed test of the reporter itself asked for.
  mutating func excuse(from index: Int, suite: String) {
    for index in splats.indices.dropFirst(index) where suite.hasPrefix(splats[index].kind.rawValue) {
      splats[index].isIntended = true
    }
  }

  // MARK: -

  private func opening(_ line: ConsoleLines.Line) -> SplatTitles.Opening? {
    let found =
      SplatTitles.opening(line.text) ?? (line.isKernel || !hasStamps ? SplatTitles.namedOpening(line.text) : nil)
    guard let found else { return nil }
    // Where the kernel's lines are stamped, "BUG: " without a stamp is a program's.
    return found.isVague && hasStamps && !line.isKernel ? nil : found
  }

  private mutating func remember(_ line: ConsoleLines.Line) {
    if SplatTitles.isRule(line.text) {
      rule = (line.text.text, line.number, false)
    } else if SplatTitles.isForeword(line.text) {
      rule = (line.text.text, line.number, true)
    } else if let last = rule, line.number > last.number + 3 {
      rule = nil
    }
  }

  private mutating func start(
    _ opening: SplatTitles.Opening, _ line: ConsoleLines.Line, _ current: Int?, _ test: String?
  ) {
    if let current, open[current].kind == nil {
      open[current].name(opening.kind, line)
    } else {
      if let current { close(current) }
      var splat = OpenSplat(line, test: test)
      splat.needsEvidence = opening.isVague && !line.isKernel
      splat.name(opening.kind, line)
      begin(splat)
    }
    guard let index = open.firstIndex(where: { $0.caller == line.caller }) else { return }
    open[index].take(line)
    if open[index].end == .line { close(index) }
  }

  private mutating func begin(_ splat: OpenSplat) {
    if open.count >= Self.openLimit { close(0) }
    var splat = splat
    if let rule, splat.first - rule.number <= 3 { splat.precede(rule.text, rule.number, isMessage: rule.isForeword) }
    rule = nil
    open.append(splat)
  }

  private mutating func close(_ index: Int) {
    let done = open.remove(at: index)
    guard let splat = done.splat(isFull: splats.count < Self.fullSplats) else { return }
    // After the first complaint lockdep is off, and says so in every report that would show locks.
    if splat.kind == .lockdepOff, splat.title.hasSuffix("lockdep is turned off."),
      splats.contains(where: \.kind.isLocking)
    {
      return
    }
    splats.append(splat)
  }
}
