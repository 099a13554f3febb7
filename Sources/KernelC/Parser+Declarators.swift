extension Parser {
  /// Reads `*name[…]`, `(*name)(…)` and their attributes.
  mutating func parseDeclarator(_ base: CType) -> Declarator {
    var result = Declarator(name: .none, token: index, type: base)
    while index < limit {
      if kind == .star {
        result.type.pointers = min(result.type.pointers + 1, 8)
        index += 1
      } else if let word = keyword(), word.isQualifier || word.isAttribute {
        if word == .__free || word == .__cleanup { result.cleansUp = true }
        index += 1
        if word.isAttribute { skipGroup() }
      } else if isUnknownQualifier {
        index += 1
      } else {
        break
      }
    }
    if kind == .identifier {
      result.name = symbol
      result.token = index
      index += 1
    } else if kind == .leftParen, kind(at: 1) == .star || kind(at: 1) == .identifier || kind(at: 1) == .caret {
      parseInnerDeclarator(&result)
    }
    parseDeclaratorSuffix(&result)
    return result
  }

  /// `void __arena *page`: a macro for an address space that is not in the list of attributes.
  private var isUnknownQualifier: Bool {
    kind == .identifier && tokens[index].traits.contains(.reserved)
      && (kind(at: 1) == .star || kind(at: 1) == .identifier && keyword(at: 1) == nil)
  }

  private mutating func parseInnerDeclarator(_ result: inout Declarator) {
    let end = behind(index)
    index += 1
    var pointers: UInt8 = 0
    while index < end - 1 {
      if kind == .star { pointers = min(pointers + 1, 8) }
      if kind == .identifier, keyword() == nil, !result.name.exists {
        result.name = symbol
        result.token = index
      }
      index += 1
    }
    index = end
    if kind == .leftParen {
      result.type.isFunction = true
      result.parameters = parseParameters()
    } else {
      result.type.pointers = min(result.type.pointers + pointers, 8)
    }
  }

  private mutating func parseDeclaratorSuffix(_ result: inout Declarator) {
    while index < limit {
      if kind == .leftBracket {
        result.type.arrays = min(result.type.arrays + 1, 8)
        index = behind(index)
      } else if kind == .leftParen, result.parameters == nil, result.name.exists {
        result.parameters = parseParameters()
      } else if let word = keyword(), word.isAttribute || word.isAssembly {
        if word == .__free || word == .__cleanup { result.cleansUp = true }
        index += 1
        skipGroup()
      } else if kind == .identifier, tokens[index].traits.contains(.reserved), keyword() == nil {
        index += 1
        skipGroup()
      } else {
        break
      }
    }
  }

  /// Reads a parenthesised parameter list; the position is the opening parenthesis.
  mutating func parseParameters() -> [Parameter] {
    let end = behind(index)
    let savedLimit = limit
    defer {
      limit = savedLimit
      index = end
      depth -= 1
    }
    depth += 1
    guard depth < Self.nestingLimit else { return [] }
    index += 1
    limit = max(index, end - 1)
    var parameters: [Parameter] = []
    while index < limit {
      let before = index
      let specifiers = parseSpecifiers()
      let declarator = parseDeclarator(specifiers.type)
      parameters.append(Parameter(name: declarator.name, type: declarator.type))
      while index < limit, kind != .comma { index = kind == .leftParen ? behind(index) : index + 1 }
      if kind == .comma { index += 1 }
      if index == before { index += 1 }
    }
    if parameters.count == 1, !parameters[0].name.exists, parameters[0].type.base == .void,
      parameters[0].type.pointers == 0
    {
      return []
    }
    return parameters
  }

  /// Reads a type name inside parentheses; the position is its first token.
  mutating func parseTypeName() -> CType {
    let specifiers = parseSpecifiers()
    return parseDeclarator(specifiers.type).type
  }
}
