import ByteText
import Findings
import KernelC
import LockModel

/// An error exit that undoes what the function has not done yet.
struct EarlyUnwind: Rule {
  let description = RuleDescription(
    id: "early-unwind",
    summary: "an error exit undoes a call that stands further down",
    severity: .error, confidence: .high,
    whatItDoes: """
      Looks at calls that a function undoes behind a label, and whose own failure leaves without that: so it must not be done \
      for what did not happen. Reports a jump above the call that runs it all the same.
      """,
    whyItMatters:
      "A count goes below zero, a device is switched off that others use, an address is unmapped that is none.",
    accepts: ["functions that do it above, too", "cleanups that the failing call itself runs"],
    knownFalsePositives: ["the caller has done it already"],
    triggering: [
      RuleExample(
        """
        int prepare(struct foo *foo)
        {
        	int ret;

        	ret = get_info(foo);
        	if (ret)
        		goto out; /* reported */
        	ret = foo_ops_begin(foo->dev);
        	if (ret < 0)
        		return ret;
        	ret = use(foo);
        out:
        	foo_ops_end(foo->dev);
        	return ret;
        }
        """),
      RuleExample(
        """
        int probe(struct foo *foo)
        {
        	int ret;

        	ret = get_info(foo);
        	if (ret)
        		goto disable; /* reported */
        	ret = clk_prepare_enable(foo->clk);
        	if (ret)
        		goto out;
        	ret = use(foo);
        	if (ret)
        		goto disable;
        	return 0;
        disable:
        	clk_disable_unprepare(foo->clk);
        out:
        	foo_log(foo);
        	return ret;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int set_stream(struct foo *foo, int on)
        {
        	int ret = 0;

        	if (!on) {
        		irq_off(foo);
        		goto disable;
        	}
        	ret = pm_runtime_resume_and_get(foo->dev);
        	if (ret < 0)
        		return ret;
        	ret = start(foo);
        	if (!ret)
        		return 0;
        disable:
        	pm_runtime_put(foo->dev);
        	return ret;
        }
        """),
      RuleExample(
        """
        struct foo *make(struct dev *dev)
        {
        	struct foo *foo = dev->priv;

        	foo->tags = kzalloc(64, GFP_KERNEL);
        	if (!foo->tags)
        		goto out;
        	if (foo_alloc(foo))
        		return NULL;
        	if (foo_start(foo))
        		goto out;
        	return foo;
        out:
        	foo_free(foo);
        	return NULL;
        }
        """),
      RuleExample(
        """
        int prepare(struct foo *foo)
        {
        	int ret;

        	ret = get_info(foo);
        	if (ret)
        		goto out;
        	ret = foo_ops_begin(foo->dev);
        	if (ret < 0)
        		goto out;
        	ret = use(foo);
        out:
        	foo_ops_end(foo->dev);
        	return ret;
        }
        """),
      RuleExample(
        """
        int probe(struct foo *foo)
        {
        	int ret;

        	clk_prepare_enable(foo->clk);
        	ret = get_info(foo);
        	if (ret)
        		goto disable;
        	foo_reset(foo);
        	clk_disable_unprepare(foo->clk);
        	ret = clk_prepare_enable(foo->clk);
        	if (ret)
        		return ret;
        	ret = use(foo);
        disable:
        	clk_disable_unprepare(foo->clk);
        	return ret;
        }
        """),
      RuleExample(
        """
        int probe(struct foo *foo)
        {
        	int ret;

        	ret = get_info(foo);
        	if (ret)
        		goto disable;
        	ret = clk_prepare_enable(foo->clk);
        	if (ret)
        		return ret;
        	foo->on = true;
        	ret = use(foo);
        disable:
        	if (foo->on)
        		clk_disable_unprepare(foo->clk);
        	return ret;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      // The pairs of a function are known once its paths were walked.
      guard context.solver.facts(id) != nil, let reader = Reader(id, context) else { return [] }
      var reported: Set<NodeID> = []
      return reader.undone().flatMap { call in
        reader.jumps(above: call).filter { reported.insert($0).inserted }.map { jump in
          let name = context.text(call.closer)
          return context.finding(
            description, id, jump, "this exit runs '\(name)' for a call that stands further down",
            evidence: [
              Evidence(context.place(id, call.opener), "what it undoes"),
              Evidence(context.place(id, call.failure), "when this fails, '\(name)' is not run"),
            ], key: name)
        }
      }
    }
  }

  /// A call that the function undoes behind a label, though not when it fails.
  private struct Undone {
    let opener: NodeID
    let closer: Symbol
    /// Where the function leaves when the call fails.
    let failure: NodeID
    /// The labels from which control comes to the closer.
    let labels: Set<Int32>
  }

  /// How the function leaves when a call fails: the statement, and the branch that ends with it.
  private struct Failure {
    let node: NodeID
    let branch: NodeID
  }

  private struct Reader {
    let shapes: Statements
    let file: ParsedFile
    let statements: [NodeID]
    let nodes: Range<NodeID>
    let id: FunctionID
    let context: RuleContext
    var labels: [Int32: Int] = [:]

    init?(_ id: FunctionID, _ context: RuleContext) {
      self.id = id
      self.context = context
      file = context.program.file(of: id)
      let definition = context.program.definition(id)
      nodes = definition.nodes
      shapes = Statements(file: file, symbols: context.program.symbols)
      guard file[definition.body].kind == .block else { return nil }
      statements = Array(file.list(file[definition.body].a, file[definition.body].b))
      for (index, statement) in statements.enumerated() where file[statement].kind == .label {
        labels[file[statement].a] = index
      }
      guard !labels.isEmpty else { return nil }
    }

    func undone() -> [Undone] {
      statements.indices.compactMap { index in
        guard let (opener, failure) = opener(at: index) else { return nil }
        let closers = context.solver.namedClosers(of: opener, in: id)
        // What is freed as a whole may be there in parts.
        guard !closers.isEmpty, !context.text(shapes.callee(opener)).holds("alloc"),
          !done(closers, by: opener, above: index)
        else { return nil }
        let subject = self.subject(of: opener)
        for position in (index + 1)..<statements.count where file[statements[position]].kind == .expressionStatement {
          let call = file[statements[position]].a
          let closer = shapes.callee(call)
          guard closer.exists, closers.contains(closer), self.subject(of: call) == subject,
            isBehind(position, failure), !runs(failure, closers)
          else { continue }
          let leading = labels.filter { $0.value > index && $0.value < position && flows($0.value, to: position) }
          if !leading.isEmpty {
            return Undone(
              opener: opener, closer: closer, failure: failure.node, labels: Set(leading.keys))
          }
        }
        return nil
      }
    }

    func jumps(above call: Undone) -> [NodeID] {
      let modes = nodes.filter { file[$0].kind == .ifStatement && isMode(file[$0].a) }
      return nodes.filter { node in
        file[node].kind == .gotoStatement && file[node].token < file[call.opener].token
          && call.labels.contains(file[node].a)
          && !modes.contains { shapes.leaving(file[$0].b) == node }
      }
    }

    /// `if (!on) goto disable;`, where the caller has asked for just that.
    private func isMode(_ condition: NodeID) -> Bool {
      let core = file[shapes.core(condition).node]
      return core.kind == .name
        && context.program.definition(id).parameters.contains { $0.name == Symbol(core.a) && !$0.type.isPointer }
    }

    /// A call that opens something, and the statement by which the function leaves when it fails.
    private func opener(at index: Int) -> (call: NodeID, failure: Failure)? {
      let statement = statements[index]
      let item = file[statement]
      if item.kind == .ifStatement, let leaving = shapes.leaving(item.b) {
        let core = shapes.core(item.a).node
        guard shapes.callee(core).exists else { return nil }
        return (core, Failure(node: leaving, branch: item.b))
      }
      guard item.kind == .expressionStatement, file[item.a].kind == .assign, file[file[item.a].a].kind == .name,
        shapes.callee(file[item.a].b).exists, index + 1 < statements.count
      else { return nil }
      let next = file[statements[index + 1]]
      guard next.kind == .ifStatement, let leaving = shapes.leaving(next.b),
        shapes.mentions(next.a, SourceText.text(of: file[item.a].a, file, shapes.symbols))
      else { return nil }
      return (file[item.a].b, Failure(node: leaving, branch: next.b))
    }

    private func subject(of call: NodeID) -> String {
      file.list(file[call].b, file[call].c).first.map { SourceText.text(of: $0, file, shapes.symbols) } ?? ""
    }

    /// Whether some call above opens the same, or closes it.
    private func done(_ closers: Set<Symbol>, by opener: NodeID, above index: Int) -> Bool {
      let name = shapes.callee(opener)
      let subject = subject(of: opener)
      return nodes.contains { node in
        guard file[node].kind == .call, file[node].token < file[opener].token else { return false }
        let callee = shapes.callee(node)
        return callee == name || closers.contains(callee)
          || self.subject(of: node) == subject
            && !closers.isDisjoint(with: context.solver.namedClosers(of: node, in: id))
      }
    }

    /// Whether the way out of a failure goes past the statement.
    private func isBehind(_ position: Int, _ failure: Failure) -> Bool {
      switch file[failure.node].kind {
      case .returnStatement: true
      case .gotoStatement: labels[file[failure.node].a].map { $0 > position } ?? false
      default: false
      }
    }

    private func runs(_ failure: Failure, _ closers: Set<Symbol>) -> Bool {
      shapes.calls(in: failure.branch).contains { closers.contains(shapes.callee($0)) }
    }

    /// Whether control comes from one statement to another.
    private func flows(_ start: Int, to end: Int) -> Bool {
      !statements[start..<end].contains {
        file[$0].kind == .returnStatement || file[$0].kind == .gotoStatement
      }
    }
  }
}
