/// File names as git quotes them in patches (`core.quotePath`): C escapes between double quotes.
enum QuotedPath {
  /// Reads a quoted name that starts at `line.startIndex`; nil if it is not well formed.
  static func unquote(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> (name: [UInt8], end: Int)? {
    guard line.first == UInt8(ascii: "\"") else { return nil }
    var name: [UInt8] = []
    var index = line.startIndex + 1
    while index < line.endIndex {
      let byte = line[index]
      index += 1
      if byte == UInt8(ascii: "\"") { return (name, index) }
      guard byte == UInt8(ascii: "\\") else {
        name.append(byte)
        continue
      }
      guard index < line.endIndex else { return nil }
      let escape = line[index]
      index += 1
      switch escape {
      case UInt8(ascii: "a"): name.append(7)
      case UInt8(ascii: "b"): name.append(8)
      case UInt8(ascii: "f"): name.append(12)
      case UInt8(ascii: "n"): name.append(10)
      case UInt8(ascii: "r"): name.append(13)
      case UInt8(ascii: "t"): name.append(9)
      case UInt8(ascii: "v"): name.append(11)
      case UInt8(ascii: "\\"), UInt8(ascii: "\""): name.append(escape)
      case UInt8(ascii: "0")...UInt8(ascii: "3"):
        guard index + 1 < line.endIndex, isOctal(line[index]), isOctal(line[index + 1]) else { return nil }
        name.append((escape - 48) << 6 | (line[index] - 48) << 3 | (line[index + 1] - 48))
        index += 2
      default: return nil
      }
    }
    return nil
  }

  /// The name with quotes and escapes if it needs them, as git prints it.
  static func quoted(_ name: String) -> [UInt8] {
    let bytes = Array(name.utf8)
    guard bytes.contains(where: { $0 < 0x20 || $0 >= 0x7F || $0 == 0x22 || $0 == 0x5C }) else { return bytes }
    var out: [UInt8] = [0x22]
    for byte in bytes {
      switch byte {
      case 7: out += Array("\\a".utf8)
      case 8: out += Array("\\b".utf8)
      case 9: out += Array("\\t".utf8)
      case 10: out += Array("\\n".utf8)
      case 11: out += Array("\\v".utf8)
      case 12: out += Array("\\f".utf8)
      case 13: out += Array("\\r".utf8)
      case 0x22, 0x5C: out += [0x5C, byte]
      case 0..<0x20, 0x7F...0xFF: out += [0x5C, 48 + (byte >> 6), 48 + (byte >> 3 & 7), 48 + (byte & 7)]
      default: out.append(byte)
      }
    }
    return out + [0x22]
  }

  private static func isOctal(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 55 }
}
