import Foundation
import KTAP
import Testing

/// Logs in `Logs/`, each with what is to be read in it; `GMEMKIT_UPDATE_LOGS=1` writes that anew, for review.
@Suite struct LogTests {
  private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Logs")

  static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
    .filter { $0.hasSuffix(".log") }.sorted()

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: directory.appendingPathComponent(name)))
  }

  @Test func thereAreLogs() { #expect(Self.names.count > 25) }

  @Test(arguments: names) func isReadAsExpected(name: String) throws {
    let read = LogText.of(KernelLog(try Self.bytes(name)))
    let file = Self.directory.appendingPathComponent(String(name.dropLast(4)) + ".expected")
    if ProcessInfo.processInfo.environment["GMEMKIT_UPDATE_LOGS"] != nil {
      try Data(read.utf8).write(to: file)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == read)
  }

  /// A log read in pieces says the same, wherever it is cut.
  @Test(arguments: names) func piecesMakeNoDifference(name: String) throws {
    let bytes = try Self.bytes(name)
    let whole = KernelLog(bytes)
    for size in [1, 7, 64, 1000] {
      var reader = KernelLogReader()
      var start = 0
      while start < bytes.count {
        reader.add(bytes[start..<min(bytes.count, start + size)])
        start += size
      }
      #expect(reader.finish() == whole, "in pieces of \(size)")
    }
  }

  /// Whatever a broken line leaves of a log, reading ends and stays within the log's lines.
  @Test(arguments: names) func anyDamageIsRead(name: String) throws {
    let bytes = try Self.bytes(name)
    guard !bytes.isEmpty else { return }
    var random = SplitMix(state: UInt64(bytes.count))
    for _ in 0..<200 {
      var damaged = bytes
      for _ in 0..<8 {
        let index = Int(random.next() % UInt64(damaged.count))
        switch random.next() % 4 {
        case 0: damaged[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: damaged.removeSubrange(index..<min(damaged.count, index + Int(random.next() % 40)))
        case 2: damaged.insert(contentsOf: bytes[..<min(bytes.count, Int(random.next() % 90))], at: index)
        default: damaged[index] = 0x0A
        }
        if damaged.isEmpty { damaged = [0x20] }
      }
      let log = KernelLog(damaged)
      for splat in log.splats { #expect(splat.lines.lowerBound >= 1 && splat.lines.upperBound <= log.lineCount) }
    }
  }

  @Test func aLongLogIsReadInBoundedMemory() {
    var reader = KernelLogReader()
    let line = Array("[   12.345678][  T123] kvm: one of very many lines that nobody needs to remember\n".utf8)
    let chunk = Array(repeatElement(line, count: 1000).joined())
    for _ in 0..<200 { reader.add(chunk) }
    let endless = [UInt8](repeating: 0x78, count: 1 << 20)
    for _ in 0..<20 { reader.add(endless) }
    let log = reader.finish()
    #expect(log.lineCount == 200_001 && log.tests.isEmpty && log.splats.isEmpty)
  }
}

/// What a log says, as text that is easy to compare and to review.
enum LogText {
  static func of(_ log: KernelLog) -> String {
    let counts = log.counts
    var text = log.hasReport ? "\(log.status.rawValue)" : "no report"
    if !log.isKernelLog { text += ", no kernel" }
    text += TestResult.Status.allCases.filter { counts[$0] > 0 }.map { ", \(counts[$0]) \($0.rawValue)" }.joined()
    text += counts.missing > 0 ? ", \(counts.missing) missing\n" : "\n"
    for note in log.notes { text += "note: \(note)\n" }
    func add(_ test: TestResult, _ indentation: String) {
      text += "\(indentation)\(test.status.rawValue) '\(test.name)'"
      text += test.message.isEmpty ? "\n" : " (\(test.message))\n"
      for note in test.notes { text += "\(indentation)  note: \(note)\n" }
      for sub in test.subtests { add(sub, indentation + "  ") }
    }
    for test in log.tests { add(test, "") }
    for splat in log.splats {
      text += "\(splat.lines.lowerBound)-\(splat.lines.upperBound) \(splat.kind.rawValue): \(splat.title)\n"
      if let message = splat.message { text += "  message: \(message)\n" }
      if let place = splat.place { text += "  at: \(place)\n" }
      if let task = splat.task { text += "  task: \(task)\n" }
      if let test = splat.test { text += "  test: \(test)\(splat.isIntended ? ", intended" : "")\n" }
      let frames = splat.trace.filter(\.isReliable).prefix(6).map(\.function)
      if !frames.isEmpty { text += "  trace: \(frames.joined(separator: " "))\n" }
    }
    return text
  }
}

/// A small generator, the same on every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
