import ByteText

/// Reads Kconfig expressions, words and strings out of one line.
///
/// Total: what cannot be read as an expression ends it, nothing traps.
struct ExpressionScanner {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let variables: [String: String]

  init(_ line: ArraySlice<UInt8>, variables: [String: String]) {
    bytes = line
    position = line.startIndex
    self.variables = variables
  }

  /// Whether only blanks or a comment are left.
  var atEnd: Bool {
    mutating get {
      skipBlanks()
      return position >= bytes.endIndex || bytes[position] == UInt8(ascii: "#")
    }
  }

  /// The next bare word, if one stands here.
  mutating func word() -> String? {
    skipBlanks()
    let start = position
    while position < bytes.endIndex, Self.isWord(bytes[position]) { position += 1 }
    return position > start ? bytes[start..<position].text : nil
  }

  /// Consumes `expected` if it is the next word.
  mutating func take(_ expected: String) -> Bool {
    let mark = position
    if word() == expected { return true }
    position = mark
    return false
  }

  /// A quoted string, a macro or a bare word, with variables put in.
  mutating func string() -> String? {
    skipBlanks()
    guard position < bytes.endIndex else { return nil }
    let quote = bytes[position]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      return bytes[position] == UInt8(ascii: "$") ? macro() : word()
    }
    position += 1
    var text: [UInt8] = []
    while position < bytes.endIndex, bytes[position] != quote {
      if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.endIndex { position += 1 }
      if bytes[position] == UInt8(ascii: "$"), position + 1 < bytes.endIndex, bytes[position + 1] == UInt8(ascii: "(") {
        text += Array(macro().utf8)
        continue
      }
      text.append(bytes[position])
      position += 1
    }
    position = min(position + 1, bytes.endIndex)
    return text.text
  }

  /// An expression: `||` binds weakest, then `&&`, then `!`, then comparisons.
  mutating func expression(depth: Int = 0) -> ConfigExpression? {
    guard var left = conjunction(depth: depth) else { return nil }
    while take(symbol: "||") {
      guard let right = conjunction(depth: depth) else { return left }
      left = .or(left, right)
    }
    return left
  }

  /// The expression after `if`, or always.
  mutating func condition() -> ConfigExpression {
    take("if") ? expression() ?? .always : .always
  }

  private mutating func conjunction(depth: Int) -> ConfigExpression? {
    guard var left = comparison(depth: depth) else { return nil }
    while take(symbol: "&&") {
      guard let right = comparison(depth: depth) else { return left }
      left = .and(left, right)
    }
    return left
  }

  private mutating func comparison(depth: Int) -> ConfigExpression? {
    // Deeper nesting than this is not a Kconfig file, and recursion on input must end.
    guard depth < 100 else { return nil }
    if !peek("!="), take(symbol: "!") { return comparison(depth: depth + 1).map { .not($0) } }
    if take(symbol: "(") {
      let inner = expression(depth: depth + 1)
      _ = take(symbol: ")")
      return inner
    }
    guard let left = operand() else { return nil }
    for comparison in ["!=", "<=", ">=", "=", "<", ">"] where take(symbol: comparison) {
      guard let right = operand() else { return left }
      return .compare(comparison, left, right)
    }
    return left
  }

  private mutating func operand() -> ConfigExpression? {
    skipBlanks()
    guard position < bytes.endIndex else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return string().map { .literal($0) }
    case UInt8(ascii: "$"):
      let text = macro()
      return text.hasPrefix("$") ? .opaque(text) : .literal(text)
    default:
      guard let name = word() else { return nil }
      let constant = ["y", "m", "n"].contains(name) || name.utf8.first.map { (48...57).contains($0) } == true
      return constant ? .literal(name) : .symbol(name)
    }
  }

  /// `$(NAME)` with its value if it is known, else its own text.
  private mutating func macro() -> String {
    let start = position
    position += 1
    guard position < bytes.endIndex else { return "$" }
    guard bytes[position] == UInt8(ascii: "(") else {
      let name = word() ?? ""
      return variables[name] ?? "$" + name
    }
    var depth = 0
    while position < bytes.endIndex {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") {
        depth -= 1
        if depth == 0 { break }
      }
    }
    let name = bytes[min(start + 2, position)..<max(min(start + 2, position), position - 1)].text
    return variables[name] ?? bytes[start..<position].text
  }

  private func peek(_ symbol: String) -> Bool {
    bytes[min(position, bytes.endIndex)...].starts(with: symbol.utf8)
  }

  private mutating func take(symbol: String) -> Bool {
    skipBlanks()
    guard peek(symbol) else { return false }
    position += symbol.utf8.count
    return true
  }

  private mutating func skipBlanks() {
    while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): true
    default: false
    }
  }
}
