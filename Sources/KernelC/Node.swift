/// Index of a node in its file's arena; -1 for "absent".
public typealias NodeID = Int32

/// What a node is; the comment says what `a`, `b` and `c` hold.
public enum NodeKind: UInt8, Sendable {
  // expressions
  /// a: symbol
  case name
  /// a: value, clamped to 32 bits; b: 1 when exact
  case number
  /// a string literal; adjacent ones are joined
  case string
  case character
  /// a: callee; list (b, c): arguments
  case call
  /// a: base; b: member's symbol; op: `TokenKind.arrow` or `.dot`
  case member
  /// a: base; b: index
  case index
  /// a: operand; op: the operator
  case unary
  /// a: operand; op: `++` or `--`
  case postfix
  /// a, b: operands; op: the operator
  case binary
  /// a: target; b: value; op: `=` or compound
  case assign
  /// a ? b : c; b is -1 in `a ?: c`
  case conditional
  /// a: type; b: operand
  case cast
  /// a: operand or -1
  case sizeOf
  /// a: type; a type where an argument is expected
  case typeOperand
  /// a: type; b: initialiser list
  case compoundLiteral
  /// list (a, b)
  case initialiserList
  /// a: symbol or -1; b: value
  case designator
  /// a: block
  case statementExpression
  /// a, b
  case comma
  /// an expression that was not understood
  case oddExpression
  // statements
  /// list (a, b)
  case block
  /// a: expression
  case expressionStatement
  /// list (a, b): variables
  case declaration
  /// a: symbol; b: type; c: initialiser or -1; op: 1 static, 2 cleaned up on scope exit, 4 uninitialised on purpose
  case variable
  /// a: condition; b: then; c: else or -1
  case ifStatement
  /// a: condition; b: body
  case whileStatement
  /// a: body; b: condition
  case doStatement
  /// list (a, 4): initialiser, condition, step, body
  case forStatement
  /// a: value; b: body
  case switchStatement
  /// a: value, -1 for `default`; b: end of a range or -1
  case caseLabel
  /// a: symbol
  case label
  /// a: symbol
  case gotoStatement
  case computedGoto
  /// a: value or -1
  case returnStatement
  case breakStatement
  case continueStatement
  /// a: the call that heads it (`list_for_each_entry(…)`, `scoped_guard(…)`); b: body
  case macroLoop
  case assembly
  /// a: condition's symbol; b: then block; c: else block or -1; op: 1 when negated
  case preprocessorIf
  /// a statement that was not understood
  case oddStatement
  case empty
}

/// One node of a function: 20 bytes, no references.
public struct Node: Sendable {
  /// What the node is, and with it what `a`, `b` and `c` mean.
  public var kind: NodeKind
  /// Raw value of the operator's `TokenKind`, or the flags that the kind's comment lists.
  public var op: UInt8
  /// The token that stands for the node's position.
  public var token: UInt32
  /// First operand: a node, symbol, type or list start, as `kind` says.
  public var a: Int32
  /// Second operand: a node, symbol, type or list length, as `kind` says.
  public var b: Int32
  /// Third operand; the length where a list starts at `b`.
  public var c: Int32

  /// The operator of a unary, postfix, binary, assign or member node.
  public var operation: TokenKind { TokenKind(rawValue: op) ?? .other }
}
