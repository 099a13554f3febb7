extension Parser {
  /// `{ … }` as an initialiser, or an expression.
  mutating func parseInitialiser() -> NodeID {
    guard kind == .leftBrace else { return parseAssignment() }
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
      return node(.oddExpression, at: opening)
    }
    index += 1
    limit = max(index, end - 1)
    var elements: [Int32] = []
    while index < limit {
      let before = index
      if let element = parseInitialiserElement() { elements.append(element) }
      if kind != .comma { skipExpression() }
      if kind == .comma || index == before { index += 1 }
    }
    let run = store(elements)
    return node(.initialiserList, at: opening, a: run.start, b: run.count)
  }

  private mutating func parseInitialiserElement() -> NodeID? {
    let token = index
    switch kind {
    case .conditionalIf, .conditionalElse, .conditionalEnd:
      index += 1
      return nil
    case .dot where kind(at: 1) == .identifier:
      index += 1
      var member = symbol
      let nameToken = index
      index += 1
      while kind == .dot || kind == .leftBracket {
        if kind == .leftBracket {
          index = behind(index)
        } else {
          index += 1
          member = symbol
          index += 1
        }
      }
      _ = take(.equal)
      let value = parseInitialiser()
      return node(.designator, at: nameToken, a: member.rawValue, b: value)
    case .leftBracket:
      index = behind(index)
      while kind == .leftBracket { index = behind(index) }
      if kind == .dot, kind(at: 1) == .identifier { return parseInitialiserElement() }
      _ = take(.equal)
      let value = parseInitialiser()
      return node(.designator, at: token, a: -1, b: value, op: 1)
    case .identifier where kind(at: 1) == .colon:
      let member = symbol
      index += 2
      let value = parseInitialiser()
      return node(.designator, at: token, a: member.rawValue, b: value)
    default:
      return parseInitialiser()
    }
  }
}
