import Findings
import KernelC

/// A patch lets others in before it has set up what it set up first.
struct PublishedEarly: ChangeRule {
  let description = RuleDescription(
    id: "published-early",
    summary: "something is registered or published before a statement that stood in front of it before the patch",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a member was set or an object initialised in front of a call \
      that registers, requests an interrupt or publishes a pointer ('rcu_assign_pointer()', 'list_add_tail()'), and the same \
      statement stands behind the same call now, the statement is reported. The two must have a name in common.
      """,
    whyItMatters: "Whoever comes in at once finds NULL, or a lock that is not one yet.",
    accepts: ["statements behind a check that leaves the function", "statements with no name in common with the call"],
    knownFalsePositives: ["a member that says that the registration is done"],
    triggering: [
      RuleExample(
        before: """
          int add(struct foo *foo, struct bar *bar)
          {
          	foo->private = bar;
          	foo->users = 0;
          	if (foo_register(foo->card, foo) < 0) {
          		foo_free(foo);
          		return -ENOMEM;
          	}
          	return 0;
          }
          """,
        after: """
          int add(struct foo *foo, struct bar *bar)
          {
          	foo->users = 0;
          	if (foo_register(foo->card, foo) < 0) {
          		foo_free(foo);
          		return -ENOMEM;
          	}
          	foo->private = bar; /* reported */
          	return 0;
          }
          """),
      RuleExample(
        before: """
          void add(struct foo *foo, struct device *dev)
          {
          	spin_lock_init(&foo->lock);
          	foo->dev = dev;
          	rcu_assign_pointer(dev->foo, foo);
          }
          """,
        after: """
          void add(struct foo *foo, struct device *dev)
          {
          	rcu_assign_pointer(dev->foo, foo);
          	spin_lock_init(&foo->lock); /* reported */
          	foo->dev = dev;
          }
          """),
      RuleExample(
        before: """
          struct request *get(struct request *request)
          {
          	kref_init(&request->kref);
          	request->done = 0;
          	spin_lock(&requests_lock);
          	list_add_tail(&request->node, &requests);
          	spin_unlock(&requests_lock);
          	return request;
          }
          """,
        after: """
          struct request *get(struct request *request)
          {
          	spin_lock(&requests_lock);
          	list_add_tail(&request->node, &requests);
          	spin_unlock(&requests_lock);
          	kref_init(&request->kref); /* reported */
          	request->done = 0;
          	return request;
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int add(struct foo *foo, struct bar *bar)
          {
          	int ret;

          	bar->users = 0;
          	foo->busy = 1;
          	foo->regist_count = 2;
          	ret = foo_register(foo->card, foo);
          	foo->private = bar;
          	return ret;
          }
          """,
        after: """
          int add(struct foo *foo, struct bar *bar)
          {
          	int ret;

          	ret = foo_register(foo->card, foo);
          	bar->users = 0;
          	foo->busy = 1;
          	foo->regist_count = 2;
          	foo->private = bar;
          	return ret;
          }
          """),
      // A register of the hardware.
      RuleExample(
        before: """
          void start(struct foo *foo)
          {
          	foo->mode = FOO_FAST;
          	foo_write_register(foo, FOO_MODE);
          }
          """,
        after: """
          void start(struct foo *foo)
          {
          	foo_write_register(foo, FOO_MODE);
          	foo->mode = FOO_FAST;
          }
          """),
      RuleExample(
        before: """
          void drop(struct foo *foo)
          {
          	foo->private = NULL;
          	foo_unregister(foo->card, foo);
          }
          """,
        after: """
          void drop(struct foo *foo)
          {
          	foo_unregister(foo->card, foo);
          	foo->private = NULL;
          }
          """),
    ])

  let leavesOutLong = true

  func check(_ change: FileChange) -> [Finding] {
    change.comparable.flatMap { before, after -> [Finding] in
      let old = FunctionText(before, change.before, change.symbols)
      let new = FunctionText(after, change.after, change.symbols)
      let publications = publications(old).filter { new.counts[$0.line.text] == 1 }
      guard !publications.isEmpty else { return [] }
      func position(_ node: NodeID, _ text: FunctionText) -> UInt32 { text.shapes.file[node].token }
      let places = Dictionary(new.lines.map { ($0.text, $0.node) }, uniquingKeysWith: { first, _ in first })
      var overtakers: [Int: [(node: NodeID, text: String)]] = [:]
      for line in old.lines where old.counts[line.text] == 1 && new.counts[line.text] == 1 && setsUp(line, old) {
        guard let now = places[line.text] else { continue }
        let names = Set(FunctionText.names(in: line.text))
        // The nearest one that it has fallen behind.
        let overtaken = publications.lastIndex { publication in
          guard let call = places[publication.line.text] else { return false }
          return position(line.node, old) < position(publication.line.node, old)
            && position(call, new) < position(now, new) && !publication.names.isDisjoint(with: names)
        }
        if let overtaken { overtakers[overtaken, default: []].append(line) }
      }
      return overtakers.sorted { $0.key < $1.key }.compactMap { number, lines in
        let publication = publications[number]
        let (node, text) = lines[0]
        guard let now = places[text], let call = places[publication.line.text] else { return nil }
        let others = lines.count > 1 ? " and \(lines.count - 1) more" : ""
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(now), function: change.symbols.text(after.name),
          message:
            "'\(text)'\(others) stood in front of '\(publication.callee)()' before the patch, which lets others in",
          evidence: [
            Evidence(change.placeBefore(node), "it stood here"),
            Evidence(change.place(call), "others come in here"),
          ], key: "\(text) \(publication.callee)")
      }
    }
  }

  private typealias Publication = (line: (node: NodeID, text: String), callee: String, names: Set<Substring>)

  /// The lines that let others in, each of which stands there once.
  private func publications(_ text: FunctionText) -> [Publication] {
    text.lines.compactMap { line in
      guard text.counts[line.text] == 1 else { return nil }
      for call in text.shapes.calls(in: line.node) {
        let name = text.shapes.symbols.text(text.shapes.question(call))
        guard Self.publishes(name) else { continue }
        let given = text.shapes.file.list(text.shapes.file[call].b, text.shapes.file[call].c)
        return (line, name, Set(given.flatMap { FunctionText.names(in: text.text($0)) }))
      }
      return nil
    }
  }

  private static func publishes(_ name: String) -> Bool {
    known.contains(name) || Registrations.saysRegister(name) && !name.contains("unregister")
  }

  private static let known = Registrations.interruptRequests.union(Registrations.threadStarts).union(
    Registrations.makers
  ).union([
    "rcu_assign_pointer", "list_add_rcu", "list_add_tail_rcu", "hlist_add_head_rcu", "hlist_add_tail_rcu", "enable_irq",
    "list_add", "list_add_tail", "hlist_add_head", "hash_add", "xa_store", "xa_insert",
  ])

  /// `x->member = …`, where that is no state of the registration itself, or an initialisation.
  private func setsUp(_ line: (node: NodeID, text: String), _ text: FunctionText) -> Bool {
    let file = text.shapes.file
    guard file[line.node].kind == .expressionStatement, case let item = file[file[line.node].a] else { return false }
    if item.kind == .assign {
      guard item.operation == .equal, file[item.a].kind == .member, file[item.b].kind != .call else { return false }
      let member = text.shapes.symbols.text(Symbol(file[item.a].b))
      let value = text.text(item.b)
      return !["true", "false", "1"].contains(value) && !member.contains("regist") && !member.contains("state")
    }
    guard item.kind == .call else { return false }
    let name = text.shapes.symbols.text(text.shapes.callee(file[line.node].a))
    return name.hasSuffix("_init") && !FunctionText.ends(name) || name.hasPrefix("INIT_") || name.hasPrefix("init_")
      || name == "timer_setup"
  }
}
