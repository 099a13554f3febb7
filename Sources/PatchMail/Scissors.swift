/// Scissors lines (`-- >8 --`), by the measure of `git mailinfo`.
enum Scissors {
  /// Whether the line asks to be cut at: at least eight wide, a third of it perforation, with scissors in it.
  static func isScissors(_ line: [UInt8]) -> Bool {
    var perforation = 0
    var gap = 0
    var hasScissors = false
    var isPerforated = false
    var first: Int?
    var last = 0
    var index = 0
    while index < line.count {
      let byte = line[index]
      if ASCII.isSpace(byte) {
        if isPerforated {
          perforation += 1
          gap += 1
        }
        index += 1
        continue
      }
      last = index
      if first == nil { first = index }
      if byte == UInt8(ascii: "-") {
        isPerforated = true
        perforation += 1
        index += 1
      } else if index + 1 < line.count, isBlade(byte, line[index + 1]) {
        isPerforated = true
        perforation += 2
        hasScissors = true
        index += 2
      } else {
        isPerforated = false
        index += 1
      }
    }
    guard let first, hasScissors else { return false }
    let visible = last - first + 1
    return visible >= 8 && visible < perforation * 3 && gap * 2 < perforation
  }

  private static func isBlade(_ first: UInt8, _ second: UInt8) -> Bool {
    switch (first, second) {
    case (UInt8(ascii: ">"), UInt8(ascii: "8")), (UInt8(ascii: "8"), UInt8(ascii: "<")),
      (UInt8(ascii: ">"), UInt8(ascii: "%")), (UInt8(ascii: "%"), UInt8(ascii: "<")):
      true
    default: false
    }
  }
}
