import Findings
import KernelC
import LockModel

/// A cleanup that was copied for another member and not changed.
struct CopiedCleanup: Rule {
  let description = RuleDescription(
    id: "copied-cleanup",
    summary: "a cleanup asks for one member and takes down another, as the one before it does",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports `if (x->b) { undo(x->a); }` behind `if (x->a) { undo(x->a); }` in the same function: the same statements, under \
      a question about a member that they do not mention.
      """,
    whyItMatters: "The first thing is taken down twice, the second never.",
    accepts: [
      "members that say something about another, as a flag does: the first question must be about what is taken down",
      "a member that was set again in between",
    ],
    knownFalsePositives: ["something that is held twice, once for each member"],
    triggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	if (foo->rx_clk) {
        		clk_disable_unprepare(foo->rx_clk);
        		clk_put(foo->rx_clk);
        	}
        	if (foo->tx_clk) { /* reported */
        		clk_disable_unprepare(foo->rx_clk);
        		clk_put(foo->rx_clk);
        	}
        }

        void g(struct foo *foo, int i)
        {
        	if (!IS_ERR(foo->sub[i].one))
        		regulator_put(foo->sub[i].one);
        	foo->n--;
        	if (!IS_ERR(foo->sub[i].two)) /* reported */
        		regulator_put(foo->sub[i].one);
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	if (foo->rx_clk)
        		clk_put(foo->rx_clk);
        	if (foo->tx_clk)
        		clk_put(foo->tx_clk);
        	if (foo->is_dma)
        		dma_release(foo->channel);
        	if (foo->is_registered)
        		dma_release(foo->channel);
        }

        void g(struct foo *foo)
        {
        	if (foo->skb)
        		kfree_skb(foo->skb);
        	foo->skb = foo->last;
        	if (foo->pending)
        		kfree_skb(foo->skb);
        }

        void h(struct foo *foo)
        {
        	if (foo->a)
        		foo_log(foo->a);
        	if (foo->b)
        		foo_log(foo->a);
        	if (foo->timer)
        		stop(foo->timer);
        	else if (foo->work)
        		stop(foo->timer);
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] { context.functions.flatMap { check($0, context) } }

  private struct Guard {
    let position: Int
    /// The member that is asked for, and what it is a member of.
    let member: String
    let base: String
    let body: String
  }

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    for block in context.program.definition(id).nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      guard statements.count > 1 else { continue }
      var guards: [Guard] = []
      for (position, statement) in statements.enumerated() where file[statement].kind == .ifStatement {
        guard file[statement].c < 0, let own = asked(statement, position, shapes) else { continue }
        if let first = guards.last(where: {
          $0.body == own.body && $0.base == own.base && FunctionText.mentionsWhole($0.body, $0.member)
        }), first.member != own.member, !FunctionText.mentions(own.body, own.member),
          !statements[first.position..<position].contains(where: { shapes.writes($0, first.member) })
        {
          findings.append(
            context.finding(
              description, id, statement,
              "'\(own.member)' is asked for, but '\(first.member)' is taken down, as it was before",
              evidence: [Evidence(context.place(id, statements[first.position]), "the same for '\(first.member)'")],
              key: "\(first.member) \(own.member)"))
        }
        guards.append(own)
      }
    }
    return findings
  }

  /// What an `if` around calls that end something asks for: a member, with or without IS_ERR().
  private func asked(_ statement: NodeID, _ position: Int, _ shapes: Statements) -> Guard? {
    let file = shapes.file
    let body = shapes.list(file[statement].b)
    guard
      body.allSatisfy({ file[$0].kind == .expressionStatement && file[file[$0].a].kind == .call }),
      body.contains(where: { FunctionText.ends(shapes.symbols.text(shapes.callee(file[$0].a))) })
    else { return nil }
    var core = shapes.core(file[statement].a).node
    if core >= 0, shapes.symbols.text(shapes.callee(core)).hasPrefix("IS_ERR"),
      let first = file.list(file[core].b, file[core].c).first
    {
      core = first
    }
    guard core >= 0, file[core].kind == .member else { return nil }
    func text(_ id: NodeID) -> String { SourceText.text(of: id, file, shapes.symbols) }
    return Guard(
      position: position, member: text(core), base: text(file[core].a),
      body: body.map(text).joined(separator: "; "))
  }
}
