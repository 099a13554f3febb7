import Findings
import KernelC
import LockModel

/// A NULL check on what is an error pointer, or the other way round.
struct ErrPtrConfusion: Rule {
  let description = RuleDescription(
    id: "err-ptr-confusion",
    summary:
      "a pointer is checked for NULL where failure is an error pointer, or for an error pointer where it is NULL",
    severity: .error, confidence: .medium,
    whatItDoes: """
      Knows from the body of the callee whether its failures are NULL or ERR_PTR(), and reports a caller whose only checks \
      of the result are of the other kind. And a function that returns NULL for one failure, or what an allocator returns, and \
      error pointers for the others. And a member that keeps the error pointer of a call that failed, where other functions \
      take whatever is not NULL for a valid one.
      """,
    whyItMatters: "The failure passes the check and is dereferenced.",
    accepts: ["callers that check both", "callees whose body is not known or that return both"],
    knownFalsePositives: ["a stub of the callee, for another configuration, that fails the other way"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      var findings = check(id, context) + otherPointer(id, context) + noError(id, context)
      findings += nullAmongErrors(id, context) + nullOfCall(id, context) + leftBehind(id, context)
      findings += askedLater(id, context)
      return findings
    }
  }

  private struct Checks {
    var sources: [NodeID] = []
    var isOther = false
    /// It starts as NULL, so that a NULL check has a meaning of its own.
    var startsAsNull = false
    /// More than a local: a path through a pointer.
    var isMember = false
    var nullTests: [NodeID] = []
    var errorTests: [NodeID] = []
    /// Every `p->…`, where the pointer is a local.
    var uses: [NodeID] = []
    /// What else holds the same pointer: `q` after `q = p`, `p = q` or `q = p = f()`.
    var twins: Set<String> = []
  }

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    var variables: [String: Checks] = [:]
    for parameter in context.program.definition(id).parameters where parameter.name.exists {
      variables[context.text(parameter.name), default: Checks()].isOther = true
    }
    for node in context.program.definition(id).nodes { collect(node, file, context, &variables) }
    var findings: [Finding] = []
    for (name, checks) in variables where !checks.isOther && !checks.sources.isEmpty {
      // A check of one is a check of the other.
      let isAsked = checks.twins.contains { twin in
        variables[twin].map { !$0.nullTests.isEmpty || !$0.errorTests.isEmpty } == true
      }
      if isAsked { continue }
      for source in checks.sources where context.isPointer(source, in: id) {
        guard let problem = judge(source, checks, id, context) else { continue }
        if problem.key == "unchecked", isLookedAt(name, from: source, to: problem.node, id, context) { continue }
        if problem.key == "null", checks.startsAsNull, !isFallback(name, problem.node, checks, id, context) { continue }
        let callee = context.text(context.callee(source, in: file))
        findings.append(
          context.finding(
            description, id, problem.node, problem.text(callee, name),
            evidence: [Evidence(context.place(id, source), "'\(name)' is set here")],
            key: "\(callee) \(name) \(problem.key)"))
        break
      }
    }
    return findings
  }

  /// `if (!p) p = source();`: the second attempt that a failed first one is meant to lead to.
  private func isFallback(
    _ name: String, _ test: NodeID, _ checks: Checks, _ id: FunctionID, _ context: RuleContext
  ) -> Bool {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, shapes.core(file[node].a) == (test, true) else { return false }
      return shapes.list(file[node].b).contains { statement in
        guard file[statement].kind == .expressionStatement else { return false }
        let item = file[file[statement].a]
        return item.kind == .assign && checks.sources.contains(item.b) && self.name(item.a, file, context) == name
      }
    }
  }

  private struct Problem {
    let node: NodeID
    let key: String
    let text: (_ callee: String, _ name: String) -> String
  }

  private func judge(_ source: NodeID, _ checks: Checks, _ id: FunctionID, _ context: RuleContext) -> Problem? {
    let file = context.program.file(of: id)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    let name = context.callee(source, in: file)
    let returned = context.solver.returns(of: name, fromFile: fileIndex) ?? .any
    // What need not be there is NULL where it is not.
    let failsWithError =
      (returned == [.negative, .positive] || returned == .negative) && !context.text(name).contains("optional")
      && context.solver.makesErrorPointers(name, fromFile: fileIndex)
    // What a member held before, or what another call sets it to, says nothing about this one.
    let next = checks.sources.map { file[$0].token }.filter { $0 > file[source].token }.min()
    func concerns(_ test: NodeID) -> Bool {
      // `if (!p) p = source();` asks about what was there before.
      guard file[test].token > file[source].token else { return false }
      return !(checks.isMember || checks.sources.count > 1) || next.map { file[test].token < $0 } != false
    }
    let nullTest = checks.nullTests.first(where: concerns)
    let errorTest = checks.errorTests.first(where: concerns)
    if let nullTest, checks.errorTests.isEmpty, failsWithError {
      return Problem(node: nullTest, key: "null") {
        "'\($0)' fails with an error pointer, never NULL: the check of '\($1)' lets it through"
      }
    }
    if let nullTest, checks.errorTests.isEmpty, !checks.isMember, returned == .any,
      returnsErrorPointer(name, fromFile: fileIndex, context), isRefused(nullTest, id, context)
    {
      return Problem(node: nullTest, key: "both") {
        "'\($0)' may fail with an error pointer too, which the check of '\($1)' lets through"
      }
    }
    if let errorTest, checks.nullTests.isEmpty, returned == [.zero, .positive] {
      return Problem(node: errorTest, key: "err") {
        "'\($0)' fails with NULL, never an error pointer: IS_ERR('\($1)') is never true"
      }
    }
    if let errorTest, checks.nullTests.isEmpty, returned.contains(.zero), isNeverError(name, fileIndex, context) {
      return Problem(node: errorTest, key: "never") {
        "'\($0)' returns NULL where there is none, and no error pointer: IS_ERR('\($1)') is never true"
      }
    }
    let isOnly = checks.nullTests.isEmpty && checks.errorTests.isEmpty && checks.sources.count == 1
    if isOnly, failsWithError, let use = checks.uses.first, !context.program.definitions(of: name).isEmpty {
      return Problem(node: use, key: "unchecked") {
        "'\($1)' is used unchecked, and '\($0)' fails with an error pointer"
      }
    }
    // Of one that is set again, what is used before that.
    let use = checks.uses.first { use in
      isOnly || file[use].token > file[source].token && next.map { file[use].token < $0 } != false
    }
    guard let use, isOnly || nullTest == nil && errorTest == nil && !checks.isMember, context.solver.isMemory(name),
      !mayNotFail(source, file, context)
    else { return nil }
    return Problem(node: use, key: "unchecked") { "'\($1)' is used unchecked, and '\($0)' fails with NULL" }
  }

  /// Whether a body has `return NULL;`, and neither it nor what it calls makes an error pointer.
  private func isNeverError(_ name: Symbol, _ fileIndex: Int, _ context: RuleContext) -> Bool {
    guard let target = context.program.resolve(name, fromFile: fileIndex), let facts = context.solver.facts(target),
      case let definition = context.program.definition(target), !definition.isMacro, !definition.isInline,
      definition.returnType.isPointer,
      !facts.isPartial, facts.exits.contains(where: { $0.values == .zero && $0.value >= 0 }),
      // A stub for another configuration has nothing else.
      facts.exits.contains(where: { $0.values.contains(.positive) }),
      facts.calls.allSatisfy({ !$0.isIndirect && !$0.targets.isEmpty })
    else { return false }
    return !context.solver.makesErrorPointers(name, fromFile: fileIndex)
  }

  /// `if (!p) return -ENOMEM;`
  private func isRefused(_ test: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, file[node].c < 0, shapes.core(file[node].a) == (test, true),
        let leaving = shapes.leaving(file[node].b)
      else { return false }
      guard file[leaving].kind == .returnStatement, file[leaving].a >= 0 else { return true }
      let value = file[file[leaving].a]
      return value.kind == .unary && value.operation == .minus
    }
  }

  /// Whether the body of the callee has `return ERR_PTR(…);` on a path.
  private func returnsErrorPointer(_ name: Symbol, fromFile: Int, _ context: RuleContext) -> Bool {
    guard let target = context.program.resolve(name, fromFile: fromFile), let facts = context.solver.facts(target),
      !context.program.definition(target).isMacro
    else { return false }
    let file = context.program.file(of: target)
    let definition = context.program.definition(target)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    // What a number among the parameters decides, this caller may have ruled out.
    let numbers = definition.parameters.filter { !$0.type.isPointer && $0.name.exists }.map { context.text($0.name) }
    return facts.exits.contains { exit in
      exit.values == .negative && exit.value >= 0 && context.text(context.callee(exit.value, in: file)) == "ERR_PTR"
        && !definition.nodes.contains { node in
          file[node].kind == .ifStatement && shapes.contains(node, exit.value)
            && numbers.contains { shapes.mentions(file[node].a, $0) }
        }
    }
  }

  private func mayNotFail(_ call: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    file.list(file[call].b, file[call].c).contains {
      SourceText.text(of: $0, file, context.program.symbols).contains("NOFAIL")
    }
  }

  /// `return ERR_PTR(ret)` on a path on which `ret` is 0, of a function that never returns NULL otherwise.
  private func noError(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    guard context.program.definition(id).returnType.isPointer, let facts = context.solver.facts(id), !facts.isPartial,
      facts.exits.contains(where: { $0.values == .positive || $0.values == [.negative, .positive] })
    else { return [] }
    let file = context.program.file(of: id)
    let zero = facts.exits.filter { $0.values == .zero && $0.value >= 0 }
    guard let exit = zero.first, zero.allSatisfy({ context.text(context.callee($0.value, in: file)) == "ERR_PTR" }),
      let code = file.list(file[exit.value].b, file[exit.value].c).first, file[code].kind == .name
    else { return [] }
    let text = context.text(Symbol(file[code].a))
    return [
      context.finding(
        description, id, exit.value, "'\(text)' may be 0 here, which makes this NULL and no error pointer",
        key: "ERR_PTR(\(text))")
    ]
  }

  /// `if (IS_ERR(a)) … PTR_ERR(b)`
  private func otherPointer(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let symbols = context.program.symbols
    let shapes = Statements(file: file, symbols: symbols)
    return context.program.definition(id).nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement else { return nil }
      let (core, isNegated) = shapes.core(file[node].a)
      guard core >= 0, !isNegated, shapes.callee(core) == context.names.isErr,
        let tested = file.list(file[core].b, file[core].c).first.map({ stored($0, file) })
      else { return nil }
      let wanted = SourceText.text(of: tested, file, symbols)
      let codes = shapes.calls(in: file[node].b).filter { context.text(shapes.callee($0)) == "PTR_ERR" }
      guard codes.count == 1, let taken = file.list(file[codes[0]].b, file[codes[0]].c).first else { return nil }
      let other = SourceText.text(of: taken, file, symbols)
      // An assignment in the branch, or an inner test, gives the other pointer a meaning.
      let tests = shapes.calls(in: file[node].b).filter { context.text(shapes.callee($0)).hasPrefix("IS_ERR") }
      guard other != wanted, tests.isEmpty, !other.hasPrefix(wanted), !assigns(other, in: file[node].b, file, symbols)
      else { return nil }
      return context.finding(
        description, id, codes[0], "IS_ERR('\(wanted)') was tested, but the error code is taken from '\(other)'",
        evidence: [Evidence(context.place(id, core), "'\(wanted)' is tested here")], key: "\(wanted) \(other)")
    }
  }

  private func assigns(_ text: String, in id: NodeID, _ file: ParsedFile, _ symbols: SymbolTable, _ depth: Int = 0)
    -> Bool
  {
    guard id >= 0, depth < 40 else { return false }
    if file[id].kind == .assign, SourceText.text(of: file[id].a, file, symbols) == text { return true }
    return file.children(of: id).contains { assigns(text, in: $0, file, symbols, depth + 1) }
  }

  private func collect(
    _ id: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [String: Checks]
  ) {
    let node = file[id]
    switch node.kind {
    case .assign where node.operation == .equal:
      let known = name(node.a, file, context)
      let target = known ?? SourceText.text(of: node.a, file, context.program.symbols)
      source(target, node.b, file, context, &variables)
      // An element may be the twin of a local, and is not judged itself.
      if known == nil { variables[target, default: Checks()].isOther = true }
    case .variable where node.c >= 0:
      source(context.text(Symbol(node.a)), node.c, file, context, &variables)
    case .macroLoop where file[node.a].kind == .call:
      for argument in file.list(file[node.a].b, file[node.a].c) {
        if let name = name(argument, file, context) { variables[name, default: Checks()].isOther = true }
      }
    case .ifStatement, .whileStatement: tests(node.a, file, context, &variables, 0)
    case .conditional: tests(node.a, file, context, &variables, 0)
    case .call: call(id, file, context, &variables)
    case .unary where node.operation == .ampersand:
      if let name = name(node.a, file, context) { variables[name, default: Checks()].isOther = true }
    case .member where node.operation == .arrow && file[node.a].kind == .name:
      let name = context.text(Symbol(file[node.a].a))
      variables[name, default: Checks()].uses.append(id)
    default: break
    }
  }

  /// What a pointer goes by: a local's name, or the whole path of a member.
  private func name(_ id: NodeID, _ file: ParsedFile, _ context: RuleContext) -> String? {
    let node = file[id]
    switch node.kind {
    case .name: return context.text(Symbol(node.a))
    case .member: return SourceText.text(of: id, file, context.program.symbols)
    default: return nil
    }
  }

  /// An error test anywhere, also in an argument of WARN_ON().
  private func call(
    _ id: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [String: Checks]
  ) {
    let callee = context.callee(id, in: file)
    guard callee.exists, let first = file.list(file[id].b, file[id].c).first else { return }
    let isTest = callee == context.names.isErr || callee == context.names.isErrOrNull
    guard isTest || callee == context.names.ptrErrOrZero, let name = name(stored(first, file), file, context) else {
      return
    }
    variables[name, default: Checks()].errorTests.append(id)
    if callee == context.names.isErrOrNull { variables[name, default: Checks()].isOther = true }
  }

  private func source(
    _ name: String, _ value: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [String: Checks]
  ) {
    let item = file[value]
    if name.utf8.contains(UInt8(ascii: ".")) || name.utf8.contains(UInt8(ascii: ">")) {
      variables[name, default: Checks()].isMember = true
    }
    switch item.kind {
    case .cast: source(name, item.b, file, context, &variables)
    case .call where context.callee(value, in: file).exists: variables[name, default: Checks()].sources.append(value)
    case .name where Symbol(item.a) == context.names.null: variables[name, default: Checks()].startsAsNull = true
    case .assign where item.operation == .equal:
      note(name, and: stored(value, file), file, context, &variables)
      variables[name, default: Checks()].isOther = true
    case .name, .member:
      note(name, and: value, file, context, &variables)
      variables[name, default: Checks()].isOther = true
    default: variables[name, default: Checks()].isOther = true
    }
  }

  private func note(
    _ name: String, and other: NodeID, _ file: ParsedFile, _ context: RuleContext,
    _ variables: inout [String: Checks]
  ) {
    guard let twin = self.name(other, file, context), twin != name else { return }
    variables[name, default: Checks()].twins.insert(twin)
    variables[twin, default: Checks()].twins.insert(name)
  }

  /// `p` in `p = f()`, also in an argument or a condition.
  private func stored(_ id: NodeID, _ file: ParsedFile) -> NodeID {
    file[id].kind == .assign && file[id].operation == .equal ? stored(file[id].a, file) : id
  }

  /// `!p`, `p`, `p == NULL` in a condition.
  private func tests(
    _ id: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [String: Checks], _ depth: Int
  ) {
    guard id >= 0, depth < 16 else { return }
    let node = file[id]
    switch node.kind {
    case .unary where node.operation == .bang: tests(node.a, file, context, &variables, depth + 1)
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      tests(node.a, file, context, &variables, depth + 1)
      tests(node.b, file, context, &variables, depth + 1)
    case .binary where node.operation == .equalEqual || node.operation == .bangEqual:
      for (one, other) in [(node.a, node.b), (node.b, node.a)] {
        if file[other].kind == .name, Symbol(file[other].a) == context.names.null {
          tests(one, file, context, &variables, depth + 1)
        } else if context.text(context.callee(other, in: file)) == "ERR_PTR",
          let name = name(stored(one, file), file, context)
        {
          variables[name, default: Checks()].errorTests.append(id)
        }
      }
    case .call:
      let name = context.text(context.callee(id, in: file))
      if name == "unlikely" || name == "likely" || name.hasPrefix("WARN_ON"),
        let first = file.list(node.b, node.c).first
      {
        tests(first, file, context, &variables, depth + 1)
      }
    case .name, .member, .index:
      let name = name(id, file, context) ?? SourceText.text(of: id, file, context.program.symbols)
      variables[name, default: Checks()].nullTests.append(id)
    case .assign: tests(node.a, file, context, &variables, depth + 1)
    default: break
    }
  }
}
