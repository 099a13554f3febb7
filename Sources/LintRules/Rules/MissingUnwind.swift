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
        """),
      RuleExample(
        """
        static int prepare_rings(struct vsi *vsi)
        {
        	int status;

        	status = vsi_setup_tx_rings(vsi);
        	if (status)
        		goto err_setup_tx_ring;
        	status = vsi_setup_rx_rings(vsi);
        	if (status)
        		goto err_setup_rx_ring;
        	status = vsi_cfg_lan(vsi);
        	if (status)
        		goto err_setup_rx_ring; /* reported */
        	status = vsi_start_all(vsi);
        	if (status)
        		goto err_start;
        	return 0;
        err_start:
        	vsi_free_rx_rings(vsi);
        err_setup_rx_ring:
        	vsi_stop_lan(vsi);
        err_setup_tx_ring:
        	vsi_free_tx_rings(vsi);
        	return status;
        }

        static int probe(struct hw *hw)
        {
        	int err;

        	err = core_init(hw);
        	if (err)
        		goto fail1;
        	err = bus_init(hw);
        	if (err)
        		goto fail2;
        	err = register_hw(hw);
        	if (err)
        		goto fail3;
        	err = decide_mode(hw);
        	if (err)
        		goto fail1; /* reported */
        	return 0;
        fail3:
        	bus_deinit(hw);
        fail2:
        	core_deinit(hw);
        fail1:
        	drop(hw);
        	return err;
        }
        """),
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

        int g(struct foo *foo)
        {
        	struct item *item;
        	int ret;

        	if (foo->n > 4)
        		goto unlock;
        	ret = prepare(foo);
        	if (ret)
        		return ret;
        	item = item_get(foo);
        	ret = use(item);
        	if (ret)
        		goto put;
        	return 0;
        put:
        	item_put(item);
        unlock:
        	foo_unlock(foo);
        	return ret;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo, bool enable)
        {
        	int ret;

        	if (!enable)
        		goto disable;
        	ret = get_one(foo);
        	if (ret)
        		return ret;
        	ret = get_two(foo);
        	if (ret)
        		goto disable;
        	return 0;
        disable:
        	foo_disable(foo);
        	return ret;
        }

        int g(struct foo *foo)
        {
        	int ret;

        	ret = get_one(foo);
        	if (ret)
        		goto out;
        	ret = get_two(foo);
        	if (ret)
        		return ret;
        	ret = get_three(foo);
        	if (ret)
        		goto disable;
        	return 0;
        out:
        	return ret;
        disable:
        	foo_disable(foo);
        	return ret;
        }
        """),
      RuleExample(
        """
        static int bt_probe(struct bt *bt)
        {
        	int result;

        	result = request_irq(bt->irq, bt_irq, 0, "bt", bt);
        	if (result == -EBUSY)
        		goto fail1;
        	if (result < 0)
        		goto fail1;
        	result = bt_mem_alloc(bt);
        	if (result)
        		goto fail2;
        	return 0;
        fail2:
        	free_irq(bt->irq, bt);
        fail1:
        	pci_disable(bt->dev);
        	return result;
        }

        static int bt_resume(struct bt *bt)
        {
        	int rc;

        	rc = pci_enable_device(bt->dev);
        	if (rc && !bt->msi)
        		rc = pci_enable_device(bt->dev);
        	if (rc)
        		goto stop;
        	rc = bt_start(bt);
        	if (rc)
        		goto disable;
        	return 0;
        disable:
        	pci_disable_device(bt->dev);
        stop:
        	bt_stop(bt);
        	return rc;
        }

        static int bt_send(struct bt *bt, int n)
        {
        	struct sk_buff *skb;
        	int err;

        	skb = alloc_skb(n, GFP_KERNEL);
        	if (!skb)
        		return -ENOMEM;
        	err = bt_fill(bt);
        	if (err < 0)
        		goto free;
        	err = bt_xmit(bt, skb);
        	if (err < 0)
        		goto out;
        	return 0;
        free:
        	kfree_skb(skb);
        out:
        	bt_stop(bt);
        	return err;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] { context.functions.flatMap { check($0, context) } }

  struct Exit {
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
    // A label from which control goes round again is no way out.
    for (index, statement) in statements.enumerated() where file[statement].kind == .gotoStatement {
      guard let target = labels[file[statement].a], target < index else { continue }
      let entry = statements[..<index].lastIndex {
        file[$0].kind == .returnStatement || file[$0].kind == .gotoStatement
      }
      labels = labels.filter { $0.value > index || $0.value < entry ?? 0 }
    }
    guard !labels.isEmpty else { return [] }
    var exits: [Exit] = []
    for (index, statement) in statements.enumerated()
    where file[statement].kind == .ifStatement && file[statement].c < 0 {
      guard let leaving = shapes.leaving(file[statement].b) else { continue }
      if file[leaving].kind == .gotoStatement, let label = labels[file[leaving].a], label > index,
        !clearsError(file[statement].b, shapes), !isMode(statement, context.program.definition(id), shapes)
      {
        exits.append(Exit(position: index, node: leaving, branch: statement, label: label))
      } else if file[leaving].kind == .returnStatement, isError(file[leaving].a, file[statement].a, shapes) {
        exits.append(Exit(position: index, node: leaving, branch: statement, label: nil))
      }
    }
    // A label that code with exits of its own follows is not cleanup.
    let last = exits.last?.position ?? 0
    exits.removeAll { ($0.label ?? Int.max) < last }
    var findings: [Finding] = []
    for index in exits.indices {
      if let finding = judge(index, exits, statements, id, shapes, context)
        ?? judgeLast(index, exits, statements, id, shapes, context)
      {
        findings.append(finding)
      } else if let finding = judgeOpened(index, exits, statements, id, shapes, context),
        // The same cleanup left out of a row of exits is one slip.
        !findings.contains(where: { $0.message == finding.message })
      {
        findings.append(finding)
      }
    }
    return findings
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
      if shapes.file[core].kind == .binary {
        // `ret & DONE` is a question, `ret < 0` says that it failed.
        if ![.less, .pipePipe, .lessEqual].contains(shapes.file[core].operation) { return false }
        core = shapes.file[core].a
      }
      if shapes.file[core].kind == .call { isNegated = false }
      return !isNegated
    default: return false
    }
  }

  /// Whether control goes elsewhere before it comes to the end of the statements.
  func leaves(_ statements: ArraySlice<NodeID>, _ file: ParsedFile) -> Bool {
    statements.contains { file[$0].kind == .returnStatement || file[$0].kind == .gotoStatement }
  }

  /// `if (!enable) goto disable;` where the caller has asked for just that.
  private func isMode(_ statement: NodeID, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let core = shapes.file[shapes.core(shapes.file[statement].a).node]
    return core.kind == .name && shapes.list(shapes.file[statement].b).count == 1
      && definition.parameters.contains { $0.name == Symbol(core.a) && !$0.type.isPointer }
  }

  /// The branch says that nothing is wrong: `error = 0; goto out;`
  private func clearsError(_ branch: NodeID, _ shapes: Statements) -> Bool {
    shapes.list(branch).contains { statement in
      let item = shapes.file[statement]
      guard item.kind == .expressionStatement, shapes.file[item.a].kind == .assign else { return false }
      let value = shapes.file[shapes.file[item.a].b]
      return value.kind == .number && value.a == 0
    }
  }

  /// The first argument of a cleanup, as written.
  func subject(_ statement: NodeID, _ shapes: Statements) -> String {
    let call = shapes.file[shapes.file[statement].a]
    guard call.kind == .call, let first = shapes.file.list(call.b, call.c).first else { return "" }
    return SourceText.text(of: first, shapes.file, shapes.symbols)
  }

  /// Whether the cleanup has nothing to do yet at `exit`: it failed to get the thing, or something later gets it.
  private func isLater(
    _ cleanup: NodeID, _ exit: Exit, _ after: Exit, _ statements: [NodeID], _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let subject = subject(cleanup, shapes)
    let call = file[file[cleanup].a]
    guard call.kind == .call, let argument = file.list(call.b, call.c).first, file[argument].kind == .name else {
      return false
    }
    if mentions(file[exit.branch].a, file[argument].a, file) { return true }
    return statements[(exit.position + 1)...after.position].contains { statement in
      if file[statement].kind == .declaration { return false }
      return assigns(statement, subject, shapes)
    }
  }

  private func mentions(_ id: NodeID, _ name: Int32, _ file: ParsedFile, _ depth: Int = 0) -> Bool {
    guard id >= 0, depth < 40 else { return false }
    if file[id].kind == .name, file[id].a == name { return true }
    return file.children(of: id).contains { mentions($0, name, file, depth + 1) }
  }

  private func assigns(_ id: NodeID, _ subject: String, _ shapes: Statements, _ depth: Int = 0) -> Bool {
    guard id >= 0, depth < 40 else { return false }
    let node = shapes.file[id]
    if node.kind == .assign, SourceText.text(of: node.a, shapes.file, shapes.symbols) == subject { return true }
    return shapes.file.children(of: id).contains { assigns($0, subject, shapes, depth + 1) }
  }

  /// The cleanup in a stretch of labels, by the name of the callee, that the way out of `exit` does not run in another place.
  func skipped(
    _ exit: Exit, _ stretch: Range<Int>, _ statements: [NodeID], _ shapes: Statements, _ context: RuleContext
  ) -> [Symbol: NodeID] {
    var needed: [Symbol: NodeID] = [:]
    // The way out that the exit takes may do the same with the same thing.
    var done: Set<String> = []
    for statement in statements[min(exit.label ?? Int.max, statements.count)...] {
      if shapes.file[statement].kind == .returnStatement { break }
      guard shapes.file[statement].kind == .expressionStatement else { continue }
      let name = shapes.callee(shapes.file[statement].a)
      if name.exists { done.insert("\(name.rawValue) \(subject(statement, shapes))") }
    }
    for statement in statements[stretch] {
      let node = shapes.file[statement]
      if leaves([statement], shapes.file) { break }
      guard node.kind == .expressionStatement else { continue }
      let name = shapes.callee(node.a)
      if name.exists, !context.solver.isLockPrimitive(name), !isQuiet(context.text(name)), undoes(context.text(name)),
        !done.contains("\(name.rawValue) \(subject(statement, shapes))")
      {
        needed[name] = statement
      }
    }
    return needed
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
    guard start < end, !leaves(statements[min(first, second)..<start], shapes.file) else { return nil }
    let needed = skipped(exit, start..<end, statements, shapes, context).filter {
      !isLater($0.value, exit, after, statements, shapes)
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

  func isQuiet(_ name: String) -> Bool {
    Statements.isErrorLog(name) || name.hasPrefix("pr_") || name.hasPrefix("trace_") || name.hasPrefix("dev_")
      || name.hasPrefix("printk") || name.contains("warn") || name.contains("debug") || name.contains("dbg")
      || name.contains("unlock") || name == "memset" || name.hasSuffix("_info")
  }

  /// The exit has a cleanup of its own.
  func undoes(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      $0.hasSuffix("free") || $0.hasSuffix("put") || Self.undoing.contains($0)
    }
  }
}
