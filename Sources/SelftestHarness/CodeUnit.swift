import ByteText

/// A C file cut into what stands at its top level, by the layout that all kernel code has: bodies open and close in the
/// first column.
struct CodeUnit {
  /// A function, or a `SYSCALL_DEFINE`.
  struct Function {
    let name: String
    /// The macro it is declared with and its arguments, for `SYSCALL_DEFINE3(futex, …)` and its like.
    let declaredBy: String?
    let isStatic: Bool
    /// From the line of its name to its closing brace, from 1.
    let lines: ClosedRange<Int>
    let identifiers: Set<String>
    /// The first line of the body, as an index into the file's lines.
    let body: Int
  }

  /// A structure with an initialiser: `static const struct file_operations x = {`.
  struct Table {
    let type: String
    let name: String
    let lines: ClosedRange<Int>
    let identifiers: Set<String>
  }

  let path: String
  let text: [String]
  private(set) var functions: [Function] = []
  private(set) var tables: [Table] = []

  init(path: String, bytes: [UInt8]) {
    self.path = path
    text = bytes.lineRanges().map { bytes[$0].text }
    var index = 0
    var head: (line: Int, text: String)?
    while index < text.count {
      let line = text[index]
      guard let first = line.utf8.first else {
        head = nil
        index += 1
        continue
      }
      if first == UInt8(ascii: "{"), let start = head {
        let end = closing(from: index)
        addFunction(start.text, start.line, index, end)
        head = nil
        index = end + 1
      } else if first == UInt8(ascii: "#") || first == UInt8(ascii: "/") || first == UInt8(ascii: "}") {
        head = nil
        index += 1
      } else if first == 0x20 || first == 0x09 {
        if let start = head { head = (start.line, start.text + " " + line) }
        index += 1
      } else {
        let start = head ?? (index, "")
        let whole = start.text + " " + line
        if line.hasSuffix("{"), whole.contains("=") {
          let end = closing(from: index)
          addTable(whole, start.line, end)
          head = nil
          index = end + 1
        } else {
          head = line.hasSuffix(";") ? nil : (start.line, whole)
          index += 1
        }
      }
    }
  }

  /// Whether a function here mentions one of the other file's by a name that is not also its own.
  func calls(_ other: CodeUnit) -> Bool {
    let names = Set(other.functions.filter { !$0.isStatic }.map(\.name)).subtracting(functions.map(\.name))
    return functions.contains { !$0.identifiers.isDisjoint(with: names) }
  }

  /// The index of the line that closes what is open at `start`.
  private func closing(from start: Int) -> Int {
    var index = start + 1
    while index < text.count, text[index].utf8.first != UInt8(ascii: "}") { index += 1 }
    return min(index, text.count - 1)
  }

  private mutating func addFunction(_ head: String, _ start: Int, _ body: Int, _ end: Int) {
    guard let (name, arguments) = Self.declarator(head) else { return }
    let identifiers = Self.identifiers(text[body...end])
    let isMacro = name.contains("_") && !name.contains { $0.isLowercase }
    let own = isMacro ? Self.words(arguments).first : nil
    functions.append(
      Function(
        name: own ?? name, declaredBy: own == nil ? nil : name, isStatic: head.hasPrefix("static "),
        lines: (start + 1)...(end + 1), identifiers: identifiers, body: body))
  }

  private mutating func addTable(_ head: String, _ start: Int, _ end: Int) {
    let left = head.prefix { $0 != "=" && $0 != "[" }
    let words = Self.words(String(left))
    guard let name = words.last, let structure = words.firstIndex(of: "struct"), structure + 1 < words.count - 1 else {
      return
    }
    tables.append(
      Table(
        type: words[structure + 1], name: name, lines: (start + 1)...(end + 1),
        identifiers: Self.identifiers(text[start...end])))
  }

  /// The name before the parameter list, and the list: the first parenthesis whose name is no attribute.
  private static func declarator(_ head: String) -> (String, String)? {
    var name = ""
    var fallback: (String, String)?
    var rest = head[...]
    while let open = rest.firstIndex(of: "(") {
      name = words(String(rest[..<open])).last ?? ""
      var depth = 0
      var close = open
      for position in rest[open...].indices {
        if rest[position] == "(" { depth += 1 }
        if rest[position] == ")" { depth -= 1 }
        if depth == 0 {
          close = position
          break
        }
      }
      guard close > open else { return nil }
      let arguments = String(rest[rest.index(after: open)..<close])
      let attribute = name.hasPrefix("__") && !name.hasPrefix("__x64")
      if !attribute, !name.isEmpty { return (name, arguments) }
      if fallback == nil, !name.isEmpty { fallback = (name, arguments) }
      rest = rest[rest.index(after: close)...]
    }
    return fallback
  }

  static func words(_ text: String) -> [String] {
    text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
  }

  static func identifiers(_ lines: ArraySlice<String>) -> Set<String> {
    var found: Set<String> = []
    var word: [UInt8] = []
    for line in lines {
      for byte in line.utf8 {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"): word.append(byte)
        default:
          if word.count > 2 { found.insert(String(decoding: word, as: UTF8.self)) }
          word.removeAll(keepingCapacity: true)
        }
      }
      if word.count > 2 { found.insert(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    return found
  }
}
