extension Parser {
  /// A full expression with commas.
  mutating func parseExpression() -> NodeID {
    var left = parseAssignment()
    var count = 0
    while kind == .comma, count < Self.chainLimit {
      count += 1
      let token = index
      index += 1
      let right = parseAssignment()
      left = node(.comma, at: token, a: left, b: right)
    }
    return left
  }

  mutating func parseAssignment() -> NodeID {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.nestingLimit else { return oddExpression(.nesting) }
    let left = parseBinary(1)
    if kind == .question {
      let token = index
      index += 1
      let middle: NodeID = kind == .colon ? -1 : parseExpression()
      _ = take(.colon)
      let right = parseAssignment()
      return node(.conditional, at: token, a: left, b: middle, c: right)
    }
    if kind.isAssignment {
      let token = index
      let op = kind
      index += 1
      let right = kind == .leftBrace ? parseInitialiser() : parseAssignment()
      return node(.assign, at: token, a: left, b: right, op: op.rawValue)
    }
    return left
  }

  private mutating func parseBinary(_ minimum: Int) -> NodeID {
    var left = parseUnary()
    var count = 0
    while true {
      count += 1
      if count > Self.chainLimit { return oddExpression(.nesting) }
      let op = kind
      let precedence = op.precedence
      guard precedence >= minimum else { return left }
      let token = index
      index += 1
      depth += 1
      let right = depth < Self.nestingLimit ? parseBinary(precedence + 1) : oddExpression(.nesting)
      depth -= 1
      left = node(.binary, at: token, a: left, b: right, op: op.rawValue)
    }
  }

  private mutating func oddExpression(_ reason: UnreadConstruct.Reason) -> NodeID {
    note(reason, at: index)
    let token = index
    skipExpression()
    return node(.oddExpression, at: token)
  }

  /// Moves to the `,` `;` `)` `]` or `}` that ends the expression here.
  mutating func skipExpression() {
    while index < limit {
      switch kind {
      case .comma, .semicolon, .rightParen, .rightBracket, .rightBrace, .conditionalIf, .conditionalElse,
        .conditionalEnd:
        return
      case .leftParen, .leftBrace, .leftBracket: index = behind(index)
      default: index += 1
      }
    }
  }

  private mutating func parseUnary() -> NodeID {
    let token = index
    switch kind {
    case .plus, .minus, .star, .ampersand, .tilde, .bang, .plusPlus, .minusMinus, .ampersandAmpersand:
      let op = kind
      index += 1
      depth += 1
      defer { depth -= 1 }
      guard depth < Self.nestingLimit else { return oddExpression(.nesting) }
      let operand = parseUnary()
      return node(.unary, at: token, a: operand, op: op.rawValue)
    case .leftParen:
      if startsTypeName(1), let cast = parseCast() { return cast }
    case .identifier:
      if let word = keyword(), word == .sizeof || word == .alignof || word == ._Alignof || word == .__alignof__ {
        return parseSizeOf()
      }
      if at(.__extension__) {
        index += 1
        return parseUnary()
      }
    default: break
    }
    return parsePostfix()
  }

  private mutating func parseCast() -> NodeID? {
    let token = index
    let end = behind(index)
    let next = end < limit ? tokens[end].kind : .end
    switch next {
    case .identifier, .number, .string, .character, .leftParen, .leftBrace, .star, .ampersand, .minus, .plus, .tilde,
      .bang, .plusPlus, .minusMinus:
      break
    default: return nil
    }
    // `(name_t) * x` with an ordinary name in front would be a product; a `_t` name or a keyword is a type.
    if next == .identifier, let word = Keyword(tokens[end].symbol), word.startsStatement { return nil }
    let savedLimit = limit
    index += 1
    limit = end - 1
    let type = parseTypeName()
    limit = savedLimit
    index = end
    if kind == .leftBrace {
      let initialiser = parseInitialiser()
      let literal = node(.compoundLiteral, at: token, a: store(type), b: initialiser)
      return parsePostfixTail(literal)
    }
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.nestingLimit else { return oddExpression(.nesting) }
    let operand = parseUnary()
    return node(.cast, at: token, a: store(type), b: operand)
  }

  private mutating func parseSizeOf() -> NodeID {
    let token = index
    index += 1
    if kind == .leftParen, startsTypeName(1) || (keyword(at: 1) == nil && kind(at: 2) == .rightParen) {
      // A type, or a lone name that may be one: neither reads a value.
      let end = behind(index)
      index = end
      return node(.sizeOf, at: token)
    }
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.nestingLimit else { return oddExpression(.nesting) }
    let operand = parseUnary()
    return node(.sizeOf, at: token, a: operand)
  }

  private mutating func parsePostfix() -> NodeID {
    let token = index
    let result = parsePostfixTail(parsePrimary())
    // `DRIVER_NAME " text"`: a macro for a string, joined with another.
    guard kind == .string, nodes[Int(result)].kind == .name || nodes[Int(result)].kind == .call else { return result }
    skipStrings()
    return node(.string, at: token)
  }

  /// Literals in a row, and the macros for literals between them.
  private mutating func skipStrings() {
    while kind == .string || (kind == .identifier && keyword() == nil) {
      index += 1
      if kind == .leftParen { skipGroup() }
    }
  }

  private mutating func parsePostfixTail(_ first: NodeID) -> NodeID {
    var result = first
    var count = 0
    while true {
      count += 1
      if count > Self.chainLimit { return result }
      let token = index
      switch kind {
      case .leftParen:
        let arguments = parseArguments()
        result = node(.call, at: Int(nodes[Int(result)].token), a: result, b: arguments.start, c: arguments.count)
      case .leftBracket:
        index += 1
        let position = kind == .rightBracket ? -1 : parseExpression()
        if kind != .rightBracket { skipTo(.rightBracket, from: token) }
        _ = take(.rightBracket)
        result = node(.index, at: token, a: result, b: position)
      case .dot, .arrow:
        let op = kind
        guard kind(at: 1) == .identifier else { return result }
        index += 1
        result = node(.member, at: index, a: result, b: symbol.rawValue, op: op.rawValue)
        index += 1
      case .plusPlus, .minusMinus:
        result = node(.postfix, at: token, a: result, op: kind.rawValue)
        index += 1
      default:
        return result
      }
    }
  }

  /// `__releases(&x->lock)` in the head of a function, a call of that name.
  mutating func parseAnnotation() -> NodeID {
    let token = index
    let name = node(.name, at: token, a: symbol.rawValue)
    index += 1
    let arguments = parseArguments()
    return node(.call, at: token, a: name, b: arguments.start, c: arguments.count)
  }

  private mutating func skipTo(_ closing: TokenKind, from opening: Int) {
    let end = behind(opening)
    if end - 1 > opening, tokens[end - 1].kind == closing { index = max(index, end - 1) }
  }

  private mutating func parsePrimary() -> NodeID {
    let token = index
    switch kind {
    case .identifier:
      if let word = keyword() {
        if word.startsStatement { return node(.oddExpression, at: token) }
        if word.isTypeof || word == ._Generic {
          index += 1
          skipGroup()
          return node(.oddExpression, at: token)
        }
        if word.isAggregate {
          let type = parseTypeName()
          return node(.typeOperand, at: token, a: store(type))
        }
        if word.isAttribute, kind(at: 1) == .leftParen || kind(at: 1) == .identifier {
          index += 1
          skipGroup()
          return parsePrimary()
        }
      }
      let name = symbol
      index += 1
      return node(.name, at: token, a: name.rawValue)
    case .number:
      index += 1
      let (value, isExact) = numberValue(tokens[token])
      return node(.number, at: token, a: value, b: isExact ? 1 : 0)
    case .string:
      skipStrings()
      return node(.string, at: token)
    case .character:
      index += 1
      return node(.character, at: token)
    case .leftParen:
      return parseParenthesised()
    case .hash, .hashHash:
      index += 1
      return parsePrimary()
    default:
      return oddPrimary(token)
    }
  }

  private mutating func oddPrimary(_ token: Int) -> NodeID {
    switch kind {
    case .rightParen, .rightBrace, .rightBracket, .semicolon, .comma, .end, .conditionalIf, .conditionalElse,
      .conditionalEnd, .colon:
      break
    case .leftBrace: index = behind(index)
    default: index += 1
    }
    return node(.oddExpression, at: token)
  }

  private mutating func parseParenthesised() -> NodeID {
    let token = index
    let end = behind(index)
    index += 1
    if kind == .leftBrace {
      let block = parseBlock()
      index = max(end, index)
      return node(.statementExpression, at: token, a: block)
    }
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.nestingLimit else {
      index = end
      note(.nesting, at: token)
      return node(.oddExpression, at: token)
    }
    let inner = parseExpression()
    if end - 1 > token, index < end { index = end } else { _ = take(.rightParen) }
    return inner
  }

  private mutating func parseArguments() -> (start: Int32, count: Int32) {
    let opening = index
    let end = behind(index)
    let savedLimit = limit
    depth += 1
    defer {
      limit = savedLimit
      index = end
      depth -= 1
    }
    guard depth < Self.nestingLimit, end - 1 > opening else {
      if depth >= Self.nestingLimit { note(.nesting, at: opening) }
      return store([])
    }
    index += 1
    limit = end - 1
    var arguments: [Int32] = []
    while index < limit {
      let before = index
      arguments.append(parseArgument())
      if kind != .comma { skipExpression() }
      if kind == .comma { index += 1 }
      if index == before { index += 1 }
    }
    return store(arguments)
  }

  private mutating func parseArgument() -> NodeID {
    if kind == .identifier {
      if let word = keyword() {
        if word.startsStatement { return oddArgument() }
        if word.isType || word == .const { return node(.typeOperand, at: index, a: store(parseTypeName())) }
      } else if startsTypeName(0) || (kind(at: 1) == .star && (kind(at: 2) == .comma || kind(at: 2) == .end)) {
        return node(.typeOperand, at: index, a: store(parseTypeName()))
      }
    }
    if kind == .leftBrace { return parseInitialiser() }
    return parseAssignment()
  }

  /// An argument that is a statement, as in `scoped_cond_guard(mutex_intr, return -EINTR, &lock)`.
  private mutating func oddArgument() -> NodeID {
    let token = index
    skipExpression()
    return node(.oddExpression, at: token)
  }

  private func numberValue(_ token: Token) -> (Int32, Bool) {
    let start = Int(token.start)
    let end = min(bytes.count, start + Int(token.length))
    var value: UInt64 = 0
    var position = start
    var radix: UInt64 = 10
    if end - start > 2, bytes[start] == 0x30, bytes[start + 1] | 0x20 == 0x78 {
      radix = 16
      position += 2
    }
    while position < end {
      let byte = bytes[position] | 0x20
      let digit: UInt64
      if byte >= 0x30, byte <= 0x39 {
        digit = UInt64(byte) - 0x30
      } else if radix == 16, byte >= 0x61, byte <= 0x66 {
        digit = UInt64(byte) - 0x57
      } else {
        break
      }
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      if overflow { return (Int32.max, false) }
      value = product &+ digit
      position += 1
    }
    return value <= UInt64(Int32.max) ? (Int32(value), true) : (Int32.max, false)
  }
}
