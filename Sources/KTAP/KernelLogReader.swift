import ByteText

/// Reads a console log or a test report piece by piece; what it keeps is what ``KernelLog`` holds and one line.
public struct KernelLogReader {
  private var lines = ConsoleLines()
  private var state = State()

  /// Nothing is read yet.
  public init() {}

  /// Takes the next bytes of the log, cut anywhere.
  public mutating func add(_ chunk: some Sequence<UInt8>) {
    if chunk.withContiguousStorageIfAvailable({ add($0) }) == nil {
      Array(chunk).withUnsafeBufferPointer { add($0) }
    }
  }

  /// As ``add(_:)``, without a copy.
  public mutating func add(_ chunk: UnsafeBufferPointer<UInt8>) {
    lines.add(chunk) { state.take($0) }
  }

  /// What the log says; nothing more comes.
  public mutating func finish() -> KernelLog {
    lines.finish { state.take($0) }
    state.endReport(lines.count, isEnd: true)
    return KernelLog(
      parser: state.parser, splats: state.splats.splats.sorted { $0.lines.lowerBound < $1.lines.lowerBound },
      lineCount: lines.count, isKernelLog: state.isKernelLog)
  }
}

extension KernelLogReader {
  /// What is known after some lines.
  fileprivate struct State {
    var parser = KTAPParser()
    var splats = SplatReader()
    var isKernelLog = false
    /// The test that init or kselftest's runner announced.
    private var marked: String?
    /// Splats before this one have their test.
    private var attributed = 0

    mutating func take(_ line: ConsoleLines.Line) {
      if line.isKernel { isKernelLog = true }
      if let marker = Marker(line.text) {
        switch marker {
        case .start(let name):
          marked = name
          parser.start(name)
        case .end: marked = nil
        case .title(let name): parser.start(name)
        case .other: break
        }
        splats.add(line, isBoundary: true, test: nil)
        return
      }
      let structure = KTAPLine(line.text)
      if !parser.isOpen, case .version = structure.kind {
        // What came before the report belongs to none of its tests.
        splats.finish()
        attributed = splats.splats.count
      }
      splats.add(line, isBoundary: structure.isStructural, test: marked)
      if let completed = parser.add(structure, line.text, number: line.number) { attribute(completed) }
      if KTAPLine.starts(line.text, "Linux version ") {
        endReport(line.number, isEnd: true)
        marked = nil
        isKernelLog = true
      } else if Self.endsReport(line.text) {
        endReport(line.number, isEnd: false)
      }
    }

    /// KUnit names a test only in its result: what came since the last one belongs to it.
    private mutating func attribute(_ completed: KTAPParser.Completed) {
      if marked == nil {
        splats.attribute(from: attributed, to: completed.path.joined(separator: "/"))
        if completed.status == .passed, let suite = completed.path.first, completed.path.count > 1 {
          splats.excuse(from: attributed, suite: suite)
        }
      }
      attributed = splats.splats.count
    }

    /// After these nothing of the running report can come; another boot in the same log begins afresh.
    mutating func endReport(_ number: Int, isEnd: Bool) {
      let running = marked ?? parser.running
      if isEnd { splats.finish() }
      parser.finish(line: number)
      if let running { splats.attribute(from: attributed, to: running) }
      attributed = splats.splats.count
    }

    private static func endsReport(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
      switch line.first {
      case UInt8(ascii: "K"), 0x09, 0x20:
        KTAPLine.starts(line.drop { $0 == 0x20 || $0 == 0x09 }, "Kernel panic - not syncing")
      case UInt8(ascii: "r"):
        KTAPLine.starts(line, "reboot: System halted")
      case UInt8(ascii: "L"):
        KTAPLine.starts(line, "List of all partitions:")
      default:
        false
      }
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
