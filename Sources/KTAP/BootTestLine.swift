import ByteText

/// What a test in the kernel that is no KUnit suite says of itself at its end: `maple_tree: 12 of 12 tests passed`.
///
/// The forms are those of `kselftest_module.h` and of the older tests in `lib/`.
public struct BootTestLine: Sendable, Hashable {
  /// The name before the colon.
  public let name: String
  /// Whether all passed.
  public let passed: Bool
  /// What it says, without name and stamp.
  public let text: String

  /// All such lines of a console log, in order.
  public static func all(in console: [UInt8]) -> [BootTestLine] {
    console.lineRanges().compactMap { range in
      let line = console[range]
      guard line.count < 200, line.contains(UInt8(ascii: ":")) else { return nil }
      let text = line.text
      return text.contains(" tests") ? BootTestLine(text) : nil
    }
  }

  /// Reads one line, with the kernel's stamp or without it.
  init?(_ line: String) {
    var rest = line[...]
    while rest.first == "[" || rest.first == "<", let end = rest.firstIndex(where: { $0 == "]" || $0 == ">" }) {
      rest = rest[rest.index(after: end)...].drop { $0 == " " }
    }
    guard let colon = rest.firstIndex(of: ":"),
      rest[..<colon].allSatisfy({ $0.isLetter || $0.isNumber || "_-".contains($0) })
    else { return nil }
    name = String(rest[..<colon])
    // A serial console ends its lines with a carriage return too.
    text = String(rest[rest.index(after: colon)...].drop { $0 == " " }.prefix { !$0.isNewline })
    let words = text.split { $0.isWhitespace || $0 == "," || $0 == "!" }.map(String.init)
    func isNumber(_ word: String) -> Bool { !word.isEmpty && word.allSatisfy(\.isNumber) }
    if words.count == 5, isNumber(words[0]), words[1] == "of", isNumber(words[2]), words[3...] == ["tests", "passed"] {
      passed = words[0] == words[2]
    } else if words.count == 4, words[0] == "all", isNumber(words[1]), words[2...] == ["tests", "passed"] {
      passed = true
    } else if words.count == 6, words[0] == "failed", isNumber(words[1]), words[2...3] == ["out", "of"],
      words[5] == "tests"
    {
      passed = false
    } else if words.count >= 4, words[1...2] == ["self", "tests"], words[3] == "passed" || words[3] == "failed" {
      passed = words[3] == "passed"
    } else {
      return nil
    }
  }
}
