#if canImport(Glibc)
  import Glibc
#endif

/// A comment that takes a finding out: `/* gmemkit: allow double-lock: the second mapping is another file's */`.
///
/// It stands on the line of the finding or alone on the lines directly above it. The reason is not optional: without one
/// the comment changes nothing.
enum Suppression {
  private static let mark = Array("gmemkit: allow ".utf8)
  /// How far above a finding its comment may start.
  private static let reach = 4

  /// A comment as it stands in a file.
  struct Comment {
    /// Counted from 1.
    let line: Int
    /// The rules that it names.
    let rules: [String]
    /// Nil where there is none, so that the comment changes nothing.
    let reason: String?
  }

  /// The comment that leaves out findings of `rule` at `line` (from 1).
  static func comment(for rule: String, line: Int, in lines: [ArraySlice<UInt8>]) -> Comment? {
    guard line >= 1, line <= lines.count else { return nil }
    func match(_ number: Int) -> Comment? {
      guard let comment = comment(at: number, in: lines), comment.reason != nil, comment.rules.contains(rule) else {
        return nil
      }
      return comment
    }
    if let comment = match(line) { return comment }
    var above = line - 1
    while above >= 1, line - above <= reach, isCommentOnly(lines[above - 1]) {
      if let comment = match(above) { return comment }
      above -= 1
    }
    return nil
  }

  /// All comments of a file.
  static func comments(in lines: [ArraySlice<UInt8>]) -> [Comment] {
    lines.indices.compactMap { comment(at: $0 + 1, in: lines) }
  }

  /// Whether a file may hold a comment; costs no more than reading its bytes once.
  static func mayHold(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      var position = 0
      // The fifth letter of the mark is rarer than the first.
      while position < bytes.count, let found = memchr(base + position, Int32(mark[4]), bytes.count - position) {
        let start = base.distance(to: UnsafeRawPointer(found)) - 4
        if start >= 0, start + mark.count <= bytes.count, bytes[start..<start + mark.count].elementsEqual(mark) {
          return true
        }
        position = start + 5
      }
      return false
    }
  }

  private static func comment(at line: Int, in lines: [ArraySlice<UInt8>]) -> Comment? {
    let text = lines[line - 1]
    guard let start = text.firstRange(of: mark)?.upperBound else { return nil }
    let rest = text[start...]
    let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
    let rules = rest[..<colon].split { $0 == UInt8(ascii: ",") || $0 == 0x20 }.map {
      String(decoding: $0, as: UTF8.self)
    }
    let tail = rest[colon...].dropFirst()
    let end = tail.firstRange(of: Array("*/".utf8))?.lowerBound ?? tail.endIndex
    let words = tail[..<end].split(separator: 0x20).filter { !$0.allSatisfy { $0 <= 0x20 } }
    let reason = words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    return Comment(line: line, rules: rules, reason: reason.isEmpty ? nil : reason)
  }

  private static func isCommentOnly(_ line: ArraySlice<UInt8>) -> Bool {
    let bare = line.drop { $0 == 0x20 || $0 == 0x09 }
    return bare.starts(with: "/*".utf8) || bare.starts(with: "*".utf8) || bare.starts(with: "//".utf8)
  }
}
