extension Finding {
  /// 16 hexadecimal digits that stay the same when lines move: rule, function and normalised evidence, without path and
  /// line numbers.
  ///
  /// Two findings of one version may share it (the same mistake twice in one function); who compares versions counts them.
  public var fingerprint: String {
    var hash = FNV1a()
    hash.add(rule)
    hash.add(function)
    if let key {
      hash.add(key)
    } else {
      hash.addWithoutLineNumbers(message)
      for step in evidence { hash.addWithoutLineNumbers(step.message) }
    }
    return hash.hexadecimal
  }
}

/// FNV-1a with 64 bits: not cryptographic, the same on every machine.
struct FNV1a {
  private(set) var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }

  /// Adds the text and an end mark, so that ("ab", "c") differs from ("a", "bc").
  mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte: byte) }
    add(byte: 0xFF)
  }

  /// Adds the text with every number after `:` or after the word "line" replaced by `#`.
  mutating func addWithoutLineNumbers(_ text: String) {
    var last: (UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0)
    var skipping = false
    for byte in text.utf8 {
      let isDigit = byte >= 0x30 && byte <= 0x39
      if skipping && isDigit { continue }
      skipping = false
      let afterLine =
        last.4 == 0x20 && last.3 == UInt8(ascii: "e") && last.2 == UInt8(ascii: "n") && last.1 == UInt8(ascii: "i")
        && last.0 == UInt8(ascii: "l")
      if isDigit && (last.4 == UInt8(ascii: ":") || afterLine) {
        add(byte: UInt8(ascii: "#"))
        skipping = true
      } else {
        add(byte: byte)
      }
      last = (last.1, last.2, last.3, last.4, byte)
    }
    add(byte: 0xFF)
  }

  var hexadecimal: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
