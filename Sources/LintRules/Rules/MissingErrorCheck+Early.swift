import Findings
import KernelC
import LockModel

/// What is looked into among the declarations, and asked for behind them.
extension MissingErrorCheck {
  /// `struct a *a = find(…); struct b *b = a->b; if (!a) return;`
  func early(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let definition = context.program.definition(id)
      guard !definition.isMacro else { return [] }
      let shapes = Statements(file: file, symbols: context.program.symbols)
      return definition.nodes.flatMap { block -> [Finding] in
        guard file[block].kind == .block else { return [] }
        let statements = Array(file.list(file[block].a, file[block].b))
        let head = statements.prefix { [.variable, .declaration].contains(file[$0].kind) }
        let variables = head.flatMap { statement in
          file[statement].kind == .variable ? [statement] : file.list(file[statement].a, file[statement].b).map { $0 }
        }.filter { file[$0].kind == .variable && file[$0].c >= 0 }
        guard variables.count > 1 else { return [] }
        return variables.enumerated().compactMap { index, variable -> Finding? in
          let callee = shapes.callee(file[variable].c)
          let name = Symbol(file[variable].a)
          guard callee.exists, !Self.isView(context.text(callee)),
            let use = variables[(index + 1)...].lazy.compactMap({ read(file[$0].c, name, shapes) }).first,
            isLeft(without: context.text(name), statements[head.count...], shapes)
          else { return nil }
          return context.finding(
            description, id, use,
            "'\(context.text(name))' is looked into before anything asks whether '\(context.text(callee))' has found any",
            evidence: [Evidence(context.place(id, file[variable].c), "it may be NULL from here")],
            key: "\(context.text(callee)) \(context.text(name)) early")
        }
      }
    }
  }

  /// A look at something from another side, which is never NULL.
  private static func isView(_ name: String) -> Bool {
    let words = name.split(separator: "_")
    return name.hasPrefix("to_") || name.hasPrefix("container_of") || name.first?.isUppercase == true
      || words.contains { ["priv", "drvdata", "entry", "clientdata", "private", "to"].contains($0) }
  }

  /// The first place below a node that reads a member through a pointer.
  private func read(_ node: NodeID, _ name: Symbol, _ shapes: Statements, _ depth: Int = 0) -> NodeID? {
    let file = shapes.file
    guard node >= 0, depth < 60, file[node].kind != .sizeOf else { return nil }
    let item = file[node]
    // The address of a member is no look into it, and what stands behind a question is not reached.
    if item.kind == .unary, item.operation == .ampersand { return nil }
    if item.kind == .conditional || item.kind == .binary && [.ampersandAmpersand, .pipePipe].contains(item.operation) {
      return nil
    }
    if item.kind == .member, item.operation == .arrow, file[item.a].kind == .name, Symbol(file[item.a].a) == name {
      return node
    }
    for child in file.children(of: node) {
      if let found = read(child, name, shapes, depth + 1) { return found }
    }
    return nil
  }

  /// Whether the first thing that is done with a pointer is to leave where it is NULL.
  private func isLeft(without name: String, _ statements: ArraySlice<NodeID>, _ shapes: Statements) -> Bool {
    for statement in statements where shapes.mentions(statement, name) {
      let item = shapes.file[statement]
      guard item.kind == .ifStatement, shapes.leaving(item.b) != nil else { return false }
      let core = shapes.core(item.a)
      return core.isNegated && SourceText.text(of: core.node, shapes.file, shapes.symbols) == name
    }
    return false
  }
}
