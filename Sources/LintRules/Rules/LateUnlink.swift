import ByteText
import Findings
import KernelC
import LockModel

/// An entry taken off its list after the lock under which it was found there is gone.
struct LateUnlink: Rule {
  let description = RuleDescription(
    id: "late-unlink",
    summary: "an entry is taken off a list without the lock under which it was found there",
    severity: .error, confidence: .high,
    whatItDoes: """
      Follows an entry that a function takes from a list (list_entry(), list_first_entry(), list_for_each_entry() and kin) \
      under a lock, and reports list_del() of the same link where the function has released that lock and holds no other.
      """,
    whyItMatters: "Whoever walks or changes the list meanwhile follows the links of an entry that is being taken off.",
    accepts: [
      "lists of the function's own", "entries that were moved to another list before", "functions that assert a lock",
    ],
    knownFalsePositives: ["nobody else is left who could reach the list"],
    triggering: [
      RuleExample(
        """
        void drain(struct ring *ring)
        {
        	struct fence *fence;

        	spin_lock_irq(&ring->lock);
        	while (!list_empty(&ring->fences)) {
        		fence = list_entry(ring->fences.prev, struct fence, head);
        		spin_unlock_irq(&ring->lock);
        		if (wait_for(fence))
        			list_del_init(&fence->head); /* reported */
        		spin_lock_irq(&ring->lock);
        	}
        	spin_unlock_irq(&ring->lock);
        }
        """),
      RuleExample(
        """
        int take(struct pool *pool, int id)
        {
        	struct item *item;

        	mutex_lock(&pool->lock);
        	list_for_each_entry(item, &pool->items, node) {
        		if (item->id == id)
        			break;
        	}
        	mutex_unlock(&pool->lock);
        	list_del(&item->node); /* reported */
        	return item->value;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        void drain(struct ring *ring)
        {
        	struct fence *fence;
        	LIST_HEAD(done);

        	spin_lock_irq(&ring->lock);
        	list_splice_init(&ring->fences, &done);
        	spin_unlock_irq(&ring->lock);
        	while (!list_empty(&done)) {
        		fence = list_first_entry(&done, struct fence, head);
        		list_del(&fence->head);
        	}
        }
        """),
      RuleExample(
        """
        void take(struct pool *pool, struct list_head *busy)
        {
        	struct item *item;

        	mutex_lock(&pool->lock);
        	item = list_first_entry(&pool->items, struct item, node);
        	list_move(&item->node, busy);
        	mutex_unlock(&pool->lock);
        	work_on(item);
        	list_del(&item->node);
        }
        """),
      RuleExample(
        """
        void take(struct pool *pool)
        {
        	struct item *item;

        	mutex_lock(&pool->lock);
        	item = list_first_entry(&pool->items, struct item, node);
        	mutex_unlock(&pool->lock);
        	work_on(item);
        	mutex_lock(&pool->lock);
        	list_del(&item->node);
        	mutex_unlock(&pool->lock);
        }
        """),
      RuleExample(
        """
        void take(struct pool *pool)
        {
        	struct item *item;

        	mutex_lock(&pool->lock);
        	item = list_first_entry(&pool->items, struct item, node);
        	list_del(&item->node);
        	mutex_unlock(&pool->lock);
        	list_del(&item->other);
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let names = Names(context.program.symbols)
    let callers = CallerTable(context)
    return context.functions.flatMap { id -> [Finding] in
      guard let reader = Reader(context: context, id: id, names: names) else { return [] }
      return reader.removals.compactMap { removal in
        guard let source = reader.source(of: removal),
          let lock = reader.lockGone(between: source, and: removal, callers)
        else { return nil }
        let link = "\(context.text(removal.holder))->\(removal.member)"
        return context.finding(
          description, id, removal.node,
          "'\(link)' is taken off its list without '\(lock)', under which it was found there",
          evidence: [Evidence(context.place(id, source), "found here, with '\(lock)' held")], key: "\(link) \(lock)")
      }
    }
  }

  /// What the functions are called that this is about.
  private struct Names {
    let removers: Set<Symbol>
    let finders: Set<Symbol>
    let movers: Set<Symbol>

    init(_ symbols: SymbolTable) {
      func set(_ text: String) -> Set<Symbol> { Set(text.split(separator: " ").map { symbols.intern(String($0)) }) }
      removers = set("list_del list_del_init list_del_rcu list_del_init_careful hlist_del hlist_del_init")
      finders = set(
        "list_entry list_first_entry list_first_entry_or_null list_last_entry list_for_each_entry "
          + "list_for_each_entry_safe list_for_each_entry_reverse list_for_each_entry_safe_reverse hlist_entry "
          + "hlist_for_each_entry hlist_for_each_entry_safe")
      movers = set(
        "list_move list_move_tail list_splice list_splice_init list_splice_tail list_splice_tail_init list_add")
    }
  }

  /// `list_del(&holder->member)`.
  private struct Removal {
    let node: NodeID
    let holder: Symbol
    let member: String
  }

  /// A function that takes entries off lists, read once.
  private struct Reader {
    let context: RuleContext
    let id: FunctionID
    let file: ParsedFile
    let names: Names
    let facts: FunctionFacts
    let regions: [LockRegions.Region]
    let events: [NodeID: [CallEvent]]
    private(set) var removals: [Removal] = []
    /// Nodes that give a local a value, in the order of the text.
    private var settings: [Symbol: [NodeID]] = [:]
    /// Calls that move an entry of a local, or a whole list.
    private var moves: [(token: UInt32, holder: Symbol?)] = []

    /// Nil where nothing is taken off a list, or where the paths are not known.
    init?(context: RuleContext, id: FunctionID, names: Names) {
      let definition = context.program.definition(id)
      let file = context.program.file(of: id)
      guard definition.nodes.contains(where: { names.removers.contains(context.callee($0, in: file)) }),
        !context.name(id).holds("lock"), let facts = context.solver.facts(id), !facts.isPartial,
        !facts.isApproximate, facts.asserts.isEmpty
      else { return nil }
      self.context = context
      self.id = id
      self.file = file
      self.names = names
      self.facts = facts
      regions =
        LockRegions(definition, file, context.program.symbols, withActions: false).regions.filter {
          !context.text(context.callee($0.node, in: file)).hasPrefix("rcu_")
        }
      events = Dictionary(grouping: facts.calls, by: \.node)
      for node in definition.nodes.sorted(by: { file[$0].token < file[$1].token }) {
        for name in set(by: node) { settings[name, default: []].append(node) }
        let callee = context.callee(node, in: file)
        if names.movers.contains(callee) {
          moves.append((file[node].token, link(of: node)?.holder))
        } else if names.removers.contains(callee), let link = link(of: node) {
          removals.append(Removal(node: node, holder: link.holder, member: link.member))
        }
      }
    }

    /// The local and its member in `f(&local->member, …)`.
    private func link(of call: NodeID) -> (holder: Symbol, member: String)? {
      guard let first = file.list(file[call].b, file[call].c).first, file[first].kind == .unary,
        file[first].operation == .ampersand
      else { return nil }
      let member = file[file[first].a]
      guard member.kind == .member, member.operation == .arrow, file[member.a].kind == .name,
        !context.program.definition(id).parameters.contains(where: { $0.name == Symbol(file[member.a].a) })
      else { return nil }
      return (Symbol(file[member.a].a), context.text(Symbol(member.b)))
    }

    /// The locals that a node gives a value.
    private func set(by node: NodeID) -> [Symbol] {
      let item = file[node]
      switch item.kind {
      case .assign: return file[item.a].kind == .name ? [Symbol(file[item.a].a)] : []
      case .variable: return item.c >= 0 ? [Symbol(item.a)] : []
      case .macroLoop:
        guard file[item.a].kind == .call else { return [] }
        // The cursor of a loop that keeps the next one is set by it, too.
        return file.list(file[item.a].b, file[item.a].c).prefix(2).compactMap {
          file[$0].kind == .name ? Symbol(file[$0].a) : nil
        }
      default: return []
      }
    }

    /// The call from which the local last got its value in the text, where that finds an entry by the same link.
    func source(of removal: Removal) -> NodeID? {
      let token = file[removal.node].token
      guard let last = settings[removal.holder]?.last(where: { file[$0].token < token }) else { return nil }
      let call: NodeID =
        switch file[last].kind {
        case .assign: file[last].b
        case .variable: file[last].c
        default: file[last].a
        }
      guard names.finders.contains(context.callee(call, in: file)) else { return nil }
      let arguments = file.list(file[call].b, file[call].c).map {
        SourceText.text(of: $0, file, context.program.symbols)
      }
      guard let head = file[last].kind == .macroLoop ? arguments.dropLast().last : arguments.first,
        arguments.last == removal.member, head.holds("->") || isGlobal(head),
        !isMoved(removal, since: file[last].token)
      else { return nil }
      return call
    }

    private func isGlobal(_ head: String) -> Bool {
      let name = head.drop { $0 == "&" }.prefix { $0 != "." && $0 != "[" }
      return !name.isEmpty && context.program.globalType(context.program.symbols.intern(String(name))) != nil
    }

    /// Whether the entry, or all of its list, went to another list.
    private func isMoved(_ removal: Removal, since start: UInt32) -> Bool {
      let end = file[removal.node].token
      return moves.contains { move in
        move.token > start && move.token < end && (move.holder.map { $0 == removal.holder } ?? true)
      }
    }

    /// The lock that is held where the entry is found and on no path to its removal; no other may be held there.
    func lockGone(between source: NodeID, and removal: Removal, _ callers: CallerTable) -> String? {
      let found = file[source].token
      guard let region = regions.last(where: { $0.tokens.contains(found) }), let calls = events[removal.node],
        let acquire = facts.acquires.first(where: { $0.node == region.node }), !acquire.kind.isSection,
        !calls.contains(where: { $0.unsure.contains(acquire.place) || holds($0) }), !callers.mayBeAtomic(over: id)
      else { return nil }
      return context.solver.lockText(acquire.place, in: id)
    }

    /// Whether any lock is held at the call; what is held of other things does not count.
    private func holds(_ call: CallEvent) -> Bool {
      call.held.contains { held in
        held.balance != 0
          && (held.kind != .pair
            || context.solver.opener(of: held).map { context.solver.isLockByName($0.name) } == true)
      }
    }
  }
}
