import Findings
import KernelC

/// A patch reads, writes or publishes plainly what others look at without a lock.
struct WeakerAccess: ChangeRule {
  let description = RuleDescription(
    id: "weaker-access",
    summary: "a patch accesses plainly what it marked before, as others that hold no lock still do",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a statement went through 'READ_ONCE()', 'WRITE_ONCE()', \
      'rcu_assign_pointer()', 'rcu_dereference()', 'smp_store_release()', 'smp_load_acquire()' or a list operation for RCU \
      ('list_add_tail_rcu()') and is the same without it now, while the file still has such accesses to that member, or \
      other list operations for RCU, it is reported.
      """,
    whyItMatters: "A reader sees the pointer before what it points to, or half of a value, or the same value twice.",
    accepts: ["files in which nothing accesses the member so any more", "'RCU_INIT_POINTER()'"],
    knownFalsePositives: ["an access that has come under the lock that all writers hold"],
    triggering: [
      RuleExample(
        before: """
          void add(struct foo *foo, struct foo *parent)
          {
          	mutex_lock(&foos_lock);
          	list_add_tail_rcu(&foo->list, &parent->children);
          	mutex_unlock(&foos_lock);
          }

          void drop(struct foo *foo)
          {
          	list_del_rcu(&foo->list);
          }
          """,
        after: """
          void add(struct foo *foo, struct foo *parent)
          {
          	mutex_lock(&foos_lock);
          	list_add_tail(&foo->list, &parent->children); /* reported */
          	mutex_unlock(&foos_lock);
          }

          void drop(struct foo *foo)
          {
          	list_del_rcu(&foo->list);
          }
          """),
      RuleExample(
        before: """
          void set(struct foo *foo, int n)
          {
          	WRITE_ONCE(foo->n, n);
          	smp_store_release(&foo->head, (foo->head + 1) & foo->mask);
          }

          int get(struct foo *foo)
          {
          	int head = smp_load_acquire(&foo->head);

          	if (READ_ONCE(foo->n) > 3)
          		return READ_ONCE(foo->n);
          	return head;
          }
          """,
        after: """
          void set(struct foo *foo, int n)
          {
          	WRITE_ONCE(foo->n, n);
          	foo->head = (foo->head + 1) & foo->mask; /* reported */
          }

          int get(struct foo *foo)
          {
          	int head = smp_load_acquire(&foo->head);

          	if (foo->n > 3) /* reported */
          		return READ_ONCE(foo->n);
          	return head;
          }
          """),
    ],
    nonTriggering: [
      // All of them have become plain.
      RuleExample(
        before: """
          void set(struct foo *foo, int n)
          {
          	WRITE_ONCE(foo->n, n);
          	WRITE_ONCE(foo->other, n);
          	list_add_rcu(&foo->list, &foos);
          }

          int get(struct foo *foo)
          {
          	return READ_ONCE(foo->n);
          }
          """,
        after: """
          void set(struct foo *foo, int n)
          {
          	foo->n = n;
          	WRITE_ONCE(foo->other, n);
          	list_add(&foo->list, &foos);
          }

          int get(struct foo *foo)
          {
          	return foo->n;
          }
          """),
      // The plain one stood there before; the marked one has gone for good.
      RuleExample(
        before: """
          int get(struct foo *foo)
          {
          	int n = foo->n;

          	if (READ_ONCE(foo->n) > 3)
          		return 0;
          	rcu_assign_pointer(foo->bar, NULL);
          	return n + READ_ONCE(foo->n);
          }
          """,
        after: """
          int get(struct foo *foo)
          {
          	int n = foo->n;

          	RCU_INIT_POINTER(foo->bar, NULL);
          	return n + READ_ONCE(foo->n);
          }
          """),
    ])

  let leavesOutLong = true

  func check(_ change: FileChange) -> [Finding] {
    let marked = Marked(change)
    guard marked.isAny else { return [] }
    return change.comparable.flatMap { before, after -> [Finding] in
      let old = FunctionText(before, change.before, change.symbols)
      let new = FunctionText(after, change.after, change.symbols)
      var plain: [String: (text: String, node: NodeID)] = [:]
      for line in old.lines where new.counts[line.text, default: 0] < old.counts[line.text, default: 0] {
        let access = Access(line.text)
        if let name = access.name, marked.isMarked(access.subject, by: name) {
          plain[access.plain] = (line.text, line.node)
        }
      }
      guard !plain.isEmpty else { return [] }
      var seen: Set<String> = []
      return new.lines.compactMap { line in
        guard old.counts[line.text, default: 0] < new.counts[line.text, default: 0], let was = plain[line.text],
          let name = Access(was.text).name, seen.insert(line.text).inserted
        else { return nil }
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(line.node), function: change.symbols.text(after.name),
          message: "'\(line.text)' went through '\(name)()' before the patch, as others in the file still do",
          evidence: [Evidence(change.placeBefore(was.node), "'\(was.text)' stood here")], key: line.text)
      }
    }
  }

  /// A line without the first mark in it.
  private struct Access {
    private(set) var name: String?
    /// What is accessed, as written.
    private(set) var subject = ""
    private(set) var plain: String

    init(_ text: String) {
      plain = text
      for (start, word) in Self.words(text) {
        let rest = text[start...].dropFirst(word.utf8.count)
        guard rest.first == "(" else { continue }
        if let list = WeakerAccess.lists[word] {
          name = String(word)
          plain = text[..<start] + list + rest
          return
        }
        guard let kind = WeakerAccess.marks[word], let (end, comma) = Self.call(rest), (comma == nil) == (kind == .read)
        else { continue }
        let first = rest[rest.index(after: rest.startIndex)..<(comma ?? end)]
        subject = String(first.hasPrefix("&") ? first.dropFirst() : first)
        name = String(word)
        let value = comma.map { rest[rest.index(after: $0)..<end].drop { $0 == " " } }
        plain = text[..<start] + (value.map { "\(subject) = \($0)" } ?? subject) + rest[rest.index(after: end)...]
        return
      }
    }

    /// The names in a line, each with where it starts.
    private static func words(_ text: String) -> [(Substring.Index, Substring)] {
      FunctionText.names(in: text).map { ($0.startIndex, $0) }
    }

    /// The bracket that ends what starts with one, and the first comma of that.
    private static func call(_ text: Substring) -> (end: Substring.Index, comma: Substring.Index?)? {
      var depth = 0
      var comma: Substring.Index?
      for index in text.indices {
        switch text[index] {
        case "(", "[", "{": depth += 1
        case ")", "]", "}": depth -= 1
        case "," where depth == 1 && comma == nil: comma = index
        default: break
        }
        if depth == 0 { return (index, comma) }
      }
      return nil
    }
  }

  private enum Kind { case read, write }

  private static let marks: [Substring: Kind] = [
    "READ_ONCE": .read, "rcu_dereference": .read, "rcu_dereference_bh": .read, "rcu_dereference_rtnl": .read,
    "smp_load_acquire": .read, "WRITE_ONCE": .write, "rcu_assign_pointer": .write, "smp_store_release": .write,
  ]

  /// List operations by those for RCU.
  private static let lists: [Substring: String] = Dictionary(
    uniqueKeysWithValues: [
      "list_add", "list_add_tail", "list_del", "list_replace", "hlist_add_head", "hlist_del", "hlist_add_behind",
      "hlist_add_before", "hlist_del_init", "hlist_nulls_add_head", "hlist_nulls_del",
    ].map { ("\($0)_rcu"[...], $0) })

  /// What the file still accesses so after the patch.
  private struct Marked {
    private var members: Set<Substring> = []
    private var hasLists = false

    init(_ change: FileChange) {
      let shapes = Statements(file: change.after, symbols: change.symbols)
      for function in change.after.functions {
        for node in function.nodes where change.after[node].kind == .call || change.after[node].kind == .macroLoop {
          let name = change.symbols.text(shapes.callee(node))
          if name.hasPrefix("list_") || name.hasPrefix("hlist_") { hasLists = hasLists || name.hasSuffix("rcu") }
          guard WeakerAccess.marks[name[...]] != nil,
            let first = change.after.list(change.after[node].b, change.after[node].c).first
          else { continue }
          if let member = Self.member(SourceText.text(of: first, change.after, change.symbols)) {
            members.insert(member)
          }
        }
      }
    }

    var isAny: Bool { hasLists || !members.isEmpty }

    func isMarked(_ subject: String, by name: String) -> Bool {
      if WeakerAccess.lists[name[...]] != nil { return hasLists }
      return Self.member(subject).map(members.contains) ?? false
    }

    /// The last name of a path.
    private static func member(_ text: String) -> Substring? { FunctionText.names(in: text).last }
  }
}
