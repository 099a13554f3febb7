import Findings
import KernelC
import LockModel

/// A local of an inner block that hides the one whose value the function returns.
struct ShadowedError: Rule {
  let description = RuleDescription(
    id: "shadowed-error",
    summary: "what an inner variable holds is tested, and the outer one of the same name is returned",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports a local that is declared again in an inner block, where the block is left with 'goto' or 'break' because of \
      what the inner one holds, and what is returned behind that is the outer one.
      """,
    whyItMatters: "The failure is found and forgotten: the caller gets what the outer variable held.",
    accepts: ["an outer variable that is set between the jump and the return", "a block that is left with 'return'"],
    knownFalsePositives: ["an outer variable that is sure to hold the same by then"],
    triggering: [
      RuleExample(
        """
        int crypt(struct foo *foo, unsigned int len)
        {
        	int err = -ENOMEM;
        	u8 *p = kmalloc(len, GFP_KERNEL);

        	if (!p)
        		goto out;
        	while (len) {
        		unsigned int chunk = next(foo, len);
        		int err; /* reported */

        		err = crypt_one(foo, p, chunk);
        		if (err)
        			goto out;
        		len -= chunk;
        	}
        	err = 0;
        out:
        	kfree(p);
        	return err;
        }
        """),
      RuleExample(
        """
        int start(struct foo *foo)
        {
        	int i, ret = 0;

        	for (i = 0; i < foo->n; i++) {
        		int ret = start_one(foo, i); /* reported */

        		if (ret)
        			break;
        	}
        	return ret;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int start(struct foo *foo)
        {
        	int i, ret = 0;

        	for (i = 0; i < foo->n; i++) {
        		int ret = start_one(foo, i);

        		if (ret)
        			return ret;
        	}
        	return ret;
        }
        """),
      RuleExample(
        """
        int start(struct foo *foo)
        {
        	int i, ret = 0;

        	for (i = 0; i < foo->n; i++) {
        		int ret = start_one(foo, i);

        		if (ret)
        			break;
        	}
        	ret = i < foo->n ? -EIO : 0;
        	return ret;
        }
        """),
      RuleExample(
        """
        int start(struct foo *foo)
        {
        	int ret = begin(foo);

        	if (ret)
        		goto out;
        	{
        		struct item *item = first(foo);

        		ret = start_item(item);
        		if (ret)
        			goto out;
        	}
        out:
        	return ret;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let definition = context.program.definition(id)
      let file = context.program.file(of: id)
      guard !definition.isMacro, file[definition.body].kind == .block else { return [] }
      // Most functions declare each name once.
      var seen: Set<Symbol> = []
      let again = definition.nodes.filter {
        file[$0].kind == .variable && !seen.insert(Symbol(file[$0].a)).inserted
      }
      guard !again.isEmpty else { return [] }
      var walk = ShadowWalk(Statements(file: file, symbols: context.program.symbols), definition.body)
      return walk.shadows().map { shadow in
        let name = context.text(shadow.name)
        return context.finding(
          description, id, shadow.inner,
          "'\(name)' hides the one declared before it: what it holds when the block is left is lost, and the outer one is returned",
          evidence: [
            Evidence(context.place(id, shadow.exit), "the block is left here"),
            Evidence(context.place(id, shadow.returned), "the outer '\(name)' is returned here"),
          ], key: "\(name) hidden")
      }
    }
  }
}

/// Looks for inner declarations whose value is lost when their block is left.
private struct ShadowWalk {
  struct Shadow {
    let name: Symbol
    let inner: NodeID
    let exit: NodeID
    let returned: NodeID
  }

  private let shapes: Statements
  private let body: NodeID
  private var found: [Shadow] = []
  private var file: ParsedFile { shapes.file }

  init(_ shapes: Statements, _ body: NodeID) {
    self.shapes = shapes
    self.body = body
  }

  mutating func shadows() -> [Shadow] {
    walk(body, outer: [], behind: [], 0)
    return found
  }

  /// Visits a block; `behind` are the statements that run when the innermost loop around it is broken out of.
  private mutating func walk(_ block: NodeID, outer: Set<Symbol>, behind: [NodeID], _ depth: Int) {
    guard depth < 40 else { return }
    let statements = Array(file.list(file[block].a, file[block].b))
    var names = outer
    for (index, statement) in statements.enumerated() {
      for variable in variables(of: statement) {
        let name = Symbol(file[variable].a)
        if outer.contains(name) {
          judge(name, variable, statements[index...], behind)
          // What is further inside hides this one.
          names.remove(name)
        } else {
          names.insert(name)
        }
      }
      let rest = Array(statements[(index + 1)...])
      for (inner, isLoop) in blocks(in: statement, isLoop: false, 0) {
        walk(inner, outer: names, behind: isLoop ? rest : behind, depth + 1)
      }
    }
  }

  private func variables(of statement: NodeID) -> [NodeID] {
    switch file[statement].kind {
    case .variable: [statement]
    case .declaration: file.list(file[statement].a, file[statement].b).filter { file[$0].kind == .variable }
    default: []
    }
  }

  /// The outermost blocks below a statement, and whether a loop repeats them.
  private func blocks(in node: NodeID, isLoop: Bool, _ depth: Int) -> [(NodeID, Bool)] {
    guard node >= 0, depth < 40 else { return [] }
    switch file[node].kind {
    case .block: return [(node, isLoop)]
    case .forStatement, .whileStatement, .doStatement, .macroLoop:
      return file.children(of: node).flatMap { blocks(in: $0, isLoop: true, depth + 1) }
    case .switchStatement, .statementExpression, .call: return []
    default: return file.children(of: node).flatMap { blocks(in: $0, isLoop: isLoop, depth + 1) }
    }
  }

  /// Reports the first way out of the rest of a block that goes by what the inner variable holds and loses it.
  private mutating func judge(_ name: Symbol, _ variable: NodeID, _ rest: ArraySlice<NodeID>, _ behind: [NodeID]) {
    let text = shapes.symbols.text(name)
    for statement in rest where file[statement].kind == .ifStatement && shapes.mentions(file[statement].a, text) {
      guard let leaving = shapes.list(file[statement].b).last else { continue }
      let target: [NodeID]
      switch file[leaving].kind {
      case .gotoStatement:
        let top = Array(file.list(file[body].a, file[body].b))
        let label = top.firstIndex { file[$0].kind == .label && file[$0].a == file[leaving].a }
        target = label.map { Array(top[$0...]) } ?? []
      case .breakStatement: target = behind
      default: continue
      }
      guard let returned = returns(text, target) else { continue }
      found.append(Shadow(name: name, inner: variable, exit: leaving, returned: returned))
      return
    }
  }

  /// The `return x;` that statements run to before anything stores in `x`.
  private func returns(_ text: String, _ statements: [NodeID]) -> NodeID? {
    for statement in statements {
      if file[statement].kind == .returnStatement {
        guard file[statement].a >= 0, SourceText.text(of: file[statement].a, file, shapes.symbols) == text else {
          return nil
        }
        return statement
      }
      if shapes.writes(statement, text) { return nil }
    }
    return nil
  }
}
