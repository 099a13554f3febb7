/// Turns the bytes of one file into tokens; total on any bytes, linear in their number.
///
/// Directives are understood line by line: `#define` becomes a `MacroDefinition`, `#if` … `#endif` become marker tokens
/// (`ConditionalResolver` decides what to keep), everything else is skipped. The cursor works on a buffer that the caller
/// keeps alive inside one `withUnsafeBufferPointer`.
struct Lexer {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let classes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var atLineStart = true

  private(set) var tokens = ContiguousArray<Token>()
  private(set) var macroTokens = ContiguousArray<Token>()
  private(set) var macros: [MacroDefinition] = []
  private(set) var hasConditionals = false
  private(set) var names = NameArena()
  private var traits = ContiguousArray<Token.Traits>()

  init(_ bytes: UnsafeBufferPointer<UInt8>, classes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    self.classes = classes
    tokens.reserveCapacity(bytes.count / 6 + 16)
  }

  mutating func run() {
    while position < bytes.count { step(limit: bytes.count, intoMacro: false) }
    tokens.append(
      Token(start: UInt32(truncatingIfNeeded: bytes.count), length: 0, symbol: .none, kind: .end, traits: []))
  }

  @inline(__always)
  private func classOf(_ byte: UInt8) -> ByteClass { ByteClass(rawValue: classes[Int(byte)]) ?? .other }

  @inline(__always)
  private func peek(_ offset: Int) -> UInt8 {
    position + offset < bytes.count ? bytes[position + offset] : 0
  }

  private mutating func step(limit: Int, intoMacro: Bool) {
    switch classOf(bytes[position]) {
    case .space: position += 1
    case .newline:
      position += 1
      atLineStart = true
    case .letter: identifier(limit, intoMacro)
    case .digit: number(limit, intoMacro)
    case .dot:
      if peek(1) >= 0x30, peek(1) <= 0x39 { number(limit, intoMacro) } else { punctuator(intoMacro) }
    case .quote: quoted(limit, intoMacro)
    case .slash:
      if peek(1) == 0x2F {
        skipLineComment(limit)
      } else if peek(1) == 0x2A {
        skipBlockComment(limit)
      } else {
        punctuator(intoMacro)
      }
    case .backslash: position += 1
    case .hash:
      if atLineStart, !intoMacro {
        directive()
      } else {
        let length = peek(1) == 0x23 ? 2 : 1
        emit(length == 2 ? .hashHash : .hash, length, intoMacro)
      }
    case .punctuation: punctuator(intoMacro)
    case .other: emit(.other, 1, intoMacro)
    }
  }

  @inline(__always)
  private mutating func emit(
    _ kind: TokenKind, _ length: Int, _ intoMacro: Bool, symbol: Int32 = -1, traits: Token.Traits = []
  ) {
    let token = Token(
      start: UInt32(truncatingIfNeeded: position), length: UInt32(truncatingIfNeeded: length), symbol: Symbol(symbol),
      kind: kind, traits: traits)
    if intoMacro { macroTokens.append(token) } else { tokens.append(token) }
    position += length
    atLineStart = false
  }

  private mutating func identifier(_ limit: Int, _ intoMacro: Bool) {
    var end = position
    var hash: UInt32 = 2_166_136_261
    while end < limit {
      let byte = bytes[end]
      let kind = classes[Int(byte)]
      guard kind == ByteClass.letter.rawValue || kind == ByteClass.digit.rawValue else { break }
      hash = (hash ^ UInt32(byte)) &* 16_777_619
      end += 1
    }
    if end - position <= 2, end < limit, classes[Int(bytes[end])] == ByteClass.quote.rawValue, isEncodingPrefix(end) {
      quoted(limit, intoMacro, prefix: end - position)
      return
    }
    let name = UnsafeBufferPointer(rebasing: bytes[position..<end])
    let local = names.intern(name, hash: hash)
    if Int(local) == traits.count { traits.append(Self.traits(of: name)) }
    emit(.identifier, end - position, intoMacro, symbol: local, traits: traits[Int(local)])
  }

  /// `L`, `u`, `U` and `u8` in front of a quote belong to the literal.
  private func isEncodingPrefix(_ end: Int) -> Bool {
    switch bytes[position] {
    case 0x4C, 0x55: end - position == 1
    case 0x75: end - position == 1 || bytes[position + 1] == 0x38
    default: false
    }
  }

  private static func traits(of name: UnsafeBufferPointer<UInt8>) -> Token.Traits {
    var result: Token.Traits = []
    let count = name.count
    if count > 2, name[0] == 0x5F, name[1] == 0x5F { result.insert(.reserved) }
    if count > 2, name[count - 2] == 0x5F, name[count - 1] == 0x74 { result.insert(.typeSuffix) }
    if !name.contains(where: { $0 >= 0x61 && $0 <= 0x7A }) { result.insert(.upperCase) }
    if count >= 7, isIterator(name) { result.insert(.iterator) }
    return result
  }

  /// Whether a macro of this name heads a loop, as `list_for_each_entry` does: `for_each` or `foreach`, in either case.
  private static func isIterator(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = 0
    while start + 7 <= name.count {
      if name[start] | 0x20 == 0x66, name[start + 1] | 0x20 == 0x6F, name[start + 2] | 0x20 == 0x72 {
        let gap = name[start + 3] == 0x5F ? 1 : 0
        let word = start + 3 + gap
        if word + 4 <= name.count, name[word] | 0x20 == 0x65, name[word + 1] | 0x20 == 0x61,
          name[word + 2] | 0x20 == 0x63, name[word + 3] | 0x20 == 0x68
        {
          return true
        }
      }
      start += 1
    }
    return false
  }

  private mutating func number(_ limit: Int, _ intoMacro: Bool) {
    var end = position + 1
    while end < limit {
      let byte = bytes[end]
      let kind = classes[Int(byte)]
      let previous = bytes[end - 1] | 0x20
      let isExponentSign =
        (byte == 0x2B || byte == 0x2D) && (previous == 0x65 || previous == 0x70) && !isHexadecimal(position, end)
      guard
        kind == ByteClass.letter.rawValue || kind == ByteClass.digit.rawValue || byte == 0x2E || isExponentSign
      else { break }
      end += 1
    }
    emit(.number, end - position, intoMacro)
  }

  private func isHexadecimal(_ start: Int, _ end: Int) -> Bool {
    end - start > 1 && bytes[start] == 0x30 && (bytes[start + 1] | 0x20) == 0x78
  }

  private mutating func quoted(_ limit: Int, _ intoMacro: Bool, prefix: Int = 0) {
    let quote = bytes[position + prefix]
    var end = position + prefix + 1
    while end < limit, bytes[end] != quote {
      if bytes[end] == 0x0A { break }
      end += bytes[end] == 0x5C ? 2 : 1
    }
    end = min(end + (end < limit && bytes[end] == quote ? 1 : 0), limit)
    emit(quote == 0x22 ? .string : .character, max(end - position, 1), intoMacro)
  }

  private mutating func skipLineComment(_ limit: Int) {
    while position < limit, bytes[position] != 0x0A {
      position += bytes[position] == 0x5C ? 2 : 1
    }
    position = min(position, limit)
  }

  private mutating func skipBlockComment(_ limit: Int) {
    position += 2
    while position < limit {
      if bytes[position] == 0x2A, position + 1 < limit, bytes[position + 1] == 0x2F {
        position += 2
        return
      }
      position += 1
    }
  }

  private mutating func punctuator(_ intoMacro: Bool) {
    let first = bytes[position]
    let second = peek(1)
    let third = peek(2)
    let (kind, length) = Self.punctuator(first, second, third)
    emit(kind, length, intoMacro)
  }

  private static func punctuator(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> (TokenKind, Int) {
    let isAssign = second == 0x3D
    switch first {
    case 0x28: return (.leftParen, 1)
    case 0x29: return (.rightParen, 1)
    case 0x7B: return (.leftBrace, 1)
    case 0x7D: return (.rightBrace, 1)
    case 0x5B: return (.leftBracket, 1)
    case 0x5D: return (.rightBracket, 1)
    case 0x3B: return (.semicolon, 1)
    case 0x2C: return (.comma, 1)
    case 0x3A: return (.colon, 1)
    case 0x3F: return (.question, 1)
    case 0x7E: return (.tilde, 1)
    case 0x2E: return second == 0x2E && third == 0x2E ? (.ellipsis, 3) : (.dot, 1)
    case 0x2B: return second == 0x2B ? (.plusPlus, 2) : isAssign ? (.plusEqual, 2) : (.plus, 1)
    case 0x2D:
      return second == 0x2D
        ? (.minusMinus, 2) : second == 0x3E ? (.arrow, 2) : isAssign ? (.minusEqual, 2) : (.minus, 1)
    case 0x2A: return isAssign ? (.starEqual, 2) : (.star, 1)
    case 0x2F: return isAssign ? (.slashEqual, 2) : (.slash, 1)
    case 0x25: return isAssign ? (.percentEqual, 2) : (.percent, 1)
    case 0x5E: return isAssign ? (.caretEqual, 2) : (.caret, 1)
    case 0x21: return isAssign ? (.bangEqual, 2) : (.bang, 1)
    case 0x3D: return isAssign ? (.equalEqual, 2) : (.equal, 1)
    case 0x26: return second == 0x26 ? (.ampersandAmpersand, 2) : isAssign ? (.ampersandEqual, 2) : (.ampersand, 1)
    case 0x7C: return second == 0x7C ? (.pipePipe, 2) : isAssign ? (.pipeEqual, 2) : (.pipe, 1)
    case 0x3C:
      if second == 0x3C { return third == 0x3D ? (.shiftLeftEqual, 3) : (.shiftLeft, 2) }
      return isAssign ? (.lessEqual, 2) : (.less, 1)
    case 0x3E:
      if second == 0x3E { return third == 0x3D ? (.shiftRightEqual, 3) : (.shiftRight, 2) }
      return isAssign ? (.greaterEqual, 2) : (.greater, 1)
    default: return (.other, 1)
    }
  }
}

extension Lexer {
  /// The end of the logical line that starts at `start`: backslash-newlines and block comments are passed over.
  private func logicalLineEnd(_ start: Int) -> Int {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x0A { return index }
      if byte == 0x5C {
        index += index + 2 < bytes.count && bytes[index + 1] == 0x0D && bytes[index + 2] == 0x0A ? 3 : 2
      } else if byte == 0x2F, index + 1 < bytes.count, bytes[index + 1] == 0x2A {
        index += 2
        while index + 1 < bytes.count, !(bytes[index] == 0x2A && bytes[index + 1] == 0x2F) { index += 1 }
        index += 2
      } else if byte == 0x2F, index + 1 < bytes.count, bytes[index + 1] == 0x2F {
        while index < bytes.count, bytes[index] != 0x0A { index += bytes[index] == 0x5C ? 2 : 1 }
      } else {
        index += 1
      }
    }
    return bytes.count
  }

  private mutating func directive() {
    let start = position
    let end = min(logicalLineEnd(position), bytes.count)
    position += 1
    skipBlanks(end)
    let wordStart = position
    while position < end, classes[Int(bytes[position])] == ByteClass.letter.rawValue { position += 1 }
    // `#define` and `#include` are most of what a header has; they are told apart by two bytes.
    let length = position - wordStart
    if length == 6, bytes[wordStart] == 0x64 {
      define(end)
      position = end
      atLineStart = true
      return
    }
    let isInclude = length == 7 && bytes[wordStart] == 0x69 && bytes[wordStart + 1] == 0x6E
    let word = isInclude ? "include" : String(decoding: bytes[wordStart..<position], as: UTF8.self)
    switch word {
    case "if", "ifdef", "ifndef": conditional(start, end, word, .conditionalIf)
    case "elif", "elifdef", "elifndef": conditional(start, end, word, .conditionalElse)
    case "else": marker(.conditionalElse, start, end, symbol: -1, traits: [])
    case "endif": marker(.conditionalEnd, start, end, symbol: -1, traits: [])
    default: break
    }
    position = end
    atLineStart = true
  }

  private mutating func skipBlanks(_ end: Int) {
    while position < end, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
  }

  private mutating func marker(_ kind: TokenKind, _ start: Int, _ end: Int, symbol: Int32, traits: Token.Traits) {
    hasConditionals = true
    tokens.append(
      Token(
        start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: end - start),
        symbol: Symbol(symbol), kind: kind, traits: traits))
  }

  private mutating func conditional(_ start: Int, _ end: Int, _ word: String, _ kind: TokenKind) {
    skipBlanks(end)
    var flags: Token.Traits = kind == .conditionalElse ? [.elseIf] : []
    if word.hasSuffix("ndef") { flags.insert(.negated) }
    if !word.hasSuffix("def"), position < end, bytes[position] == 0x21 {
      flags.insert(.negated)
      position += 1
    }
    var last = end
    while last > position, classes[Int(bytes[last - 1])] == ByteClass.space.rawValue { last -= 1 }
    if last - position == 1, bytes[position] == 0x30 { flags.insert(.never) }
    var text = Array(bytes[min(position, last)..<last])
    if !word.hasSuffix("def") { text = Self.conditionName(text) }
    let symbol = names.intern(text)
    if Int(symbol) == traits.count { traits.append([]) }
    marker(kind, start, end, symbol: symbol, traits: flags)
  }

  /// `defined(X)`, `defined X` and `IS_ENABLED(X)` name the same condition as `#ifdef X`.
  private static func conditionName(_ text: [UInt8]) -> [UInt8] {
    let string = String(decoding: text, as: UTF8.self)
    for prefix in ["defined(", "IS_ENABLED(", "IS_BUILTIN(", "IS_REACHABLE(", "defined "] where string.hasPrefix(prefix)
    {
      var rest = string.utf8.dropFirst(prefix.utf8.count)
      if rest.last == 0x29 { rest = rest.dropLast() }
      let isName = rest.allSatisfy {
        ByteClass.table[Int($0)] == ByteClass.letter.rawValue || ($0 >= 0x30 && $0 <= 0x39)
      }
      if isName { return Array(rest) }
    }
    return text
  }

  private mutating func define(_ end: Int) {
    skipBlanks(end)
    guard position < end, classes[Int(bytes[position])] == ByteClass.letter.rawValue else { return }
    let nameStart = position
    while position < end {
      let kind = classes[Int(bytes[position])]
      guard kind == ByteClass.letter.rawValue || kind == ByteClass.digit.rawValue else { break }
      position += 1
    }
    let nameEnd = position
    let isFunctionLike = position < end && bytes[position] == 0x28
    if !isFunctionLike {
      skipBlanks(end)
      guard position < end, classes[Int(bytes[position])] == ByteClass.letter.rawValue else { return }
    }
    let bodyStart = macroTokens.count
    while position < end { step(limit: end, intoMacro: true) }
    guard macroTokens.count > bodyStart else { return }
    let symbol = names.intern(
      UnsafeBufferPointer(rebasing: bytes[nameStart..<nameEnd]),
      hash: NameArena.hash(
        UnsafeBufferPointer(rebasing: bytes[nameStart..<nameEnd])))
    if Int(symbol) == traits.count {
      traits.append(Self.traits(of: UnsafeBufferPointer(rebasing: bytes[nameStart..<nameEnd])))
    }
    macros.append(
      MacroDefinition(
        name: Symbol(symbol), offset: UInt32(truncatingIfNeeded: nameStart), isFunctionLike: isFunctionLike,
        tokens: bodyStart..<macroTokens.count))
  }

  /// Replaces the file's own name numbers by the run's symbols.
  mutating func globalise(_ symbols: SymbolTable) {
    let map = symbols.map(names)
    func translate(_ tokens: inout ContiguousArray<Token>) {
      for index in tokens.indices where tokens[index].symbol.exists {
        tokens[index].symbol = Symbol(map[Int(tokens[index].symbol.rawValue)])
      }
    }
    translate(&tokens)
    translate(&macroTokens)
    for index in macros.indices { macros[index].name = Symbol(map[Int(macros[index].name.rawValue)]) }
  }
}
