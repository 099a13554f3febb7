extension Parser {
  /// Reads function-like macros as functions without types, and name aliases.
  mutating func parseMacros(_ macros: [MacroDefinition]) {
    for macro in macros {
      let range = macro.tokens.lowerBound + boundary..<macro.tokens.upperBound + boundary
      if macro.isFunctionLike {
        parseMacro(macro, range)
      } else if range.count == 1, tokens[range.lowerBound].kind == .identifier {
        aliases.append((macro.name, tokens[range.lowerBound].symbol))
      }
    }
  }

  private mutating func parseMacro(_ macro: MacroDefinition, _ range: Range<Int>) {
    guard range.count > 2, range.count < 4000, tokens[range.lowerBound].kind == .leftParen else { return }
    var cursor = range.lowerBound + 1
    var parameters: [Parameter] = []
    while cursor < range.upperBound, tokens[cursor].kind != .rightParen {
      if tokens[cursor].kind == .identifier {
        parameters.append(Parameter(name: tokens[cursor].symbol, type: .unknown))
      }
      cursor += 1
    }
    let bodyStart = cursor + 1
    let hasCall = (bodyStart..<max(bodyStart, range.upperBound)).contains {
      tokens[$0].kind == .leftParen && $0 > bodyStart && tokens[$0 - 1].kind == .identifier
    }
    guard bodyStart < range.upperBound, hasCall else { return }
    matchBrackets(bodyStart..<range.upperBound)
    let savedLimit = limit
    let unreadCount = unread.count
    limit = range.upperBound
    index = bodyStart
    currentFunction = macro.name
    oddStatements = 0
    let firstNode = NodeID(nodes.count)
    let body = parseMacroBody(bodyStart)
    unread.removeSubrange(unreadCount...)
    limit = savedLimit
    functions.append(
      FunctionDefinition(
        name: macro.name, token: UInt32(range.lowerBound), isStatic: true, isInline: true, isMacro: true,
        returnType: .unknown, parameters: parameters, body: body, nodes: firstNode..<NodeID(nodes.count),
        tokens: range, annotations: [],
        oddStatements: oddStatements))
  }

  /// A lone expression becomes `return expression`, `do { … } while (0)` its block, anything else a block.
  private mutating func parseMacroBody(_ start: Int) -> NodeID {
    let block = parseStatements(start)
    let content = nodes[Int(block)]
    guard content.b == 1 else { return block }
    let only = lists[Int(content.a)]
    let statement = nodes[Int(only)]
    if statement.kind == .expressionStatement, tokens[min(index, tokens.count) - 1].kind != .semicolon {
      let value = node(.returnStatement, at: start, a: statement.a)
      let run = store([value])
      return node(.block, at: start, a: run.start, b: run.count)
    }
    return block
  }
}
