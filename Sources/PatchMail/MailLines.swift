#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The lines of one raw message as `git mailsplit` would write them: CRLF is LF where the transport made it, and in an
/// mboxrd one `>` comes off `>From `, `>>From `, and so on.
///
/// Where headers and text end in LF, a CR further down is the file's own: a patch of a file with CRLF keeps it (git needs
/// `--keep-cr` for that).
struct MailLines {
  /// A line of the message, without its newline.
  struct Line {
    var text: UnsafeBufferPointer<UInt8>
    var hasNewline: Bool
    /// Where it starts in the buffer.
    var start: Int
  }

  let buffer: UnsafeBufferPointer<UInt8>
  let isMboxrd: Bool
  private let keepsReturns: Bool
  private(set) var position = 0

  init(_ buffer: UnsafeBufferPointer<UInt8>, isMboxrd: Bool, keepsReturns: Bool = false) {
    self.buffer = buffer
    self.isMboxrd = isMboxrd
    self.keepsReturns = keepsReturns
  }

  /// Whether the message travelled with LF: its first line, the empty one behind the headers and the first one of the text
  /// say so.
  static func endsInLineFeeds(_ buffer: UnsafeBufferPointer<UInt8>) -> Bool {
    var lines = MailLines(buffer, isMboxrd: false, keepsReturns: true)
    func isBlank(_ line: Line) -> Bool { line.text.isEmpty || line.text.elementsEqual([0x0D]) }
    while let line = lines.peek(), isBlank(line) { _ = lines.next() }
    guard let first = lines.next(), first.text.last != 0x0D else { return false }
    while let line = lines.next(), !isBlank(line) {}
    while let line = lines.next() {
      if !isBlank(line) { return line.text.last != 0x0D }
    }
    return true
  }

  /// The next line; nil at the end.
  mutating func next() -> Line? {
    guard let line = peek() else { return nil }
    position = following
    return line
  }

  /// The next line without taking it.
  mutating func peek() -> Line? {
    guard position < buffer.count, let base = buffer.baseAddress else { return nil }
    let start = position
    var end = buffer.count
    var hasNewline = false
    if let hit = memchr(base + start, 0x0A, buffer.count - start) {
      end = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
      hasNewline = true
    }
    following = hasNewline ? end + 1 : end
    if !keepsReturns, hasNewline, end > start, buffer[end - 1] == 0x0D { end -= 1 }
    var first = start
    if isMboxrd, end > start, buffer[start] == 0x3E {
      var mark = start
      while mark < end, buffer[mark] == 0x3E { mark += 1 }
      if end - mark >= 5, memcmp(base + mark, "From ", 5) == 0 { first += 1 }
    }
    return Line(text: UnsafeBufferPointer(rebasing: buffer[first..<end]), hasNewline: hasNewline, start: start)
  }

  private var following = 0

  /// Everything that is left, with the same changes.
  mutating func remainder(into out: inout [UInt8]) {
    guard position < buffer.count, let base = buffer.baseAddress else { return }
    let count = buffer.count - position
    if !isMboxrd, keepsReturns || memchr(base + position, 0x0D, count) == nil {
      out.append(contentsOf: buffer[position...])
      position = buffer.count
      return
    }
    while let line = next() {
      out.append(contentsOf: line.text)
      if line.hasNewline { out.append(0x0A) }
    }
  }

  /// Reads a header field with its continuation lines joined, if the next line is one (`name: value`).
  ///
  /// - Returns: the whole field, right-trimmed per line as git does, or nil (the line is not taken).
  mutating func headerField() -> [UInt8]? {
    guard let line = peek(), Self.isHeader(line.text) else { return nil }
    var field = Self.rightTrimmed(line.text)
    position = following
    while let more = peek(), let first = more.text.first, first == 0x20 || first == 0x09 {
      position = following
      // No header that means anything is longer; a forged one must not be copied whole.
      guard field.count < 1 << 20 else { continue }
      field.append(0x20)
      field.append(contentsOf: Self.rightTrimmed(UnsafeBufferPointer(rebasing: more.text.dropFirst())))
    }
    return field
  }

  /// Whether a line looks like a header: no blank and no control character before the colon; mbox's `From ` counts.
  static func isHeader(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    if starts(line, "From ") || starts(line, ">From ") { return true }
    for byte in line {
      if byte == 0x3A { return true }
      if byte < 33 || byte > 126 { return false }
    }
    return false
  }

  static func starts(_ line: UnsafeBufferPointer<UInt8>, _ prefix: StaticString) -> Bool {
    guard line.count >= prefix.utf8CodeUnitCount, let base = line.baseAddress else { return false }
    return memcmp(base, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
  }

  private static func rightTrimmed(_ line: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var end = line.count
    while end > 0, ASCII.isSpace(line[end - 1]) { end -= 1 }
    return Array(line[..<min(end, 1 << 20)])
  }
}
