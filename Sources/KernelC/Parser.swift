/// A tolerant recursive-descent parser over one file's tokens; builds an arena of nodes.
///
/// It never fails: what it does not understand becomes an odd node that spans to the end of the statement and is counted.
/// Nesting is limited (`nestingLimit`), and matching brackets are known beforehand, so that skipping is O(1) and the
/// whole is linear.
struct Parser {
  static let nestingLimit = 150
  /// Operators in a row (`a + b + …`): the tree leans left, so a pass over it recurses that deep.
  static let chainLimit = 600
  /// Parameter declarations of an old-style definition.
  static let oldStyleLimit = 64

  let tokens: ContiguousArray<Token>
  let bytes: UnsafeBufferPointer<UInt8>
  /// For a bracket, the index of its partner; -1 where there is none.
  var partner: ContiguousArray<Int32>
  var nodes = ContiguousArray<Node>()
  var lists = ContiguousArray<Int32>()
  var types = ContiguousArray<CType>()
  var functions: [FunctionDefinition] = []
  var structures: [StructureDefinition] = []
  var typedefs: [TypedefDefinition] = []
  var globals: [GlobalDefinition] = []
  var prototypes: [(name: Symbol, type: CType, isStatic: Bool)] = []
  var aliases: [(name: Symbol, target: Symbol)] = []
  var guards: [GuardDefinition] = []
  var unread: [UnreadConstruct] = []
  var index = 0
  var limit: Int
  let boundary: Int
  var depth = 0
  var oddStatements = 0
  var currentFunction = Symbol.none
  /// Structures whose definition has no tag get a number of their own, negative so as never to meet a symbol.
  var anonymousCount: Int32 = 0

  init(tokens: ContiguousArray<Token>, boundary: Int, bytes: UnsafeBufferPointer<UInt8>) {
    self.tokens = tokens
    self.bytes = bytes
    self.boundary = boundary
    limit = boundary
    partner = ContiguousArray(repeating: -1, count: tokens.count)
    nodes.reserveCapacity(tokens.count)
    matchBrackets(0..<boundary)
  }

  mutating func matchBrackets(_ range: Range<Int>) {
    var stack: [Int] = []
    for cursor in range {
      switch tokens[cursor].kind {
      case .leftParen, .leftBrace, .leftBracket: stack.append(cursor)
      case .rightParen, .rightBrace, .rightBracket:
        let opening = opener(of: tokens[cursor].kind)
        // A closer without partner must not steal one from an outer level of another kind.
        if let top = stack.last, tokens[top].kind == opening {
          stack.removeLast()
          partner[top] = Int32(cursor)
          partner[cursor] = Int32(top)
        } else if opening == .leftBrace, let position = stack.lastIndex(where: { tokens[$0].kind == .leftBrace }),
          stack.count - position < 64
        {
          let top = stack[position]
          stack.removeSubrange(position...)
          partner[top] = Int32(cursor)
          partner[cursor] = Int32(top)
        }
      default: break
      }
    }
  }

  private func opener(of kind: TokenKind) -> TokenKind {
    kind == .rightParen ? .leftParen : kind == .rightBrace ? .leftBrace : .leftBracket
  }

  // MARK: Looking

  @inline(__always)
  var kind: TokenKind { index < limit ? tokens[index].kind : .end }

  @inline(__always)
  func kind(at offset: Int) -> TokenKind { index + offset < limit ? tokens[index + offset].kind : .end }

  @inline(__always)
  var symbol: Symbol { index < limit ? tokens[index].symbol : .none }

  @inline(__always)
  func keyword(at offset: Int = 0) -> Keyword? {
    guard index + offset < limit, tokens[index + offset].kind == .identifier else { return nil }
    return Keyword(tokens[index + offset].symbol)
  }

  func at(_ keyword: Keyword) -> Bool { kind == .identifier && symbol == keyword.symbol }

  /// The index just behind the bracket that opens at `position`; the next index when it has no partner.
  func behind(_ position: Int) -> Int {
    let closing = Int(partner[position])
    return closing > position && closing < limit ? closing + 1 : position + 1
  }

  mutating func take(_ expected: TokenKind) -> Bool {
    guard kind == expected else { return false }
    index += 1
    return true
  }

  /// Skips a parenthesised group if there is one here.
  mutating func skipGroup() {
    if kind == .leftParen { index = behind(index) }
  }

  // MARK: Building

  @discardableResult
  mutating func node(
    _ kind: NodeKind, at token: Int, a: Int32 = -1, b: Int32 = -1, c: Int32 = -1, op: UInt8 = 0
  ) -> NodeID {
    nodes.append(Node(kind: kind, op: op, token: UInt32(truncatingIfNeeded: token), a: a, b: b, c: c))
    return NodeID(nodes.count - 1)
  }

  /// Stores children; returns their run.
  mutating func store(_ children: [Int32]) -> (start: Int32, count: Int32) {
    let start = Int32(lists.count)
    lists.append(contentsOf: children)
    return (start, Int32(children.count))
  }

  mutating func store(_ type: CType) -> Int32 {
    types.append(type)
    return Int32(types.count - 1)
  }

  mutating func note(_ reason: UnreadConstruct.Reason, at token: Int) {
    let offset = token < tokens.count ? tokens[token].start : 0
    unread.append(UnreadConstruct(offset: offset, function: currentFunction, reason: reason))
  }
}
