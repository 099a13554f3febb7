/// What a token is; punctuators have a kind each so that the parser compares one byte.
public enum TokenKind: UInt8, Sendable {
  case end, identifier, number, string, character
  case leftParen, rightParen, leftBrace, rightBrace, leftBracket, rightBracket
  case semicolon, comma, colon, question, dot, arrow, ellipsis
  case plus, minus, star, slash, percent, ampersand, pipe, caret, tilde, bang
  case plusPlus, minusMinus, shiftLeft, shiftRight
  case less, greater, lessEqual, greaterEqual, equalEqual, bangEqual, ampersandAmpersand, pipePipe
  case equal, plusEqual, minusEqual, starEqual, slashEqual, percentEqual
  case ampersandEqual, pipeEqual, caretEqual, shiftLeftEqual, shiftRightEqual
  case hash, hashHash, other
  case conditionalIf, conditionalElse, conditionalEnd

  /// Whether this is `=` or one of the compound assignments.
  public var isAssignment: Bool {
    rawValue >= TokenKind.equal.rawValue && rawValue <= TokenKind.shiftRightEqual.rawValue
  }

  /// Whether this compares two values (`<` … `!=`).
  public var isComparison: Bool { rawValue >= TokenKind.less.rawValue && rawValue <= TokenKind.bangEqual.rawValue }

  /// How tightly a binary operator binds: 1 for `||` up to 10 for `*`; 0 for what is no binary operator.
  public var precedence: Int {
    switch self {
    case .pipePipe: 1
    case .ampersandAmpersand: 2
    case .pipe: 3
    case .caret: 4
    case .ampersand: 5
    case .equalEqual, .bangEqual: 6
    case .less, .greater, .lessEqual, .greaterEqual: 7
    case .shiftLeft, .shiftRight: 8
    case .plus, .minus: 9
    case .star, .slash, .percent: 10
    default: 0
    }
  }
}
