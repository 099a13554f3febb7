extension Parser {
  /// Reads all external declarations.
  mutating func parseFile() {
    while index < limit, kind != .end {
      let before = index
      parseExternal()
      if index <= before { index = before + 1 }
    }
  }

  private mutating func parseExternal() {
    currentFunction = .none
    switch kind {
    case .semicolon, .rightBrace, .rightParen, .conditionalIf, .conditionalElse, .conditionalEnd:
      index += 1
      return
    case .identifier: break
    case .leftBrace, .leftParen, .leftBracket:
      index = behind(index)
      return
    default:
      index += 1
      return
    }
    if let word = keyword(), word.isAssembly {
      skipToSemicolon()
      return
    }
    let start = index
    var cursor = index
    var sawEqual = false
    while cursor < limit {
      switch tokens[cursor].kind {
      case .semicolon:
        parseDeclaration(start, end: cursor)
        return
      case .equal:
        sawEqual = true
        cursor += 1
      case .leftBrace where !sawEqual:
        if isAggregateBrace(start, cursor) {
          cursor = behind(cursor)
          continue
        }
        if !parseFunction(start, brace: cursor) {
          index = behind(cursor)
        }
        return
      case .leftParen, .leftBrace, .leftBracket: cursor = behind(cursor)
      case .end:
        index = cursor
        return
      default:
        cursor += 1
      }
    }
    index = limit
  }

  /// Whether the brace at `brace` belongs to a `struct`, `union` or `enum`, or to a macro's argument-like body.
  private func isAggregateBrace(_ start: Int, _ brace: Int) -> Bool {
    var cursor = brace - 1
    var steps = 0
    while cursor >= start, steps < 12 {
      if tokens[cursor].kind == .rightParen {
        // Only an attribute's arguments may stand between the tag and the brace.
        guard partner[cursor] > Int32(start), let word = Keyword(tokens[Int(partner[cursor]) - 1].symbol),
          word.isAttribute
        else { return false }
        cursor = Int(partner[cursor]) - 1
      }
      guard tokens[cursor].kind == .identifier else { return false }
      if let word = Keyword(tokens[cursor].symbol), word.isAggregate { return true }
      cursor -= 1
      steps += 1
    }
    return false
  }

  /// Reads the function whose body opens at `brace`; false when no parameter list precedes it.
  private mutating func parseFunction(_ start: Int, brace: Int) -> Bool {
    guard let header = functionHeader(start, brace) else {
      // `extern "C" {`, `MACRO { … }` and the like: nothing that runs.
      return false
    }
    let savedLimit = limit
    defer { limit = savedLimit }
    index = start
    limit = header.name
    let specifiers = parseSpecifiers()
    let declarator = returnDeclarator(specifiers.type, upTo: header.name)
    limit = savedLimit
    var name = tokens[header.name].symbol
    var nameToken = header.name
    var parameters: [Parameter] = []
    index = header.name + 1
    if let wrapped = wrappedName(header.name) {
      name = tokens[wrapped].symbol
      nameToken = wrapped
      parameters = wrapperParameters(header.name)
    } else {
      parameters = parseParameters()
    }
    if header.lastParen < brace - 1, tokens[brace - 1].kind == .semicolon {
      applyOldStyleTypes(&parameters, from: header.lastParen + 1, to: brace)
    }
    currentFunction = name
    let firstNode = NodeID(nodes.count)
    var annotations: [NodeID] = []
    index = header.lastParen + 1
    while index < brace {
      if kind == .identifier, kind(at: 1) == .leftParen, tokens[index].traits.contains(.reserved) {
        let savedIndex = index
        annotations.append(parseAssignment())
        if index <= savedIndex { index = savedIndex + 1 }
      } else {
        index += 1
      }
    }
    index = brace
    oddStatements = 0
    let body = parseBlock()
    functions.append(
      FunctionDefinition(
        name: name, token: UInt32(nameToken), isStatic: specifiers.isStatic, isInline: specifiers.isInline,
        isMacro: false, returnType: declarator, parameters: parameters, body: body,
        nodes: firstNode..<NodeID(nodes.count), tokens: start..<index,
        annotations: annotations, oddStatements: oddStatements))
    return true
  }

  private mutating func returnDeclarator(_ base: CType, upTo end: Int) -> CType {
    var type = base
    while index < end {
      if kind == .star { type.pointers = min(type.pointers + 1, 8) }
      index += 1
    }
    return type
  }

  private struct Header {
    var name: Int
    var lastParen: Int
  }

  /// Finds the name: the identifier in front of the parameter list, behind which only attributes (or the declarations
  /// of an old-style definition) may follow.
  private func functionHeader(_ start: Int, _ brace: Int) -> Header? {
    var cursor = brace - 1
    if cursor >= start, tokens[cursor].kind == .semicolon { return oldStyleHeader(start, brace) }
    while cursor > start {
      switch tokens[cursor].kind {
      case .identifier:
        cursor -= 1
      case .rightParen:
        let opening = Int(partner[cursor])
        guard opening > start, tokens[opening - 1].kind == .identifier else {
          // `(*name(args))(args)`: a function that returns a function pointer.
          if opening > start, tokens[opening - 1].kind == .rightParen { cursor = opening - 1 } else { return nil }
          continue
        }
        let word = Keyword(tokens[opening - 1].symbol)
        let isAttribute = word?.isAttribute == true || word?.isAssembly == true
        let precededByGroup = opening - 2 >= start && tokens[opening - 2].kind == .rightParen
        let isReserved = tokens[opening - 1].traits.contains(.reserved) && precededByGroup
        if isAttribute || isReserved {
          cursor = opening - 2
          continue
        }
        guard word == nil else { return nil }
        return Header(name: opening - 1, lastParen: cursor)
      default:
        return nil
      }
    }
    return nil
  }

  private func oldStyleHeader(_ start: Int, _ brace: Int) -> Header? {
    var cursor = start
    while cursor < brace {
      if tokens[cursor].kind == .leftParen, cursor > start, tokens[cursor - 1].kind == .identifier,
        partner[cursor] > 0, Int(partner[cursor]) < brace
      {
        return Header(name: cursor - 1, lastParen: Int(partner[cursor]))
      }
      cursor += 1
    }
    return nil
  }

  private mutating func applyOldStyleTypes(_ parameters: inout [Parameter], from start: Int, to brace: Int) {
    index = start
    let savedLimit = limit
    limit = brace
    while index < brace {
      let before = index
      let specifiers = parseSpecifiers()
      while index < brace, kind != .semicolon {
        let inner = index
        let declarator = parseDeclarator(specifiers.type)
        if let position = parameters.firstIndex(where: { $0.name == declarator.name || !$0.name.exists }) {
          parameters[position] = Parameter(name: declarator.name, type: declarator.type)
        }
        _ = take(.comma)
        if index == inner { index += 1 }
      }
      index += 1
      if index == before { index += 1 }
    }
    limit = savedLimit
  }

  /// `SYSCALL_DEFINE3(name, …)`, `BPF_CALL_2(name, …)`, `DEFINE_…(name, …)`: the first argument is the name.
  private func wrappedName(_ name: Int) -> Int? {
    guard tokens[name].traits.contains(.upperCase), name + 2 < limit, tokens[name + 1].kind == .leftParen,
      tokens[name + 2].kind == .identifier, tokens[name + 3].kind == .comma || tokens[name + 3].kind == .rightParen
    else { return nil }
    return name + 2
  }

  /// Types and names alternate in a `SYSCALL_DEFINE`.
  private mutating func wrapperParameters(_ name: Int) -> [Parameter] {
    let end = behind(name + 1)
    var parameters: [Parameter] = []
    index = name + 3
    let savedLimit = limit
    limit = max(index, end - 1)
    defer {
      limit = savedLimit
      index = end
    }
    while index < limit {
      let before = index
      _ = take(.comma)
      let type = parseTypeName()
      while index < limit, kind != .comma { index += 1 }
      _ = take(.comma)
      if kind == .identifier { parameters.append(Parameter(name: symbol, type: type)) }
      while index < limit, kind != .comma { index += 1 }
      if index == before { index += 1 }
    }
    return parameters
  }

  /// Reads a declaration that ends with the semicolon at `end`.
  private mutating func parseDeclaration(_ start: Int, end: Int) {
    index = start
    let savedLimit = limit
    limit = end
    defer {
      limit = savedLimit
      index = end + 1
    }
    if let variable = lockDefinition(start, end) {
      globals.append(variable)
      return
    }
    let specifiers = parseSpecifiers()
    guard specifiers.hasType else { return }
    while index < limit {
      let before = index
      let declarator = parseDeclarator(specifiers.type)
      var value: NodeID = -1
      if kind == .equal {
        index += 1
        value = parseInitialiser()
      }
      record(declarator, specifiers, value)
      if kind == .comma { index += 1 }
      if index == before { break }
    }
  }

  private mutating func record(_ declarator: Declarator, _ specifiers: Specifiers, _ value: NodeID) {
    guard declarator.name.exists else { return }
    if specifiers.isTypedef {
      typedefs.append(TypedefDefinition(name: declarator.name, type: declarator.type))
    } else if declarator.parameters != nil, !declarator.type.isFunction {
      prototypes.append((declarator.name, declarator.type))
    } else {
      globals.append(
        GlobalDefinition(
          name: declarator.name, type: declarator.type, token: UInt32(declarator.token),
          isStatic: specifiers.isStatic, initialiser: value))
    }
  }

  /// `static DEFINE_MUTEX(name);` and its kin define a variable named by the first argument.
  private func lockDefinition(_ start: Int, _ end: Int) -> GlobalDefinition? {
    var cursor = start
    var isStatic = false
    while cursor < end, tokens[cursor].kind == .identifier, let word = Keyword(tokens[cursor].symbol),
      word.isQualifier || word.isAttribute
    {
      if word == .static { isStatic = true }
      cursor += 1
    }
    guard cursor + 2 < end, tokens[cursor].kind == .identifier, tokens[cursor].traits.contains(.upperCase),
      tokens[cursor + 1].kind == .leftParen, tokens[cursor + 2].kind == .identifier
    else { return nil }
    return GlobalDefinition(
      name: tokens[cursor + 2].symbol, type: CType(base: .typedef, name: tokens[cursor].symbol),
      token: UInt32(cursor + 2), isStatic: isStatic, initialiser: -1)
  }

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
