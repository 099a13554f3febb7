import Findings
import KernelC
import LockModel

/// An inner loop that walks with one variable and uses another.
struct WrongLoopVariable: Rule {
  let description = RuleDescription(
    id: "wrong-loop-variable",
    summary: "a loop advances one pointer and works on another that does not change in it",
    severity: .warning, confidence: .high, judgesPrograms: true,
    whatItDoes: """
      Reports a 'for' loop whose pointer is advanced by a call ('p = rb_prev(p)') and not read in the body, which instead \
      reads the pointer that the loop started from. And a loop that counts back what an earlier one has set up, whose body \
      works on the element where that one ended, without asking for each; and one that counts up to a number and works on the \
      element of that number.
      """,
    whyItMatters: "Every turn works on the same element, often freeing it again; the others are forgotten.",
    accepts: ["a body that reads the loop's pointer in any way"],
    knownFalsePositives: ["a loop that only counts elements"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int i, j, ret;

        	for (i = 0; i < foo->n; i++) {
        		ret = request_irq(foo->vectors[i].irq, handler, 0, "foo", foo);
        		if (ret) {
        			for (j = 0; j < i; j++)
        				free_irq(foo->vectors[i].irq, foo); /* reported */
        			return ret;
        		}
        	}
        	return 0;
        }
        """),
      RuleExample(
        """
        void f(struct rb_node *n)
        {
        	struct rb_node *p;

        	for (p = rb_prev(n); p; p = rb_prev(p))
        		drop(rb_entry(n, struct foo, node)); /* reported */
        }
        """),
      RuleExample(
        """
        int replace(struct router *router, int new)
        {
        	struct vr *vr;
        	int i, err;

        	for (i = 0; i < router->count; i++) {
        		vr = &router->vrs[i];
        		err = vr_replace(vr, new);
        		if (err)
        			goto undo;
        	}
        	return 0;
        undo:
        	for (i--; i >= 0; i--)
        		vr_replace(vr, router->old); /* reported */
        	return err;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int replace(struct router *router, int new)
        {
        	struct vr *vr;
        	int i, err;

        	for (i = 0; i < router->count; i++) {
        		vr = &router->vrs[i];
        		err = vr_replace(vr, new);
        		if (err)
        			goto undo;
        	}
        	return 0;
        undo:
        	for (i--; i >= 0; i--) {
        		vr = &router->vrs[i];
        		vr_replace(vr, router->old);
        	}
        	return err;
        }
        """),
      RuleExample(
        """
        void send(struct port *port, int n)
        {
        	struct port *first;
        	int i;

        	for (i = 0; i < n; i++) {
        		first = port->ports[i];
        		if (first->ready)
        			break;
        	}
        	i = 3;
        	while (i--)
        		knock(first);
        }
        """),
      RuleExample(
        """
        void f(struct rb_node *n)
        {
        	struct rb_node *p;

        	for (p = rb_prev(n); p; p = rb_prev(p))
        		drop(rb_entry(p, struct foo, node));
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let nodes = context.program.definition(id).nodes
      let found = nodes.compactMap { file[$0].kind == .forStatement ? check($0, id, file, context) : nil }
      return found + countsBack(nodes, id, file, context) + works(onBound: nodes, id, file, context)
    }
  }

  /// `for (j = 0; j < i; j++) free(x[i]);`: the body takes the element behind the last, over and over.
  private func works(
    onBound nodes: Range<NodeID>, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> [Finding] {
    nodes.compactMap { node -> Finding? in
      guard file[node].kind == .forStatement, case let parts = Array(file.list(file[node].a, file[node].b)),
        parts.count == 4, parts[1] >= 0, parts[2] >= 0, parts[3] >= 0, case let condition = file[parts[1]],
        condition.kind == .binary, condition.operation == .less || condition.operation == .lessEqual,
        file[condition.a].kind == .name, file[condition.b].kind == .name,
        case let counter = Symbol(file[condition.a].a), countsUp(node, counter, file)
      else { return nil }
      let bound = Symbol(file[condition.b].a)
      var reads: [Symbol: NodeID] = [:]
      names(parts[3], file, &reads, 0)
      guard reads[counter] == nil, !isSet(bound, in: parts[3], file),
        let use = nodes.first(where: { inner in
          file[inner].kind == .index && file[file[inner].b].kind == .name && Symbol(file[file[inner].b].a) == bound
            && isBelow(parts[3], inner, file)
        })
      else { return nil }
      return context.finding(
        description, id, use,
        "the loop counts '\(context.text(counter))' up to '\(context.text(bound))', but its body works on "
          + "'[\(context.text(bound))]', which stays the same",
        evidence: [Evidence(context.place(id, node), "'\(context.text(counter))' counts here")],
        key: "\(context.text(counter)) \(context.text(bound)) bound")
    }
  }

  private func isBelow(_ id: NodeID, _ part: NodeID, _ file: ParsedFile, _ depth: Int = 0) -> Bool {
    id == part || id >= 0 && depth < 60 && file.children(of: id).contains { isBelow($0, part, file, depth + 1) }
  }

  /// Loops that count down what others have counted up, and work on what those left in a variable.
  private func countsBack(
    _ nodes: Range<NodeID>, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> [Finding] {
    guard nodes.contains(where: { countdown($0, file) != nil }) else { return [] }
    var findings: [Finding] = []
    var loop: (node: NodeID, end: UInt32)?
    // Counters that were set anew since the loop count something else.
    var isSetAnew: Set<Symbol> = []
    for node in nodes.sorted(by: { file[$0].token < file[$1].token }) {
      if let loop, let (counter, body) = countdown(node, file), !isSetAnew.contains(counter),
        let finding = countsBack(body, counter, after: loop.node, id, file, context)
      {
        findings.append(finding)
      }
      if file[node].kind == .forStatement {
        loop = (node, lastToken(of: node, file))
        isSetAnew = []
      } else if let end = loop?.end, file[node].token > end, file[node].kind == .assign,
        file[node].operation == .equal, file[file[node].a].kind == .name
      {
        isSetAnew.insert(Symbol(file[file[node].a].a))
      }
    }
    return findings
  }

  private func countsBack(
    _ body: NodeID, _ counter: Symbol, after loop: NodeID, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Finding? {
    var reads: [Symbol: NodeID] = [:]
    names(body, file, &reads, 0)
    guard reads[counter] == nil, countsUp(loop, counter, file) else { return nil }
    let elements = file.list(file[loop].a, 4).last.map { setFromIndex(counter, in: $0, file) } ?? []
    guard
      let (name, use) = reads.filter({ elements.contains($0.key) && !isSet($0.key, in: body, file) })
        .min(by: { $0.value < $1.value })
    else { return nil }
    return context.finding(
      description, id, use,
      "the loop counts '\(context.text(counter))' back but its body works on '\(context.text(name))', which stays the same",
      evidence: [Evidence(context.place(id, loop), "this loop has set it for each")],
      key: "\(context.text(counter)) \(context.text(name)) back")
  }

  /// The counter and the body of `for (…; i >= 0; i--)`, `while (i--)` and `while (--i >= 0)`.
  private func countdown(_ node: NodeID, _ file: ParsedFile) -> (Symbol, NodeID)? {
    let item = file[node]
    switch item.kind {
    case .forStatement:
      let parts = Array(file.list(item.a, item.b))
      guard parts.count == 4, parts[2] >= 0, parts[3] >= 0 else { return nil }
      return decremented(parts[2], file).map { ($0, parts[3]) }
    case .whileStatement:
      var condition = item.a
      if file[condition].kind == .binary { condition = file[condition].a }
      return decremented(condition, file).map { ($0, item.b) }
    default: return nil
    }
  }

  private func decremented(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    guard id >= 0, file[id].kind == .postfix || file[id].kind == .unary, file[id].operation == .minusMinus,
      file[file[id].a].kind == .name
    else { return nil }
    return Symbol(file[file[id].a].a)
  }

  private func countsUp(_ loop: NodeID, _ counter: Symbol, _ file: ParsedFile) -> Bool {
    let parts = Array(file.list(file[loop].a, file[loop].b))
    guard parts.count == 4, parts[2] >= 0 else { return false }
    let step = file[parts[2]]
    return step.operation == .plusPlus && file[step.a].kind == .name && Symbol(file[step.a].a) == counter
  }

  private func sets(_ id: NodeID, _ name: Symbol, _ file: ParsedFile) -> Bool {
    file[id].kind == .assign && file[id].operation == .equal && file[file[id].a].kind == .name
      && Symbol(file[file[id].a].a) == name
  }

  private func isSet(_ name: Symbol, in id: NodeID, _ file: ParsedFile, _ depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    return sets(id, name, file) || file.children(of: id).contains { isSet(name, in: $0, file, depth + 1) }
  }

  /// The variables that are set from an element by its number.
  private func setFromIndex(
    _ counter: Symbol, in id: NodeID, _ file: ParsedFile, _ depth: Int = 0
  ) -> Set<Symbol> {
    guard id >= 0, depth < 60 else { return [] }
    if file[id].kind == .assign, file[id].operation == .equal, file[file[id].a].kind == .name {
      var element = file[file[id].b]
      if element.kind == .unary, element.operation == .ampersand { element = file[element.a] }
      let isElement =
        element.kind == .index && file[element.b].kind == .name && Symbol(file[element.b].a) == counter
      return isElement ? [Symbol(file[file[id].a].a)] : []
    }
    return file.children(of: id).reduce(into: []) { $0.formUnion(setFromIndex(counter, in: $1, file, depth + 1)) }
  }

  private func lastToken(of id: NodeID, _ file: ParsedFile, _ depth: Int = 0) -> UInt32 {
    guard id >= 0, depth < 150 else { return 0 }
    return file.children(of: id).reduce(file[id].token) { max($0, lastToken(of: $1, file, depth + 1)) }
  }

  private func check(_ node: NodeID, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext) -> Finding? {
    let parts = Array(file.list(file[node].a, file[node].b))
    guard parts.count == 4, parts[0] >= 0, parts[2] >= 0, parts[3] >= 0,
      let walker = assigned(parts[2], file), let call = callArgument(parts[2], file), call == walker
    else { return nil }
    let first = file[parts[0]].kind == .expressionStatement ? file[parts[0]].a : -1
    guard first >= 0, assigned(first, file) == walker, let start = callArgument(first, file), start != walker else {
      return nil
    }
    var reads: [Symbol: NodeID] = [:]
    names(parts[3], file, &reads, 0)
    guard reads[walker] == nil, let use = reads[start] else { return nil }
    let (walkerName, startName) = (context.text(walker), context.text(start))
    return context.finding(
      description, id, use,
      "the loop advances '\(walkerName)' but its body works on '\(startName)', which stays the same",
      evidence: [Evidence(context.place(id, node), "'\(walkerName)' is advanced here")],
      key: "\(walkerName) \(startName)")
  }

  private func assigned(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[id]
    guard node.kind == .assign, file[node.a].kind == .name else { return nil }
    return Symbol(file[node.a].a)
  }

  /// `x` in `p = f(x)`.
  private func callArgument(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[id]
    guard node.kind == .assign, file[node.b].kind == .call, file[node.b].c == 1,
      let argument = file.list(file[node.b].b, 1).first, file[argument].kind == .name
    else { return nil }
    return Symbol(file[argument].a)
  }

  private func names(_ id: NodeID, _ file: ParsedFile, _ found: inout [Symbol: NodeID], _ depth: Int) {
    guard id >= 0, depth < 60 else { return }
    let node = file[id]
    if node.kind == .name, found[Symbol(node.a)] == nil { found[Symbol(node.a)] = id }
    for child in file.children(of: id) { names(child, file, &found, depth + 1) }
  }
}
