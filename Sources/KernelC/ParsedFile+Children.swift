extension ParsedFile {
  /// The nodes below a node, in the order of the text as far as the tree keeps it.
  public func children(of id: NodeID) -> [NodeID] {
    let node = self[id]
    func some(_ ids: NodeID...) -> [NodeID] { ids.filter { $0 >= 0 } }
    switch node.kind {
    case .call: return [node.a] + list(node.b, node.c)
    case .block, .initialiserList, .declaration, .forStatement: return list(node.a, node.b).filter { $0 >= 0 }
    case .member, .unary, .postfix, .statementExpression, .expressionStatement, .returnStatement, .sizeOf:
      return some(node.a)
    case .index, .binary, .assign, .comma, .whileStatement, .doStatement, .switchStatement, .caseLabel, .macroLoop:
      return some(node.a, node.b)
    case .conditional, .ifStatement: return some(node.a, node.b, node.c)
    case .cast, .compoundLiteral, .designator: return some(node.b)
    case .variable: return some(node.c)
    case .preprocessorIf: return some(node.b, node.c)
    default: return []
    }
  }
}
