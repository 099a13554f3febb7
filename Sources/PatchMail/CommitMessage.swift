/// The text of a commit as `git am` records it.
enum CommitMessage {
  /// Subject, blank line, body, through `git stripspace`: no blanks at line ends, no double empty lines, none at either end.
  static func make(subject: [UInt8], body: [UInt8]) -> [UInt8] {
    stripped(UTF8Text.repaired(subject + [0x0A, 0x0A] + body))
  }

  static func stripped(_ text: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count + 1)
    var emptyLines = 0
    var start = 0
    while start < text.count {
      var end = start
      while end < text.count, text[end] != 0x0A { end += 1 }
      let next = end + 1
      while end > start, ASCII.isSpace(text[end - 1]) { end -= 1 }
      if end == start {
        emptyLines += 1
      } else {
        if emptyLines > 0, !out.isEmpty { out.append(0x0A) }
        emptyLines = 0
        out.append(contentsOf: text[start..<end])
        out.append(0x0A)
      }
      start = next
    }
    return out
  }

  /// A subject without `Re:`, `[tags]` and blanks in front, as git's `cleanup_subject`.
  static func cleanedSubject(_ subject: [UInt8]) -> [UInt8] {
    var at = 0
    scan: while at < subject.count {
      switch subject[at] {
      case UInt8(ascii: "r"), UInt8(ascii: "R"):
        guard subject.count - at > 3, ASCII.lower(subject[at + 1]) == UInt8(ascii: "e"), subject[at + 2] == 0x3A
        else { break scan }
        at += 3
      case 0x20, 0x09, 0x3A: at += 1
      case UInt8(ascii: "["):
        guard let close = subject[at...].firstIndex(of: UInt8(ascii: "]")) else { break scan }
        at = close + 1
      default: break scan
      }
    }
    return ASCII.collapsed(ASCII.trimmed(subject[at...]))
  }
}
