/// Base 85 as `GIT binary patch` uses it: five characters for four bytes, most significant first; not the RFC 1924
/// alphabet's order of use, not Ascii85.
enum GitBase85 {
  private static let alphabet = Array(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~".utf8)

  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
    return table
  }()

  /// Decodes one line (length letter and groups) into `out`; false if the line is not valid.
  static func decode(line: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) -> Bool {
    guard let first = line.first else { return false }
    let count: Int
    switch first {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): count = Int(first - UInt8(ascii: "A")) + 1
    case UInt8(ascii: "a")...UInt8(ascii: "z"): count = Int(first - UInt8(ascii: "a")) + 27
    default: return false
    }
    let groups = (count + 3) / 4
    guard line.count == 1 + groups * 5 else { return false }
    var left = count
    for group in 0..<groups {
      var value: UInt64 = 0
      for index in 0..<5 {
        let digit = values[Int(line[1 + group * 5 + index])]
        guard digit != 0xFF else { return false }
        value = value * 85 + UInt64(digit)
      }
      guard value <= 0xFFFF_FFFF else { return false }
      for shift in [24, 16, 8, 0] as [UInt64] where left > 0 {
        out.append(UInt8(truncatingIfNeeded: value >> shift))
        left -= 1
      }
    }
    return true
  }

  /// Appends `bytes` as lines of at most 52 bytes each, with their newlines.
  static func encode(_ bytes: [UInt8], into out: inout [UInt8]) {
    var position = 0
    while position < bytes.count {
      let count = min(52, bytes.count - position)
      out.append(count <= 26 ? UInt8(ascii: "A") + UInt8(count - 1) : UInt8(ascii: "a") + UInt8(count - 27))
      var taken = 0
      while taken < count {
        var value: UInt64 = 0
        for index in 0..<4 {
          let at = taken + index
          value = value << 8 | (at < count ? UInt64(bytes[position + at]) : 0)
        }
        var group = [UInt8](repeating: 0, count: 5)
        for index in (0..<5).reversed() {
          group[index] = alphabet[Int(value % 85)]
          value /= 85
        }
        out.append(contentsOf: group)
        taken += 4
      }
      out.append(0x0A)
      position += count
    }
  }
}
