import Findings
import KernelC
import LockModel

/// Memory that is lost because it could not grow.
struct ReallocLeak: Rule {
  let description = RuleDescription(
    id: "realloc-leak",
    summary: "the old memory is lost where krealloc() fails",
    severity: .warning, confidence: .high,
    whatItDoes: """
      Looks at `new = krealloc(old, …)` on two locals of a function that frees the old one elsewhere, and reports the branch \
      for a failure that leaves without doing so: krealloc() leaves the old memory alone when it fails.
      """,
    whyItMatters: "The old memory is leaked.",
    accepts: ["memory that something else holds as well: a parameter, or what is stored or was found elsewhere"],
    knownFalsePositives: ["an old one that is NULL or was freed on just this path"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	u64 *list = NULL;
        	int n = 0;

        	do {
        		u64 *longer = krealloc(list, n * sizeof(*list), GFP_KERNEL);

        		if (!longer)
        			return -ENOMEM; /* reported */
        		list = longer;
        		n = fill(foo, list, n);
        	} while (n > foo->n);
        	send(foo, list);
        	kfree(list);
        	return 0;
        }

        int g(struct foo *foo)
        {
        	char *buf = kmalloc(16, GFP_KERNEL);
        	char *more;
        	int ret;

        	if (!buf)
        		return -ENOMEM;
        	more = krealloc_array(buf, 2, foo->n, GFP_KERNEL);
        	if (more == NULL) {
        		ret = -ENOMEM;
        		goto out; /* reported */
        	}
        	buf = more;
        	ret = fill(foo, buf, 0);
        	kfree(buf);
        out:
        	foo->n++;
        	return ret;
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	u64 *list = NULL;
        	int n = 0;

        	do {
        		u64 *longer = krealloc(list, n * sizeof(*list), GFP_KERNEL);

        		if (!longer) {
        			kfree(list);
        			return -ENOMEM;
        		}
        		list = longer;
        		n = fill(foo, list, n);
        	} while (n > foo->n);
        	kfree(list);
        	return 0;
        }

        int g(struct foo *foo, char *given)
        {
        	char *buf = foo->buf;
        	char *more = krealloc(buf, 16, GFP_KERNEL);
        	char *other;

        	if (!more)
        		return -ENOMEM;
        	foo->buf = more;
        	other = krealloc(given, 32, GFP_KERNEL);
        	if (!other)
        		return -ENOMEM;
        	if (foo->n) {
        		kfree(buf);
        		kfree(given);
        	}
        	return 0;
        }

        int h(struct foo *foo)
        {
        	char *buf = kmalloc(16, GFP_KERNEL);
        	char *more;
        	int ret = -ENOMEM;

        	more = krealloc(buf, 32, GFP_KERNEL);
        	if (!more)
        		goto out;
        	buf = more;
        	ret = fill(foo, buf, 0);
        out:
        	kfree(buf);
        	return ret;
        }
        """)
    ])

  private static let growers: Set<String> = ["krealloc", "krealloc_array", "kvrealloc", "krealloc_noprof"]
  private static let frees: Set<String> = ["kfree", "kvfree", "kfree_sensitive"]

  func check(_ context: RuleContext) -> [Finding] { context.functions.flatMap { check($0, context) } }

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    for node in definition.nodes where file[node].kind == .assign || file[node].kind == .variable {
      let item = file[node]
      let call = item.kind == .assign ? item.b : item.c
      guard Self.growers.contains(context.text(shapes.callee(call))) else { continue }
      let target = item.kind == .assign ? item.a : node
      guard file[target].kind == .name || file[target].kind == .variable,
        let first = file.list(file[call].b, file[call].c).first, file[first].kind == .name,
        file[first].a != file[target].a
      else { continue }
      let new = Symbol(file[target].a)
      let old = Symbol(file[first].a)
      guard isOwn(old, definition, shapes), frees(old, in: definition.body, shapes),
        let leaving = failure(of: new, behind: call, definition, shapes), !keeps(old, leaving, definition, shapes)
      else { continue }
      let text = context.text(old)
      let grower = context.text(shapes.callee(call))
      findings.append(
        context.finding(
          description, id, leaving.node, "'\(text)' is lost here: it is still allocated where '\(grower)' fails",
          evidence: [Evidence(context.place(id, call), "'\(text)' should grow here")], key: "\(text) realloc"))
    }
    return findings
  }

  private struct Failure {
    let node: NodeID
    let branch: NodeID
  }

  /// A local that only ever holds memory that the function itself has made.
  private func isOwn(_ name: Symbol, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let file = shapes.file
    var isLocal = false
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .variable where Symbol(item.a) == name:
        guard item.op & 3 == 0, item.c < 0 || isNew(item.c, definition, shapes) else { return false }
        isLocal = true
      case .assign where isName(item.a, name, file):
        guard item.operation == .equal, isNew(item.b, definition, shapes) else { return false }
      // Something else has it from here on, or may change it.
      case .assign where isName(item.b, name, file) && file[item.a].kind != .name: return false
      case .unary where item.operation == .ampersand && isName(item.a, name, file): return false
      default: break
      }
    }
    return isLocal
  }

  /// NULL, new memory, or the local that the memory has grown into.
  private func isNew(_ value: NodeID, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let file = shapes.file
    if file[value].kind == .cast { return isNew(file[value].b, definition, shapes) }
    if file[value].kind == .call {
      let name = shapes.symbols.text(shapes.callee(value))
      return Self.growers.contains(name) || KnownPairs.isOwned(name)
    }
    guard file[value].kind == .name else { return false }
    if shapes.symbols.text(Symbol(file[value].a)) == "NULL" { return true }
    return definition.nodes.contains { node in
      let item = file[node]
      let (target, source) = item.kind == .variable ? (item.a, item.c) : item.kind == .assign ? (-1, item.b) : (-1, -1)
      guard source >= 0, Self.growers.contains(shapes.symbols.text(shapes.callee(source))) else { return false }
      return target >= 0 ? target == file[value].a : isName(item.a, Symbol(file[value].a), file)
    }
  }

  private func isName(_ id: NodeID, _ name: Symbol, _ file: ParsedFile) -> Bool {
    id >= 0 && file[id].kind == .name && Symbol(file[id].a) == name
  }

  /// Whether anything below a node frees the local.
  private func frees(_ name: Symbol, in id: NodeID, _ shapes: Statements) -> Bool {
    shapes.calls(in: id).contains { call in
      Self.frees.contains(shapes.symbols.text(shapes.callee(call)))
        && shapes.file.list(shapes.file[call].b, shapes.file[call].c).contains { isName($0, name, shapes.file) }
    }
  }

  /// The first branch behind the call that leaves because there is no new memory.
  private func failure(
    of new: Symbol, behind call: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Failure? {
    let file = shapes.file
    let tests = definition.nodes.filter { node in
      guard file[node].kind == .ifStatement, file[file[node].a].token >= file[call].token else { return false }
      var (core, isNegated) = shapes.core(file[node].a)
      if core >= 0, file[core].kind == .assign { core = file[core].a }
      return isNegated && isName(core, new, file)
    }
    guard let test = tests.min(by: { file[$0].token < file[$1].token }),
      let node = shapes.leaving(file[test].b),
      file[node].kind == .returnStatement || file[node].kind == .gotoStatement
    else { return nil }
    return Failure(node: node, branch: file[test].b)
  }

  /// The branch, or what it jumps to, still does something with the old memory.
  private func keeps(
    _ old: Symbol, _ failure: Failure, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let text = shapes.symbols.text(old)
    if shapes.mentions(failure.branch, text) { return true }
    guard file[failure.node].kind == .gotoStatement else { return false }
    let label = definition.nodes.first { file[$0].kind == .label && file[$0].a == file[failure.node].a }
    guard let label else { return true }
    return definition.nodes.contains { isName($0, old, file) && file[$0].token > file[label].token }
  }
}
