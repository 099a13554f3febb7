extension ParsedFile {
  /// Whether the function at `index` is the one at `otherIndex` of `other`, word for word and laid out alike, so that what
  /// the parser made of the two differs in nothing but where it lies.
  ///
  /// - Complexity: O(tokens of the function).
  public func isSame(_ index: Int, as otherIndex: Int, of other: ParsedFile) -> Bool {
    let (mine, yours) = (functions[index], other.functions[otherIndex])
    guard mine.name == yours.name, mine.isStatic == yours.isStatic, mine.isInline == yours.isInline,
      mine.isMacro == yours.isMacro, mine.returnType == yours.returnType, mine.parameters == yours.parameters,
      mine.tokens.count == yours.tokens.count, mine.nodes.count == yours.nodes.count,
      mine.body - mine.nodes.lowerBound == yours.body - yours.nodes.lowerBound,
      mine.oddStatements == yours.oddStatements
    else { return false }
    return hasSameTokens(mine, yours, other) && hasSameNodes(mine, yours, other)
  }

  /// Whether the body of a function of this file has the words of one of `other`, however each is laid out.
  ///
  /// - Complexity: O(tokens of the function).
  public func hasWords(of mine: FunctionDefinition, as yours: FunctionDefinition, in other: ParsedFile) -> Bool {
    let body = Int(self[mine.body].token)..<mine.tokens.upperBound
    let otherBody = Int(other[yours.body].token)..<yours.tokens.upperBound
    return body.count == otherBody.count
      && zip(body, otherBody).allSatisfy { left, right in
        let (left, right) = (tokens[left], other.tokens[right])
        return left.kind == right.kind && left.symbol == right.symbol && left.length == right.length
      } && numbers(in: mine).elementsEqual(other.numbers(in: yours), by: ==)
  }

  /// The values of the numbers, of which tokens only have the length.
  private func numbers(in function: FunctionDefinition) -> some Sequence<(Int32, Int32)> {
    function.nodes.lazy.map { self[$0] }.filter { $0.kind == .number }.map { ($0.a, $0.b) }
  }

  private func hasSameTokens(_ mine: FunctionDefinition, _ yours: FunctionDefinition, _ other: ParsedFile) -> Bool {
    guard let first = mine.tokens.first, let otherFirst = yours.tokens.first else { return true }
    let (start, otherStart) = (tokens[first].start, other.tokens[otherFirst].start)
    return zip(mine.tokens, yours.tokens).allSatisfy { left, right in
      let (left, right) = (tokens[left], other.tokens[right])
      return left.kind == right.kind && left.symbol == right.symbol && left.length == right.length
        && left.traits == right.traits && left.start &- start == right.start &- otherStart
    }
  }

  /// Words decide nearly all of a node; what is left are numbers and types.
  private func hasSameNodes(_ mine: FunctionDefinition, _ yours: FunctionDefinition, _ other: ParsedFile) -> Bool {
    let (first, otherFirst) = (UInt32(mine.tokens.lowerBound), UInt32(yours.tokens.lowerBound))
    return zip(mine.nodes, yours.nodes).allSatisfy { left, right in
      let (left, right) = (self[left], other[right])
      guard left.kind == right.kind, left.op == right.op, left.token &- first == right.token &- otherFirst else {
        return false
      }
      switch left.kind {
      case .number: return left.a == right.a && left.b == right.b
      case .variable: return types[Int(left.b)] == other.types[Int(right.b)]
      case .cast, .typeOperand, .compoundLiteral: return types[Int(left.a)] == other.types[Int(right.a)]
      default: return true
      }
    }
  }
}
