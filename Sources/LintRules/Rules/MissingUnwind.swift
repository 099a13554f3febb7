import Findings
import KernelC
import LockModel

/// An error exit that leaves directly between exits that go through the function's cleanup.
struct MissingUnwind: Rule {
  let description = RuleDescription(
    id: "missing-unwind",
    summary: "an error exit skips the cleanup that the error exits before and after it go through",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Looks at the error exits of a function in the order of the text. Where one returns directly, or jumps to a label \
      further down than both an earlier and a later one, the cleanup that these two have in common is missing from it.
      """,
    whyItMatters: "Each failure leaks what the function has taken so far.",
    accepts: [
      "an exit that calls the cleanup itself", "cleanup that ran in between", "exits that are no errors",
      "labels that only release locks, which lock-imbalance follows",
    ],
    knownFalsePositives: ["a failing call that has cleaned up after its caller already"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = get_one(foo);
        	if (ret)
        		return ret;
        	ret = get_two(foo);
        	if (ret)
        		goto put_one;
        	ret = get_three(foo);
        	if (ret)
        		return ret; /* reported */
        	ret = get_four(foo);
        	if (ret)
        		goto put_one;
        	return 0;
        put_one:
        	put_one(foo);
        	return ret;
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = get_one(foo);
        	if (ret)
        		return ret;
        	ret = get_two(foo);
        	if (ret)
        		goto put_one;
        	return 0;
        put_one:
        	put_one(foo);
        	return ret;
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] { context.functions.flatMap { check($0, context) } }

  private struct Exit {
    /// Index of the statement in the function's body.
    let position: Int
    /// The statement that leaves.
    let node: NodeID
    /// The branch it stands in.
    let branch: NodeID
    /// Index of the label's statement; nil for a return.
    let label: Int?
  }

  private func check(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let body = file[context.program.definition(id).body]
    guard body.kind == .block else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let statements = Array(file.list(body.a, body.b))
    var labels: [Int32: Int] = [:]
    for (index, statement) in statements.enumerated() where file[statement].kind == .label {
      labels[file[statement].a] = index
    }
    guard !labels.isEmpty else { return [] }
    var exits: [Exit] = []
    for (index, statement) in statements.enumerated()
    where file[statement].kind == .ifStatement && file[statement].c < 0 {
      guard let leaving = shapes.leaving(file[statement].b) else { continue }
      if file[leaving].kind == .gotoStatement, let label = labels[file[leaving].a], label > index {
        exits.append(Exit(position: index, node: leaving, branch: statement, label: label))
      } else if file[leaving].kind == .returnStatement, isError(file[leaving].a, file[statement].a, shapes) {
        exits.append(Exit(position: index, node: leaving, branch: statement, label: nil))
      }
    }
    // A label that code with exits of its own follows is not cleanup.
    let last = exits.last?.position ?? 0
    exits.removeAll { ($0.label ?? Int.max) < last }
    return exits.indices.compactMap { judge($0, exits, statements, id, shapes, context) }
  }

  /// A negative number, an error pointer, or the variable that the condition has found to hold an error.
  private func isError(_ value: NodeID, _ condition: NodeID, _ shapes: Statements) -> Bool {
    guard value >= 0 else { return false }
    let node = shapes.file[value]
    switch node.kind {
    case .unary: return node.operation == .minus
    case .call:
      return ["ERR_PTR", "PTR_ERR", "ERR_CAST", "dev_err_probe"].contains(shapes.symbols.text(shapes.callee(value)))
    case .name:
      guard Statements.errorNames.contains(shapes.symbols.text(Symbol(node.a))) else { return false }
      var (core, isNegated) = shapes.core(condition)
      if shapes.file[core].kind == .binary, shapes.file[core].operation == .less { core = shapes.file[core].a }
      if shapes.file[core].kind == .call { isNegated = false }
      return !isNegated
    default: return false
    }
  }

  private func judge(
    _ index: Int, _ exits: [Exit], _ statements: [NodeID], _ id: FunctionID, _ shapes: Statements,
    _ context: RuleContext
  ) -> Finding? {
    let exit = exits[index]
    let depth = exit.label ?? Int.max
    guard let before = exits[..<index].last(where: { ($0.label ?? Int.max) < depth }),
      let after = exits[(index + 1)...].first(where: { ($0.label ?? Int.max) < depth }),
      let first = before.label, let second = after.label
    else { return nil }
    // What both neighbours run and this exit does not.
    let start = max(first, second)
    let end = min(depth, statements.count)
    guard start < end else { return nil }
    var needed: [Symbol: NodeID] = [:]
    for statement in statements[start..<end] {
      let node = shapes.file[statement]
      if node.kind == .returnStatement { break }
      guard node.kind == .expressionStatement else { continue }
      let name = shapes.callee(node.a)
      if name.exists, !context.solver.isLockPrimitive(name), !isQuiet(context.text(name)), undoes(context.text(name)) {
        needed[name] = statement
      }
    }
    guard !needed.isEmpty else { return nil }
    let own = Set(shapes.calls(in: exit.branch).map(shapes.callee))
    if !own.isDisjoint(with: needed.keys) || own.contains(where: { undoes(context.text($0)) }) { return nil }
    // Undone on the way: the later exit would not need it then, unless it was taken again.
    for statement in statements[(before.position + 1)..<exit.position]
    where shapes.file[statement].kind != .ifStatement || shapes.leaving(shapes.file[statement].b) == nil {
      if shapes.calls(in: statement).contains(where: { needed[shapes.callee($0)] != nil }) { return nil }
    }
    let names = needed.keys.map(context.text).sorted().joined(separator: "', '")
    return context.finding(
      description, id, exit.node, "this error exit skips '\(names)', which the exits before and after it run",
      evidence: [
        Evidence(context.place(id, before.node), "an earlier exit cleans up"),
        Evidence(context.place(id, after.node), "a later exit still needs it"),
        Evidence(context.place(id, needed.values.min() ?? exit.node), "the cleanup"),
      ], key: names)
  }

  private static let undoing: Set<Substring> = [
    "destroy", "release", "cleanup", "remove", "unwind", "exit", "unregister", "disable", "unmap", "iounmap", "uninit",
    "fini",
    "deinit", "unprepare", "stop", "close", "del", "delete", "detach", "unpin", "dma", "kthread", "teardown", "down",
    "skb",
    "shutdown", "off", "abort", "brelse", "kill", "clear", "undo", "off", "drop", "deregister",
  ]

  private func isQuiet(_ name: String) -> Bool {
    Statements.isErrorLog(name) || name.hasPrefix("pr_") || name.hasPrefix("trace_") || name.hasPrefix("dev_")
      || name.hasPrefix("printk") || name.contains("warn") || name.contains("debug") || name.contains("dbg")
      || name.contains("unlock") || name == "memset" || name.hasSuffix("_info")
  }

  /// The exit has a cleanup of its own.
  private func undoes(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      $0.hasSuffix("free") || $0.hasSuffix("put") || Self.undoing.contains($0)
    }
  }
}
