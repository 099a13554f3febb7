/// How a MIME part's bytes travel (RFC 2045, section 6).
enum TransferEncoding {
  case identity
  case base64
  case quotedPrintable

  init(header value: [UInt8]) {
    if ASCII.find("base64", in: value) != nil {
      self = .base64
    } else if ASCII.find("quoted-printable", in: value) != nil {
      self = .quotedPrintable
    } else {
      self = .identity
    }
  }
}

/// Base 64, with everything that is not of its alphabet skipped.
///
/// The groups of four run on over line ends (git starts afresh on every line, so that a line of odd length is lost).
struct Base64 {
  private var accumulator: UInt32 = 0
  private var count = 0

  mutating func decode(_ bytes: some Sequence<UInt8>, into out: inout [UInt8]) {
    for byte in bytes {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        // Padding ends a group, also in the middle: parts are sometimes joined.
        accumulator = 0
        count = 0
        continue
      default: continue
      }
      accumulator = accumulator << 6 | UInt32(value)
      count += 1
      switch count {
      case 2: out.append(UInt8(truncatingIfNeeded: accumulator >> 4))
      case 3: out.append(UInt8(truncatingIfNeeded: accumulator >> 2))
      case 4:
        out.append(UInt8(truncatingIfNeeded: accumulator))
        accumulator = 0
        count = 0
      default: break
      }
    }
  }

  static func decode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    var decoder = Base64()
    decoder.decode(bytes, into: &out)
    return out
  }
}

/// Quoted-printable text; what is not well formed stays as it stands.
enum QuotedPrintable {
  /// Decodes one line without its newline.
  ///
  /// - Returns: whether the line ends here (no soft line break at its end).
  static func decode(
    line: some RandomAccessCollection<UInt8>, into out: inout [UInt8], underscoreIsBlank: Bool = false
  ) -> Bool {
    var index = line.startIndex
    while index < line.endIndex {
      let byte = line[index]
      line.formIndex(after: &index)
      if byte == UInt8(ascii: "=") {
        // Blanks after a soft line break are added by relays (RFC 2045, 6.7 rule 3).
        if line[index...].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return false }
        let second = line.index(after: index)
        if second < line.endIndex, let high = hex(line[index]), let low = hex(line[second]) {
          out.append(high << 4 | low)
          index = line.index(after: second)
          continue
        }
      }
      out.append(underscoreIsBlank && byte == UInt8(ascii: "_") ? 0x20 : byte)
    }
    return true
  }

  static func decode(_ bytes: some RandomAccessCollection<UInt8>, underscoreIsBlank: Bool) -> [UInt8] {
    var out: [UInt8] = []
    _ = decode(line: bytes, into: &out, underscoreIsBlank: underscoreIsBlank)
    return out
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}
