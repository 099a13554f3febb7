import Findings
import KernelC
import LockModel

/// An early return that lets through what it should stop.
struct InvertedGuard: Rule {
  let description = RuleDescription(
    id: "inverted-guard",
    summary: "an early return goes by the opposite of what the code behind it needs",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports a guard ('if (!foo->on) return 0;') behind which the same block sets the flag to the value that the guard \
      has just made sure of, and a predicate that one function returns an error for if it is false and all others if it is true.
      """,
    whyItMatters: "The function does nothing when it should act, and acts when it must not.",
    accepts: ["a flag that is written or handed on in between", "predicates with more than one exception"],
    knownFalsePositives: ["a function that is meant for the opposite state"],
    triggering: [
      RuleExample(
        """
        int start(struct foo *foo)
        {
        	if (!foo->on) /* reported */
        		return 0;
        	power(1);
        	foo->on = true;
        	return 0;
        }
        """),
      RuleExample(
        """
        int one(struct foo *foo, int i)
        {
        	if (foo_is_gone(foo))
        		return -ENODEV;
        	return read_one(foo, i);
        }

        int two(struct foo *foo, int i)
        {
        	if (foo_is_gone(foo))
        		return -ENODEV;
        	return read_two(foo, i);
        }

        int three(struct foo *foo, int i)
        {
        	if (!foo_is_gone(foo)) /* reported */
        		return -ENODEV;
        	return read_three(foo, i);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int start(struct foo *foo)
        {
        	if (foo->on)
        		return 0;
        	power(1);
        	foo->on = true;
        	return 0;
        }

        int restart(struct foo *foo)
        {
        	if (!foo->on)
        		return 0;
        	foo->on = false;
        	power(1);
        	foo->on = true;
        	return 0;
        }

        void fill(struct foo *foo, int kind)
        {
        	switch (kind) {
        	case 1:
        		if (!foo->on)
        			return;
        		power(1);
        		break;
        	case 2:
        		foo->on = true;
        		break;
        	}
        }

        int reset(struct foo *foo)
        {
        	if (foo->busy)
        		return -EBUSY;
        	foo->busy = false;
        	power(1);
        	foo->busy = true;
        	return 0;
        }
        """),
      RuleExample(
        """
        int one(struct foo *foo, int i)
        {
        	if (foo_has_feature(foo, FOO_OLD))
        		return -ENODEV;
        	return read_one(foo, i);
        }

        int two(struct foo *foo, int i)
        {
        	if (foo_has_feature(foo, FOO_OLD))
        		return -ENODEV;
        	return read_two(foo, i);
        }

        int three(struct foo *foo, int i)
        {
        	if (!foo_has_feature(foo, FOO_NEW))
        		return -ENODEV;
        	return read_three(foo, i);
        }
        """),
    ])

  private struct Guard: Hashable {
    let path: String
    let predicate: Symbol
    /// `FEATURE_X` in `has_feature(foo, FEATURE_X)`: another feature is another question.
    let constants: String
    let returned: String
  }

  private struct Site {
    let function: FunctionID
    let node: NodeID
    let isNegated: Bool
  }

  func check(_ context: RuleContext) -> [Finding] {
    var findings: [Finding] = []
    var order: [Guard] = []
    var sites: [Guard: [Site]] = [:]
    for id in context.functions {
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      for block in context.program.definition(id).nodes where file[block].kind == .block {
        let statements = Array(file.list(file[block].a, file[block].b))
        for (index, statement) in statements.enumerated()
        where file[statement].kind == .ifStatement && file[statement].c < 0 {
          guard let leaving = shapes.leaving(file[statement].b) else { continue }
          let (core, isNegated) = shapes.core(file[statement].a)
          guard core >= 0 else { continue }
          // In a loop, the next turn is about another one.
          if file[core].kind == .member, [.returnStatement, .gotoStatement].contains(file[leaving].kind),
            let finding = flag(core, isNegated, statement, statements[(index + 1)...], id, shapes, context)
          {
            findings.append(finding)
          }
          let predicate = shapes.question(core)
          guard predicate.exists, file[leaving].kind == .returnStatement, isQuestion(context.text(predicate)) else {
            continue
          }
          let returned = SourceText.text(of: file[leaving].a, file, shapes.symbols)
          guard returned.hasPrefix("-E") else { continue }
          let key = Guard(
            path: file.path, predicate: predicate, constants: shapes.constants(of: core), returned: returned)
          if sites[key] == nil { order.append(key) }
          sites[key, default: []].append(Site(function: id, node: file[statement].a, isNegated: isNegated))
        }
      }
    }
    return findings + order.compactMap { contradiction($0, sites[$0] ?? [], context) }
  }

  /// `if (!x->on) return; …; x->on = true;`
  private func flag(
    _ member: NodeID, _ isNegated: Bool, _ condition: NodeID, _ following: ArraySlice<NodeID>, _ id: FunctionID,
    _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    let text = SourceText.text(of: member, file, shapes.symbols)
    for statement in following {
      if file[statement].kind == .label || file[statement].kind == .caseLabel { return nil }
      guard file[statement].kind == .expressionStatement, file[file[statement].a].kind == .assign,
        SourceText.text(of: file[file[statement].a].a, file, shapes.symbols) == text
      else {
        if shapes.writes(statement, text) { return nil }
        continue
      }
      let store = file[file[statement].a]
      guard store.operation == .equal, let value = truth(store.b, shapes), value == isNegated,
        !sets(text, to: !value, id, shapes, context)
      else { return nil }
      return context.finding(
        description, id, file[condition].a,
        "behind this check '\(text)' is \(value ? "true" : "false"), and that is what it is set to",
        evidence: [Evidence(context.place(id, statement), "it is set here")], key: text)
    }
    return nil
  }

  /// Whether the function sets the flag to the value anywhere.
  private func sets(
    _ text: String, to value: Bool, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Bool {
    let file = shapes.file
    return context.program.definition(id).nodes.contains { node in
      file[node].kind == .assign && truth(file[node].b, shapes) == value
        && SourceText.text(of: file[node].a, file, shapes.symbols) == text
    }
  }

  private func truth(_ id: NodeID, _ shapes: Statements) -> Bool? {
    let node = shapes.file[id]
    guard node.kind == .name else { return nil }
    switch shapes.symbols.text(Symbol(node.a)) {
    case "true": return true
    case "false": return false
    default: return nil
    }
  }

  /// One place alone returns the error for the opposite answer.
  private func contradiction(_ key: Guard, _ sites: [Site], _ context: RuleContext) -> Finding? {
    let negated = sites.filter(\.isNegated)
    let plain = sites.filter { !$0.isNegated }
    guard let odd = negated.count == 1 && plain.count > 1 ? negated.first : plain.count == 1 ? plain.first : nil,
      let other = (odd.isNegated ? plain : negated).first, sites.count > 2,
      Set(sites.map(\.function)).count == sites.count
    else { return nil }
    let predicate = context.text(key.predicate)
    return context.finding(
      description, odd.function, odd.node,
      "'\(key.returned)' is returned if '\(predicate)' is \(odd.isNegated ? "false" : "true") here, and if it is "
        + "\(odd.isNegated ? "true" : "false") in '\(context.name(other.function))'",
      evidence: [Evidence(context.place(other.function, other.node), "the opposite check")],
      key: "\(predicate) \(key.returned)")
  }

  /// Not a function that acts, whose result is an error or an object.
  private func isQuestion(_ name: String) -> Bool {
    let words = name.split(separator: "_")
    return words.contains {
      [
        "is", "has", "can", "valid", "ready", "enabled", "active", "present", "running", "supported",
        "supports",
        "allowed", "capable", "busy", "gone", "exists", "online", "connected", "dead", "needs", "should", "equal",
        "registered", "initialized", "initialised", "available", "usable", "suspended", "pending", "match",
      ].contains($0)
    }
  }
}
