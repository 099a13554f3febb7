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
    if tokens[index].traits.contains(.upperCase), parseGuard() { return }
    if at(.extern), kind(at: 1) == .string, kind(at: 2) == .leftBrace {
      // Linkage for C++: what is inside stands at file scope.
      index += 3
      return
    }
    let start = index
    var cursor = index
    var sawEqual = false
    while cursor < limit {
      switch tokens[cursor].kind {
      case .semicolon:
        if !sawEqual, let brace = oldStyleBrace(start, cursor) {
          if !parseFunction(start, brace: brace) { index = behind(brace) }
          return
        }
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
    if brace + 2 < limit, tokens[brace + 1].kind == .dot {
      // `define_machine(name) { .member = … }`: a variable under a macro, not a function.
      index = brace
      let value = parseInitialiser()
      let name = wrappedName(header.name) ?? header.name
      globals.append(
        GlobalDefinition(
          name: tokens[name].symbol, type: CType(base: .typedef, name: tokens[header.name].symbol),
          token: UInt32(name), isStatic: true, initialiser: value))
      return true
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
        annotations.append(parseAnnotation())
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
      prototypes.append((declarator.name, declarator.type, specifiers.isStatic))
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
}
