import Findings
import KernelC
import LockModel

/// An error pointer that stays in a member where others look for NULL.
extension ErrPtrConfusion {
  /// `foo->task = kthread_run(…); if (IS_ERR(foo->task)) goto err;` with `if (foo->task)` somewhere else in the file.
  func leftBehind(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    // What fails to be set up is not used any more.
    guard !definition.isMacro, !isMadeHere(id, context) else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    return definition.nodes.compactMap { node -> Finding? in
      let item = file[node]
      guard item.kind == .assign, item.operation == .equal, file[item.a].kind == .member, file[item.b].kind == .call,
        case let callee = shapes.callee(item.b), callee.exists, context.isPointer(item.b, in: id),
        context.solver.returns(of: callee, fromFile: fileIndex) == [.negative, .positive],
        case let member = SourceText.text(of: item.a, file, context.program.symbols), member.contains("->"),
        isAsked(member, definition, behind: item.token, shapes),
        !isReplaced(member, definition, behind: item.token, shapes),
        // Whoever asks first whether there is one already is called more than once.
        asksFirst(member, definition, before: item.token, shapes),
        let test = nullTest(of: Symbol(file[item.a].b), file, besides: node, shapes),
        let asking = context.program.allFunctions.first(where: {
          context.program.file(of: $0).path == file.path && context.program.definition($0).nodes.contains(test)
        })
      else { return nil }
      return context.finding(
        description, id, node,
        "the error pointer of '\(context.text(callee))' stays in '\(member)', and others take what is not NULL for a valid one",
        evidence: [Evidence(context.place(asking, test), "only NULL is looked for here")],
        key: "\(context.text(callee)) \(member) left")
    }
  }

  /// Whether the function leaves where the member holds anything, before it stores there.
  private func asksFirst(
    _ member: String, _ definition: FunctionDefinition, before token: UInt32, _ shapes: Statements
  ) -> Bool {
    let first = definition.nodes.filter {
      shapes.file[$0].kind == .assign && SourceText.text(of: shapes.file[$0].a, shapes.file, shapes.symbols) == member
    }.map { shapes.file[$0].token }.min()
    return definition.nodes.contains { node in
      let item = shapes.file[node]
      guard item.kind == .ifStatement, item.token < min(token, first ?? token), case let core = shapes.core(item.a),
        core.node >= 0
      else {
        return false
      }
      let text = SourceText.text(of: core.node, shapes.file, shapes.symbols)
      return text == member && !core.isNegated && shapes.leaving(item.b) != nil
    }
  }

  /// Whether the object itself is made in the function, or the function is what makes it usable.
  private func isMadeHere(_ id: FunctionID, _ context: RuleContext) -> Bool {
    context.name(id).split(separator: "_").contains {
      ["probe", "init", "create", "alloc", "new", "setup", "register", "bind", "attach", "add", "load", "mount"]
        .contains($0)
        || $0.hasSuffix("init")
    }
  }

  /// Whether the function asks if the member holds an error.
  private func isAsked(
    _ member: String, _ definition: FunctionDefinition, behind token: UInt32, _ shapes: Statements
  ) -> Bool {
    definition.nodes.contains { node in
      guard shapes.file[node].kind == .call, shapes.file[node].token > token else { return false }
      return ["IS_ERR", "PTR_ERR_OR_ZERO", "IS_ERR_OR_NULL"].contains(shapes.symbols.text(shapes.callee(node)))
        && shapes.file.list(shapes.file[node].b, shapes.file[node].c).contains {
          SourceText.text(of: $0, shapes.file, shapes.symbols) == member
        }
    }
  }

  /// Whether the member gets another value behind the call.
  private func isReplaced(
    _ member: String, _ definition: FunctionDefinition, behind token: UInt32, _ shapes: Statements
  ) -> Bool {
    definition.nodes.contains { node in
      shapes.file[node].kind == .assign && shapes.file[node].token > token
        && SourceText.text(of: shapes.file[node].a, shapes.file, shapes.symbols) == member
    }
  }

  /// A branch of another function, or in front of the store, that asks only whether there is anything; nil where anybody asks
  /// for an error.
  private func nullTest(of member: Symbol, _ file: ParsedFile, besides store: NodeID, _ shapes: Statements) -> NodeID? {
    var found: NodeID?
    for function in file.functions where !function.isMacro {
      let isOwn = function.nodes.contains(store)
      for node in function.nodes {
        let item = file[node]
        if item.kind == .call, !isOwn, shapes.symbols.text(shapes.callee(node)).hasPrefix("IS_ERR"),
          file.list(item.b, item.c).contains(where: { file[$0].kind == .member && Symbol(file[$0].b) == member })
        {
          return nil
        }
        guard item.kind == .ifStatement, case let core = shapes.core(item.a).node, core >= 0,
          file[core].kind == .member, Symbol(file[core].b) == member, !isOwn || item.token < file[store].token
        else { continue }
        if found == nil { found = node }
      }
    }
    return found
  }
}
