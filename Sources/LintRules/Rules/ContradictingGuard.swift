import ByteText
import Findings
import KernelC
import LockModel

/// A predicate that guards an action the other way round than elsewhere.
struct ContradictingGuard: Rule {
  let description = RuleDescription(
    id: "contradicting-guard",
    summary: "an action runs if a predicate is true here and if it is false elsewhere",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Collects which calls run directly behind which predicate, and in which sense ('if (!is_active(e)) continue; \
      deactivate(e);'), over the files under review, and reports the place that contradicts all the others; where there is \
      only one other, the two must share the next call too and the action's name must say what the predicate asks, or the \
      predicate must return an errno, and the place be the one where the action runs on a failure.
      """,
    whyItMatters: "One of the places does the opposite of what is meant.",
    accepts: ["predicates together with others", "actions that only log, lock or free"],
    knownFalsePositives: ["an action that means something else in another context"],
    triggering: [
      RuleExample(
        """
        static void on(struct set *set)
        {
        	struct elem *e;

        	list_for_each_entry(e, &set->list, node) {
        		if (!elem_active(e)) /* reported */
        			continue;
        		elem_clear(e);
        		elem_activate(set, e);
        	}
        }

        static void on_one(struct set *set, struct elem *e)
        {
        	if (elem_active(e))
        		return;
        	elem_clear(e);
        	elem_activate(set, e);
        }
        """),
      RuleExample(
        """
        static void save(struct foo *foo, int i)
        {
        	if (reg_present(foo, i))
        		foo->saved[i] = read32(foo, reg_offset(i));
        }

        static void load(struct foo *foo, int i)
        {
        	if (reg_present(foo, i))
        		write32(foo, foo->saved[i], reg_offset(i));
        }

        static void enable(struct foo *foo, int i)
        {
        	if (!reg_present(foo, i)) /* reported */
        		write32(foo, foo->wanted[i], reg_offset(i));
        }
        """),
      RuleExample(
        """
        static int drop(struct foo *foo, int id)
        {
        	if (!foo->n)
        		return -ENOENT;
        	foo->n--;
        	return 0;
        }

        static void set(struct foo *foo, int id)
        {
        	if (drop(foo, id)) /* reported */
        		tell(foo, id, FOO_GONE);
        	tell(foo, id, FOO_NEW);
        }

        static void leave(struct foo *foo)
        {
        	if (foo->id && !drop(foo, foo->id))
        		tell(foo, foo->id, FOO_GONE);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static int drop(struct foo *foo, int id)
        {
        	if (!foo->n)
        		return -ENOENT;
        	foo->n--;
        	return 0;
        }

        static int has(struct foo *foo, int id)
        {
        	return foo->id == id;
        }

        static void set(struct foo *foo, int id)
        {
        	if (drop(foo, id))
        		tell(foo, id, FOO_LOST);
        	if (has(foo, id))
        		tell(foo, id, FOO_NEW);
        	if (drop(foo, id))
        		foo_cleanup(foo);
        	if (drop(foo, id))
        		test_failed(foo);
        }

        static void leave(struct foo *foo)
        {
        	if (!drop(foo, foo->id))
        		tell(foo, foo->id, FOO_GONE);
        	if (!has(foo, foo->id))
        		tell(foo, foo->id, FOO_NEW);
        	if (!drop(foo, foo->id))
        		foo_cleanup(foo);
        	if (!drop(foo, foo->id))
        		test_failed(foo);
        }
        """),
      RuleExample(
        """
        static void on(struct set *set)
        {
        	struct elem *e;

        	list_for_each_entry(e, &set->list, node) {
        		if (elem_active(e))
        			continue;
        		elem_clear(e);
        		elem_activate(set, e);
        	}
        }

        static void on_one(struct set *set, struct elem *e)
        {
        	if (elem_active(e))
        		return;
        	elem_clear(e);
        	elem_activate(set, e);
        }
        """),
      RuleExample(
        """
        static void save(struct foo *foo)
        {
        	if (reg_present(foo))
        		write32(foo, 1);
        }

        static void load(struct foo *foo)
        {
        	if (reg_present(foo))
        		write32(foo, 2);
        }

        static void enable(struct foo *foo)
        {
        	if (!reg_present(foo))
        		write32(foo, 3);
        	write32(foo, 4);
        	write32(foo, 5);
        	write32(foo, 6);
        	write32(foo, 7);
        }
        """),
    ])

  private struct Pair: Hashable {
    let predicate: Symbol
    /// `FLAG_X` in `has_flag(foo, FLAG_X)`: another flag is another question.
    let constants: String
    let action: Symbol
  }

  private struct Site {
    let function: FunctionID
    let node: NodeID
    let next: Symbol
    /// The action runs if the predicate is true.
    let isPositive: Bool
    /// The branch leaves, and the action comes behind it.
    let isExit: Bool
    /// The action is a statement of its own.
    let isWhole: Bool
    /// The constants that the action is given.
    var constants = ""
    /// The condition asks something else too, or a variable that has the result.
    var isPart = false
  }

  func check(_ context: RuleContext) -> [Finding] {
    var order: [Pair] = []
    var sites: [Pair: [Site]] = [:]
    for id in context.functions {
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      for block in context.program.definition(id).nodes where file[block].kind == .block {
        collect(Array(file.list(file[block].a, file[block].b)), id, shapes, context) { pair, site in
          if sites[pair] == nil { order.append(pair) }
          sites[pair, default: []].append(site)
        }
      }
    }
    return order.compactMap { pair in judge(pair, sites[pair] ?? [], context) }
  }

  private func collect(
    _ statements: [NodeID], _ id: FunctionID, _ shapes: Statements, _ context: RuleContext,
    _ add: (Pair, Site) -> Void
  ) {
    let file = shapes.file
    for (index, statement) in statements.enumerated()
    where file[statement].kind == .ifStatement && file[statement].c < 0 {
      let (core, isNegated) = shapes.core(file[statement].a)
      let predicate = shapes.callee(core)
      if !predicate.exists {
        collectPart(statement, index > 0 ? statements[index - 1] : -1, id, shapes, context, add)
      }
      guard predicate.exists, !context.solver.isLockPrimitive(predicate), isQuestion(context.text(predicate)) else {
        continue
      }
      let branch = shapes.list(file[statement].b)
      let isExit = branch.count == 1 && shapes.leaving(file[statement].b) != nil
      let following = isExit ? Array(statements[(index + 1)...].prefix(2)) : Array(branch.prefix(2))
      guard let first = following.first else { continue }
      let next = following.count > 1 ? action(following[1], shapes) : .none
      let constants = isExit || file[first].kind != .expressionStatement ? "" : shapes.constants(of: file[first].a)
      func note(_ action: Symbol, _ isWhole: Bool) {
        guard action.exists, !isGeneral(context.text(action)) else { return }
        add(
          Pair(predicate: predicate, constants: shapes.constants(of: core), action: action),
          Site(
            function: id, node: file[statement].a, next: next, isPositive: isExit == isNegated, isExit: isExit,
            isWhole: isWhole, constants: constants))
      }
      note(action(first, shapes), true)
      // What a guarded statement works with, also deep in it.
      guard !isExit, branch.count == 1, file[first].kind == .expressionStatement else { continue }
      for call in shapes.calls(in: file[first].a) where call != file[first].a { note(shapes.callee(call), false) }
    }
  }

  /// `if (x && !f(y)) action();` and `err = f(y); if (!err) action();`: where the action runs when `f` has succeeded.
  private func collectPart(
    _ condition: NodeID, _ previous: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext,
    _ add: (Pair, Site) -> Void
  ) {
    let file = shapes.file
    guard file[condition].a >= 0, let first = shapes.list(file[condition].b).first else { return }
    let action = action(first, shapes)
    guard action.exists, !isGeneral(context.text(action)) else { return }
    var call: NodeID = -1
    let test = file[file[condition].a]
    if test.kind == .binary, test.operation == .ampersandAmpersand {
      let (core, isNegated) = shapes.core(test.b)
      if isNegated { call = core }
    } else {
      let (core, isNegated) = shapes.core(file[condition].a)
      guard isNegated, core >= 0, file[core].kind == .name, previous >= 0,
        file[previous].kind == .expressionStatement
      else { return }
      let store = file[file[previous].a]
      if store.kind == .assign, store.operation == .equal, file[store.a].kind == .name, file[store.a].a == file[core].a
      {
        call = store.b
      }
    }
    let predicate = shapes.callee(call)
    guard predicate.exists, isQuestion(context.text(predicate)) else { return }
    add(
      Pair(predicate: predicate, constants: shapes.constants(of: call), action: action),
      Site(
        function: id, node: file[condition].a, next: .none, isPositive: false, isExit: false, isWhole: true,
        constants: shapes.constants(of: file[first].a), isPart: true))
  }

  private func action(_ statement: NodeID, _ shapes: Statements) -> Symbol {
    shapes.file[statement].kind == .expressionStatement ? shapes.callee(shapes.file[statement].a) : .none
  }

  private func isGeneral(_ name: String) -> Bool {
    Statements.isErrorLog(name)
      || ["free", "lock", "unlock", "print", "dbg", "warn", "info", "put", "seq_"].contains {
        name.contains($0)
      } || name.hasPrefix("pr_") || name.hasPrefix("dev_") || name.hasPrefix("WARN") || name.hasPrefix("mem")
      || name.hasPrefix("list_") || name.hasPrefix("trace_") || !name.contains(where: \.isLowercase)
      || name.hasPrefix("cpu_to") || name.holds("_to_cpu") || name.holds("container_of") || name.hasPrefix("min")
      || name.hasPrefix("max") || name.hasPrefix("to_") || name.holds("_priv")
      || name.hasSuffix("_bit")
  }

  /// Not one of the tests that are about anything.
  private func isQuestion(_ name: String) -> Bool {
    !(name.first?.isUppercase == true || name.hasSuffix("_bit") || name.holds("list_empty")
      || name.hasPrefix("atomic")
      || name.hasPrefix("time_") || name.hasPrefix("kthread_") || name.hasPrefix("signal_") || name.hasPrefix("str")
      || name.hasPrefix("mem"))
  }

  private func judge(_ pair: Pair, _ sites: [Site], _ context: RuleContext) -> Finding? {
    let plain = sites.filter { !$0.isPart }
    let direct = plain.filter { !$0.isExit }
    let whole = plain.filter(\.isWhole)
    return judge(pair, whole, others: 3, context)
      ?? (direct.count > 2 ? judge(pair, direct, others: 2, context) : nil)
      ?? onFailure(pair, sites, context)
  }

  /// `if (remove(x)) notify(x, GONE);` where another does it when 'remove' returns 0: what the result means says who is right.
  private func onFailure(_ pair: Pair, _ sites: [Site], _ context: RuleContext) -> Finding? {
    let direct = sites.filter { !$0.isExit && $0.isWhole }
    let odd = direct.filter { $0.isPositive && !$0.isPart }
    guard odd.count == 1, let odd = odd.first, !FunctionText.ends(context.text(pair.action)),
      !isForFailures(context.text(pair.action)),
      let other = direct.first(where: {
        !$0.isPositive && $0.constants == odd.constants && $0.function != odd.function
          && context.folder(of: $0.function) == context.folder(of: odd.function)
      }),
      fails(pair.predicate, Int(context.program.functions[Int(odd.function.rawValue)].file), context)
    else { return nil }
    return finding(pair, odd, other, context)
  }

  /// The action says itself when it runs.
  private func isForFailures(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      [
        "fail", "failed", "failure", "err", "error", "bad", "abort", "report", "fallback", "retry", "reset", "recover",
        "undo", "restore", "complain", "log",
      ].contains($0)
    }
  }

  /// Whether a call returns a negative errno where it fails, and nothing else but 0 as far as its text says.
  private func fails(_ name: Symbol, _ fileIndex: Int, _ context: RuleContext) -> Bool {
    if context.solver.isErrnoLike(name, fromFile: fileIndex) { return true }
    guard let target = context.program.resolve(name, fromFile: fileIndex),
      case let type = context.program.definition(target).returnType, type.base == .integer, !type.isPointer,
      let facts = context.solver.facts(target), facts.exits.contains(where: { $0.values == .negative })
    else { return false }
    let file = context.program.file(of: target)
    return facts.exits.allSatisfy { exit in
      if exit.values.isSubset(of: [.zero, .negative]) { return true }
      guard exit.value >= 0 else { return false }
      let value = file[exit.value]
      if value.kind == .name { return Statements.errorNames.contains(context.text(Symbol(value.a))) }
      guard let returned = context.program.returnType(context.callee(exit.value, in: file)) else { return false }
      return returned.base == .integer && !returned.isPointer
    }
  }

  private func judge(_ pair: Pair, _ sites: [Site], others: Int, _ context: RuleContext) -> Finding? {
    let positive = sites.filter(\.isPositive)
    let negative = sites.filter { !$0.isPositive }
    guard !positive.isEmpty, !negative.isEmpty else { return nil }
    var odd: Site?
    var other: Site?
    // Two places that do the same and say what it is about need no others.
    var isPlain = false
    if positive.count == 1, negative.count >= others { (odd, other) = (positive[0], negative[0]) }
    if negative.count == 1, positive.count >= others { (odd, other) = (negative[0], positive[0]) }
    if others > 2, odd == nil, positive.count == 1, negative.count > 0 {
      // 'activate' what is already 'active'.
      let same = negative.first { $0.next.exists && $0.next == positive[0].next }
      if let same, repeats(pair, positive[0], context) { (odd, other, isPlain) = (positive[0], same, true) }
    }
    guard let odd, let other, odd.function != other.function,
      context.folder(of: odd.function) == context.folder(of: other.function), isPlain || isGuarded(pair, sites, context)
    else { return nil }
    return finding(pair, odd, other, context)
  }

  private func finding(_ pair: Pair, _ odd: Site, _ other: Site, _ context: RuleContext) -> Finding {
    let predicate = context.text(pair.predicate)
    let action = context.text(pair.action)
    return context.finding(
      description, odd.function, odd.node,
      "'\(action)' runs if '\(predicate)' is \(odd.isPositive ? "true" : "false") here, and if it is "
        + "\(odd.isPositive ? "false" : "true") in '\(context.name(other.function))'",
      evidence: [Evidence(context.place(other.function, other.node), "the opposite check")],
      key: "\(predicate) \(action)")
  }

  /// Whether the action is one that the predicate decides about: hardly anybody goes without asking.
  private func isGuarded(_ pair: Pair, _ sites: [Site], _ context: RuleContext) -> Bool {
    let limit = min(sites.count + 3, sites.count * 2)
    var calls = 0
    for id in context.functions {
      let file = context.program.file(of: id)
      for node in context.program.definition(id).nodes
      where file[node].kind == .call && context.callee(node, in: file) == pair.action { calls += 1 }
      if calls > limit { return false }
    }
    return true
  }

  /// The action, or the one behind it, does what the predicate asks whether it is done.
  private func repeats(_ pair: Pair, _ site: Site, _ context: RuleContext) -> Bool {
    guard let state = context.text(pair.predicate).split(separator: "_").last, state.utf8.count > 4 else {
      return false
    }
    let stem = state.prefix(max(4, state.count - 2))
    return [pair.action, site.next].contains { name in
      name.exists && context.text(name).split(separator: "_").contains { $0.hasPrefix(stem) }
    }
  }
}
