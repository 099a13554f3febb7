#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where the messages of an mbox are.
enum Mbox {
  /// One message: its bytes without the `From ` line.
  struct Entry {
    var range: Range<Int>
    /// Whether its `From ` line says that `>From ` is quoting (mboxrd, as public-inbox archives serve it).
    var isMboxrd: Bool
  }

  /// The messages of `buffer`; a buffer that does not start with a `From ` line starts with a bare message.
  ///
  /// A separator is a `From ` line that ends in a time and a year, as `git mailsplit` has it, and is followed by a header
  /// line. `Content-Length` is not consulted: mailers write it, editors do not mend it, and one wrong number would swallow
  /// the mails behind it.
  ///
  /// - Complexity: O(bytes).
  static func split(_ buffer: UnsafeBufferPointer<UInt8>) -> [Entry] {
    guard let base = buffer.baseAddress else { return [] }
    var entries: [Entry] = []
    var start = 0
    while start < buffer.count, ASCII.isSpace(buffer[start]) { start += 1 }
    var isMboxrd = false
    var position = start
    var current = start
    while position < buffer.count {
      let end =
        memchr(base + position, 0x0A, buffer.count - position).map { UnsafeRawPointer($0) - UnsafeRawPointer(base) }
        ?? buffer.count
      let next = min(end + 1, buffer.count)
      if buffer[position] == UInt8(ascii: "F"), end - position >= 19,
        case let line = UnsafeBufferPointer(rebasing: buffer[position..<end]), isSeparator(line),
        headerFollows(buffer, at: next)
      {
        if position > current { entries.append(Entry(range: current..<position, isMboxrd: isMboxrd)) }
        isMboxrd = MailLines.starts(line, "From mboxrd@z ")
        current = next
      }
      position = next
    }
    if current < buffer.count { entries.append(Entry(range: current..<buffer.count, isMboxrd: isMboxrd)) }
    return entries
  }

  /// Whether a line is `From somebody Thu Jan  1 00:00:00 1970`.
  static func isSeparator(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    guard MailLines.starts(line, "From "), line.count >= 19 else { return false }
    guard let colon = line.lastIndex(of: 0x3A), colon >= 9, colon + 3 < line.count else { return false }
    for offset in [-4, -2, -1, 1, 2] where !ASCII.isDigit(line[colon + offset]) { return false }
    var year = 0
    for byte in line[(colon + 3)...].drop(while: ASCII.isSpace).prefix(6) {
      guard ASCII.isDigit(byte) else { break }
      year = year * 10 + Int(byte - 48)
    }
    return year > 90
  }

  /// Whether a line is the one that `git format-patch` puts on top of each file.
  static func isFormatPatchSeparator(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    let tail = Array(" Mon Sep 17 00:00:00 2001".utf8)
    guard MailLines.starts(line, "From "), line.count == 45 + tail.count else { return false }
    let isHex = line[5..<45].allSatisfy { ASCII.isDigit($0) || (ASCII.lower($0) >= 97 && ASCII.lower($0) <= 102) }
    return isHex && line[45...].elementsEqual(tail)
  }

  private static func headerFollows(_ buffer: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
    var name = 0
    for byte in buffer[start...].prefix(80) {
      if byte == 0x3A { return name > 0 }
      if byte < 33 || byte > 126 {
        // `>From ` lines stand between separator and headers in some mboxes.
        return MailLines.starts(UnsafeBufferPointer(rebasing: buffer[start...]), ">From ")
      }
      name += 1
    }
    return false
  }
}
