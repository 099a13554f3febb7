import Findings
import KernelC
import LockModel

/// A pointer that is looked behind before it is asked whether it is NULL.
struct LateNullCheck: Rule {
  let description = RuleDescription(
    id: "late-null-check",
    summary: "a pointer is looked behind first, and asked for NULL only further down",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Goes through the statements of a function in their order and keeps, for each parameter and local, the first place where \
      it is surely looked behind ('p->m'). A later condition that leaves the function where the same pointer is NULL, with \
      nothing that sets it or jumps in between, is reported with that place.
      """,
    whyItMatters: "Either the check is there for a reason, and comes too late, or it is dead code.",
    accepts: [
      "addresses of members ('&p->m')", "what is behind '&&', '||' and '?:'", "checks that do not leave",
    ],
    knownFalsePositives: ["a check that is not needed: nobody calls the function with NULL"],
    triggering: [
      RuleExample(
        """
        bool setup(struct link *link, const struct stream *stream)
        {
        	struct dc *dc = link->ctx->dc; /* reported */
        	struct replay *replay = dc->replay;

        	memset(&link->config, 0, sizeof(link->config));
        	if (!link)
        		return false;
        	return replay->n > stream->n;
        }

        int count(struct foo *foo)
        {
        	int n = foo->n; /* reported */
        	int m = foo ? foo->m : 0;

        	if (!foo)
        		return 0;
        	return n + m;
        }

        int start(struct foo *foo, int n)
        {
        	int ret = 0;

        	if (n > 0) {
        		foo->n = n; /* reported */
        		if (unlikely(foo == NULL || foo->dead))
        			goto out;
        		ret = 1;
        	}
        out:
        	return ret;
        }
        """)
    ],
    nonTriggering: [
      // An address, a question before, another value since, a way in between, a size, and a check that does not leave.
      RuleExample(
        """
        int f(struct foo *foo, struct bar *bar, int n)
        {
        	struct list_head *head = &foo->list;
        	int size = sizeof(bar->data);
        	int m = bar ? bar->m : 0;

        	if (!foo)
        		return -EINVAL;
        	if (!bar)
        		return -ENODEV;
        	foo = next(foo->next);
        	if (!foo)
        		return 0;
        	foo->n = n;
        	get(&foo, foo->n);
        	if (!foo)
        		return 0;
        	return list_empty(head) + size + m;
        }

        void g(struct foo *foo)
        {
        	if (foo->n)
        		goto retry;
        	foo->n = 1;
        retry:
        	if (!foo)
        		return;
        	while (foo->next) {
        		foo = foo->next;
        		if (!foo)
        			return;
        	}
        }

        void m(struct foo *foo, int n)
        {
        	foo->n = 1;
        	while (n--) {
        		if (!foo)
        			return;
        		foo = next(n);
        	}
        }

        void h(struct foo *foo)
        {
        	foo->n = 1;
        	if (foo)
        		foo->m = 1;
        	if (!foo)
        		count();
        }

        void k(struct foo *foo)
        {
        	switch (kind()) {
        	case 1:
        		foo->n = 1;
        		break;
        	case 2:
        		if (!foo)
        			return;
        		foo->n = 2;
        	}
        	if (foo && foo->m)
        		foo->m--;
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let definition = context.program.definition(id)
      guard !definition.isMacro else { return [] }
      var reader = Reader(shapes: Statements(file: context.program.file(of: id), symbols: context.program.symbols))
      reader.read(definition.body)
      return reader.late.map { look, question, name in
        context.finding(
          description, id, look, "'\(context.text(name))' is looked behind here, and asked for NULL only further down",
          evidence: [Evidence(context.place(id, question), "it is asked here")], key: context.text(name))
      }
    }
  }

  /// Goes through a function in the order of its text.
  private struct Reader {
    let shapes: Statements
    /// By pointer, where it was surely looked behind on the way here.
    private var looks: [Symbol: NodeID] = [:]
    private(set) var late: [(look: NodeID, question: NodeID, name: Symbol)] = []

    init(shapes: Statements) { self.shapes = shapes }

    private var file: ParsedFile { shapes.file }

    mutating func read(_ id: NodeID, _ depth: Int = 0) {
      guard id >= 0, depth < 200 else { return }
      let node = file[id]
      switch node.kind {
      case .block, .declaration:
        for part in file.list(node.a, node.b) { read(part, depth + 1) }
      case .variable:
        note(node.c, 0)
        looks[Symbol(node.a)] = nil
      case .expressionStatement, .returnStatement: note(node.a, 0)
      case .ifStatement:
        ask(node)
        note(node.a, 0)
        branch(node.b, depth)
        branch(node.c, depth)
      case .preprocessorIf:
        branch(node.b, depth)
        branch(node.c, depth)
      case .switchStatement:
        note(node.a, 0)
        branch(node.b, depth)
      case .whileStatement, .doStatement, .forStatement, .macroLoop:
        for part in file.children(of: id) { forget(part, 0) }
        for part in file.children(of: id) { branch(part, depth) }
      // Whoever comes from elsewhere has been through other statements.
      case .label, .caseLabel: looks = [:]
      default: note(id, 0)
      }
    }

    /// Reads what need not run: what was seen there counts there.
    private mutating func branch(_ id: NodeID, _ depth: Int) {
      guard id >= 0 else { return }
      let before = looks
      if file[id].kind == .block || isStatement(id) { read(id, depth + 1) } else { note(id, 0) }
      looks = before
      forget(id, 0)
    }

    private func isStatement(_ id: NodeID) -> Bool { file[id].kind.rawValue >= NodeKind.block.rawValue }

    /// `if (!p) return;`, also as the first of several reasons.
    private mutating func ask(_ node: Node) {
      guard shapes.leaving(node.b) != nil else { return }
      var condition = node.a
      while true {
        let item = file[condition]
        if item.kind == .binary, item.operation == .pipePipe {
          condition = item.a
        } else if item.kind == .call, let first = file.list(item.b, item.c).first, isHint(condition) {
          condition = first
        } else {
          break
        }
      }
      let (core, isNegated) = shapes.core(condition)
      guard core >= 0, isNegated, file[core].kind == .name, case let name = Symbol(file[core].a), let look = looks[name]
      else { return }
      looks[name] = nil
      late.append((look, core, name))
    }

    private func isHint(_ call: NodeID) -> Bool {
      let name = shapes.symbols.text(shapes.callee(call))
      return name == "likely" || name == "unlikely" || name.hasPrefix("WARN_ON")
    }

    /// Takes in what an expression surely looks behind, and what it sets.
    private mutating func note(_ id: NodeID, _ depth: Int) {
      guard id >= 0, depth < 100 else { return }
      let node = file[id]
      switch node.kind {
      case .sizeOf, .typeOperand, .statementExpression: return
      case .unary where node.operation == .ampersand: noteAddress(node.a)
      case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
        note(node.a, depth + 1)
        forget(node.b, 0)
      case .conditional:
        note(node.a, depth + 1)
        forget(node.b, 0)
        forget(node.c, 0)
      case .assign:
        note(node.b, depth + 1)
        note(node.a, depth + 1)
        if file[node.a].kind == .name { looks[Symbol(file[node.a].a)] = nil }
      case .postfix:
        note(node.a, depth + 1)
        if file[node.a].kind == .name { looks[Symbol(file[node.a].a)] = nil }
      case .member where node.operation == .arrow && file[node.a].kind == .name:
        let name = Symbol(file[node.a].a)
        if looks[name] == nil { looks[name] = id }
      case .call:
        let name = shapes.symbols.text(shapes.callee(id))
        // Types and members of other things, and questions that macros ask.
        if ["offsetof", "container_of", "typeof", "__typeof__"].contains(name) || name.contains(where: \.isUppercase) {
          forget(id, 0)
          return
        }
        for child in file.children(of: id) { note(child, depth + 1) }
        // `add(&p, p->m)`: the call may set it, once its arguments are known.
        for argument in file.list(node.b, node.c) where file[argument].kind == .unary {
          let item = file[argument]
          if item.operation == .ampersand, file[item.a].kind == .name { looks[Symbol(file[item.a].a)] = nil }
        }
      default: for child in file.children(of: id) { note(child, depth + 1) }
      }
    }

    /// `&p->m` looks at nothing; `&p` hands out the pointer itself.
    private mutating func noteAddress(_ id: NodeID) {
      let node = file[id]
      switch node.kind {
      case .name: looks[Symbol(node.a)] = nil
      case .member where node.operation == .dot: noteAddress(node.a)
      case .member: note(node.a, 0)
      case .index:
        noteAddress(node.a)
        note(node.b, 0)
      default: note(id, 0)
      }
    }

    /// Drops what anything below a node sets, or hands out.
    private mutating func forget(_ id: NodeID, _ depth: Int) {
      guard id >= 0, depth < 100 else { return }
      let node = file[id]
      if node.kind == .assign || node.kind == .postfix || node.kind == .unary || node.kind == .call {
        if node.kind == .call {
          // What a macro for a loop is given, it sets.
          for argument in file.list(node.b, node.c) where file[argument].kind == .name && depth == 0 {
            looks[Symbol(file[argument].a)] = nil
          }
        } else if file[node.a].kind == .name, node.kind != .unary || node.operation != .bang && node.operation != .star
        {
          looks[Symbol(file[node.a].a)] = nil
        }
      }
      for child in file.children(of: id) { forget(child, depth + 1) }
    }
  }
}
