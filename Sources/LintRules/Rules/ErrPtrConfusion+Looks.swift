import Findings
import KernelC
import LockModel

/// Looks at a pointer that are no plain check of it.
extension ErrPtrConfusion {
  /// Whether something between the call and the use may have asked what the pointer is: a condition that it stands in, an
  /// assertion, another macro, or a function that begins with a test of it.
  func isLookedAt(
    _ name: String, from source: NodeID, to use: NodeID, _ id: FunctionID, _ context: RuleContext
  ) -> Bool {
    let file = context.program.file(of: id)
    let span = file[source].token..<max(file[use].token, file[source].token + 1)
    return context.program.definition(id).nodes.contains { node in
      let item = file[node]
      switch item.kind {
      // The condition may be the one that the call or the use stands in.
      case .ifStatement, .whileStatement, .switchStatement, .conditional:
        return item.a >= 0 && item.token <= span.upperBound && isBare(name, in: item.a, file, context)
          && lastToken(item.a, file, 0) >= span.lowerBound
      case .call where span.contains(item.token):
        let arguments = Array(file.list(item.b, item.c))
        let callee = context.callee(node, in: file)
        guard node != source, callee.exists else { return false }
        return arguments.enumerated().contains { position, argument in
          isBare(name, in: argument, file, context) && looks(callee, at: position, id, context)
        }
      default: return false
      }
    }
  }

  private func lastToken(_ id: NodeID, _ file: ParsedFile, _ depth: Int) -> UInt32 {
    guard id >= 0, depth < 40 else { return 0 }
    return file.children(of: id).reduce(file[id].token) { max($0, lastToken($1, file, depth + 1)) }
  }

  /// The pointer itself stands there, and not what it points to.
  private func isBare(_ name: String, in id: NodeID, _ file: ParsedFile, _ context: RuleContext, _ depth: Int = 0)
    -> Bool
  {
    guard id >= 0, depth < 40 else { return false }
    let node = file[id]
    switch node.kind {
    case .name: return context.text(Symbol(node.a)) == name
    case .member where node.operation == .arrow && file[node.a].kind == .name: return false
    case .unary where node.operation == .star && file[node.a].kind == .name: return false
    case .index: return isBare(name, in: node.b, file, context, depth + 1)
    default: return file.children(of: id).contains { isBare(name, in: $0, file, context, depth + 1) }
    }
  }

  private func looks(_ callee: Symbol, at position: Int, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let program = context.program
    let fileIndex = Int(program.functions[Int(id.rawValue)].file)
    guard let target = program.resolve(callee, fromFile: fileIndex) else {
      return context.text(callee).first?.isUppercase == true
    }
    let definition = program.definition(target)
    if definition.isMacro { return true }
    guard position < definition.parameters.count, definition.parameters[position].name.exists else { return false }
    let file = program.file(of: target)
    let parameter = context.text(definition.parameters[position].name)
    // In the order of the text, which a condition is in front of its branches in.
    let first = definition.nodes.filter {
      file[$0].kind == .name && Symbol(file[$0].a) == definition.parameters[position].name
    }.min { file[$0].token < file[$1].token }
    guard let first else { return false }
    let shapes = Statements(file: file, symbols: program.symbols)
    return definition.nodes.contains { node in
      file[node].kind == .ifStatement && shapes.contains(file[node].a, first)
        && isBare(parameter, in: file[node].a, file, context)
    }
  }
}
