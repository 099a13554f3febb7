import ByteText

/// What a console log or a test report says: the tests and their results, and what the kernel reported about itself.
public struct KernelLog: Sendable, Hashable {
  /// The results, in order; several reports in one log follow one another.
  public var tests: [TestResult]
  /// How many tests the reports announced on the outermost level, if they did.
  public var planned: Int?
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
    counts.add(missing: max(0, (planned ?? 0) - tests.count), notes: notes.count)
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

  /// Reads a log of any length; any bytes are a log.
  ///
  /// - Complexity: O(`bytes.count`)
  public init(_ bytes: [UInt8]) {
    let text = ConsoleText(bytes)
    var parser = KTAPParser()
    var reader = SplatReader()
    var marked: String?
    var attributed = 0
    var last = 0

    text.bytes.withUnsafeBufferPointer { buffer in
      func string(_ index: Int) -> String { buffer[text.lines[index].range].text }
      for (index, line) in text.lines.enumerated() {
        let slice = buffer[line.range]
        last = line.number
        if let marker = Marker(slice) {
          switch marker {
          case .start(let name):
            marked = name
            parser.start(name)
          case .end: marked = nil
          case .title(let name): parser.start(name)
          case .other: break
          }
          _ = reader.add(slice, number: line.number, isBoundary: true, test: nil)
          continue
        }
        let structure = KTAPLine(slice)
        let isBoundary = structure.isStructural
        _ = reader.add(slice, number: line.number, isBoundary: isBoundary, test: marked)
        if let names = parser.add(structure, number: line.number, index: index, text: string) {
          // KUnit names a test only in its result: what came since the last one belongs to it.
          if marked == nil { reader.attribute(from: attributed, to: names.joined(separator: "/")) }
          attributed = reader.splats.count
        }
        if Self.endsReport(slice) { parser.finish(line: line.number, text: string) }
      }
      reader.finish()
      let running = marked ?? parser.running
      parser.finish(line: last, text: string)
      if let running { reader.attribute(from: attributed, to: running) }
    }
    tests = parser.tests
    planned = parser.planned
    notes = parser.notes
    hasReport = parser.foundVersion
    splats = reader.splats
    lineCount = last
  }

  /// After these nothing of the running report can come; another boot in the same log begins afresh.
  private static func endsReport(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    switch line.first {
    case UInt8(ascii: "K"), 0x09, 0x20:
      SplatTitles.contains(line.prefix(64), "Kernel panic - not syncing")
    case UInt8(ascii: "r"):
      KTAPLine.starts(line, "reboot: System halted")
    case UInt8(ascii: "L"):
      KTAPLine.starts(line, "List of all partitions:") || KTAPLine.starts(line, "Linux version ")
    default:
      false
    }
  }
}

/// Lines by which a test says that it begins or has ended, before there is a result.
private enum Marker {
  case start(String)
  case end
  case title(String)
  case other

  /// `#gmemkit: start 2 name` in a report, `gmemkit: start 2 name` in a console log, kselftest's
  /// `# selftests: dir: name`.
  init?(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
    var rest = line
    if rest.first == UInt8(ascii: "#") {
      if KTAPLine.starts(rest, "# selftests: ") {
        self = .title(rest.dropFirst(2).text)
        return
      }
      rest = rest.dropFirst()
    }
    guard KTAPLine.starts(rest, "gmemkit: ") else { return nil }
    rest = rest.dropFirst(9)
    if KTAPLine.starts(rest, "start ") {
      self = .start(rest.dropFirst(6).drop { (0x30...0x39).contains($0) }.dropFirst().text)
    } else if KTAPLine.starts(rest, "end ") {
      self = .end
    } else {
      self = .other
    }
  }
}
