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
    private struct Cleanup: Hashable {
      let closer: Symbol
      let subject: String
    }

    let shapes: Statements
    let file: ParsedFile
    let statements: [NodeID]
    let id: FunctionID
    let context: RuleContext
    private var labels: [Int32: Int] = [:]
    /// Where the statements undo what.
    private var cleanups: [Cleanup: [Int]] = [:]
    /// The first call of each name, and of each thing those that open something, by their tokens.
    private var firstCalls: [Symbol: UInt32] = [:]
    private var openers: [String: [NodeID]] = [:]
    /// Jumps to each label that no mode of the function's asks for.
    private var gotos: [Int32: [NodeID]] = [:]

    init?(_ id: FunctionID, _ context: RuleContext) {
      self.id = id
      self.context = context
      file = context.program.file(of: id)
      let definition = context.program.definition(id)
      shapes = Statements(file: file, symbols: context.program.symbols)
      guard file[definition.body].kind == .block else { return nil }
      statements = Array(file.list(file[definition.body].a, file[definition.body].b))
      for (index, statement) in statements.enumerated() where file[statement].kind == .label {
        labels[file[statement].a] = index
      }
      guard !labels.isEmpty else { return nil }
      for (index, statement) in statements.enumerated() where file[statement].kind == .expressionStatement {
        let closer = shapes.callee(file[statement].a)
        guard closer.exists else { continue }
        cleanups[Cleanup(closer: closer, subject: subject(of: file[statement].a)), default: []].append(index)
      }
      var modes: Set<NodeID> = []
      for node in definition.nodes.sorted(by: { file[$0].token < file[$1].token }) {
        switch file[node].kind {
        case .call:
          let callee = shapes.callee(node)
          guard callee.exists else { continue }
          if firstCalls[callee] == nil { firstCalls[callee] = file[node].token }
          if !context.solver.namedClosers(of: node, in: id).isEmpty {
            openers[subject(of: node), default: []].append(node)
          }
        case .ifStatement:
          if isMode(file[node].a), let leaving = shapes.leaving(file[node].b) { modes.insert(leaving) }
        case .gotoStatement: gotos[file[node].a, default: []].append(node)
        default: break
        }
      }
      for label in gotos.keys { gotos[label]?.removeAll(where: modes.contains) }
    }

    func undone() -> [Undone] {
      statements.indices.compactMap { index in
        guard let (opener, failure) = opener(at: index) else { return nil }
        let closers = context.solver.namedClosers(of: opener, in: id)
        // What is freed as a whole may be there in parts.
        guard !closers.isEmpty, !context.text(shapes.callee(opener)).holds("alloc"), !done(closers, by: opener) else {
          return nil
        }
        let subject = subject(of: opener)
        for closer in closers.sorted(by: { context.text($0) < context.text($1) }) {
          for position in cleanups[Cleanup(closer: closer, subject: subject)] ?? []
          where position > index && isBehind(position, failure) && !runs(failure, closers) {
            let leading = labels(to: position, from: index)
            if !leading.isEmpty {
              return Undone(opener: opener, closer: closer, failure: failure.node, labels: leading)
            }
          }
        }
        return nil
      }
    }

    func jumps(above call: Undone) -> [NodeID] {
      call.labels.sorted().flatMap { label in
        (gotos[label] ?? []).prefix { file[$0].token < file[call.opener].token }
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
      guard file[call].kind == .call else { return "" }
      return file.list(file[call].b, file[call].c).first.map { SourceText.text(of: $0, file, shapes.symbols) } ?? ""
    }

    /// Whether some call above opens the same, or closes it.
    private func done(_ closers: Set<Symbol>, by opener: NodeID) -> Bool {
      let token = file[opener].token
      func isAbove(_ name: Symbol) -> Bool { firstCalls[name].map { $0 < token } ?? false }
      if isAbove(shapes.callee(opener)) || closers.contains(where: isAbove) { return true }
      return (openers[subject(of: opener)] ?? []).prefix { file[$0].token < token }.contains {
        !closers.isDisjoint(with: context.solver.namedClosers(of: $0, in: id))
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

    /// The labels further down than `start` from which control comes to a statement.
    private func labels(to end: Int, from start: Int) -> Set<Int32> {
      var result: Set<Int32> = []
      for statement in statements[(start + 1)..<end].reversed() {
        switch file[statement].kind {
        case .returnStatement, .gotoStatement: return result
        case .label: result.insert(file[statement].a)
        default: break
        }
      }
      return result
    }
  }
}
