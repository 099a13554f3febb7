/// The C identifiers of a source text.
enum Identifiers {
  /// All distinct identifiers of at least `shortest` characters, keywords and numbers among them.
  static func all(in bytes: some Collection<UInt8>, shortest: Int = 4) -> Set<String> {
    var found: Set<String> = []
    var word: [UInt8] = []
    for byte in bytes {
      if isName(byte) {
        word.append(byte)
      } else if !word.isEmpty {
        if word.count >= shortest, let first = word.first, !(48...57).contains(first) {
          found.insert(String(decoding: word, as: UTF8.self))
        }
        word.removeAll(keepingCapacity: true)
      }
    }
    return found
  }

  /// Whether the name has the shape of a macro or constant of the user interface: capitals with an underscore.
  static func isConstant(_ name: String) -> Bool {
    name.utf8.count >= 6 && name.contains("_") && !name.hasPrefix("_")
      && name.utf8.allSatisfy { !(97...122).contains($0) }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
    default: false
    }
  }
}
