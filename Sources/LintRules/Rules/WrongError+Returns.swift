import Findings
import KernelC
import LockModel

extension WrongError {
  /// `if (rc < 0) return offset;`, also behind a message.
  func otherVariable(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return definition.nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement else { return nil }
      let test = file[file[node].a]
      var variable = test
      if test.kind == .binary, test.operation == .less || test.operation == .bangEqual, file[test.b].kind == .number,
        file[test.b].a == 0
      {
        variable = file[test.a]
      }
      guard variable.kind == .name else { return nil }
      let tested = context.text(Symbol(variable.a))
      guard let leaving = shapes.leaving(file[node].b), onlyLogs(file[node].b, shapes, context),
        file[leaving].kind == .returnStatement, file[leaving].a >= 0, file[file[leaving].a].kind == .name
      else { return nil }
      let token = file.tokens[Int(file[file[leaving].a].token)]
      let returned = context.text(Symbol(file[file[leaving].a].a))
      guard !Self.errorNames.contains(returned), !token.traits.contains(.upperCase), returned != "false",
        returned != "true", tested != returned,
        Self.errorNames.contains(tested) && isResult(Symbol(file[file[leaving].a].a), definition, shapes)
          || test.kind == .binary && test.operation == .less
            && isUntouched(Symbol(file[file[leaving].a].a), definition, shapes)
            && isAnswer(Symbol(variable.a), before: node, definition, shapes)
      else { return nil }
      return context.finding(
        description, id, leaving, "'\(tested)' is the error, but '\(returned)' is returned",
        key: "\(tested) \(returned)")
    }
  }

  /// A parameter that the function never sets: a number of its caller's, and none that is meant for such a case.
  private func isUntouched(_ name: Symbol, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let words = shapes.symbols.text(name).split(separator: "_")
    return !words.contains { ["default", "def", "dflt", "fallback", "otherwise", "else", "missing"].contains($0) }
      && definition.parameters.contains { $0.name == name && !$0.type.isPointer }
      && !shapes.writes(definition.body, shapes.symbols.text(name))
  }

  /// Whether the statement in front of a test sets the local to what a call returns.
  private func isAnswer(
    _ name: Symbol, before test: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    return definition.nodes.contains { block in
      guard file[block].kind == .block, case let statements = Array(file.list(file[block].a, file[block].b)),
        let index = statements.firstIndex(of: test), index > 0, file[statements[index - 1]].kind == .expressionStatement
      else { return false }
      let store = file[file[statements[index - 1]].a]
      return store.kind == .assign && store.operation == .equal && file[store.a].kind == .name
        && Symbol(file[store.a].a) == name && file[store.b].kind == .call
    }
  }

  /// A parameter, or a local that no more is done to than to store what calls return.
  private func isResult(_ name: Symbol, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let file = shapes.file
    if definition.parameters.contains(where: { $0.name == name }) { return true }
    func isIt(_ node: NodeID) -> Bool { file[node].kind == .name && Symbol(file[node].a) == name }
    var isLocal = false
    var first: (token: UInt32, isCall: Bool)?
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .variable where Symbol(item.a) == name:
        isLocal = true
        if item.c >= 0, first.map({ item.token < $0.token }) ?? true {
          first = (item.token, file[item.c].kind == .call)
        }
      case .assign where isIt(item.a):
        // Something is counted or added up.
        if item.operation != .equal { return false }
        if first.map({ item.token < $0.token }) ?? true { first = (item.token, file[item.b].kind == .call) }
      case .postfix where isIt(item.a): return false
      case .unary where (item.operation == .plusPlus || item.operation == .minusMinus) && isIt(item.a): return false
      default: break
      }
    }
    return isLocal && first?.isCall != false
  }

  /// Nothing but messages stands before the branch's last statement.
  private func onlyLogs(_ branch: NodeID, _ shapes: Statements, _ context: RuleContext) -> Bool {
    shapes.list(branch).dropLast().allSatisfy {
      shapes.file[$0].kind == .expressionStatement
        && Statements.isPrint(context.text(shapes.callee(shapes.file[$0].a)))
    }
  }

  /// `if (ret) return 0;` behind a message about the error, in a function that returns another.
  func errorAsSuccess(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var silent: [(leaving: NodeID, condition: NodeID, name: Symbol)] = []
    var others: [Symbol: NodeID] = [:]
    for node in definition.nodes where file[node].kind == .ifStatement {
      guard let name = tested(file[node].a, shapes, context), let leaving = shapes.leaving(file[node].b) else {
        continue
      }
      let isZero =
        file[leaving].kind == .returnStatement && file[leaving].a >= 0 && file[file[leaving].a].kind == .number
        && file[file[leaving].a].a == 0
      if isZero {
        let isLogged = shapes.list(file[node].b).contains {
          file[$0].kind == .expressionStatement && Statements.isErrorLog(context.text(shapes.callee(file[$0].a)))
        }
        if isLogged { silent.append((leaving, node, name)) }
      } else if file[leaving].kind == .gotoStatement || file[leaving].kind == .returnStatement {
        others[name] = node
      }
    }
    guard silent.count == 1, let found = silent.first, let other = others[found.name]
    else { return [] }
    let name = context.text(found.name)
    return [
      context.finding(
        description, id, found.leaving, "0 is returned for the error in '\(name)'",
        evidence: [Evidence(context.place(id, other), "other errors are returned")],
        key: SourceText.text(of: file[found.condition].a, file, context.program.symbols) + " 0")
    ]
  }
}
