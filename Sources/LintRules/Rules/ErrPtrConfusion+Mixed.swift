import Findings
import KernelC
import LockModel

/// NULL for a failure, in a function that returns error pointers for all others.
extension ErrPtrConfusion {
  /// `if (ret) { kfree(p); return NULL; }` among `return ERR_PTR(…)`.
  func nullAmongErrors(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.isPointer, !isAskedForItem(id, context) else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let returns = definition.nodes.filter { file[$0].kind == .returnStatement && file[$0].a >= 0 }
    let nulls = returns.filter { isNull(file[$0].a, file, context) }
    // More than one NULL is an answer, as "there is none".
    guard nulls.count == 1, let null = nulls.first,
      returns.filter({ isErrorPointer(file[$0].a, shapes) }).count > 1
    else { return [] }
    for block in definition.nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (previous, statement) in zip(statements, statements.dropFirst())
      where file[statement].kind == .ifStatement && shapes.leaving(file[statement].b) == null {
        guard let code = failure(file[statement].a, behind: previous, shapes),
          !shapes.calls(in: file[statement].b).contains(where: { isErrorPointer($0, shapes) }),
          !isNullExpected(definition.name, context)
        else { continue }
        return [
          context.finding(
            description, id, null, "'\(code)' is an error here, but what is returned is NULL and no error pointer",
            key: "NULL for \(code)")
        ]
      }
    }
    return []
  }

  /// `return kmalloc(…);` among `return ERR_PTR(…)`, where whoever calls the function asks for an error pointer alone.
  func nullOfCall(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.isPointer, definition.isStatic else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let returns = definition.nodes.filter { file[$0].kind == .returnStatement && file[$0].a >= 0 }
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    guard returns.contains(where: { isErrorPointer(file[$0].a, shapes) }),
      !returns.contains(where: { isNull(file[$0].a, file, context) }),
      let null = returns.first(where: {
        let callee = shapes.callee(file[$0].a)
        return callee.exists && isMade(by: context.text(callee))
          && context.solver.returns(of: callee, fromFile: fileIndex) == [.zero, .positive]
      }), isErrorExpected(definition.name, file, shapes), !isNullExpected(definition.name, context)
    else { return [] }
    let callee = context.text(shapes.callee(file[null].a))
    return [
      context.finding(
        description, id, null,
        "'\(callee)' fails with NULL, which '\(context.name(id))' returns where its callers look for an error pointer",
        key: "NULL of \(callee)")
    ]
  }

  /// Whether there is nothing only because it could not be made, as opposed to not found.
  private func isMade(by name: String) -> Bool {
    name.contains("alloc") || name.contains("ioremap") || name.contains("memdup")
  }

  /// Whether somebody in the file asks if what the function returns is an error.
  private func isErrorExpected(_ name: Symbol, _ file: ParsedFile, _ shapes: Statements) -> Bool {
    file.functions.contains { function in
      let targets = function.nodes.compactMap { node -> String? in
        let item = file[node]
        switch item.kind {
        case .assign where shapes.callee(item.b) == name: return SourceText.text(of: item.a, file, shapes.symbols)
        case .variable where item.c >= 0 && shapes.callee(item.c) == name: return shapes.symbols.text(Symbol(item.a))
        default: return nil
        }
      }
      return !targets.isEmpty
        && function.nodes.contains { node in
          file[node].kind == .call && shapes.symbols.text(shapes.callee(node)) == "IS_ERR"
            && file.list(file[node].b, file[node].c).contains {
              targets.contains(SourceText.text(of: $0, file, shapes.symbols))
            }
        }
    }
  }

  /// The variable that holds an errno of the call in front of the test; nil where the condition asks for anything else.
  private func failure(_ condition: NodeID, behind previous: NodeID, _ shapes: Statements) -> String? {
    let file = shapes.file
    guard file[previous].kind == .expressionStatement, file[file[previous].a].kind == .assign,
      shapes.callee(file[file[previous].a].b).exists
    else { return nil }
    var (core, isNegated) = shapes.core(condition)
    guard core >= 0, !isNegated else { return nil }
    if file[core].kind == .binary, file[core].operation == .less, file[file[core].b].kind == .number,
      file[file[core].b].a == 0
    {
      core = file[core].a
    }
    guard file[core].kind == .name else { return nil }
    let text = shapes.symbols.text(Symbol(file[core].a))
    guard Statements.errorNames.contains(text),
      SourceText.text(of: file[file[previous].a].a, file, shapes.symbols) == text
    else { return nil }
    return text
  }

  /// Whether somebody who calls the function by name asks whether there is anything: NULL is an answer of its own then.
  private func isNullExpected(_ name: Symbol, _ context: RuleContext) -> Bool {
    context.program.allFunctions.contains { caller in
      let file = context.program.file(of: caller)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      return context.program.definition(caller).nodes.contains { node in
        let item = file[node]
        switch item.kind {
        case .assign where shapes.callee(item.b) == name: return isAsked(item.a, file, shapes)
        case .variable where item.c >= 0 && shapes.callee(item.c) == name: return isAsked(node, file, shapes)
        default: return false
        }
      }
    }
  }

  /// Whether anything in the file asks if a variable, or a member of that name, is NULL.
  private func isAsked(_ target: NodeID, _ file: ParsedFile, _ shapes: Statements) -> Bool {
    let wanted = file[target]
    func isIt(_ id: NodeID) -> Bool {
      guard id >= 0 else { return false }
      let node = file[id]
      return wanted.kind == .member
        ? node.kind == .member && node.b == wanted.b
        : node.kind == .name && (wanted.kind == .name || wanted.kind == .variable) && node.a == wanted.a
    }
    return file.functions.contains { function in
      function.nodes.contains { node in
        let item = file[node]
        switch item.kind {
        case .ifStatement, .whileStatement, .conditional: return isIt(shapes.core(item.a).node)
        case .unary where item.operation == .bang: return isIt(item.a)
        case .binary where item.operation == .ampersandAmpersand || item.operation == .pipePipe:
          return isIt(shapes.core(item.a).node) || isIt(shapes.core(item.b).node)
        case .call where shapes.symbols.text(shapes.callee(node)) == "IS_ERR_OR_NULL":
          return file.list(item.b, item.c).contains(where: isIt)
        default: return false
        }
      }
    }
  }

  private func isErrorPointer(_ value: NodeID, _ shapes: Statements) -> Bool {
    ["ERR_PTR", "ERR_CAST", "IOMEM_ERR_PTR"].contains(shapes.symbols.text(shapes.callee(value)))
  }

  private func isNull(_ value: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    file[value].kind == .name && Symbol(file[value].a) == context.names.null
  }

  /// configfs and what is built on it take NULL from their `make_…` members for -ENOMEM.
  private func isAskedForItem(_ id: FunctionID, _ context: RuleContext) -> Bool {
    context.solver.callbacks.members(holding: id).contains {
      let name = context.text($0.member)
      return name.hasPrefix("make_") || name.contains("_make_")
    }
  }

  /// `if (foo->bar) use(foo->bar);` with `IS_ERR_OR_NULL(foo->bar)` further down and nothing that sets it in between.
  func askedLater(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let nodes = context.program.definition(id).nodes
    let shapes = Statements(file: file, symbols: context.program.symbols)
    func text(_ node: NodeID) -> String { SourceText.text(of: node, file, shapes.symbols) }
    var asked: [String: NodeID] = [:]
    for node in nodes where context.callee(node, in: file) == context.names.isErrOrNull {
      guard let first = file.list(file[node].b, file[node].c).first else { continue }
      asked[text(first)] = asked[text(first)].map { file[$0].token < file[node].token ? node : $0 } ?? node
    }
    guard !asked.isEmpty else { return [] }
    let stores = nodes.filter { file[$0].kind == .assign }
    let ends = nodes.filter { [.returnStatement, .gotoStatement, .label].contains(file[$0].kind) }.map {
      file[$0].token
    }
    return nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement, file[node].c < 0, case let condition = file[node].a,
        [.name, .member].contains(file[condition].kind), case let name = text(condition), let later = asked[name],
        file[later].token > file[node].token, uses(file[node].b, name, shapes),
        // Whoever has left, or comes from elsewhere, knows something else.
        !ends.contains(where: { (file[node].token..<file[later].token).contains($0) }),
        !shapes.calls(in: file[node].b).contains(where: { context.text(shapes.callee($0)).hasPrefix("IS_ERR") }),
        !stores.contains(where: { store in
          (file[node].token..<file[later].token).contains(file[store].token) && text(file[store].a) == name
        })
      else { return nil }
      return context.finding(
        description, id, condition, "'\(name)' may be an error pointer here, as it may where IS_ERR_OR_NULL() is asked",
        evidence: [Evidence(context.place(id, later), "it is asked here")], key: "\(name) asked later")
    }
  }

  /// Whether a branch hands the pointer to a call, or looks at what it points to.
  private func uses(_ branch: NodeID, _ name: String, _ shapes: Statements) -> Bool {
    shapes.calls(in: branch).contains { call in
      shapes.file.list(shapes.file[call].b, shapes.file[call].c).contains { shapes.mentions($0, name) }
    }
  }
}
