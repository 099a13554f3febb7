/// C source with keycap markers (1️⃣ to 9️⃣) in front of the tokens where something must be reported.
///
///     let marked = MarkedSource("void f(void)\n{\n\t1️⃣return;\n}\n")
///     marked.bytes                    // the source without markers
///     marked.places["1️⃣"]            // line 3, column 2
public struct MarkedSource: Sendable {
  /// Where a marker stood.
  public struct Place: Sendable, Hashable {
    /// Counted from 1.
    public let line: Int
    /// Counted from 1, in bytes.
    public let column: Int
  }

  /// The source without its markers.
  public let bytes: [UInt8]
  /// Where each marker stood; a marker used twice keeps its first place.
  public let places: [String: Place]

  /// The source without its markers, as text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Takes the markers out of `text` and remembers where they were.
  public init(_ text: String) {
    var bytes: [UInt8] = []
    var places: [String: Place] = [:]
    var line = 1
    var lineStart = 0
    for character in text {
      let scalars = character.unicodeScalars
      if scalars.last?.value == 0x20E3, scalars.count >= 2 {
        let marker = String(character)
        if places[marker] == nil { places[marker] = Place(line: line, column: bytes.count - lineStart + 1) }
        continue
      }
      bytes.append(contentsOf: character.utf8)
      if character == "\n" || character == "\r\n" {
        line += 1
        lineStart = bytes.count
      }
    }
    self.bytes = bytes
    self.places = places
  }
}
