/// What a run of declaration specifiers says.
struct Specifiers {
  var type = CType.unknown
  var isStatic = false
  var isInline = false
  var isTypedef = false
  var isExtern = false
  var hasType = false
  var cleansUp = false
}

/// A declared name with its type.
struct Declarator {
  var name = Symbol.none
  var token = 0
  var type: CType
  var parameters: [Parameter]?
  var cleansUp = false
}

extension Parser {
  /// Whether a declaration starts here: a type keyword, a qualifier, or a name used as a type.
  func startsDeclaration() -> Bool {
    guard kind == .identifier else { return false }
    if let keyword = keyword() {
      if keyword.isType || keyword.isTypeof {
        // `u8 += n`: a local with the name of a type.
        return !kind(at: 1).isAssignment && kind(at: 1) != .arrow && kind(at: 1) != .dot
      }
      if keyword.isQualifier { return true }
      return keyword.isAttribute && kind(at: 1) == .identifier
    }
    switch kind(at: 1) {
    case .identifier:
      guard let next = keyword(at: 1) else {
        return true
      }
      return next.isQualifier || next.isAttribute || next.isType
    case .star:
      var offset = 1
      while kind(at: offset) == .star || keyword(at: offset)?.isQualifier == true
        || keyword(at: offset)?.isAttribute == true
      {
        offset += 1
      }
      guard kind(at: offset) == .identifier, keyword(at: offset) == nil else { return false }
      switch kind(at: offset + 1) {
      case .equal, .semicolon, .comma, .leftBracket: return true
      case .identifier: return tokens[index + offset + 1].traits.contains(.reserved)
      default: return false
      }
    default: return false
    }
  }

  /// Whether the token at `offset` starts a type name inside parentheses, as in a cast or `sizeof`.
  func startsTypeName(_ offset: Int) -> Bool {
    guard kind(at: offset) == .identifier else { return false }
    if let keyword = keyword(at: offset) {
      return keyword.isType || keyword.isTypeof || keyword == .const || keyword == .volatile
        || (keyword.isAttribute && kind(at: offset + 1) == .identifier)
    }
    let next = kind(at: offset + 1)
    if next == .star {
      var cursor = offset + 1
      while kind(at: cursor) == .star || keyword(at: cursor)?.isQualifier == true
        || keyword(at: cursor)?.isAttribute == true
      {
        cursor += 1
      }
      return kind(at: cursor) == .rightParen
    }
    if next == .identifier, let keyword = keyword(at: offset + 1) { return keyword == .const || keyword.isAttribute }
    guard next == .rightParen else { return false }
    if tokens[index + offset].traits.contains(.typeSuffix) { return true }
    // No operator stands between `(name)` and what follows, so the name is a type.
    switch kind(at: offset + 2) {
    case .number, .string, .character, .tilde, .bang: return true
    case .identifier: return keyword(at: offset + 2)?.startsStatement != true
    case .leftParen: return keyword(at: offset + 3)?.isType == true
    default: return false
    }
  }

  mutating func parseSpecifiers() -> Specifiers {
    var result = Specifiers()
    while kind == .identifier {
      guard let word = keyword() else {
        guard !result.hasType else { break }
        if tokens[index].traits.contains(.reserved), kind(at: 1) == .leftParen {
          index += 1
          skipGroup()
          continue
        }
        // `name (` or `name ;` is a declarator without a type (old style), not a type.
        if kind(at: 1) != .identifier && kind(at: 1) != .star && kind(at: 1) != .rightParen && kind(at: 1) != .comma
          && kind(at: 1) != .leftParen
        {
          break
        }
        if kind(at: 1) == .leftParen, kind(at: 2) != .star { break }
        result.type.base = .typedef
        result.type.name = symbol
        result.hasType = true
        index += 1
        continue
      }
      if word.isAggregate {
        result.hasType = true
        parseAggregate(&result.type, word)
      } else if word.isTypeof {
        result.hasType = true
        result.type.base = .typeof
        index += 1
        skipGroup()
      } else if word.isType {
        index += 1
        result.hasType = true
        setPlain(&result.type, word)
      } else if word.isQualifier || word.isAttribute {
        parseQualifier(&result, word)
      } else {
        break
      }
    }
    return result
  }

  private func setPlain(_ type: inout CType, _ word: Keyword) {
    switch word {
    case .void: type.base = .void
    case .bool, ._Bool: type.base = .boolean
    default:
      if word.isUnsigned {
        type.base = .unsigned
      } else if type.base != .unsigned {
        type.base = .integer
      }
    }
  }

  private mutating func parseQualifier(_ result: inout Specifiers, _ word: Keyword) {
    index += 1
    switch word {
    case .static: result.isStatic = true
    case .inline, .__inline, .__inline__, .__always_inline: result.isInline = true
    case .typedef: result.isTypedef = true
    case .extern: result.isExtern = true
    case .const: result.type.isConstant = true
    case .__free, .__cleanup: result.cleansUp = true
    default: break
    }
    if word.isAttribute { skipGroup() }
  }

  private mutating func parseAggregate(_ type: inout CType, _ word: Keyword) {
    let start = index
    index += 1
    while let attribute = keyword(), attribute.isAttribute {
      index += 1
      skipGroup()
    }
    var name = Symbol.none
    if kind == .identifier {
      name = symbol
      index += 1
    }
    type.base = word == .struct ? .structure : word == .union ? .union : .enumeration
    if kind == .leftBrace {
      let end = behind(index)
      if word == .enum {
        index = end
      } else {
        if !name.exists {
          anonymousCount += 1
          name = Symbol(-1 - Int32(truncatingIfNeeded: tokens[start].start) - 1)
        }
        parseMembers(of: name, end: end)
      }
      while let attribute = keyword(), attribute.isAttribute {
        index += 1
        skipGroup()
      }
    }
    type.name = name
  }

  /// Reads the members between the braces; the caller's position is the opening brace.
  private mutating func parseMembers(of name: Symbol, end: Int) {
    let savedLimit = limit
    defer {
      limit = savedLimit
      index = end
      depth -= 1
    }
    depth += 1
    guard depth < Self.nestingLimit else {
      note(.nesting, at: index)
      return
    }
    index += 1
    limit = max(index, end - 1)
    var members: [Member] = []
    while index < limit {
      let before = index
      parseMember(&members)
      if index == before { index += 1 }
    }
    structures.append(StructureDefinition(name: name, members: members))
  }

  private mutating func parseMember(_ members: inout [Member]) {
    switch kind {
    case .semicolon, .conditionalIf, .conditionalElse, .conditionalEnd:
      index += 1
      return
    case .identifier: break
    default:
      skipToSemicolon()
      return
    }
    // `struct_group(name, members…)`, `TRACE_MACRO(x)` and the like.
    if keyword() == nil, kind(at: 1) == .leftParen, parseMemberMacro(&members) { return }
    let structureCount = structures.count
    let specifiers = parseSpecifiers()
    if kind == .semicolon {
      // An anonymous structure: its members are ours.
      if structures.count > structureCount, let inner = structures.last, inner.name == specifiers.type.name,
        specifiers.type.pointers == 0
      {
        members.append(contentsOf: inner.members)
      }
      index += 1
      return
    }
    while index < limit, kind != .semicolon {
      let before = index
      let declarator = parseDeclarator(specifiers.type)
      if declarator.name.exists { members.append(Member(name: declarator.name, type: declarator.type)) }
      if kind == .colon {
        index += 1
        while index < limit, kind != .comma, kind != .semicolon {
          index = kind == .leftParen ? behind(index) : index + 1
        }
      }
      if kind == .comma { index += 1 }
      if index == before { break }
    }
    skipToSemicolon()
  }

  private mutating func parseMemberMacro(_ members: inout [Member]) -> Bool {
    let name = symbol
    let end = behind(index + 1)
    let traits = tokens[index].traits
    let isGroup = memberGroupMacro(name)
    guard isGroup || traits.contains(.upperCase) || kind(at: end - index) == .semicolon else { return false }
    if isGroup {
      let savedLimit = limit
      index += 2
      limit = max(index, end - 1)
      while index < limit {
        let before = index
        while kind == .identifier, kind(at: 1) == .comma { index += 2 }
        if kind == .comma { index += 1 }
        parseMember(&members)
        if index == before { index += 1 }
      }
      limit = savedLimit
    } else if kind(at: 2) == .identifier {
      // DECLARE_BITMAP(name, bits) and friends declare their first argument.
      members.append(Member(name: tokens[index + 2].symbol, type: CType(base: .unsigned, arrays: 1)))
    }
    index = end
    if kind == .semicolon { index += 1 }
    return true
  }

  private func memberGroupMacro(_ name: Symbol) -> Bool {
    let token = tokens[index]
    let text = bytes[Int(token.start)..<min(bytes.count, Int(token.start) + Int(token.length))]
    return text.starts(with: "struct_group".utf8) || text.starts(with: "__struct_group".utf8)
      || text.starts(with: "randomized_struct_fields".utf8)
  }

  mutating func skipToSemicolon() {
    while index < limit {
      switch kind {
      case .semicolon:
        index += 1
        return
      case .leftParen, .leftBrace, .leftBracket: index = behind(index)
      default: index += 1
      }
    }
  }
}
