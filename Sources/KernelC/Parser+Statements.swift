extension Parser {
  /// `{ … }`; the position is the opening brace. Ends just behind the closing one.
  mutating func parseBlock() -> NodeID {
    let opening = index
    let end = behind(index)
    let savedLimit = limit
    depth += 1
    defer {
      limit = savedLimit
      index = end
      depth -= 1
    }
    guard depth < Self.nestingLimit else {
      note(.nesting, at: opening)
      oddStatements += 1
      let run = store([node(.oddStatement, at: opening)])
      return node(.block, at: opening, a: run.start, b: run.count)
    }
    index += 1
    limit = max(index, end - 1)
    return parseStatements(opening)
  }

  /// Statements up to the limit, as a block node.
  mutating func parseStatements(_ token: Int) -> NodeID {
    var statements: [Int32] = []
    while index < limit {
      let before = index
      statements.append(parseStatement())
      if index == before { index += 1 }
    }
    let run = store(statements)
    return node(.block, at: token, a: run.start, b: run.count)
  }

  mutating func parseStatement() -> NodeID {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.nestingLimit else {
      note(.nesting, at: index)
      return oddStatement()
    }
    let token = index
    switch kind {
    case .leftBrace: return parseBlock()
    case .semicolon:
      index += 1
      return node(.empty, at: token)
    case .conditionalIf: return parseConditional()
    case .conditionalElse, .conditionalEnd:
      index += 1
      return node(.empty, at: token)
    case .identifier:
      if let word = keyword(), word.startsStatement { return parseKeywordStatement(word) }
      if let word = keyword(), word.isAssembly { return parseAssembly() }
      if kind(at: 1) == .colon, kind(at: 2) != .colon {
        let name = symbol
        index += 2
        while let word = keyword(), word.isAttribute {
          index += 1
          skipGroup()
        }
        return node(.label, at: token, a: name.rawValue)
      }
      if let word = keyword(), word == ._Static_assert || word == .static_assert {
        skipToSemicolon()
        return node(.empty, at: token)
      }
      if startsDeclaration() { return parseLocalDeclaration() }
    default: break
    }
    return parseExpressionStatement()
  }

  private mutating func oddStatement() -> NodeID {
    let token = index
    oddStatements += 1
    var isFirst = true
    while index < limit {
      if kind == .semicolon {
        index += 1
        break
      }
      if kind == .leftBrace {
        index = behind(index)
        break
      }
      if !isFirst, kind == .conditionalIf || kind == .conditionalElse || kind == .conditionalEnd { break }
      index = kind == .leftParen || kind == .leftBracket ? behind(index) : index + 1
      isFirst = false
    }
    return node(.oddStatement, at: token)
  }

  private mutating func parseExpressionStatement() -> NodeID {
    let token = index
    let expression = parseExpression()
    if kind == .semicolon {
      index += 1
      return node(.expressionStatement, at: token, a: expression)
    }
    if index >= limit { return node(.expressionStatement, at: token, a: expression) }
    let value = nodes[Int(expression)]
    if value.kind == .call, index > token {
      if kind == .leftBrace || tokens[token].traits.contains(.iterator) || isGuardedLoop(token) {
        let body = parseStatement()
        return node(.macroLoop, at: token, a: expression, b: body)
      }
      // A macro that brings its own semicolon.
      if kind == .identifier || kind == .rightBrace || kind == .conditionalIf || kind == .conditionalElse
        || kind == .conditionalEnd
      {
        return node(.expressionStatement, at: token, a: expression)
      }
    }
    if value.kind == .name, kind == .identifier || kind == .rightBrace, index > token {
      return node(.expressionStatement, at: token, a: expression)
    }
    note(.statement, at: token)
    return oddStatement()
  }

  /// `scoped_guard(…) statement` without braces.
  private func isGuardedLoop(_ token: Int) -> Bool {
    let start = Int(tokens[token].start)
    let text = bytes[min(start, bytes.count)..<min(bytes.count, start + Int(tokens[token].length))]
    return text.starts(with: "scoped_".utf8)
  }

  private mutating func condition() -> NodeID {
    guard kind == .leftParen else { return node(.oddExpression, at: index) }
    let end = behind(index)
    let savedLimit = limit
    index += 1
    limit = max(index, end - 1)
    let result = index < limit ? parseExpression() : node(.oddExpression, at: index)
    limit = savedLimit
    index = end
    return result
  }

  private mutating func parseKeywordStatement(_ word: Keyword) -> NodeID {
    let token = index
    index += 1
    switch word {
    case .if:
      let test = condition()
      let then = parseStatement()
      var otherwise: NodeID = -1
      if at(.else) {
        index += 1
        otherwise = parseStatement()
      }
      return node(.ifStatement, at: token, a: test, b: then, c: otherwise)
    case .else:
      return parseStatement()
    case .while:
      let test = condition()
      let body = parseStatement()
      return node(.whileStatement, at: token, a: test, b: body)
    case .do:
      let body = parseStatement()
      var test: NodeID = -1
      if at(.while) {
        index += 1
        test = condition()
      }
      _ = take(.semicolon)
      return node(.doStatement, at: token, a: body, b: test)
    case .for: return parseFor(token)
    case .switch:
      let value = condition()
      let body = parseStatement()
      return node(.switchStatement, at: token, a: value, b: body)
    case .case:
      let value = parseAssignment()
      var last: NodeID = -1
      if take(.ellipsis) { last = parseAssignment() }
      _ = take(.colon)
      return node(.caseLabel, at: token, a: value, b: last)
    case .default:
      _ = take(.colon)
      return node(.caseLabel, at: token)
    case .goto:
      if kind == .star {
        skipToSemicolon()
        return node(.computedGoto, at: token)
      }
      let target = symbol
      if kind == .identifier { index += 1 }
      _ = take(.semicolon)
      return node(.gotoStatement, at: token, a: target.rawValue)
    case .return:
      let value: NodeID = kind == .semicolon || index >= limit ? -1 : parseExpression()
      if kind != .semicolon, index < limit {
        note(.statement, at: token)
        oddStatements += 1
        skipToSemicolon()
      } else {
        _ = take(.semicolon)
      }
      return node(.returnStatement, at: token, a: value)
    case .break:
      _ = take(.semicolon)
      return node(.breakStatement, at: token)
    default:
      _ = take(.semicolon)
      return node(.continueStatement, at: token)
    }
  }

  private mutating func parseFor(_ token: Int) -> NodeID {
    var parts: [Int32] = [-1, -1, -1, -1]
    if kind == .leftParen {
      let end = behind(index)
      let savedLimit = limit
      index += 1
      limit = max(index, end - 1)
      if kind == .semicolon {
        index += 1
      } else if startsDeclaration() {
        parts[0] = parseLocalDeclaration()
      } else {
        let start = index
        let value = parseExpression()
        parts[0] = node(.expressionStatement, at: start, a: value)
        _ = take(.semicolon)
      }
      if index < limit, kind != .semicolon { parts[1] = parseExpression() }
      _ = take(.semicolon)
      if index < limit { parts[2] = parseExpression() }
      limit = savedLimit
      index = end
    }
    parts[3] = parseStatement()
    let run = store(parts)
    return node(.forStatement, at: token, a: run.start, b: run.count)
  }

  private mutating func parseAssembly() -> NodeID {
    let token = index
    while kind == .identifier { index += 1 }
    skipGroup()
    _ = take(.semicolon)
    return node(.assembly, at: token)
  }

  private mutating func parseConditional() -> NodeID {
    let token = index
    let marker = tokens[index]
    index += 1
    let then = parseBranch()
    var otherwise: NodeID = -1
    if kind == .conditionalElse {
      let start = index
      if tokens[index].traits.contains(.elseIf) {
        let run: (start: Int32, count: Int32)
        let nested = parseElseIf()
        run = store([nested])
        otherwise = node(.block, at: start, a: run.start, b: run.count)
        return node(
          .preprocessorIf, at: token, a: marker.symbol.rawValue, b: then, c: otherwise,
          op: marker.traits.contains(.negated) ? 1 : 0)
      }
      index += 1
      otherwise = parseBranch()
    }
    if kind == .conditionalEnd { index += 1 }
    return node(
      .preprocessorIf, at: token, a: marker.symbol.rawValue, b: then, c: otherwise,
      op: marker.traits.contains(.negated) ? 1 : 0)
  }

  /// `#elif`: reads like an `#if` whose end is the outer group's.
  private mutating func parseElseIf() -> NodeID {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.nestingLimit else { return oddStatement() }
    return parseConditional()
  }

  private mutating func parseBranch() -> NodeID {
    let token = index
    var statements: [Int32] = []
    while index < limit, kind != .conditionalElse, kind != .conditionalEnd {
      let before = index
      statements.append(parseStatement())
      if index == before { index += 1 }
    }
    let run = store(statements)
    return node(.block, at: token, a: run.start, b: run.count)
  }

  /// A declaration of locals; ends behind its semicolon.
  mutating func parseLocalDeclaration() -> NodeID {
    let token = index
    let specifiers = parseSpecifiers()
    var variables: [Int32] = []
    while index < limit, kind != .semicolon {
      let before = index
      var declarator = parseDeclarator(specifiers.type)
      if specifiers.cleansUp { declarator.cleansUp = true }
      var value: NodeID = -1
      if kind == .equal {
        index += 1
        value = parseInitialiser()
      }
      if declarator.name.exists, declarator.parameters == nil || declarator.type.isFunction {
        let flags: UInt8 = (specifiers.isStatic || specifiers.isExtern ? 1 : 0) | (declarator.cleansUp ? 2 : 0)
        variables.append(
          node(
            .variable, at: declarator.token, a: declarator.name.rawValue, b: store(declarator.type), c: value,
            op: flags))
      }
      if kind == .colon {
        index += 1
        _ = parseAssignment()
      }
      if kind == .comma {
        index += 1
      } else if kind != .semicolon {
        if index < limit {
          note(.statement, at: token)
          oddStatements += 1
          skipToSemicolon()
          let run = store(variables)
          return node(.declaration, at: token, a: run.start, b: run.count)
        }
      }
      if index == before { break }
    }
    _ = take(.semicolon)
    let run = store(variables)
    return node(.declaration, at: token, a: run.start, b: run.count)
  }
}
