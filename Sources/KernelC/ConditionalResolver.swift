/// Decides what to keep of every `#if` … `#endif` group, so that the parser sees one balanced stream.
///
/// Outside functions all branches stay (a function and its stub are two definitions). Inside, a group whose branches
/// each are whole statements becomes a marked condition: the parser makes an `if` of it, and later passes know that two
/// groups with the same condition go the same way. A group that cuts a statement in two keeps its first branch, except
/// that `#if 0` keeps the other.
///
/// - Complexity: O(tokens).
struct ConditionalResolver {
  private let tokens: ContiguousArray<Token>
  private var result = ContiguousArray<Token>()
  private var index = 0
  private var braceDepth = 0
  private var parenDepth = 0
  /// Groups in which one branch was picked because the branches do not balance.
  private(set) var pickedGroups = 0

  private enum Plan { case keepAll, mark, pick(Int) }

  private struct Branch {
    var marker: Int
    var range: Range<Int>
    var isWhole = true
    var isBalanced = true
  }

  init(_ tokens: ContiguousArray<Token>) {
    self.tokens = tokens
    result.reserveCapacity(tokens.count)
  }

  mutating func run() -> ContiguousArray<Token> {
    emit(until: tokens.count, depth: 0)
    return result
  }

  private mutating func emit(until end: Int, depth: Int) {
    while index < end {
      let token = tokens[index]
      switch token.kind {
      case .conditionalIf:
        if depth > 64 { index += 1 } else { group(limit: end, depth: depth) }
      case .conditionalElse, .conditionalEnd:
        index += 1
      default:
        track(token.kind)
        result.append(token)
        index += 1
      }
    }
  }

  private mutating func track(_ kind: TokenKind) {
    switch kind {
    case .leftBrace: braceDepth += 1
    case .rightBrace: braceDepth = max(0, braceDepth - 1)
    case .leftParen, .leftBracket: parenDepth += 1
    case .rightParen, .rightBracket: parenDepth = max(0, parenDepth - 1)
    default: break
    }
  }

  private func branches(from start: Int, limit: Int) -> (branches: [Branch], end: Int) {
    var found: [Branch] = []
    var level = 0
    var marker = start
    var cursor = start + 1
    while cursor < limit {
      switch tokens[cursor].kind {
      case .conditionalIf: level += 1
      case .conditionalEnd where level == 0:
        found.append(Branch(marker: marker, range: marker + 1..<cursor))
        return (found, cursor + 1)
      case .conditionalEnd: level -= 1
      case .conditionalElse where level == 0:
        found.append(Branch(marker: marker, range: marker + 1..<cursor))
        marker = cursor
      default: break
      }
      cursor += 1
    }
    found.append(Branch(marker: marker, range: marker + 1..<max(cursor, marker + 1)))
    return (found, cursor)
  }

  private func judged(_ branch: Branch) -> Branch {
    var branch = branch
    var braces = 0
    var parens = 0
    var last = TokenKind.semicolon
    var elseLevel: [(Int, Int)] = []
    for cursor in branch.range {
      switch tokens[cursor].kind {
      case .leftBrace: braces += 1
      case .rightBrace: braces -= 1
      case .leftParen, .leftBracket: parens += 1
      case .rightParen, .rightBracket: parens -= 1
      case .conditionalIf:
        elseLevel.append((braces, parens))
        continue
      case .conditionalElse:
        if let saved = elseLevel.last { (braces, parens) = saved }
        continue
      case .conditionalEnd:
        _ = elseLevel.popLast()
        continue
      default: break
      }
      if braces < 0 || parens < 0 { branch.isBalanced = false }
      last = tokens[cursor].kind
    }
    if braces != 0 || parens != 0 { branch.isBalanced = false }
    branch.isWhole = branch.isBalanced && (last == .semicolon || last == .rightBrace || last == .colon)
    if let first = branch.range.first, tokens[first].symbol == Keyword.else.symbol { branch.isWhole = false }
    return branch
  }

  private func plan(_ branches: [Branch]) -> Plan {
    let isNever = tokens[branches[0].marker].traits.contains(.never)
    if isNever { return .pick(branches.count > 1 ? 1 : -1) }
    let balanced = branches.allSatisfy(\.isBalanced)
    if braceDepth == 0, parenDepth == 0, balanced { return .keepAll }
    if parenDepth == 0, balanced {
      let before = result.last?.kind ?? .semicolon
      let atStatement = before == .semicolon || before == .leftBrace || before == .rightBrace || before == .colon
      if atStatement || before == .conditionalElse || before == .conditionalEnd || before == .conditionalIf,
        branches.allSatisfy(\.isWhole)
      {
        return .mark
      }
      if before == .comma || before == .leftBrace { return .keepAll }
    }
    return .pick(0)
  }

  private mutating func group(limit: Int, depth: Int) {
    let (raw, end) = branches(from: index, limit: limit)
    let found = raw.map(judged)
    switch plan(found) {
    case .keepAll:
      for branch in found {
        index = branch.range.lowerBound
        emit(until: branch.range.upperBound, depth: depth + 1)
      }
    case .mark:
      for (number, branch) in found.enumerated() {
        var marker = tokens[branch.marker]
        if number > 0, marker.kind != .conditionalElse { marker.kind = .conditionalElse }
        result.append(marker)
        index = branch.range.lowerBound
        emit(until: branch.range.upperBound, depth: depth + 1)
      }
      var closing = tokens[found[0].marker]
      closing.kind = .conditionalEnd
      result.append(closing)
    case .pick(let chosen):
      pickedGroups += 1
      if found.indices.contains(chosen) {
        index = found[chosen].range.lowerBound
        emit(until: found[chosen].range.upperBound, depth: depth + 1)
      }
    }
    index = end
  }
}
