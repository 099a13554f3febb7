import ByteText

extension TraceFrame {
  /// Reads the position in a line of a trace, of a register dump (`RIP: 0010:f+0x1/0x2`) or of a lockdep report
  /// (`at: f+0x1/0x2`), or `nil`.
  init?(_ line: Slice<UnsafeBufferPointer<UInt8>>, number: Int) {
    guard let plus = Self.plus(in: line) else { return nil }
    var start = plus
    while start > line.startIndex, Self.isNameByte(line[start - 1]) { start -= 1 }
    guard start < plus else { return nil }
    let rest = line[(plus + 1)...]
    guard let (offset, slash) = Self.hexadecimal(rest), slash < line.endIndex, line[slash] == UInt8(ascii: "/"),
      let (size, end) = Self.hexadecimal(line[(slash + 1)...])
    else { return nil }
    function = line[start..<plus].text
    self.offset = offset
    self.size = size
    module = Self.module(line[end...])
    isReliable = !line[line.startIndex..<start].contains(UInt8(ascii: "?"))
    isExact = KTAPLine.starts(line, "RIP: ") || KTAPLine.starts(line, "pc : ")
    self.line = number
  }

  /// The index of the `+` in `+0x`.
  private static func plus(in line: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    guard line.count >= 8 else { return nil }
    return (line.startIndex..<line.endIndex - 3).first {
      line[$0] == UInt8(ascii: "+") && line[$0 + 1] == UInt8(ascii: "0") && line[$0 + 2] == UInt8(ascii: "x")
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "$"):
      true
    default: false
    }
  }

  /// The value of `0x…` at the start and where it ends.
  private static func hexadecimal(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> (UInt64, Int)? {
    guard KTAPLine.starts(text, "0x") else { return nil }
    var value: UInt64 = 0
    var index = text.startIndex + 2
    let first = index
    while index < text.endIndex, index - first < 16, let digit = digit(text[index]) {
      value = value << 4 | digit
      index += 1
    }
    return index > first ? (value, index) : nil
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
    default: nil
    }
  }

  /// `[kvm]` or `[kvm 1234abcd]` after the position.
  private static func module(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
    guard KTAPLine.starts(text, " [") else { return nil }
    let name = text.dropFirst(2).prefix { isNameByte($0) || $0 == UInt8(ascii: "-") }
    let next = name.endIndex
    guard !name.isEmpty, next < text.endIndex, text[next] == UInt8(ascii: "]") || text[next] == 0x20 else { return nil }
    return name.text
  }
}
