import Findings
import KernelC
import LockModel

/// A local read on a path on which nothing set it, also through a callee that sets it only when it succeeds.
struct UninitialisedInout: Rule {
  let description = RuleDescription(
    id: "uninitialised-inout",
    summary: "a local is read on a path on which nothing has set it",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Follows scalars without an initialiser over all paths, a loop of zero turns included, and through '&x' into callees \
      whose bodies are known: a callee that writes its parameter only for some results sets it only where the caller has \
      checked for them, and one that reads what its parameter points to before it writes it needs a value to be there.
      """,
    whyItMatters: "The value is what the stack held before.",
    accepts: ["variables passed to macros, which may set them", "functions with inline assembly"],
    knownFalsePositives: ["a loop that cannot run zero times for reasons outside the function"],
    triggering: [
      RuleExample(
        """
        static int get(int n, int *order)
        {
        	if (n >> *order)
        		*order = 0;
        	return n;
        }

        int f(int n)
        {
        	int order;

        	return get(n, &order); /* reported */
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	struct item *item;
        	int rc;

        	list_for_each_entry(item, &foo->items, node) {
        		rc = use(item);
        		if (rc)
        			break;
        	}
        	return rc; /* reported */
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	struct item *item;
        	bool found;

        	list_for_each_entry(item, &foo->items, node) {
        		if (item->n == 3)
        			found = true;
        	}
        	if (!found) /* reported */
        		return -ENOENT;
        	return 0;
        }

        int g(struct foo *foo)
        {
        	unsigned int sum;
        	int i;

        	for (i = 0; i < foo->n; i++)
        		sum += foo->all[i]; /* reported */
        	return 0;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	if (!foo->n)
        		goto err;
        	ret = run(foo);
        	if (ret)
        		goto err;
        	return 0;
        err:
        	dev_dbg(foo->dev, "failed %d", ret);
        	return ret; /* reported */
        }
        """),
      RuleExample(
        """
        static struct folio *get(struct foo *foo, int index, int *order)
        {
        	struct folio *folio;

        	if (!foo->n) {
        		pr_warn("nothing there");
        		return ERR_PTR(-EIO);
        	}
        	folio = find(foo, index);
        	if (IS_ERR(folio))
        		return folio;
        	foo->n--;
        	foo->last = index;
        	return folio;
        }

        int use(struct folio *folio, int order);

        int f(struct foo *foo, int index)
        {
        	struct folio *folio;
        	int order;

        	folio = get(foo, index, &order);
        	if (IS_ERR(folio))
        		return PTR_ERR(folio);
        	if (foo->single)
        		order = 0;
        	return use(folio, order); /* reported */
        }
        """),
      RuleExample(
        """
        static int get(struct foo *foo, int *value)
        {
        	int ret = foo->ops->read(foo);

        	if (ret)
        		return ret;
        	*value = foo->value;
        	return 0;
        }

        int sum(struct foo *foo)
        {
        	int a, b, ret;

        	ret = get(foo, &a);
        	ret |= get(foo, &b);
        	foo->sum = a; /* reported */
        	return ret;
        }

        int retry(struct foo *foo, int count)
        {
        	int status;

        	while (count--) {
        		status = try(foo);
        		if (status == 1)
        			break;
        	}
        	return status; /* reported */
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static int get(int n, int *order)
        {
        	if (n >> *order)
        		*order = 0;
        	return n;
        }

        int f(int n)
        {
        	int order = 4;

        	return get(n, &order) + order;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int rc;

        	if (foo->on)
        		rc = use(foo);
        	if (foo->on)
        		return rc;
        	return 0;
        }
        """),
      RuleExample(
        """
        static int find(struct foo *foo, struct item **item)
        {
        	if (!foo->n)
        		return -ENOENT;
        	*item = foo->first;
        	return 0;
        }

        int f(struct foo *foo)
        {
        	struct item *item;
        	int error;

        	error = find(foo, &item);
        	if (error)
        		return error;
        	error = use(foo);
        	if (error)
        		goto out;
        	foo->n--;
        out:
        	item_put(item);
        	return error;
        }
        """),
      RuleExample(
        """
        #define for_each_thing(start) for (t = start; t; t = t->next)
        #define TRIES 10

        struct thing *find(struct thing *first, int n)
        {
        	struct thing *t;

        	for_each_thing(first)
        		if (t->n == n)
        			break;
        	return t;
        }

        int retry(struct foo *foo)
        {
        	int count = TRIES;
        	int status;

        	foo->busy = 1;
        	while (count--) {
        		status = try(foo);
        		if (status == 1)
        			break;
        	}
        	return status;
        }
        """),
      RuleExample(
        """
        static int get(struct foo *foo, int *value)
        {
        	int ret = foo->ops->read(foo);

        	if (ret)
        		return ret;
        	*value = foo->value;
        	return 0;
        }

        int sum(struct foo *foo)
        {
        	int a, b, ret;

        	ret = get(foo, &a);
        	ret |= get(foo, &b);
        	if (ret)
        		return 0;
        	return a + b;
        }

        int one(struct foo *foo)
        {
        	int a, ret;

        	ret = get(foo, &a);
        	if (ret < 0)
        		return ret;
        	return a;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    passings(context) + reads(context)
  }

  private func reads(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial, !facts.unsetReads.isEmpty
      else {
        return []
      }
      var reported: Set<Symbol> = []
      let uses = UnsetUses(id, facts, context)
      let unset = Set(facts.jumps.filter(\.isUnset).map(\.variable))
      return facts.unsetReads.compactMap { event in
        guard uses.isTelling(event) || event.call < 0 && unset.contains(event.variable) && uses.isReturned(event),
          reported.insert(event.variable).inserted
        else { return nil }
        let name = context.text(event.variable)
        var evidence: [Evidence] = []
        var message = "'\(name)' is read here on a path on which nothing has set it"
        if event.call >= 0 {
          let callee = context.text(context.callee(event.call, in: context.program.file(of: id)))
          message =
            event.isIgnored
            ? "'\(name)' is read here although '\(callee)' never sets it"
            : "'\(name)' is read here although '\(callee)' sets it only for results that were not checked for"
          evidence = [Evidence(context.place(id, event.call), "'\(callee)' may leave '\(name)' alone")]
        }
        return context.finding(description, id, event.node, message, evidence: evidence, key: name)
      }
    }
  }

  /// `f(&n)` where `n` has no value and `f` reads it first.
  private func passings(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial else { return [] }
      var reported: Set<Symbol> = []
      return facts.unsetPassings.compactMap { event in
        guard reported.insert(event.variable).inserted, let last = event.chain.last else { return nil }
        let name = context.text(event.variable)
        let callee = context.text(context.callee(event.call, in: context.program.file(of: id)))
        let reader = context.name(last.function)
        return context.finding(
          description, id, event.node,
          "'\(name)' has no value when its address goes to '\(callee)', which reads it first",
          evidence: context.evidence(
            [ChainStep(function: id, node: event.call)] + event.chain, last: "'\(reader)' reads it here"),
          key: "\(name) \(callee)")
      }
    }
  }
}

/// Which reads of a local without a value say something: the rest is mostly correlated in ways that the text does not show.
private struct UnsetUses {
  let id: FunctionID
  let facts: FunctionFacts
  let context: RuleContext
  let file: ParsedFile
  /// Expressions that are returned.
  private let returned: Set<NodeID>
  /// Operands of '++', '+=' and the like.
  private var changed: Set<NodeID> = []
  /// Arguments of calls that free or put what they are given.
  private var disposed: Set<NodeID> = []
  /// What stands between the brackets of an array.
  private var indices: Set<NodeID> = []
  /// What each local is ever set to, by truth; a local that is set otherwise has both.
  private var truths: [Symbol: Set<Bool>] = [:]
  /// Arguments of iterators, also where one does not read like a statement.
  private var walked: Set<Symbol> = []
  /// Conditions that are a local and nothing else.
  private var tested: Set<NodeID> = []

  init(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) {
    self.id = id
    self.facts = facts
    self.context = context
    file = context.program.file(of: id)
    returned = Set(facts.exits.map(\.value))
    for node in context.program.definition(id).nodes { scan(node) }
  }

  private mutating func scan(_ node: NodeID) {
    let item = file[node]
    switch item.kind {
    case .assign where file[item.a].kind == .name:
      if item.operation != .equal { changed.insert(item.a) }
      truths[Symbol(file[item.a].a), default: []].formUnion(item.operation == .equal ? truth(item.b) : [true, false])
    case .postfix: note(changedOperand: item.a)
    case .unary where item.operation == .plusPlus || item.operation == .minusMinus: note(changedOperand: item.a)
    case .unary where item.operation == .ampersand && file[item.a].kind == .name:
      truths[Symbol(file[item.a].a), default: []].formUnion([true, false])
    case .macroLoop:
      for call in [item.a] where file[call].kind == .call {
        for argument in file.list(file[call].b, file[call].c) where file[argument].kind == .name {
          truths[Symbol(file[argument].a), default: []].formUnion([true, false])
        }
      }
    case .call:
      let name = context.callee(node, in: file)
      if name.exists, context.text(name).contains("for_each") {
        for argument in file.list(item.b, item.c) where file[argument].kind == .name {
          walked.insert(Symbol(file[argument].a))
        }
      }
      if name.exists, context.solver.disposes(name) {
        for argument in file.list(item.b, item.c) { disposed.insert(root(argument)) }
      }
    case .index where item.b >= 0: indices.insert(item.b)
    case .ifStatement, .whileStatement: tested.insert(core(item.a))
    default: break
    }
  }

  private mutating func note(changedOperand node: NodeID) {
    guard file[node].kind == .name else { return }
    changed.insert(node)
    truths[Symbol(file[node].a), default: []].formUnion([true, false])
  }

  /// The variable of `a` and of `a.b`.
  private func root(_ id: NodeID) -> NodeID {
    file[id].kind == .member && file[id].operation == .dot ? root(file[id].a) : id
  }

  private func core(_ id: NodeID) -> NodeID {
    let item = file[id]
    return item.kind == .unary && item.operation == .bang ? core(item.a) : id
  }

  private func truth(_ value: NodeID) -> Set<Bool> {
    let item = file[value]
    switch item.kind {
    case .number: return [item.a != 0]
    case .unary where item.operation == .minus: return [true]
    case .name:
      let text = context.text(Symbol(item.a))
      if text == "true" { return [true] }
      if text == "false" || text == "NULL" { return [false] }
      return [true, false]
    default: return [true, false]
    }
  }

  /// Whether the read is one that no correlation explains away.
  func isTelling(_ event: UnsetReadEvent) -> Bool {
    if event.isIgnored { return true }
    if event.call >= 0 { return !facts.isJoined && isKept(event.call) && !isJudgedElsewhere(event.call) }
    if walked.contains(event.variable) { return false }
    if event.isSure || changed.contains(event.node) { return true }
    // A flag that only ever becomes true (or false) says nothing unless it started as the opposite.
    if tested.contains(event.node), let truths = truths[event.variable], truths.count == 1 { return true }
    return !facts.isJoined
      && (returned.contains(event.node) || disposed.contains(event.node)
        || indices.contains(event.node) && isSetByCases(event.variable)
        || tested.contains(event.node) && Statements.errorNames.contains(context.text(event.variable)))
  }

  /// Every assignment stands in a switch that has no default.
  private func isSetByCases(_ name: Symbol) -> Bool {
    let nodes = context.program.definition(id).nodes
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let stores = nodes.filter {
      file[$0].kind == .assign && file[file[$0].a].kind == .name && Symbol(file[file[$0].a].a) == name
    }
    let switches = nodes.filter { node in
      file[node].kind == .switchStatement
        && !nodes.contains { file[$0].kind == .caseLabel && file[$0].a < 0 && shapes.contains(node, $0) }
    }
    return !stores.isEmpty && stores.allSatisfy { store in switches.contains { shapes.contains($0, store) } }
  }

  /// The value is returned.
  func isReturned(_ event: UnsetReadEvent) -> Bool { returned.contains(event.node) }

  /// The caller looks at what the call returns, just not on this path.
  private func isKept(_ call: NodeID) -> Bool {
    !context.program.definition(id).nodes.contains { file[$0].kind == .expressionStatement && file[$0].a == call }
  }

  /// The variable that takes the call's result is handed on by its address: what looks at it is another function.
  private func isJudgedElsewhere(_ call: NodeID) -> Bool {
    let nodes = context.program.definition(id).nodes
    let result = nodes.first { file[$0].kind == .assign && file[$0].b == call }.map { file[$0].a }
    guard let result, file[result].kind == .name else { return false }
    return nodes.contains { node in
      file[node].kind == .unary && file[node].operation == .ampersand && file[file[node].a].kind == .name
        && file[file[node].a].a == file[result].a
    }
  }
}
