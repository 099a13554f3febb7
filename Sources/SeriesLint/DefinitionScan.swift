/// Finds what a C file defines by the shape of its lines alone, much faster than a parser could.
///
/// A definition starts at the first column. A line that merely looks like one costs the reading of a file and nothing else.
struct DefinitionScan {
  /// Names of functions that other files can call: not static in a `.c` file; inline functions and macros of a header.
  private(set) var functions: [ArraySlice<UInt8>] = []
  /// Tags of structures.
  private(set) var structures: [ArraySlice<UInt8>] = []
  private let isHeader: Bool
  /// The line above started with `static`.
  private var isBelowStatic = false

  /// Looks over `bytes`.
  ///
  /// - Complexity: O(bytes).
  init(_ bytes: [UInt8], isHeader: Bool) {
    self.isHeader = isHeader
    var start = 0
    for index in bytes.indices where bytes[index] == 0x0A {
      if index > start + 3 { look(bytes[start..<index]) }
      start = index + 1
    }
  }

  private mutating func look(_ line: ArraySlice<UInt8>) {
    if isDirective(line) {
      if let name = Self.macro(line) { functions.append(name) }
      return
    }
    guard Self.isWord(line[line.startIndex]) else { return }
    if line.starts(with: Self.structure), line[line.endIndex - 1] == UInt8(ascii: "{") {
      let tag = line.dropFirst(Self.structure.count).prefix(while: Self.isWord)
      if !tag.isEmpty { structures.append(tag) }
      return
    }
    let isStatic = line.starts(with: Self.statically)
    defer { isBelowStatic = isStatic }
    guard let open = line.firstIndex(of: UInt8(ascii: "(")), line[line.endIndex - 1] != UInt8(ascii: ";") else {
      return
    }
    var start = open
    while start > line.startIndex, Self.isWord(line[start - 1]) { start -= 1 }
    // `static int` may stand on a line of its own above the name.
    if !isHeader, isStatic || isBelowStatic && start == line.startIndex { return }
    if start < open { functions.append(line[start..<open]) }
  }

  private func isDirective(_ line: ArraySlice<UInt8>) -> Bool {
    isHeader && line[line.startIndex] == UInt8(ascii: "#")
  }

  private static let structure = Array("struct ".utf8)
  private static let statically = Array("static".utf8)
  private static let define = Array("define".utf8)

  /// The name of a function-like macro.
  private static func macro(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let rest = line.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
    guard rest.starts(with: define) else { return nil }
    let name = rest.dropFirst(define.count).drop { $0 == 0x20 || $0 == 0x09 }.prefix(while: isWord)
    return !name.isEmpty && name.endIndex < line.endIndex && line[name.endIndex] == UInt8(ascii: "(") ? name : nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x61 && byte <= 0x7A || byte >= 0x41 && byte <= 0x5A || byte == 0x5F || byte >= 0x30 && byte <= 0x39
  }
}
