import ByteText

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Takes a console log in chunks and hands on its lines without what the console added: time stamps, caller ids, carriage
/// returns, terminal escapes, a constant prefix; and with lines mended that another writer cut in two.
///
/// Keeps one line, whatever the length of the log.
struct ConsoleLines {
  /// One cleaned line; its bytes are valid only while it is handed on.
  struct Line {
    var text: Slice<UnsafeBufferPointer<UInt8>>
    /// Its line in the log as it came, from 1.
    var number: Int
    /// Whether the kernel wrote it, as its stamp tells.
    var isKernel: Bool
    /// Who wrote it, see ``ConsolePrefix``.
    var caller: UInt64
  }

  typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>
  typealias Deliver = (Line) -> Void

  /// Lines so far.
  private(set) var count = 0
  /// A line that the last chunk did not end.
  private var pending: [UInt8] = []
  /// A result line's first part that a kernel message cut off, until its rest comes.
  private var held: (bytes: [UInt8], number: Int)?
  private var constantPrefix: [UInt8]?
  private var hasStampInPrefix = false
  /// What stood in front of the last stamp in the middle of a line.
  private var lastLead: [UInt8] = []

  /// Of a longer line the rest is dropped.
  private static let lineLimit = 1 << 16

  /// Hands on every line that `chunk` ends.
  mutating func add(_ chunk: UnsafeBufferPointer<UInt8>, deliver: Deliver) {
    guard let base = chunk.baseAddress else { return }
    var start = 0
    while start < chunk.count {
      let found = memchr(base + start, 0x0A, chunk.count - start)
      let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? chunk.count
      let piece = UnsafeBufferPointer(rebasing: chunk[start..<end])
      start = end + 1
      guard found != nil, pending.isEmpty else {
        pending += piece.prefix(Self.lineLimit - pending.count)
        if found != nil { flush(deliver) }
        continue
      }
      take(piece, deliver)
    }
  }

  /// Hands on what is left.
  mutating func finish(deliver: Deliver) {
    if !pending.isEmpty { flush(deliver) }
    releaseHeld(deliver)
  }

  private mutating func flush(_ deliver: Deliver) {
    let line = pending
    pending.removeAll(keepingCapacity: true)
    line.withUnsafeBufferPointer { take($0, deliver) }
  }

  private mutating func take(_ raw: UnsafeBufferPointer<UInt8>, _ deliver: Deliver) {
    count += 1
    guard let base = raw.baseAddress, !raw.isEmpty else {
      finish(raw[...], deliver)
      return
    }
    let hasEscapes = memchr(base, 0x1B, raw.count) != nil
    let lastCut = memchr(base, 0x0D, raw.count).map { UnsafeRawPointer($0) - UnsafeRawPointer(base) }
    if !hasEscapes, lastCut == nil || lastCut == raw.count - 1 {
      line(raw.prefix(lastCut ?? raw.count), deliver)
      return
    }
    // A carriage return inside a line begins it anew, as on a terminal; what it overwrites was there all the same.
    let clean = hasEscapes ? Self.withoutEscapes(raw) : Array(raw)
    clean.withUnsafeBufferPointer { buffer in
      let pieces = buffer.split(separator: 0x0D)
      for piece in pieces { line(piece, deliver) }
      if pieces.isEmpty { finish(buffer[..<0], deliver) }
    }
  }

  private mutating func line(_ bytes: Bytes, _ deliver: Deliver) {
    var line = bytes
    while line.first == 0 { line = line.dropFirst() }
    let prefix = ConsolePrefix(line)
    line = line.dropFirst(prefix.length)
    if prefix.isKernel {
      deliver(Line(text: line, number: count, isKernel: true, caller: prefix.caller))
      return
    }
    let constant = constantPrefixLength(line)
    line = line.dropFirst(constant)
    if constant > 0, hasStampInPrefix {
      deliver(Line(text: line, number: count, isKernel: true, caller: 0))
      return
    }
    guard line.first != UInt8(ascii: "#"), let cut = ConsolePrefix.interruption(in: line) else {
      finish(line, deliver)
      return
    }
    // Somebody's line, then in the middle of it the kernel's own.
    lead(line[..<cut], deliver)
    let own = line[cut...]
    let stamp = ConsolePrefix.stamp(own)
    deliver(
      Line(text: own.dropFirst(stamp?.length ?? 0), number: count, isKernel: true, caller: stamp?.caller ?? 0))
  }

  /// What stands in front of a stamp: a result that goes on later, a line of its own, or a prefix that every line has.
  private mutating func lead(_ line: Bytes, _ deliver: Deliver) {
    if case .result = KTAPLine(line).kind {
      releaseHeld(deliver)
      held = (Array(line), count)
      return
    }
    let isPrefix = lastLead.count == line.count && Self.hasShape(line, lastLead)
    lastLead = Array(line)
    if !isPrefix { finish(line, deliver) }
  }

  private mutating func finish(_ line: Bytes, _ deliver: Deliver) {
    guard let first = held else {
      deliver(Line(text: line, number: count, isKernel: false, caller: 0))
      return
    }
    let startsAfresh = KTAPLine(line).isStructural || line.first == UInt8(ascii: "#") || line.isEmpty
    guard !startsAfresh else {
      releaseHeld(deliver)
      deliver(Line(text: line, number: count, isKernel: false, caller: 0))
      return
    }
    held = nil
    (first.bytes + line).withUnsafeBufferPointer {
      deliver(Line(text: $0[...], number: first.number, isKernel: false, caller: 0))
    }
  }

  private mutating func releaseHeld(_ deliver: Deliver) {
    guard let (bytes, number) = held else { return }
    held = nil
    bytes.withUnsafeBufferPointer {
      deliver(Line(text: $0[...], number: number, isKernel: false, caller: 0))
    }
  }

  /// A prefix that is none of the known forms is taken from the first version line, as long as lines have its shape.
  private mutating func constantPrefixLength(_ line: Bytes) -> Int {
    if let prefix = constantPrefix {
      return !prefix.isEmpty && line.count >= prefix.count && Self.hasShape(line, prefix) ? prefix.count : 0
    }
    guard let found = Self.versionStart(line) else { return 0 }
    let prefix = line[line.startIndex..<found]
    let isIndentation = prefix.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: "#") }
    constantPrefix = isIndentation ? [] : Array(prefix)
    hasStampInPrefix = ConsolePrefix.interruption(in: prefix) != nil
    return constantPrefix?.count ?? 0
  }

  private static func versionStart(_ line: Bytes) -> Int? {
    guard line.count >= 14, line.count < 200, let last = line.last, (0x30...0x39).contains(last) || last == 0x20
    else { return nil }
    return line.indices.first { KTAPLine.version(line[$0...]) != nil }
  }

  /// Digits and blanks vary in a prefix (a clock), everything else is constant.
  private static func hasShape(_ line: Bytes, _ prefix: [UInt8]) -> Bool {
    func isVariable(_ byte: UInt8) -> Bool { byte == 0x20 || (0x30...0x39).contains(byte) }
    return zip(line, prefix).allSatisfy { $0 == $1 || (isVariable($0) && isVariable($1)) }
  }

  /// The line without terminal control sequences.
  private static func withoutEscapes(_ line: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < line.count {
      guard line[index] == 0x1B else {
        result.append(line[index])
        index += 1
        continue
      }
      index += 1
      guard index < line.count else { break }
      switch line[index] {
      case UInt8(ascii: "["):
        index += 1
        while index < line.count, !(0x40...0x7E).contains(line[index]) { index += 1 }
        index += 1
      case UInt8(ascii: "]"):
        // An operating system command, such as a window title, ends with BEL or ESC \.
        while index < line.count, line[index] != 0x07, line[index] != 0x1B { index += 1 }
        index += 1
      case UInt8(ascii: "("), UInt8(ascii: ")"):
        index += 2
      default:
        index += 1
      }
    }
    return result
  }
}
