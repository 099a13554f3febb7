import ByteText

/// Which `#if` conditions of the kernel's configuration each line of a C file stands under.
public struct PreprocessorConditions: Sendable {
  /// The condition per line, index 0 for line 1.
  private let lines: [ConfigExpression]

  /// Reads `#if`, `#ifdef`, `#ifndef`, `#elif`, `#else`, `#endif`; anything but `CONFIG_` symbols stays opaque.
  public init(of source: [UInt8]) {
    var lines: [ConfigExpression] = []
    var stack: [(taken: ConfigExpression, active: ConfigExpression)] = []
    var directiveLine: [UInt8] = []
    for range in source.lineRanges() {
      let standing = stack.reduce(ConfigExpression.always) { $0.and($1.active) }
      lines.append(standing)
      // A backslash joins lines, so a directive counts once its last line is there.
      let line = source[range]
      if line.last == UInt8(ascii: "\\") {
        directiveLine += line.dropLast() + [0x20]
        continue
      }
      let whole = directiveLine + line
      directiveLine = []
      guard let (directive, rest) = Self.directive(whole[...]) else { continue }
      switch directive {
      case "if", "ifdef", "ifndef":
        let condition = Self.condition(directive, rest)
        stack.append((condition, condition))
      case "elif", "elifdef", "elifndef":
        guard let last = stack.popLast() else { continue }
        let condition = Self.condition(String(directive.dropFirst(2)), rest)
        stack.append((last.taken.or(condition), last.taken.negated.and(condition)))
      case "else":
        guard let last = stack.popLast() else { continue }
        stack.append((.always, last.taken.negated))
      case "endif":
        _ = stack.popLast()
      default: continue
      }
    }
    self.lines = lines
  }

  /// The condition under which a line, counted from 1, is compiled.
  public func condition(atLine line: Int) -> ConfigExpression {
    lines.indices.contains(line - 1) ? lines[line - 1] : .always
  }

  private static func directive(_ line: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
    let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    let start = line.drop(while: blank)
    guard start.first == UInt8(ascii: "#") else { return nil }
    let body = start.dropFirst().drop(while: blank)
    let word = body.prefix { $0 >= 0x61 && $0 <= 0x7A }
    return (word.text, body.dropFirst(word.count))
  }

  private static func condition(_ directive: String, _ rest: ArraySlice<UInt8>) -> ConfigExpression {
    if directive == "if" {
      var reader = ConditionReader(rest)
      return reader.disjunction(depth: 0) ?? .opaque(rest.text)
    }
    var reader = ConditionReader(rest)
    let defined = reader.name().map(symbol) ?? .opaque(rest.text)
    return directive == "ifdef" || directive == "def" ? defined : defined.negated
  }

  fileprivate static func symbol(_ name: String) -> ConfigExpression {
    guard name.hasPrefix("CONFIG_") else { return .opaque(name) }
    let bare = name.hasSuffix("_MODULE") ? name.dropLast(7) : name[...]
    return .symbol(String(bare.dropFirst(7)))
  }
}

/// Reads the expression of an `#if`.
private struct ConditionReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  mutating func disjunction(depth: Int) -> ConfigExpression? {
    guard var left = conjunction(depth: depth) else { return nil }
    while take("||"), let right = conjunction(depth: depth) { left = left.or(right) }
    return left
  }

  private mutating func conjunction(depth: Int) -> ConfigExpression? {
    guard var left = unary(depth: depth) else { return nil }
    while take("&&"), let right = unary(depth: depth) { left = left.and(right) }
    return left
  }

  private mutating func unary(depth: Int) -> ConfigExpression? {
    guard depth < 60 else { return nil }
    if take("!") { return unary(depth: depth + 1)?.negated }
    if take("(") {
      let inner = disjunction(depth: depth + 1)
      skip(to: UInt8(ascii: ")"))
      return inner
    }
    let start = position
    guard let word = name() else { return opaqueOperand(from: start) }
    let operand: ConfigExpression
    switch word {
    case "defined", "IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE":
      _ = take("(")
      operand = name().map(PreprocessorConditions.symbol) ?? .opaque(word)
      skip(to: UInt8(ascii: ")"), unlessBoolean: word == "defined")
    case "0": return .literal("n")
    case "1": return .literal("y")
    default: operand = PreprocessorConditions.symbol(word)
    }
    skipBlanks()
    guard position < bytes.endIndex, !at("&&"), !at("||"), bytes[position] != UInt8(ascii: ")") else { return operand }
    return at("/*") || at("//") ? operand : opaqueOperand(from: start)
  }

  mutating func name() -> String? {
    skipBlanks()
    let start = position
    while position < bytes.endIndex, Self.isName(bytes[position]) { position += 1 }
    return position > start ? bytes[start..<position].text : nil
  }

  /// Everything up to the next boolean operator or closing parenthesis, as text.
  private mutating func opaqueOperand(from start: Int) -> ConfigExpression? {
    var depth = 0
    while position < bytes.endIndex {
      if depth == 0, at("&&") || at("||") { break }
      if bytes[position] == UInt8(ascii: "(") { depth += 1 }
      if bytes[position] == UInt8(ascii: ")") {
        if depth == 0 { break }
        depth -= 1
      }
      position += 1
    }
    return position > start ? .opaque(bytes[start..<position].text) : nil
  }

  private mutating func skip(to byte: UInt8, unlessBoolean: Bool = false) {
    skipBlanks()
    if unlessBoolean, position < bytes.endIndex, bytes[position] != byte { return }
    while position < bytes.endIndex, bytes[position] != byte { position += 1 }
    position = min(position + 1, bytes.endIndex)
  }

  private mutating func take(_ text: String) -> Bool {
    skipBlanks()
    guard at(text) else { return false }
    position += text.utf8.count
    return true
  }

  private func at(_ text: String) -> Bool { bytes[min(position, bytes.endIndex)...].starts(with: text.utf8) }

  private mutating func skipBlanks() {
    while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
    default: false
    }
  }
}
