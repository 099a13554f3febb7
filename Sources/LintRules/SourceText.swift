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
    switch node.kind {
    case .name, .label: return symbols.text(Symbol(node.a))
    case .number: return node.b == 1 ? "\(node.a)" : "#\(file.tokens[Int(node.token)].length)"
    case .string, .character: return "\"\""
    case .call: return "\(sub(node.a))(\(list(node.b, node.c, ", ")))"
    case .member: return "\(sub(node.a))\(node.operation == .arrow ? "->" : ".")\(symbols.text(Symbol(node.b)))"
    case .index: return "\(sub(node.a))[\(sub(node.b))]"
    case .unary: return spelling(node.operation) + sub(node.a)
    case .postfix: return sub(node.a) + spelling(node.operation)
    case .assign: return "\(sub(node.a)) \(spelling(node.operation)) \(sub(node.b))"
    case .binary:
      // Brackets where the text would read otherwise: `(a & M) == b`, `a && (b || c)`.
      func operand(_ child: NodeID, isRight: Bool) -> String {
        let inner = child >= 0 ? file[child] : node
        guard inner.kind == .binary || inner.kind == .conditional else { return sub(child) }
        let (own, outer) = (inner.operation.precedence, node.operation.precedence)
        let needsBrackets =
          inner.kind == .conditional || own < outer || isRight && own == outer && inner.operation != node.operation
        return needsBrackets ? "(\(sub(child)))" : sub(child)
      }
      return
        "\(operand(node.a, isRight: false)) \(spelling(node.operation)) \(operand(node.b, isRight: true))"
    case .comma: return "\(sub(node.a)), \(sub(node.b))"
    case .conditional: return "\(sub(node.a)) ? \(sub(node.b)) : \(sub(node.c))"
    case .cast: return "(cast)\(sub(node.b))"
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
    default: "\(operation)"
    }
  }
}
