import Findings
import KernelC
import LockModel

/// Failures that matter for what the function has in its hands, whatever it returns.
extension MissingErrorCheck {
  /// A function without a result that makes an object, gives up where there is none, has `call` do something to the object,
  /// and goes on with it.
  func givesUp(before call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .void, !definition.returnType.isPointer,
      !context.solver.disposes(definition.name), !Self.isEnd(context.text(definition.name)),
      let first = file.list(file[call].b, file[call].c).first, file[first].kind == .name
    else { return false }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let object = Symbol(file[first].a)
    guard let maker = makers(of: object, definition, shapes).max(by: { file[$0].token < file[$1].token }),
      file[maker].token < file[call].token
    else { return false }
    let isGivenUp = definition.nodes.contains { node in
      guard file[node].kind == .ifStatement, file[node].token > file[maker].token, file[node].token < file[call].token,
        let leaving = shapes.leaving(file[node].b)
      else { return false }
      let (core, isNegated) = shapes.core(file[node].a)
      return [.returnStatement, .gotoStatement].contains(file[leaving].kind) && isNegated && isName(core, object, file)
    }
    return isGivenUp
      && definition.nodes.contains { node in
        guard file[node].kind == .call, file[node].token > file[call].token else { return false }
        let name = shapes.callee(node)
        return !context.solver.disposes(name) && !FunctionText.ends(context.text(name))
          && file.list(file[node].b, file[node].c).contains { isName($0, object, file) }
      }
  }

  /// `kthread_run(thread, object, …);` where the thread is to put or free what this function has made: nobody does when
  /// there is no thread.
  func lostThreads(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let definition = context.program.definition(id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      return definition.nodes.compactMap { node -> Finding? in
        guard file[node].kind == .expressionStatement else { return nil }
        let call = file[node].a
        let name = context.text(shapes.callee(call))
        guard name == "kthread_run" || name == "kthread_run_on_cpu" else { return nil }
        let arguments = Array(file.list(file[call].b, file[call].c))
        guard arguments.count > 2, file[arguments[1]].kind == .name else { return nil }
        let object = Symbol(file[arguments[1]].a)
        guard
          let maker = makers(of: object, definition, shapes).first(where: {
            KnownPairs.isOwned(context.text(shapes.callee($0)))
          }),
          !isShared(object, call, definition, shapes)
        else { return nil }
        return context.finding(
          description, id, call,
          "the result of '\(name)' is ignored here: where there is no thread, '\(context.text(object))' is lost",
          evidence: [Evidence(context.place(id, maker), "'\(context.text(object))' is taken here")],
          key: SourceText.text(of: call, file, context.program.symbols))
      }
    }
  }

  /// The calls whose result a local of the function is set to.
  private func makers(of object: Symbol, _ definition: FunctionDefinition, _ shapes: Statements) -> [NodeID] {
    let file = shapes.file
    guard
      definition.nodes.contains(where: {
        file[$0].kind == .variable && Symbol(file[$0].a) == object && file[$0].op & 3 == 0
      })
    else { return [] }
    return definition.nodes.compactMap { node in
      let item = file[node]
      switch item.kind {
      case .variable where Symbol(item.a) == object && item.c >= 0 && shapes.callee(item.c).exists: return item.c
      case .assign where item.operation == .equal && isName(item.a, object, file) && shapes.callee(item.b).exists:
        return item.b
      default: return nil
      }
    }
  }

  /// Whether something but the thread has got hold of the object, or the function goes on with it.
  private func isShared(_ object: Symbol, _ call: NodeID, _ definition: FunctionDefinition, _ shapes: Statements)
    -> Bool
  {
    let file = shapes.file
    return definition.nodes.contains { node in
      let item = file[node]
      switch item.kind {
      case .assign: return isName(item.b, object, file)
      case .unary: return item.operation == .ampersand && isName(item.a, object, file)
      case .name: return Symbol(item.a) == object && item.token > file[call].token && !shapes.contains(call, node)
      default: return false
      }
    }
  }

  private func isName(_ id: NodeID, _ name: Symbol, _ file: ParsedFile) -> Bool {
    id >= 0 && file[id].kind == .name && Symbol(file[id].a) == name
  }
}
