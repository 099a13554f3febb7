import KernelC

/// Expressions and statements written out again in one normal form, for comparing and for messages.
enum SourceText {
  static func text(of id: NodeID, _ file: ParsedFile, _ symbols: SymbolTable, depth: Int = 0) -> String {
    guard id >= 0, depth < 40 else { return "" }
    let node = file[id]
    func sub(_ child: NodeID) -> String { text(of: child, file, symbols, depth: depth + 1) }
    func list(_ start: Int32, _ count: Int32, _ separator: String) -> String {
      file.list(start, count).map(sub).joined(separator: separator)
    }
    /// With brackets where the text would read otherwise: `(a & M) == b`, `!(a && b)`, `(*a).b`.
    func operand(_ child: NodeID, _ least: Int) -> String {
      child >= 0 && Binding.of(file[child]) < least ? "(\(sub(child)))" : sub(child)
    }
    switch node.kind {
    case .name, .label: return symbols.text(Symbol(node.a))
    case .number: return node.b == 1 ? "\(node.a)" : "#\(file.tokens[Int(node.token)].length)"
    case .string, .character: return "\"\""
    case .call: return "\(operand(node.a, Binding.postfix))(\(list(node.b, node.c, ", ")))"
    case .member:
      return
        "\(operand(node.a, Binding.postfix))\(node.operation == .arrow ? "->" : ".")\(symbols.text(Symbol(node.b)))"
    case .index: return "\(operand(node.a, Binding.postfix))[\(sub(node.b))]"
    case .unary: return spelling(node.operation) + operand(node.a, Binding.unary)
    case .postfix: return operand(node.a, Binding.postfix) + spelling(node.operation)
    case .assign:
      return "\(operand(node.a, Binding.unary)) \(spelling(node.operation)) \(operand(node.b, Binding.assignment))"
    case .binary:
      let own = Binding.of(node)
      // `a - (b - c)` needs its brackets, `a && (b && c)` asks the same without them.
      let isAssociative = node.b >= 0 && file[node.b].operation == node.operation && node.operation.isAssociative
      let right = operand(node.b, isAssociative ? own : own + 1)
      return "\(operand(node.a, own)) \(spelling(node.operation)) \(right)"
    case .comma: return "\(sub(node.a)), \(operand(node.b, Binding.assignment))"
    case .conditional:
      let (condition, otherwise) = (operand(node.a, Binding.conditional + 1), operand(node.c, Binding.conditional))
      return "\(condition) ? \(sub(node.b)) : \(otherwise)"
    case .cast: return "(cast)\(operand(node.b, Binding.unary))"
    case .block, .initialiserList, .declaration: return "{\(list(node.a, node.b, "; "))}"
    case .variable: return "\(symbols.text(Symbol(node.a))) = \(sub(node.c))"
    case .expressionStatement: return sub(node.a)
    case .ifStatement: return "if (\(sub(node.a))) \(sub(node.b)) else \(sub(node.c))"
    case .whileStatement, .switchStatement, .macroLoop: return "\(node.kind) (\(sub(node.a))) \(sub(node.b))"
    case .doStatement: return "do \(sub(node.a)) while (\(sub(node.b)))"
    case .forStatement: return "for (\(list(node.a, node.b, "; ")))"
    case .gotoStatement: return "goto \(symbols.text(Symbol(node.a)))"
    case .returnStatement: return "return \(sub(node.a))"
    case .statementExpression: return "(\(sub(node.a)))"
    default: return "\(node.kind)"
    }
  }

  /// How strongly an expression holds together (C11 6.5): an operand that is weaker than its place needs brackets.
  private enum Binding {
    static let assignment = 1
    static let conditional = 2
    static let unary = 20
    static let postfix = 21

    static func of(_ node: Node) -> Int {
      switch node.kind {
      case .comma: 0
      case .assign: assignment
      case .conditional: conditional
      case .binary: conditional + node.operation.precedence
      case .unary, .cast: unary
      default: postfix
      }
    }
  }

  static func spelling(_ operation: TokenKind) -> String {
    switch operation {
    case .plus: "+"
    case .minus: "-"
    case .star: "*"
    case .slash: "/"
    case .percent: "%"
    case .ampersand: "&"
    case .pipe: "|"
    case .caret: "^"
    case .tilde: "~"
    case .bang: "!"
    case .plusPlus: "++"
    case .minusMinus: "--"
    case .shiftLeft: "<<"
    case .shiftRight: ">>"
    case .less: "<"
    case .greater: ">"
    case .lessEqual: "<="
    case .greaterEqual: ">="
    case .equalEqual: "=="
    case .bangEqual: "!="
    case .ampersandAmpersand: "&&"
    case .pipePipe: "||"
    case .equal: "="
    case .plusEqual: "+="
    case .minusEqual: "-="
    case .starEqual: "*="
    case .slashEqual: "/="
    case .percentEqual: "%="
    case .ampersandEqual: "&="
    case .pipeEqual: "|="
    case .caretEqual: "^="
    case .shiftLeftEqual: "<<="
    case .shiftRightEqual: ">>="
    default: "\(operation)"
    }
  }
}

extension TokenKind {
  /// Whether `a op (b op c)` is `(a op b) op c`.
  fileprivate var isAssociative: Bool {
    switch self {
    case .plus, .star, .ampersand, .pipe, .caret, .ampersandAmpersand, .pipePipe: true
    default: false
    }
  }
}
