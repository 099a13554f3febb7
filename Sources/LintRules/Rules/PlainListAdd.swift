import Findings
import KernelC
import LockModel

/// An entry that is added plainly to a list which readers go through under RCU.
struct PlainListAdd: Rule {
  let description = RuleDescription(
    id: "plain-list-add",
    summary: "an entry is added without '_rcu' to a list that readers of the file go through under RCU",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Looks at the lists of a file that something goes through with 'list_for_each_entry_rcu()' or its kin and that are \
      changed by 'list_del_rcu()' or 'list_add_rcu()'. A 'list_add()', 'list_add_tail()' or 'hlist_add_head()' to the same \
      member of the same kind of head is reported.
      """,
    whyItMatters: "A reader sees the entry before what was written into it.",
    accepts: ["a head that the function has made itself and that nobody sees yet", "a local head"],
    knownFalsePositives: ["an object that is put on the list before anybody can reach the head"],
    triggering: [
      RuleExample(
        """
        struct foo *create(struct foo *parent, const char *name)
        {
        	struct foo *foo = make(name);

        	mutex_lock(&foos_lock);
        	if (!parent->is_freed)
        		list_add_tail(&foo->list, &parent->children); /* reported */
        	mutex_unlock(&foos_lock);
        	return foo;
        }

        void drop(struct foo *foo)
        {
        	list_del_rcu(&foo->list);
        }

        int count(struct foo *parent)
        {
        	struct foo *foo;
        	int n = 0;

        	list_for_each_entry_rcu(foo, &parent->children, list)
        		n += foo->n;
        	return n;
        }
        """),
      RuleExample(
        """
        static HLIST_HEAD(foos);

        void add(struct foo *foo)
        {
        	hlist_add_head(&foo->node, &foos); /* reported */
        }

        void drop(struct foo *foo)
        {
        	hlist_del_rcu(&foo->node);
        }

        int count(void)
        {
        	struct foo *foo;
        	int n = 0;

        	hlist_for_each_entry_srcu(foo, &foos, node, srcu_read_lock_held(&foos_srcu))
        		n++;
        	return n;
        }
        """),
    ],
    nonTriggering: [
      // Another list, another member, a head of its own, and one that nobody has seen yet.
      RuleExample(
        """
        void move(struct foo *foo, struct foo *parent)
        {
        	LIST_HEAD(children);
        	struct foo *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);

        	list_add_tail(&foo->list, &parent->dead);
        	list_add_tail(&foo->other, &parent->children);
        	list_add_tail(&foo->list, &children);
        	if (!fresh)
        		return;
        	list_add_tail(&foo->list, &fresh->children);
        	list_add_tail_rcu(&fresh->list, &parent->children);
        }

        void drop(struct foo *foo)
        {
        	list_del_rcu(&foo->list);
        }

        int count(struct foo *parent)
        {
        	struct foo *foo;
        	int n = 0;

        	list_for_each_entry_rcu(foo, &parent->children, list)
        		n += foo->n;
        	return n;
        }
        """),
      // Nobody removes or adds entries for RCU: the readers hold a lock.
      RuleExample(
        """
        void add(struct foo *foo, struct foo *parent)
        {
        	list_add_tail(&foo->list, &parent->children);
        }

        void drop(struct foo *foo)
        {
        	list_del(&foo->list);
        }

        int count(struct foo *parent)
        {
        	struct foo *foo;
        	int n = 0;

        	list_for_each_entry_rcu(foo, &parent->children, list, lockdep_is_held(&foos_lock))
        		n += foo->n;
        	return n;
        }
        """),
    ])

  /// A list by its head's and its entries' member.
  private struct List: Hashable {
    let head: Symbol
    let entry: Symbol
  }

  private static let loops: Set<String> = [
    "list_for_each_entry_rcu", "list_for_each_entry_srcu", "hlist_for_each_entry_rcu", "hlist_for_each_entry_srcu",
    "list_for_each_entry_rcu_bh", "hlist_for_each_entry_rcu_bh",
  ]
  private static let plain: Set<String> = ["list_add", "list_add_tail", "hlist_add_head"]
  private static let published: Set<String> = [
    "list_add_rcu", "list_add_tail_rcu", "list_del_rcu", "hlist_add_head_rcu", "hlist_add_tail_rcu", "hlist_del_rcu",
    "hlist_del_init_rcu", "list_bidir_del_rcu",
  ]

  func check(_ context: RuleContext) -> [Finding] {
    var lists: [String: Set<List>] = [:]
    return context.functions.flatMap { id -> [Finding] in
      // Nobody reads before there is anything.
      if context.name(id).split(separator: "_").contains(where: { $0.hasSuffix("init") || $0 == "setup" }) { return [] }
      let file = context.program.file(of: id)
      let known = lists[file.path] ?? self.lists(of: file, context)
      lists[file.path] = known
      guard !known.isEmpty else { return [] }
      lazy var own = OwnHeads(context.program.definition(id), file, context)
      return context.program.definition(id).nodes.compactMap { node -> Finding? in
        guard file[node].kind == .call, case let name = context.text(context.callee(node, in: file)),
          Self.plain.contains(name), case let arguments = Array(file.list(file[node].b, file[node].c)),
          arguments.count == 2, known.contains(List(head: last(arguments[1], file), entry: last(arguments[0], file))),
          !own.has(arguments[1], file)
        else { return nil }
        let list = SourceText.text(of: arguments[1], file, context.program.symbols)
        return context.finding(
          description, id, node, "'\(name)' adds to '\(list)', which readers go through under RCU, without '_rcu'",
          key: list)
      }
    }
  }

  /// The lists that the file's readers go through and its writers change for RCU.
  private func lists(of file: ParsedFile, _ context: RuleContext) -> Set<List> {
    var read: Set<List> = []
    var written: Set<Symbol> = []
    for function in file.functions {
      for node in function.nodes where file[node].kind == .call {
        let name = context.text(context.callee(node, in: file))
        guard name.contains("rcu") else { continue }
        let arguments = Array(file.list(file[node].b, file[node].c))
        if Self.published.contains(name), let entry = arguments.first { written.insert(last(entry, file)) }
        if Self.loops.contains(name), arguments.count > 2 {
          read.insert(List(head: last(arguments[1], file), entry: last(arguments[2], file)))
        }
      }
    }
    return read.filter { $0.head.exists && written.contains($0.entry) }
  }

  /// `list` in `&foo->list` and in `list`.
  private func last(_ id: NodeID, _ file: ParsedFile) -> Symbol {
    let node = file[id]
    switch node.kind {
    case .unary where node.operation == .ampersand: return last(node.a, file)
    case .index, .cast: return last(node.kind == .cast ? node.b : node.a, file)
    case .member: return Symbol(node.b)
    case .name: return Symbol(node.a)
    default: return .none
    }
  }

  /// Heads of lists that nobody else knows: what goes by a parameter's or a local's name, and what lies in an object that the
  /// function allocates.
  private struct OwnHeads {
    private var names: Set<Symbol>
    private var allocated: Set<Symbol> = []

    init(_ definition: FunctionDefinition, _ file: ParsedFile, _ context: RuleContext) {
      names = Set(definition.parameters.map(\.name))
      func allocates(_ value: NodeID) -> Bool {
        let name = context.callee(value, in: file)
        return name.exists && (context.solver.isMemory(name) || context.text(name).contains("alloc"))
      }
      for node in definition.nodes {
        let item = file[node]
        switch item.kind {
        case .variable:
          names.insert(Symbol(item.a))
          if item.c >= 0, allocates(item.c) { allocated.insert(Symbol(item.a)) }
        case .assign where file[item.a].kind == .name && allocates(item.b): allocated.insert(Symbol(file[item.a].a))
        // `LIST_HEAD(list);` is no call of a function.
        case .call where context.text(context.callee(node, in: file)) == "LIST_HEAD":
          if let first = file.list(item.b, item.c).first, file[first].kind == .name {
            names.insert(Symbol(file[first].a))
          }
        default: break
        }
      }
    }

    func has(_ head: NodeID, _ file: ParsedFile) -> Bool {
      var root = head
      while [.unary, .member, .index].contains(file[root].kind) { root = file[root].a }
      guard file[root].kind == .name, case let name = Symbol(file[root].a) else { return false }
      let isBare = file[head].kind == .name || file[head].kind == .unary && file[file[head].a].kind == .name
      return allocated.contains(name) || isBare && names.contains(name)
    }
  }
}
