import ByteText

/// What git does to text that says it is UTF-8 but is not (`commit.c`, `verify_utf8`): a byte that fits nowhere is taken
/// for Latin-1.
enum UTF8Text {
  /// The bytes as valid UTF-8.
  static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.allSatisfy({ $0 < 0x80 }) { return bytes }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + 16)
    var index = 0
    while index < bytes.count {
      let length = sequenceLength(bytes, at: index)
      if length > 0 {
        out.append(contentsOf: bytes[index..<(index + length)])
        index += length
      } else {
        let byte = bytes[index]
        out.append(0xC0 | byte >> 6)
        out.append(0x80 | byte & 0x3F)
        index += 1
      }
    }
    return out
  }

  /// The repaired bytes as text.
  static func text(_ bytes: [UInt8]) -> String { repaired(bytes).text }

  /// Whether the bytes are UTF-8.
  static func isValid(_ bytes: [UInt8]) -> Bool {
    var index = 0
    while index < bytes.count {
      let length = sequenceLength(bytes, at: index)
      if length == 0 { return false }
      index += length
    }
    return true
  }

  /// The length of the character at `index`; 0 if there is no valid one.
  private static func sequenceLength(_ bytes: [UInt8], at index: Int) -> Int {
    let first = bytes[index]
    if first < 0x80 { return 1 }
    let length = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
    guard first >= 0xC2, length > 0, index + length <= bytes.count else { return 0 }
    for offset in 1..<length where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
    let second = bytes[index + 1]
    switch first {
    case 0xE0: return second >= 0xA0 ? 3 : 0
    case 0xED: return second < 0xA0 ? 3 : 0  // surrogates
    case 0xF0: return second >= 0x90 ? 4 : 0
    case 0xF4: return second < 0x90 ? 4 : 0
    default: return length
    }
  }
}
