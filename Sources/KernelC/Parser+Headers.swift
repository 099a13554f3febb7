extension Parser {
  struct Header {
    var name: Int
    var lastParen: Int
  }

  /// Finds the name: the identifier in front of the parameter list, behind which only attributes (or the declarations
  /// of an old-style definition) may follow.
  func functionHeader(_ start: Int, _ brace: Int) -> Header? {
    var cursor = brace - 1
    if cursor >= start, tokens[cursor].kind == .semicolon { return oldStyleHeader(start, brace) }
    // `__aligned(8) __delay(unsigned long loops)`: a name that looks like an attribute, if nothing else is the name.
    var reserved: Header?
    while cursor > start {
      switch tokens[cursor].kind {
      case .identifier:
        cursor -= 1
      case .rightBracket where Int(partner[cursor]) > start:
        cursor = Int(partner[cursor]) - 1
      case .rightParen:
        let opening = Int(partner[cursor])
        if opening > start, let inner = innerName(opening, cursor) { return Header(name: inner, lastParen: brace - 1) }
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
          if !isAttribute, reserved == nil { reserved = Header(name: opening - 1, lastParen: cursor) }
          cursor = opening - 2
          continue
        }
        guard word == nil else { return reserved }
        return Header(name: opening - 1, lastParen: cursor)
      default:
        return reserved
      }
    }
    return reserved
  }

  /// The name in `(*name(args))` or `(name(args))`, a declarator in parentheses.
  private func innerName(_ opening: Int, _ closing: Int) -> Int? {
    guard closing - 1 > opening, tokens[closing - 1].kind == .rightParen else { return nil }
    let parameters = Int(partner[closing - 1])
    guard parameters - 1 > opening, tokens[parameters - 1].kind == .identifier,
      Keyword(tokens[parameters - 1].symbol) == nil,
      tokens[opening + 1].kind == .star || parameters - 1 == opening + 1 && tokens[opening - 1].kind != .identifier
    else { return nil }
    return parameters - 1
  }

  /// The brace of an old-style definition whose first parameter declaration ends at `semicolon`: `f(a, b) int a; int b; {`.
  func oldStyleBrace(_ start: Int, _ semicolon: Int) -> Int? {
    guard let header = oldStyleHeader(start, semicolon), header.lastParen + 1 < semicolon,
      tokens[header.lastParen + 1].kind == .identifier
    else { return nil }
    var names: Set<Symbol> = []
    for cursor in header.name + 2..<max(header.name + 2, header.lastParen) {
      guard tokens[cursor].kind == .identifier || tokens[cursor].kind == .comma else { return nil }
      if tokens[cursor].kind == .identifier { names.insert(tokens[cursor].symbol) }
    }
    var cursor = header.lastParen + 1
    var declarations = 0
    while cursor < limit, tokens[cursor].kind != .leftBrace, declarations < Self.oldStyleLimit {
      declarations += 1
      // One declaration: it must declare a parameter, or a macro without a semicolon stands before something else.
      var declared = Symbol.none
      while cursor < limit, tokens[cursor].kind != .semicolon {
        switch tokens[cursor].kind {
        case .identifier, .star, .comma:
          if tokens[cursor].kind == .identifier { declared = tokens[cursor].symbol }
          cursor += 1
        case .leftBracket: cursor = behind(cursor)
        case .leftParen:
          if tokens[cursor + 1].kind == .star, tokens[cursor + 2].kind == .identifier {
            declared = tokens[cursor + 2].symbol
          }
          cursor = behind(cursor)
        default: return nil
        }
      }
      guard names.contains(declared) else { return nil }
      cursor += 1
    }
    return cursor < limit && tokens[cursor].kind == .leftBrace ? cursor : nil
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

  mutating func applyOldStyleTypes(_ parameters: inout [Parameter], from start: Int, to brace: Int) {
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
  func wrappedName(_ name: Int) -> Int? {
    guard tokens[name].traits.contains(.upperCase), name + 2 < limit, tokens[name + 1].kind == .leftParen,
      tokens[name + 2].kind == .identifier, tokens[name + 3].kind == .comma || tokens[name + 3].kind == .rightParen
    else { return nil }
    return name + 2
  }

  /// Types and names alternate in a `SYSCALL_DEFINE`.
  mutating func wrapperParameters(_ name: Int) -> [Parameter] {
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
}
