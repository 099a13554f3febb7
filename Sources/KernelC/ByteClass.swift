/// What a byte can start; one table look-up decides the lexer's branch.
enum ByteClass: UInt8 {
  case other, space, newline, letter, digit, quote, punctuation, slash, hash, backslash, dot

  static let table: [UInt8] = (0..<256).map { value in
    let byte = UInt8(value)
    switch byte {
    case 0x0A: return ByteClass.newline.rawValue
    case 0x20, 0x09, 0x0B, 0x0C, 0x0D: return ByteClass.space.rawValue
    case 0x30...0x39: return ByteClass.digit.rawValue
    case 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24: return ByteClass.letter.rawValue
    case 0x80...0xFF: return ByteClass.letter.rawValue
    case 0x22, 0x27: return ByteClass.quote.rawValue
    case 0x2F: return ByteClass.slash.rawValue
    case 0x23: return ByteClass.hash.rawValue
    case 0x5C: return ByteClass.backslash.rawValue
    case 0x2E: return ByteClass.dot.rawValue
    case 0x21, 0x25, 0x26, 0x28...0x2D, 0x3A...0x3F, 0x5B, 0x5D, 0x5E, 0x7B...0x7E:
      return ByteClass.punctuation.rawValue
    default: return ByteClass.other.rawValue
    }
  }
}
