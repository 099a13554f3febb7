/// Byte classes as the C locale has them; mail headers are ASCII whatever the body is.
enum ASCII {
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }

  /// Every run of white space as one blank.
  static func collapsed(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var wasSpace = false
    for byte in bytes {
      let isSpace = isSpace(byte)
      if !isSpace {
        out.append(byte)
      } else if !wasSpace {
        out.append(0x20)
      }
      wasSpace = isSpace
    }
    return out
  }

  /// Without white space at both ends.
  static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
    guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return [] }
    return Array(bytes[first...last])
  }

  /// Whether `bytes` starts with `prefix`, letters of either case being equal; `prefix` is in lower case.
  static func starts(_ bytes: some Collection<UInt8>, with prefix: StaticString) -> Bool {
    guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
    var index = 0
    for byte in bytes {
      if index == prefix.utf8CodeUnitCount { return true }
      if lower(byte) != prefix.utf8Start[index] { return false }
      index += 1
    }
    return true
  }

  /// Where `needle` (lower case) first occurs, letters of either case being equal.
  static func find(_ needle: String, in bytes: [UInt8], from start: Int = 0) -> Int? {
    let needle = Array(needle.utf8)
    guard !needle.isEmpty, bytes.count - start >= needle.count, start >= 0 else { return nil }
    for index in start...(bytes.count - needle.count) where lower(bytes[index]) == needle[0] {
      if needle.indices.allSatisfy({ lower(bytes[index + $0]) == needle[$0] }) { return index }
    }
    return nil
  }
}
