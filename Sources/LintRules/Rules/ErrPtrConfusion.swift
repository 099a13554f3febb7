import Findings
import KernelC
import LockModel

/// A NULL check on what is an error pointer, or the other way round.
struct ErrPtrConfusion: Rule {
  let description = RuleDescription(
    id: "err-ptr-confusion",
    summary:
      "a pointer is checked for NULL where failure is an error pointer, or for an error pointer where it is NULL",
    severity: .error, confidence: .high,
    whatItDoes: """
      Knows from the body of the callee whether its failures are NULL or ERR_PTR(), and reports a caller whose only checks \
      of the result are of the other kind.
      """,
    whyItMatters: "The failure passes the check and is dereferenced.",
    accepts: ["callers that check both", "callees whose body is not known or that return both"],
    knownFalsePositives: ["a stub of the callee, for another configuration, that fails the other way"],
    triggering: [
      RuleExample(
        """
        static struct foo *make(int n)
        {
        	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

        	if (!foo)
        		return ERR_PTR(-ENOMEM);
        	return foo;
        }

        int f(int n)
        {
        	struct foo *foo;

        	foo = make(n);
        	if (!foo) /* reported */
        		return -ENOMEM;
        	foo->n = n;
        	return 0;
        }
        """),
      RuleExample(
        """
        struct folio *f(struct address_space *mapping, pgoff_t index)
        {
        	struct folio *folio = NULL;

        	if (use_large)
        		folio = filemap_grab_folio(mapping, round_down(index, 512));

        	if (!folio) /* reported */
        		folio = filemap_grab_folio(mapping, index);

        	return folio;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static struct foo *make(int n)
        {
        	return kzalloc(sizeof(struct foo), GFP_KERNEL);
        }

        int f(int n)
        {
        	struct foo *foo = make(n);

        	if (!foo)
        		return -ENOMEM;
        	foo->n = n;
        	return 0;
        }
        """),
      RuleExample(
        """
        struct folio *f(struct address_space *mapping, pgoff_t index)
        {
        	struct folio *folio = NULL;

        	if (use_large)
        		folio = filemap_grab_folio(mapping, round_down(index, 512));

        	if (IS_ERR_OR_NULL(folio))
        		folio = filemap_grab_folio(mapping, index);

        	return folio;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { check($0, context) + otherPointer($0, context) }
  }

  private struct Checks {
    var sources: [NodeID] = []
    var isOther = false
    var nullTest: NodeID = -1
    var errorTest: NodeID = -1
    var isPassedOn = false
    /// It starts as NULL, so that a NULL check has a meaning of its own.
    var startsAsNull = false
  }

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    var variables: [Symbol: Checks] = [:]
    for node in context.program.definition(id).nodes { collect(node, file, context, &variables) }
    var findings: [Finding] = []
    for (name, checks) in variables where !checks.isOther && !checks.sources.isEmpty {
      guard (checks.nullTest >= 0) != (checks.errorTest >= 0) else { continue }
      guard context.isPointer(checks.sources[0], in: id),
        !checks.startsAsNull || isFallback(name, checks, id, context)
      else { continue }
      var returned: ValueSet = []
      for source in checks.sources {
        returned.formUnion(context.solver.returns(of: context.callee(source, in: file)) ?? .any)
      }
      let callee = context.text(context.callee(checks.sources[0], in: file))
      if checks.nullTest >= 0, returned == [.negative, .positive] || returned == .negative {
        findings.append(
          context.finding(
            description, id, checks.nullTest,
            "'\(callee)' fails with an error pointer, never NULL: the check of '\(context.text(name))' lets it through",
            evidence: [Evidence(context.place(id, checks.sources[0]), "'\(context.text(name))' is set here")],
            key: "\(callee) \(context.text(name)) null"))
      } else if checks.errorTest >= 0, returned == [.zero, .positive] {
        findings.append(
          context.finding(
            description, id, checks.errorTest,
            "'\(callee)' fails with NULL, never an error pointer: IS_ERR('\(context.text(name))') is never true",
            evidence: [Evidence(context.place(id, checks.sources[0]), "'\(context.text(name))' is set here")],
            key: "\(callee) \(context.text(name)) err"))
      }
    }
    return findings
  }

  /// `if (!p) p = source();`: the second attempt that a failed first one is meant to lead to.
  private func isFallback(_ name: Symbol, _ checks: Checks, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, shapes.core(file[node].a) == (checks.nullTest, true) else { return false }
      return shapes.list(file[node].b).contains { statement in
        guard file[statement].kind == .expressionStatement else { return false }
        let item = file[file[statement].a]
        return item.kind == .assign && checks.sources.contains(item.b) && file[item.a].kind == .name
          && Symbol(file[item.a].a) == name
      }
    }
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
        let tested = file.list(file[core].b, file[core].c).first
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
    _ id: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [Symbol: Checks]
  ) {
    let node = file[id]
    switch node.kind {
    case .assign where file[node.a].kind == .name && node.operation == .equal:
      source(Symbol(file[node.a].a), node.b, file, context, &variables)
    case .variable where node.c >= 0:
      source(Symbol(node.a), node.c, file, context, &variables)
    case .ifStatement, .whileStatement: tests(node.a, file, context, &variables, 0)
    case .conditional: tests(node.a, file, context, &variables, 0)
    case .call:
      // An error test anywhere, also in an argument of WARN_ON().
      let name = context.callee(id, in: file)
      if name == context.names.isErr || name == context.names.isErrOrNull,
        let first = file.list(node.b, node.c).first, file[first].kind == .name
      {
        variables[Symbol(file[first].a), default: Checks()].errorTest = id
        if name == context.names.isErrOrNull { variables[Symbol(file[first].a), default: Checks()].isOther = true }
      }
    case .unary where node.operation == .ampersand && file[node.a].kind == .name:
      variables[Symbol(file[node.a].a), default: Checks()].isOther = true
    default: break
    }
  }

  private func source(
    _ name: Symbol, _ value: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [Symbol: Checks]
  ) {
    if file[value].kind == .call, context.callee(value, in: file).exists {
      variables[name, default: Checks()].sources.append(value)
    } else if file[value].kind == .name, Symbol(file[value].a) == context.names.null {
      variables[name, default: Checks()].startsAsNull = true
    } else {
      variables[name, default: Checks()].isOther = true
    }
  }

  /// `!p`, `p`, `p == NULL` in a condition.
  private func tests(
    _ id: NodeID, _ file: ParsedFile, _ context: RuleContext, _ variables: inout [Symbol: Checks], _ depth: Int
  ) {
    guard id >= 0, depth < 16 else { return }
    let node = file[id]
    switch node.kind {
    case .unary where node.operation == .bang: tests(node.a, file, context, &variables, depth + 1)
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      tests(node.a, file, context, &variables, depth + 1)
      tests(node.b, file, context, &variables, depth + 1)
    case .binary where node.operation == .equalEqual || node.operation == .bangEqual:
      if file[node.b].kind == .name, Symbol(file[node.b].a) == context.names.null {
        tests(node.a, file, context, &variables, depth + 1)
      }
    case .call:
      let name = context.text(context.callee(id, in: file))
      if name == "unlikely" || name == "likely" || name.hasPrefix("WARN_ON"),
        let first = file.list(node.b, node.c).first
      {
        tests(first, file, context, &variables, depth + 1)
      }
    case .name:
      let name = Symbol(node.a)
      if variables[name, default: Checks()].nullTest < 0 { variables[name, default: Checks()].nullTest = id }
    case .assign where file[node.a].kind == .name: tests(node.a, file, context, &variables, depth + 1)
    default: break
    }
  }
}
