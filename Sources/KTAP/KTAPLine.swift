import ByteText

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One line of KTAP (Documentation/dev-tools/ktap.rst), with where it stands in the nesting.
struct KTAPLine {
  enum Kind {
    /// `KTAP version 1`, `TAP version 13`, `TAP version 14`.
    case version(Int, isKTAP: Bool)
    /// `1..N`.
    case plan(Int)
    /// `# Subtest: name`.
    case subtest(name: String)
    /// `ok 1 name # DIRECTIVE text`.
    case result(Result)
    /// Anything else.
    case other
  }

  struct Result {
    var isOK: Bool
    var number: Int?
    var name: String
    /// What follows `# ` in a result line.
    var remark: String
  }

  var kind: Kind
  /// How far the line is indented; one kselftest level, `# `, counts as two.
  var column: Int
  /// How many of the levels are kselftest's.
  var hashes: Int

  var isStructural: Bool {
    if case .other = kind { false } else { true }
  }

  /// Reads a line without its newline; any bytes are a line.
  init(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
    var index = line.startIndex
    var column = 0
    var hashes = 0
    let end = line.endIndex
    scan: while index < end {
      switch line[index] {
      case 0x20, 0x09:
        index += 1
        column += 1
      case UInt8(ascii: "#") where index + 1 < end && line[index + 1] == 0x20:
        if Self.starts(line[index...], "# Subtest: ") { break scan }
        index += 2
        column += 2
        hashes += 1
      default:
        break scan
      }
    }
    self.column = column
    self.hashes = hashes
    kind = Self.kind(line[index...])
  }

  private static func kind(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Kind {
    guard let first = text.first else { return .other }
    switch first {
    case UInt8(ascii: "K"), UInt8(ascii: "T"):
      guard let found = version(text) else { return .other }
      return .version(found, isKTAP: first == UInt8(ascii: "K"))
    case UInt8(ascii: "1"):
      return plan(text)
    case UInt8(ascii: "#"):
      guard starts(text, "# Subtest: ") else { return .other }
      return .subtest(name: trimmed(text.dropFirst(11)))
    case UInt8(ascii: "o"), UInt8(ascii: "n"):
      return result(text)
    default:
      return .other
    }
  }

  /// The number of a version line that fills `text`, or `nil`.
  static func version(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    var rest = text
    if rest.first == UInt8(ascii: "K") { rest = rest.dropFirst() }
    guard starts(rest, "TAP version ") else { return nil }
    rest = rest.dropFirst(12)
    guard let (number, length) = decimal(rest) else { return nil }
    return rest.dropFirst(length).allSatisfy { $0 == 0x20 } ? number : nil
  }

  private static func plan(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Kind {
    guard starts(text, "1..") else { return .other }
    let rest = text.dropFirst(3)
    guard let (number, length) = decimal(rest) else { return .other }
    // TAP allows a remark: `1..0 # SKIP why`.
    guard let next = rest.dropFirst(length).first else { return .plan(number) }
    return next == 0x20 ? .plan(number) : .other
  }

  private static func result(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Kind {
    let isOK = starts(text, "ok ")
    guard isOK || starts(text, "not ok ") else { return .other }
    var rest = text.dropFirst(isOK ? 3 : 7)
    while rest.first == 0x20 { rest = rest.dropFirst() }
    var number: Int?
    if let (found, length) = decimal(rest) {
      let after = rest.dropFirst(length)
      guard after.isEmpty || after.first == 0x20 else { return .other }
      number = found
      rest = after
    }
    while rest.first == 0x20 { rest = rest.dropFirst() }
    let hasDash = starts(rest, "- ")
    if hasDash { rest = rest.dropFirst(2) }
    // Without a number and a dash this is prose that begins with "ok".
    guard number != nil || hasDash else { return .other }

    let (name, remark) = split(rest)
    return .result(Result(isOK: isOK, number: number, name: trimmed(name), remark: trimmed(remark)))
  }

  /// Splits at the first ` # ` (or a leading `# `) that no backslash guards.
  private static func split(
    _ text: Slice<UnsafeBufferPointer<UInt8>>
  ) -> (Slice<UnsafeBufferPointer<UInt8>>, Slice<UnsafeBufferPointer<UInt8>>) {
    for index in text.indices where text[index] == UInt8(ascii: "#") {
      let before = index > text.startIndex ? text[index - 1] : 0x20
      let after = index + 1 < text.endIndex ? text[index + 1] : 0x20
      guard before == 0x20, after == 0x20 else { continue }
      return (text[..<index], text[(index + 1)...])
    }
    return (text, text[text.endIndex...])
  }

  private static func trimmed(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> String {
    var text = text
    while text.first == 0x20 || text.first == 0x09 { text = text.dropFirst() }
    while text.last == 0x20 || text.last == 0x09 { text = text.dropLast() }
    return text.text
  }

  @inline(__always)
  static func starts(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ prefix: StaticString) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard text.count >= count, let base = text.base.baseAddress else { return false }
    let start = base + text.startIndex
    return start[0] == prefix.utf8Start[0] && memcmp(start, prefix.utf8Start, count) == 0
  }

  /// A decimal number at the start and its length in digits; one that does not fit is none.
  private static func decimal(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> (Int, Int)? {
    var value = 0
    var count = 0
    for byte in text {
      guard (0x30...0x39).contains(byte) else { break }
      count += 1
      guard count <= 9 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return count > 0 ? (value, count) : nil
  }
}
