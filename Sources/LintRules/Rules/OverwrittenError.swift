import Findings
import KernelC
import LockModel

/// A result that is replaced before anybody has looked at it.
struct OverwrittenError: Rule {
  let description = RuleDescription(
    id: "overwritten-error",
    summary: "the result of a call is overwritten before anything looks at it",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Follows the variables that errors go by ('ret', 'err' …) backwards through the function and reports a call whose result \
      is stored in one and, on every path from there, replaced by another before it is read.
      """,
    whyItMatters: "The failure of the first call is lost.",
    accepts: [
      "a variable whose address is taken", "a result that is read on one path at least",
      "a function, or a file and what it calls, that loses more than two results",
    ],
    knownFalsePositives: ["a result that is ignored on purpose and stored out of habit"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = start(foo); /* reported */
        	foo->n = 0;
        	ret = run(foo);
        	return ret;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret = start(foo);

        	if (ret)
        		return ret;
        	if (foo->full) {
        		ret = -ERANGE; /* reported */
        		dev_warn(foo->dev, "full");
        	}
        	foo->n++;
        	ret = 0;
        	return ret;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = write_reg(foo, 1, 0x40);
        	ret = write_reg(foo, 2, 0x5a);
        	ret = write_reg(foo, 3, 0x2c);
        	ret = write_reg(foo, 4, 0xcc);
        	return ret;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret = start(foo);

        	if (ret)
        		return ret;
        	ret = tell(foo);
        	foo->n++;
        	ret = 0;
        	return ret;
        }

        int foo_remove(struct foo *foo)
        {
        	int ret;

        	ret = stop(foo);
        	foo->n = 0;
        	ret = drop(foo);
        	return ret;
        }

        static u32 read_reg(struct foo *foo, int i)
        {
        	return foo->all[i];
        }

        int g(struct foo *foo)
        {
        	int ret, i;

        	ret = read_reg(foo, 1);
        	foo->n = 0;
        	ret = start(foo);
        	if (foo->n)
        		ret = run(foo);
        	for (i = 0; i < foo->n; i++) {
        		if (ret)
        			break;
        		ret = run(foo);
        	}
        	return ret;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let names = FlowNames(context.program.symbols)
    let variables = Set(Statements.errorNames.map(context.program.symbols.intern))
    var lost: [(finding: Finding, key: String)] = []
    var callees: [String: Int] = [:]
    // Whoever takes something down has nobody to tell.
    for id in context.functions where !context.solver.disposes(context.program.definition(id).name) {
      let file = context.program.file(of: id)
      let definition = context.program.definition(id)
      var stores: [Symbol: Int] = [:]
      for node in definition.nodes where file[node].kind == .assign && file[file[node].a].kind == .name {
        let name = Symbol(file[file[node].a].a)
        if variables.contains(name) { stores[name, default: 0] += 1 }
      }
      let candidates = stores.filter { $0.value > 1 }.keys.filter { isPlainLocal($0, id, file, context) }
      guard !candidates.isEmpty else { continue }
      let flow = ControlFlow(of: definition, in: file, names: names)
      guard !flow.isIncomplete else { continue }
      let branches = storesInBranches(definition, file, context)
      let found = candidates.sorted { context.text($0) < context.text($1) }.flatMap { name in
        ErrorLiveness(name: name, file: file, flow: flow, inBranches: branches).lostStores().compactMap { store in
          report(store, name, id, file, context).map {
            (finding: $0, key: "\(file.path) \(context.text(callee(store, file, context)))")
          }
        }
      }
      for item in found { callees[item.key, default: 0] += 1 }
      // Whoever loses one result after the other does so on purpose.
      if found.count <= Self.slips { lost += found }
    }
    return lost.filter { callees[$0.key, default: 0] <= Self.slips }.map(\.finding)
  }

  /// More lost results than this, in one function or of one callee in one file, are a habit.
  private static let slips = 2

  private func callee(_ store: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Symbol {
    context.callee(file[store].kind == .assign ? file[store].b : store, in: file)
  }

  /// What is read from a register is no error.
  private func isUnsigned(_ type: CType, _ context: RuleContext) -> Bool {
    let type = context.program.resolved(type)
    return type.base == .unsigned || type.base == .boolean
  }

  private func isPlainLocal(_ name: Symbol, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    var declarations = 0
    for node in context.program.definition(id).nodes {
      let item = file[node]
      if item.kind == .variable, Symbol(item.a) == name {
        let type = file.types[Int(item.b)]
        guard !type.isPointer, type.arrays == 0, item.op & 1 == 0 else { return false }
        declarations += 1
      }
      if item.kind == .assembly || item.kind == .oddStatement { return false }
      if item.kind == .unary, item.operation == .ampersand, file[item.a].kind == .name, Symbol(file[item.a].a) == name {
        return false
      }
    }
    return declarations == 1
  }

  /// Assignments at the end of a branch, or with nothing but messages behind them in it.
  private func storesInBranches(
    _ definition: FunctionDefinition, _ file: ParsedFile, _ context: RuleContext
  ) -> Set<NodeID> {
    var result: Set<NodeID> = []
    for node in definition.nodes where file[node].kind == .ifStatement {
      for branch in [file[node].b, file[node].c] where branch >= 0 {
        let statements = file[branch].kind == .block ? Array(file.list(file[branch].a, file[branch].b)) : [branch]
        guard let store = statements.last(where: { isStore($0, file) }),
          statements.suffix(from: (statements.firstIndex(of: store) ?? 0) + 1).allSatisfy({
            file[$0].kind == .expressionStatement
              && Statements.isPrint(context.text(context.callee(file[$0].a, in: file)))
          })
        else { continue }
        result.insert(file[store].a)
      }
    }
    return result
  }

  private func isStore(_ statement: NodeID, _ file: ParsedFile) -> Bool {
    file[statement].kind == .expressionStatement && file[file[statement].a].kind == .assign
  }

  private func report(
    _ store: NodeID, _ name: Symbol, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Finding? {
    if file[store].kind == .assign, file[file[store].b].kind == .unary {
      let code = SourceText.text(of: file[store].b, file, context.program.symbols)
      return context.finding(
        description, id, store, "\(code) is overwritten before anything looks at '\(context.text(name))'",
        key: "\(context.text(name)) \(code)")
    }
    let callee = callee(store, file, context)
    guard callee.exists, context.text(callee).first?.isUppercase == false else { return nil }
    let type = context.program.returnType(callee)
    guard type == nil || type.map({ !$0.isPointer && !isUnsigned($0, context) }) == true,
      context.solver.returns(of: callee).map({ $0.contains(.negative) }) != false
    else { return nil }
    let text = context.text(name)
    return context.finding(
      description, id, store,
      "what '\(context.text(callee))' returns is overwritten before anything looks at '\(text)'",
      key: "\(text) \(SourceText.text(of: store, file, context.program.symbols))")
  }
}
