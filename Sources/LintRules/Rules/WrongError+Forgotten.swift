import Findings
import KernelC
import LockModel

/// An error that the function acts on and forgets, and answers that are more than yes and no.
extension WrongError {
  /// `err = map(…); if (!err) … else undo(…); return 0;` in a function that returns errors elsewhere.
  func undoneAndForgotten(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard !definition.isMacro, definition.returnType.base == .integer, !definition.returnType.isPointer,
      file[definition.body].kind == .block
    else { return [] }
    let statements = Array(file.list(file[definition.body].a, file[definition.body].b))
    guard let last = statements.last, file[last].kind == .returnStatement, case let value = file[last].a, value >= 0,
      file[value].kind == .number, file[value].a == 0, statements.count > 2
    else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    // Behind a label others arrive with other failures.
    let tail = Array(statements.dropLast().reversed().prefix { file[$0].kind != .label })
    guard let test = tail.first(where: { file[$0].kind == .ifStatement && shapes.leaving(file[$0].b) == nil }),
      case let core = shapes.core(file[test].a), core.node >= 0, file[core.node].kind == .name,
      case let variable = Symbol(file[core.node].a), Self.errorNames.contains(context.text(variable)),
      let place = statements.firstIndex(of: test), place > 0,
      let call = storedCall(in: statements[place - 1], variable, file), isFailure(of: call, id, context),
      actsOnFailure(test, isNegated: core.isNegated, shapes, context),
      !statements[(place + 1)...].contains(where: { shapes.mentions($0, context.text(variable)) }),
      returns(variable, definition, file)
    else { return [] }
    let callee = context.text(shapes.callee(call))
    return [
      context.finding(
        description, id, last, "0 is returned although '\(callee)' may have failed, which the function acts on above",
        evidence: [Evidence(context.place(id, test), "'\(context.text(variable))' is asked for here")],
        key: "\(callee) forgotten")
    ]
  }

  /// The call whose result the statement stores in the variable.
  private func storedCall(in statement: NodeID, _ variable: Symbol, _ file: ParsedFile) -> NodeID? {
    guard file[statement].kind == .expressionStatement, case let store = file[file[statement].a],
      store.kind == .assign, store.operation == .equal, file[store.a].kind == .name,
      Symbol(file[store.a].a) == variable,
      file[store.b].kind == .call
    else { return nil }
    return store.b
  }

  /// Whether something is undone where the call has failed, without a word about it.
  private func actsOnFailure(_ test: NodeID, isNegated: Bool, _ shapes: Statements, _ context: RuleContext) -> Bool {
    let branch = isNegated ? shapes.file[test].c : shapes.file[test].b
    guard branch >= 0 else { return false }
    let calls = shapes.calls(in: branch).map { context.text(shapes.callee($0)) }
    return calls.contains { FunctionText.ends($0) || $0.contains("_dec") } && !calls.contains(where: Statements.isPrint)
  }

  /// Whether the function returns the variable somewhere.
  private func returns(_ variable: Symbol, _ definition: FunctionDefinition, _ file: ParsedFile) -> Bool {
    definition.nodes.contains { node in
      file[node].kind == .returnStatement && file[node].a >= 0 && file[file[node].a].kind == .name
        && Symbol(file[file[node].a].a) == variable
    }
  }

  /// `if (status(…)) return 0;` where others ask first whether what it returns is negative.
  func yesOrError(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard !definition.isMacro, definition.returnType.base == .integer, !definition.returnType.isPointer else {
      return []
    }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    var reported: Set<Symbol> = []
    return definition.nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement, case let core = shapes.core(file[node].a), core.node >= 0, !core.isNegated,
        file[core.node].kind == .call, case let callee = shapes.callee(core.node), callee.exists,
        let leaving = shapes.leaving(file[node].b), file[leaving].kind == .returnStatement, file[leaving].a >= 0,
        case let value = file[file[leaving].a], value.kind == .number, value.a == 0,
        let target = context.program.resolve(callee, fromFile: fileIndex),
        answers(target, context), isAskedForSign(callee, file, shapes), reported.insert(callee).inserted
      else { return nil }
      let name = context.text(callee)
      return context.finding(
        description, id, core.node, "a negative errno of '\(name)' counts as a yes here, and 0 is returned",
        evidence: [Evidence(context.place(of: target), "it returns yes, no or an errno")], key: "\(name) yes")
    }
  }

  /// Whether a function returns a comparison or a negation on one way, and an errno on another.
  private func answers(_ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let values = context.program.definition(id).nodes.compactMap { node in
      file[node].kind == .returnStatement && file[node].a >= 0 ? file[file[node].a] : nil
    }
    let isAnswer = values.contains {
      $0.kind == .unary && $0.operation == .bang || $0.kind == .binary && $0.operation.isComparison
    }
    return isAnswer
      && values.contains {
        $0.kind == .unary && $0.operation == .minus
          || $0.kind == .name && Self.errorNames.contains(context.text(Symbol($0.a)))
      }
  }

  /// Whether somebody in the file asks if what `callee` returns is negative.
  private func isAskedForSign(_ callee: Symbol, _ file: ParsedFile, _ shapes: Statements) -> Bool {
    file.functions.contains { function in
      function.nodes.contains { block in
        guard file[block].kind == .block else { return false }
        let statements = Array(file.list(file[block].a, file[block].b))
        return zip(statements, statements.dropFirst()).contains { previous, test in
          guard file[previous].kind == .expressionStatement, file[test].kind == .ifStatement,
            case let store = file[file[previous].a], store.kind == .assign, shapes.callee(store.b) == callee
          else { return false }
          let target = SourceText.text(of: store.a, file, shapes.symbols)
          return SourceText.text(of: file[test].a, file, shapes.symbols) == "\(target) < 0"
        }
      }
    }
  }
}
