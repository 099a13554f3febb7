import ByteText

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A console log with everything removed that the console added: time stamps, caller ids, carriage returns, terminal
/// escapes, a constant prefix; and with lines mended that another writer cut in two.
struct ConsoleText {
  /// One line of the cleaned text.
  struct Line {
    var range: Range<Int>
    /// Its line in the log as it came, from 1.
    var number: Int
    /// Whether the kernel stamped it.
    var isStamped: Bool
  }

  private(set) var bytes: [UInt8] = []
  private(set) var lines: ContiguousArray<Line> = []
  /// A result line's first part that was cut off by a kernel message, until its rest comes.
  private var held: Line?
  private var constantPrefix: [UInt8]?

  init(_ log: [UInt8]) {
    bytes.reserveCapacity(log.count + 1)
    log.withUnsafeBufferPointer { buffer in
      var number = 0
      for range in ByteLines(buffer) {
        number += 1
        add(UnsafeBufferPointer(rebasing: buffer[range]), number)
      }
    }
    releaseHeld()
  }

  /// The text of a line.
  func text(_ line: Line) -> String { bytes[line.range].text }

  private mutating func add(_ raw: UnsafeBufferPointer<UInt8>, _ number: Int) {
    let clean = Self.withoutEscapes(raw)
    (clean ?? []).withUnsafeBufferPointer { cleaned in
      var line = (clean == nil ? raw : cleaned)[...]
      while line.last == 0x0D { line = line.dropLast() }
      let stamp = Stamp.length(line)
      line = line.dropFirst(stamp)
      if stamp == 0 { line = line.dropFirst(constantPrefixLength(line)) }
      guard stamp == 0, let cut = interruption(in: line) else {
        finish(line, number, isStamped: stamp > 0)
        return
      }
      // Somebody's line, then in the middle of it the kernel's own.
      releaseHeld()
      held = store(line[..<cut], number, isStamped: false)
      let rest = line[cut...]
      appendLine(rest.dropFirst(Stamp.length(rest)), number, isStamped: true)
    }
  }

  private mutating func finish(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int, isStamped: Bool) {
    guard let first = held, !isStamped else {
      appendLine(line, number, isStamped: isStamped)
      return
    }
    held = nil
    let startsAfresh = KTAPLine(line).isStructural || line.first == UInt8(ascii: "#") || line.isEmpty
    guard !startsAfresh else {
      lines.append(first)
      appendLine(line, number, isStamped: isStamped)
      return
    }
    let start = bytes.count
    bytes += bytes[first.range]
    bytes += line
    lines.append(Line(range: start..<bytes.count, number: first.number, isStamped: false))
  }

  private mutating func releaseHeld() {
    if let line = held { lines.append(line) }
    held = nil
  }

  private mutating func appendLine(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int, isStamped: Bool) {
    lines.append(store(line, number, isStamped: isStamped))
  }

  private mutating func store(
    _ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int, isStamped: Bool
  ) -> Line {
    let start = bytes.count
    bytes += line
    return Line(range: start..<bytes.count, number: number, isStamped: isStamped)
  }

  /// Where a kernel time stamp begins inside a test result, if one does.
  private func interruption(in line: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    guard case .result = KTAPLine(line).kind else { return nil }
    return line.indices.first { index in
      line[index] == UInt8(ascii: "[") && Stamp.length(line[index...]) > 0
    }
  }

  /// A prefix that is none of the kernel's own forms is taken from the first version line, as long as lines have its shape.
  private mutating func constantPrefixLength(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    if let prefix = constantPrefix { return Self.hasShape(line, prefix) ? prefix.count : 0 }
    guard let found = Self.versionStart(line) else { return 0 }
    let prefix = line[line.startIndex..<found]
    let isIndentation = prefix.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: "#") }
    constantPrefix = isIndentation ? [] : Array(prefix)
    return constantPrefix?.count ?? 0
  }

  private static func versionStart(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    guard line.count >= 14, line.count < 200 else { return nil }
    return line.indices.first { KTAPLine.version(line[$0...]) != nil }
  }

  /// Digits and blanks vary in a prefix (a clock), everything else is constant.
  private static func hasShape(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ prefix: [UInt8]) -> Bool {
    guard line.count >= prefix.count else { return false }
    func isVariable(_ byte: UInt8) -> Bool { byte == 0x20 || (0x30...0x39).contains(byte) }
    return zip(line, prefix).allSatisfy { $0 == $1 || (isVariable($0) && isVariable($1)) }
  }

  /// The line without terminal control sequences, or `nil` if it has none.
  private static func withoutEscapes(_ line: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let base = line.baseAddress, memchr(base, 0x1B, line.count) != nil else { return nil }
    var result: [UInt8] = []
    var index = 0
    while index < line.count {
      guard line[index] == 0x1B else {
        result.append(line[index])
        index += 1
        continue
      }
      index += 1
      guard index < line.count, line[index] == UInt8(ascii: "[") else { continue }
      index += 1
      while index < line.count, !(0x40...0x7E).contains(line[index]) { index += 1 }
      index += 1
    }
    return result
  }
}

/// What printk puts in front of a line: `<6>[   12.345678][  T123] `, each part optional but the time.
enum Stamp {
  /// The length of the stamp at the start of `line`, with the one blank after it; 0 if there is none.
  static func length(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    var index = line.startIndex
    let end = line.endIndex
    func at(_ byte: UInt8) -> Bool { index < end && line[index] == byte }
    func skip(_ isWanted: (UInt8) -> Bool) -> Int {
      let start = index
      while index < end, isWanted(line[index]) { index += 1 }
      return index - start
    }
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    if at(UInt8(ascii: "<")) {
      index += 1
      guard skip(isDigit) > 0, at(UInt8(ascii: ">")) else { return 0 }
      index += 1
    }
    guard at(UInt8(ascii: "[")) else { return 0 }
    index += 1
    _ = skip { $0 == 0x20 }
    guard skip(isDigit) > 0, at(UInt8(ascii: ".")) else { return 0 }
    index += 1
    guard skip(isDigit) == 6, at(UInt8(ascii: "]")) else { return 0 }
    index += 1
    let afterTime = index
    // CONFIG_PRINTK_CALLER: a task or a processor.
    if at(UInt8(ascii: "[")) {
      index += 1
      _ = skip { $0 == 0x20 }
      let isCaller = at(UInt8(ascii: "T")) || at(UInt8(ascii: "C"))
      index += 1
      if isCaller, skip(isDigit) > 0, at(UInt8(ascii: "]")) { index += 1 } else { index = afterTime }
    }
    if at(0x20) { index += 1 }
    return index - line.startIndex
  }
}
