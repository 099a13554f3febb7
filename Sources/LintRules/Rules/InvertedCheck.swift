import Findings
import KernelC
import LockModel

/// A check that lets through what it should stop.
struct InvertedCheck: Rule {
  let description = RuleDescription(
    id: "inverted-check",
    summary: "a check has the wrong sense: success is treated as failure, or a NULL pointer is used",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports a pointer that is used, handed on or freed where every path has just found it to be NULL or an error; a branch \
      for a result of 0 that logs an error, jumps to an error label or ends the function, where the function called returns \
      0 or a negative errno; and a refusal ('return -EPERM') where a predicate ('capable()') says yes. And a loop that ends \
      while there is time left, a list's cursor that is asked for NULL behind its loop, and conditions that say the same twice, two \
      cases that compare for the opposite, and -EOPNOTSUPP where the capability is there; a counter that is asked for 0 where \
      its loop has left it at -1.
      """,
    whyItMatters: "The failure goes on as a success, and the success is undone.",
    accepts: ["a pointer that some path leaves valid", "calls that may return a positive number"],
    knownFalsePositives: ["a call that is expected to fail"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      var findings = pointers(id, context)
      // What the paths have shown needs no second word.
      findings += results(id, context).filter { result in
        !findings.contains { $0.message == result.message || $0.place.line == result.place.line }
      }
      findings += branches(id, context)
      findings += contradictions(id, context) + deadlines(id, context) + cursors(id, context) + senses(id, context)
      findings += countdowns(id, context) + answers(id, context)
      return findings
    }
  }

  private func pointers(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    guard let facts = context.solver.facts(id), !facts.isPartial else { return [] }
    let file = context.program.file(of: id)
    var reported: Set<String> = []
    let freed = facts.freedErrors.compactMap { use -> Finding? in
      let pointer = SourceText.text(of: use.pointer, file, context.program.symbols)
      guard reported.insert(pointer).inserted else { return nil }
      return context.finding(
        description, id, use.node,
        "'\(context.text(context.callee(use.node, in: file)))' is given '\(pointer)' where it is an error pointer",
        key: "\(pointer) freed")
    }
    return freed
      + facts.pointerUses.compactMap { use in
        let pointer = SourceText.text(of: use.pointer, file, context.program.symbols)
        guard reported.insert(pointer).inserted else { return nil }
        let message =
          use.isErrorCode
          ? "PTR_ERR('\(pointer)') is taken where '\(pointer)' is \(use.values == .zero ? "NULL" : "no error")"
          : "'\(pointer)' is used where it is surely \(use.values == .zero ? "NULL" : "an error pointer")"
        return context.finding(description, id, use.node, message, key: pointer)
      }
  }

  private func results(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    for block in context.program.definition(id).nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (index, statement) in statements.enumerated() where file[statement].kind == .ifStatement {
        let (core, isNegated) = shapes.core(file[statement].a)
        if core >= 0, !isNegated, index > 0 {
          findings += succeeded(core, statement, statements[index - 1], id, shapes, context)
        }
        if core >= 0, !isNegated, let use = useOfNothing(core, statements[index...], shapes) {
          let pointer = SourceText.text(of: core, file, context.program.symbols)
          findings.append(
            context.finding(
              description, id, use, "'\(pointer)' is used where it is surely NULL",
              evidence: [Evidence(context.place(id, file[statement].a), "what is not NULL has left here")], key: pointer
            ))
        }
        guard isNegated, core >= 0 else { continue }
        var call = core
        if file[core].kind == .assign { call = file[core].b }
        if file[core].kind == .name {
          guard index > 0, file[statements[index - 1]].kind == .expressionStatement else { continue }
          let before = file[file[statements[index - 1]].a]
          guard before.kind == .assign, before.operation == .equal, file[before.a].kind == .name,
            file[before.a].a == file[core].a
          else { continue }
          call = before.b
        }
        let callee = shapes.callee(call)
        if callee.exists, !context.text(callee).split(separator: "_").contains(where: { $0.hasPrefix("try") }),
          context.program.returnType(callee)?.base != .boolean, file[core].kind == .name,
          let log = logOfNothing(core, file[statement].b, shapes, context)
        {
          findings.append(
            context.finding(
              description, id, log,
              "the failure of '\(context.text(callee))' is logged where '\(context.text(Symbol(file[core].a)))' is 0",
              evidence: [Evidence(context.place(id, file[statement].a), "by this condition")],
              key: "\(context.text(callee)) logged"))
          continue
        }
        guard callee.exists, context.solver.isErrnoLike(callee, fromFile: fileIndex),
          !context.solver.onlyLooksUp(callee, fromFile: fileIndex),
          isFailureBranch(file[statement].b, shapes, context)
        else { continue }
        findings.append(
          context.finding(
            description, id, file[statement].a,
            "the branch for a failure of '\(context.text(callee))' runs when it succeeds: it returns 0 or a negative errno",
            key: context.text(callee)))
      }
    }
    return findings
  }

  /// `if (!ret) { dev_err(dev, "failed: %d", ret); return; }`: an error is logged with a number that is no error.
  private func logOfNothing(
    _ variable: NodeID, _ branch: NodeID, _ shapes: Statements, _ context: RuleContext
  ) -> NodeID? {
    let file = shapes.file
    let name = file[variable].a
    guard Statements.errorNames.contains(context.text(Symbol(name))), shapes.leaving(branch) != nil else { return nil }
    for statement in shapes.list(branch) {
      guard file[statement].kind == .expressionStatement, case let call = file[statement].a, file[call].kind == .call,
        Statements.isErrorLog(context.text(shapes.callee(call)))
      else { return nil }
      let isShown = file.list(file[call].b, file[call].c).contains { file[$0].kind == .name && file[$0].a == name }
      if isShown { return statement }
    }
    return nil
  }

  /// `if (p) return; p->n = 1;`: the next that is done with the pointer looks into it.
  private func useOfNothing(_ pointer: NodeID, _ rest: ArraySlice<NodeID>, _ shapes: Statements) -> NodeID? {
    let file = shapes.file
    guard let guarding = rest.first, file[guarding].c < 0, [.name, .member].contains(file[pointer].kind),
      let leaving = shapes.leaving(file[guarding].b), [.returnStatement, .gotoStatement].contains(file[leaving].kind)
    else { return nil }
    let text = SourceText.text(of: pointer, file, shapes.symbols)
    func isIt(_ id: NodeID) -> Bool {
      file[id].kind == file[pointer].kind && SourceText.text(of: id, file, shapes.symbols) == text
    }
    /// The first mention in the order of evaluation: a look into it, or anything else.
    func firstUse(_ id: NodeID, _ depth: Int) -> (node: NodeID, isLook: Bool)? {
      guard id >= 0, depth < 60 else { return nil }
      if isIt(id) { return (id, false) }
      let node = file[id]
      if node.kind == .sizeOf { return nil }
      if node.kind == .member, node.operation == .arrow, isIt(node.a) { return (id, true) }
      // An address is computed, and nothing looked into.
      if node.kind == .unary, node.operation == .ampersand {
        return firstUse(node.a, depth + 1).map { ($0.node, false) }
      }
      for child in file.children(of: id) {
        if let found = firstUse(child, depth + 1) { return found }
      }
      return nil
    }
    // Further down nobody sees the two together.
    for statement in rest.dropFirst().prefix(16) {
      let node = file[statement]
      // Behind a label or in a branch it may be another way that leads there.
      guard [.expressionStatement, .declaration, .ifStatement, .returnStatement].contains(node.kind) else { return nil }
      if node.kind == .ifStatement {
        if let use = firstUse(node.a, 0) { return use.isLook ? use.node : nil }
        if firstUse(statement, 0) != nil { return nil }
      } else if let use = firstUse(statement, 0) {
        return use.isLook ? use.node : nil
      }
      // A call may have set the member.
      if file[pointer].kind == .member, !shapes.calls(in: statement).isEmpty { return nil }
    }
    return nil
  }

  /// `p = kmalloc(…); if (p) return -ENOMEM;`
  private func succeeded(
    _ pointer: NodeID, _ condition: NodeID, _ previous: NodeID, _ id: FunctionID, _ shapes: Statements,
    _ context: RuleContext
  ) -> [Finding] {
    let file = shapes.file
    guard [.name, .member].contains(file[pointer].kind), file[previous].kind == .expressionStatement else { return [] }
    let store = file[file[previous].a]
    guard store.kind == .assign, store.operation == .equal, file[store.b].kind == .call,
      SourceText.text(of: store.a, file, shapes.symbols) == SourceText.text(of: pointer, file, shapes.symbols)
    else { return [] }
    let callee = shapes.callee(store.b)
    guard callee.exists, context.solver.isAllocator(callee),
      context.solver.returns(of: callee) == [.zero, .positive], let leaving = shapes.leaving(file[condition].b)
    else { return [] }
    let isReturn = file[leaving].kind == .returnStatement
    let text = isReturn ? SourceText.text(of: file[leaving].a, file, shapes.symbols) : ""
    let isError =
      isReturn ? text == "-ENOMEM" || text == "ERR_PTR(-ENOMEM)" : isFailureBranch(file[condition].b, shapes, context)
    guard isError else { return [] }
    return [
      context.finding(
        description, id, file[condition].a,
        "the branch for a failure of '\(context.text(callee))' runs when it succeeds: it returns a pointer or NULL",
        key: context.text(callee))
    ]
  }

  /// `return -EINVAL;`
  private func isErrno(_ leaving: NodeID, _ shapes: Statements) -> Bool {
    let file = shapes.file
    guard file[leaving].kind == .returnStatement, file[leaving].a >= 0, file[file[leaving].a].kind == .unary,
      file[file[leaving].a].operation == .minus
    else { return false }
    let text = SourceText.text(of: file[leaving].a, file, shapes.symbols)
    // What must not be there yet is looked for so.
    return text.hasPrefix("-E")
      && ![
        "-EEXIST", "-EBUSY", "-EALREADY", "-EAGAIN", "-EINPROGRESS", "-EIOCBQUEUED", "-EKEYREJECTED",
      ].contains(text)
  }

  /// The branch logs an error and leaves, or jumps to a label for errors.
  private func isFailureBranch(_ branch: NodeID, _ shapes: Statements, _ context: RuleContext) -> Bool {
    let isReport = shapes.list(branch).allSatisfy {
      shapes.file[$0].kind == .expressionStatement
        && Statements.isErrorLog(context.text(shapes.callee(shapes.file[$0].a)))
    }
    if isReport { return true }
    guard let leaving = shapes.leaving(branch) else { return false }
    let logs = shapes.list(branch).contains {
      shapes.file[$0].kind == .expressionStatement
        && Statements.isErrorLog(context.text(shapes.callee(shapes.file[$0].a)))
    }
    if logs || isErrno(leaving, shapes) { return true }
    guard shapes.file[leaving].kind == .gotoStatement else { return false }
    let label = context.text(Symbol(shapes.file[leaving].a))
    return label.split(separator: "_").contains {
      ["err", "error", "fail", "failed", "undo", "unwind", "cleanup", "abort"].contains($0)
    }
  }
}
