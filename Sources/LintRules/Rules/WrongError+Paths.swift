import Findings
import KernelC
import LockModel

extension WrongError {
  /// A goto to an error label at which the code is still 0, where the other gotos arrive with an error.
  func forgottenCodes(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    guard let facts = context.solver.facts(id), !facts.isPartial, facts.jumps.count > 1 else { return [] }
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let type = definition.returnType
    let isNumber = type.base == .integer && !type.isPointer
    let body = file[definition.body]
    guard body.kind == .block else { return [] }
    var region = 0
    var isSeparate = false
    var regions: [Int32: Int] = [:]
    for statement in file.list(body.a, body.b) {
      switch file[statement].kind {
      case .returnStatement, .gotoStatement:
        region += 1
        isSeparate = true
      case .label: if isSeparate { regions[file[statement].a] = region }
      default: break
      }
    }
    var findings: [Finding] = []
    for (_, jumps) in Dictionary(grouping: facts.jumps, by: { regions[file[$0.node].a] ?? -1 }).sorted(by: {
      $0.key < $1.key
    }) {
      guard let first = jumps.first else { continue }
      // Where success comes this way too, one exception among several is no habit.
      let isSeparate = regions[file[first.node].a] != nil
      // Other labels are also for those who are done early.
      let shapes = Statements(file: file, symbols: context.program.symbols)
      let isOnlyForErrors = isSeparate && jumps.filter { $0.values == .zero }.count == 1 && jumps.count > 2
      let forgotten = jumps.filter {
        $0.values == .zero
          && (isForErrors(context.text(Symbol(file[$0.node].a)))
            || isOnlyForErrors && isBehindFailure($0, id, shapes, context))
      }
      let errors = jumps.filter { isForErrors(context.text(Symbol(file[$0.node].a))) }
      let others = jumps.filter { !$0.values.isEmpty && $0.values.isSubset(of: .nonZero) }
      guard let other = others.first, forgotten.count <= others.count,
        isSeparate
          || isNumber && forgotten.count == 1 && isPlainlyForErrors(forgotten[0].node, file, context)
            && others.count > 1 && forgotten.count + others.count == errors.count
      else { continue }
      for jump in forgotten
      where !isMeant(jump.node, jump.variable, definition, shapes)
        && isFailure(jump.node, isSeparate: isSeparate, definition, shapes)
      {
        let label = context.text(Symbol(file[jump.node].a))
        findings.append(
          context.finding(
            description, id, jump.node, "the error code is still 0 at this 'goto \(label)'",
            evidence: [Evidence(context.place(id, other.node), "others arrive with an error")], key: "\(label) 0"))
      }
    }
    return findings
  }

  /// The goto stands behind `if (!ret)` or behind a pointer that is not there.
  private func isBehindFailure(_ jump: JumpEvent, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext)
    -> Bool
  {
    let file = shapes.file
    let label = context.text(Symbol(file[jump.node].a))
    if ["found", "done", "success", "ok"].contains(where: label.contains) { return false }
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, shapes.leaving(file[node].b) == jump.node,
        // Whoever sets it to 0 there means it.
        !shapes.writes(file[node].b, context.text(jump.variable))
      else { return false }
      let (core, isNegated) = shapes.core(file[node].a)
      guard core >= 0, isNegated else { return false }
      if file[core].kind == .name, Self.errorNames.contains(context.text(Symbol(file[core].a))) { return true }
      return context.isMade(core, before: node, in: id)
    }
  }

  private func isPlainlyForErrors(_ jump: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    let label = context.text(Symbol(file[jump].a))
    return label.contains("err") || label.contains("fail")
  }

  private func isForErrors(_ label: String) -> Bool {
    label.split(separator: "_").contains { word in
      ["err", "fail", "bad", "undo", "unwind", "cleanup", "abort", "bail"].contains(where: word.hasPrefix)
    }
  }

  /// A branch that logs an error and leaves with a code that is 0.
  func loggedAsSuccess(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    guard let facts = context.solver.facts(id), !facts.isPartial else { return [] }
    let type = context.program.definition(id).returnType
    guard type.base == .integer || type.base == .typedef && Self.signedTypes.contains(context.text(type.name)),
      !type.isPointer
    else { return [] }
    let fails = facts.exits.contains { $0.values == .negative }
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var silent: [NodeID: Symbol] = [:]
    for exit in facts.exits where exit.value >= 0 && exit.values == .zero && isErrorName(exit.value, file, context) {
      silent[exit.statement] = Symbol(file[exit.value].a)
    }
    for jump in facts.jumps where jump.values == .zero { silent[jump.node] = jump.variable }
    // After `if (ret < 0)` it is no error, though it may be more than 0.
    var harmless: Set<NodeID> = []
    for jump in facts.jumps where jump.values == [.zero, .positive] {
      silent[jump.node] = jump.variable
      harmless.insert(jump.node)
    }
    return context.program.definition(id).nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement else { return nil }
      for branch in [file[node].b, file[node].c] {
        guard let leaving = shapes.leaving(branch), let variable = silent[leaving],
          !isMeant(leaving, variable, context.program.definition(id), shapes),
          !harmless.contains(leaving) || !shapes.writes(branch, context.text(variable)),
          shapes.list(branch).contains(where: {
            guard file[$0].kind == .expressionStatement else { return false }
            let name = context.text(shapes.callee(file[$0].a))
            return harmless.contains(leaving) ? Statements.isErrorLog(name) : Statements.isLog(name)
          }), fails || isTestedForZero(file[node].a, leaving, shapes)
        else { continue }
        return context.finding(
          description, id, leaving, "an error is logged here, and 0 is returned",
          evidence: [Evidence(context.place(id, node), "in the branch of this condition")],
          key: SourceText.text(of: file[node].a, file, context.program.symbols))
      }
      return nil
    }
  }

  private static let signedTypes: Set<String> = ["s8", "s16", "s32", "s64", "ssize_t"]

  /// `if (!ret) { …; return ret; }`
  private func isTestedForZero(_ condition: NodeID, _ leaving: NodeID, _ shapes: Statements) -> Bool {
    let (core, isNegated) = shapes.core(condition)
    return isNegated && core >= 0 && shapes.file[leaving].kind == .returnStatement
      && SourceText.text(of: core, shapes.file, shapes.symbols)
        == SourceText.text(of: shapes.file[leaving].a, shapes.file, shapes.symbols)
  }

  /// An error that is logged and then forgotten, in a function that leaves for every other error that it logs.
  func forgottenReturns(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var staying: (branch: NodeID, variable: Symbol)?
    var leaving: NodeID = -1
    var count = 0
    for block in definition.nodes where file[block].kind == .block {
      for statement in file.list(file[block].a, file[block].b)
      where file[statement].kind == .ifStatement && file[statement].c < 0 {
        guard let variable = tested(file[statement].a, shapes, context) else { continue }
        let branch = shapes.list(file[statement].b)
        if shapes.leaving(file[statement].b) != nil {
          leaving = statement
          count += 1
        } else if branch.count == 1, file[branch[0]].kind == .expressionStatement,
          Statements.isErrorLog(context.text(shapes.callee(file[branch[0]].a)))
        {
          if staying != nil { return [] }
          staying = (statement, variable)
        } else {
          return []
        }
      }
    }
    guard let staying, count > 2 else { return [] }
    // With more to do behind it, the error may be one that the function can live with.
    guard let rest = following(staying.branch, in: definition.body, file, 0) else { return [] }
    var isEnd = false
    for statement in rest {
      let node = file[statement]
      if node.kind == .returnStatement {
        guard node.a >= 0, file[node.a].kind == .number, file[node.a].a == 0 else { return [] }
        isEnd = true
        break
      }
      guard node.kind == .expressionStatement, Statements.isPrint(context.text(shapes.callee(node.a))) else {
        return []
      }
    }
    guard isEnd else { return [] }
    let name = context.text(staying.variable)
    return [
      context.finding(
        description, id, staying.branch, "an error is logged here, and the function goes on as if there were none",
        evidence: [Evidence(context.place(id, leaving), "other errors end it")], key: name)
    ]
  }

  /// `ret` in `if (ret)` and `if (ret < 0)`.
  func tested(_ condition: NodeID, _ shapes: Statements, _ context: RuleContext) -> Symbol? {
    let (core, isNegated) = shapes.core(condition)
    guard core >= 0, !isNegated else { return nil }
    var node = shapes.file[core]
    if node.kind == .binary, node.operation == .less { node = shapes.file[node.a] }
    guard node.kind == .name, Self.errorNames.contains(context.text(Symbol(node.a))) else { return nil }
    return Symbol(node.a)
  }

  private func isErrorName(_ value: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    file[value].kind == .name && Self.errorNames.contains(context.text(Symbol(file[value].a)))
  }
}
