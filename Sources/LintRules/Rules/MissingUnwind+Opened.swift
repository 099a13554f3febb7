import Findings
import KernelC
import LockModel

/// Error exits that skip cleanup and have no exit on both sides that says so.
extension MissingUnwind {
  /// The last exit goes further down than the one before it, and nothing was undone between them.
  func judgeLast(
    _ index: Int, _ exits: [Exit], _ statements: [NodeID], _ id: FunctionID, _ shapes: Statements,
    _ context: RuleContext
  ) -> Finding? {
    guard index > 0, index == exits.count - 1, let label = exits[index].label, let first = exits[index - 1].label,
      first < label, !leaves(statements[first..<label], shapes.file)
    else { return nil }
    let (exit, before) = (exits[index], exits[index - 1])
    guard tellsFailure(exit, statements, shapes) else { return nil }
    let passed = statements[(before.position + 1)...exit.position].flatMap { statement in
      let part = shapes.file[statement].kind == .ifStatement ? shapes.file[statement].a : statement
      return shapes.calls(in: part).flatMap { call in
        shapes.file.list(shapes.file[call].b, shapes.file[call].c).map {
          SourceText.text(of: $0, shapes.file, shapes.symbols)
        }
      }
    }
    // What a call between was given it may have kept, or ended.
    let needed = skipped(exit, first..<label, statements, shapes, context).filter {
      !context.solver.endsPointer($0.key) || !passed.contains(subject($0.value, shapes))
    }
    guard !needed.isEmpty, !undoesItself(exit, needed, shapes, context),
      !isUndone(needed, statements[(before.position + 1)..<exit.position], shapes)
    else { return nil }
    return finding(exit, needed, "which the exit before it runs", before, id, context)
  }

  /// The function has made a thing that a later exit gets rid of, and this one does not.
  func judgeOpened(
    _ index: Int, _ exits: [Exit], _ statements: [NodeID], _ id: FunctionID, _ shapes: Statements,
    _ context: RuleContext
  ) -> Finding? {
    let exit = exits[index]
    let depth = exit.label ?? statements.count
    guard let after = exits[(index + 1)...].first(where: { ($0.label ?? Int.max) < depth }), let second = after.label,
      second < depth
    else { return nil }
    var needed: [Symbol: NodeID] = [:]
    var opener: NodeID = -1
    for (closer, statement) in skipped(exit, second..<depth, statements, shapes, context) {
      guard
        let made = statements[..<exit.position].lastIndex(where: {
          isOpener($0, of: statement, closer, shapes, context)
        }),
        case let result = shapes.file[shapes.file[statements[made]].a].a,
        case let holder = SourceText.text(of: result, shapes.file, shapes.symbols),
        case let between = statements[(made + 1)..<exit.position],
        case let name = shapes.callee(shapes.file[shapes.file[statements[made]].a].b),
        // The exit may be the opener's own: it asks for the result, and that has not changed.
        !shapes.mentions(shapes.file[exit.branch].a, holder)
          || isNumber(result, shapes)
            && between.contains(where: { between in
              // A second try is still the opener.
              shapes.writes(between, holder) && !shapes.calls(in: between).contains { shapes.callee($0) == name }
            }),
        between.contains(where: { shapes.file[$0].kind == .ifStatement }),
        !isUndone([closer: statement], between, shapes)
      else { continue }
      needed[closer] = statement
      opener = statements[made]
    }
    guard !needed.isEmpty, !undoesItself(exit, needed, shapes, context) else { return nil }
    return finding(exit, needed, "which undoes what has been made before it", nil, id, context, opener)
  }

  /// The condition asks for the error of the statement in front of it, or calls what fails.
  private func tellsFailure(_ exit: Exit, _ statements: [NodeID], _ shapes: Statements) -> Bool {
    let file = shapes.file
    let (core, isNegated) = shapes.core(file[exit.branch].a)
    guard core >= 0 else { return false }
    if file[core].kind == .binary { return file[core].operation == .less && isNumber(file[core].a, shapes) }
    return isNumber(core, shapes) && !isNegated
  }

  /// `thing = f(…)` and `closer(thing)`, or `ret = f(thing)` and `closer(thing)`, where `closer` undoes `f`.
  private func isOpener(
    _ statement: NodeID, of cleanup: NodeID, _ closer: Symbol, _ shapes: Statements, _ context: RuleContext
  ) -> Bool {
    let file = shapes.file
    guard file[statement].kind == .expressionStatement else { return false }
    let store = file[file[statement].a]
    guard store.kind == .assign, store.operation == .equal, case let call = store.b, file[call].kind == .call,
      case let opener = shapes.callee(call), context.solver.undoes(closer, opener),
      !context.solver.isManaged(context.text(opener), in: file)
    else { return false }
    func texts(_ call: NodeID) -> [String] {
      file.list(file[call].b, file[call].c).map { SourceText.text(of: $0, file, shapes.symbols) }
    }
    let ended = texts(file[cleanup].a)
    if !isNumber(store.a, shapes) { return ended.contains(SourceText.text(of: store.a, file, shapes.symbols)) }
    return texts(call).first.map { $0 == ended.first } ?? false
  }

  private func isNumber(_ id: NodeID, _ shapes: Statements) -> Bool {
    shapes.file[id].kind == .name
      && Statements.errorNames.contains(shapes.symbols.text(Symbol(shapes.file[id].a)))
  }

  private func undoesItself(
    _ exit: Exit, _ needed: [Symbol: NodeID], _ shapes: Statements, _ context: RuleContext
  ) -> Bool {
    let own = Set(shapes.calls(in: exit.branch).map(shapes.callee))
    return !own.isDisjoint(with: needed.keys) || own.contains { undoes(context.text($0)) }
  }

  /// Whether one of the cleanups has run between, outside of branches that leave.
  private func isUndone(
    _ needed: [Symbol: NodeID], _ statements: ArraySlice<NodeID>, _ shapes: Statements
  ) -> Bool {
    statements.contains { statement in
      (shapes.file[statement].kind != .ifStatement || shapes.leaving(shapes.file[statement].b) == nil)
        && shapes.calls(in: statement).contains { needed[shapes.callee($0)] != nil }
    }
  }

  private func finding(
    _ exit: Exit, _ needed: [Symbol: NodeID], _ why: String, _ before: Exit?, _ id: FunctionID, _ context: RuleContext,
    _ opener: NodeID = -1
  ) -> Finding {
    let names = needed.keys.map(context.text).sorted().joined(separator: "', '")
    var evidence: [Evidence] = []
    if let before { evidence.append(Evidence(context.place(id, before.node), "an earlier exit cleans up")) }
    if opener >= 0 { evidence.append(Evidence(context.place(id, opener), "it is made here")) }
    evidence.append(Evidence(context.place(id, needed.values.min() ?? exit.node), "the cleanup"))
    return context.finding(
      description, id, exit.node, "this error exit skips '\(names)', \(why)", evidence: evidence, key: names)
  }
}
