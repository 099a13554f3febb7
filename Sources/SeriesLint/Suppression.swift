/// A comment that takes a finding out: `/* gmemkit: allow double-lock: the second mapping is another file's */`.
///
/// It stands on the line of the finding or alone on the lines directly above it. The reason is not optional: without one
/// the comment changes nothing.
enum Suppression {
  private static let mark = Array("gmemkit: allow ".utf8)
  /// How far above a finding its comment may start.
  private static let reach = 4

  /// The reason that the source gives for leaving out findings of `rule` at `line` (from 1).
  static func reason(for rule: String, line: Int, in lines: [ArraySlice<UInt8>]) -> String? {
    guard line >= 1, line <= lines.count else { return nil }
    if let reason = reason(for: rule, in: lines[line - 1]) { return reason }
    var above = line - 2
    while above >= 0, line - above <= reach + 1, isCommentOnly(lines[above]) {
      if let reason = reason(for: rule, in: lines[above]) { return reason }
      above -= 1
    }
    return nil
  }

  private static func reason(for rule: String, in line: ArraySlice<UInt8>) -> String? {
    guard let start = line.firstRange(of: mark)?.upperBound else { return nil }
    let rest = line[start...]
    guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let named = rest[..<colon].split { $0 == UInt8(ascii: ",") || $0 == 0x20 }
    guard named.contains(where: { $0.elementsEqual(rule.utf8) }) else { return nil }
    let text = rest[(colon + 1)...]
    let end = text.firstRange(of: Array("*/".utf8))?.lowerBound ?? text.endIndex
    let words = text[..<end].split(separator: 0x20).filter { !$0.allSatisfy { $0 <= 0x20 } }
    return words.isEmpty ? nil : words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }

  private static func isCommentOnly(_ line: ArraySlice<UInt8>) -> Bool {
    let bare = line.drop { $0 == 0x20 || $0 == 0x09 }
    return bare.starts(with: "/*".utf8) || bare.starts(with: "*".utf8) || bare.starts(with: "//".utf8)
  }
}
