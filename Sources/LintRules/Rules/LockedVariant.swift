import Findings
import KernelC

/// A patch calls the variant of a function that takes the lock, where the one that leaves it to the caller was called before.
struct LockedVariant: ChangeRule {
  let description = RuleDescription(
    id: "locked-variant",
    summary: "a patch calls 'foo()' where it called '__foo()' before, in a function that still holds the lock",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where '__foo(x)', 'foo_unlocked(x)' or 'foo_locked(x)' has become \
      'foo(x)' with the same arguments, while the function has the locks that it had, it is reported if something says \
      that the lock is held: the function is a '__' variant itself, the call stands in the region of a lock, or others of \
      its calls for the same object are still '__' variants.
      """,
    whyItMatters: "The variant without underscores takes the lock, which its caller has already: it waits for itself.",
    accepts: [
      "a change that removes a lock or its release from the function", "a callee that does not end in its variant",
    ],
    knownFalsePositives: ["a lock that the variant never took, where the names mean something else"],
    triggering: [
      RuleExample(
        before: """
          static int set_rate(struct foo *foo, int rate)
          {
          	int ret = __foo_read(&foo->bus, RATE);

          	if (ret < 0)
          		return ret;
          	return __foo_write(&foo->bus, RATE, rate);
          }
          """,
        after: """
          static int set_rate(struct foo *foo, int rate)
          {
          	int ret = __foo_read(&foo->bus, RATE);

          	if (ret < 0)
          		return ret;
          	return foo_write(&foo->bus, RATE, rate); /* reported */
          }
          """),
      RuleExample(
        before: """
          static int __remove_children(struct foo *foo)
          {
          	struct foo *child;

          	list_for_each_entry(child, &foo->children, node)
          		__remove_children(child);
          	return 0;
          }

          int remove_children(struct foo *foo)
          {
          	int ret;

          	mutex_lock(&foo->root->lock);
          	ret = __remove_children(foo);
          	mutex_unlock(&foo->root->lock);
          	return ret;
          }
          """,
        after: """
          static int __remove_children(struct foo *foo)
          {
          	struct foo *child;

          	list_for_each_entry(child, &foo->children, node)
          		remove_children(child); /* reported */
          	return 0;
          }

          int remove_children(struct foo *foo)
          {
          	int ret;

          	mutex_lock(&foo->root->lock);
          	ret = __remove_children(foo);
          	mutex_unlock(&foo->root->lock);
          	return ret;
          }
          """),
      RuleExample(
        before: """
          void reset(struct foo *foo)
          {
          	mutex_lock(&foo->lock);
          	foo->n = 0;
          	foo_update_locked(foo, foo->n);
          	mutex_unlock(&foo->lock);
          }
          """,
        after: """
          void reset(struct foo *foo)
          {
          	mutex_lock(&foo->lock);
          	foo->n = 0;
          	foo_update(foo, foo->n); /* reported */
          	mutex_unlock(&foo->lock);
          }
          """),
    ],
    nonTriggering: [
      // The lock that it took itself is left to the variant now.
      RuleExample(
        before: """
          void __reset(struct foo *foo)
          {
          	foo->n = 0;
          	mutex_lock(&foo->lock);
          	__foo_update(foo);
          	mutex_unlock(&foo->lock);
          }
          """,
        after: """
          void __reset(struct foo *foo)
          {
          	foo->n = 0;
          	foo_update(foo);
          }
          """),
      // The lock has gone with it; nothing says that there is one; another object; the variant is no more.
      RuleExample(
        before: """
          void reset(struct foo *foo)
          {
          	mutex_lock(&foo->lock);
          	foo_update_locked(foo);
          	mutex_unlock(&foo->lock);
          }

          void start(struct foo *foo)
          {
          	__foo_update(foo);
          }

          void stop(struct foo *foo, struct foo *other)
          {
          	__foo_set(other, 0);
          	__foo_update(foo);
          }
          """,
        after: """
          void reset(struct foo *foo)
          {
          	foo_update(foo);
          }

          void start(struct foo *foo)
          {
          	foo_update(foo);
          }

          void stop(struct foo *foo, struct foo *other)
          {
          	__foo_set(other, 0);
          	foo_update(foo);
          }
          """),
      // The variant took no lock: it is another name now.
      RuleExample(
        before: """
          static void __update(struct foo *foo)
          {
          	foo->n++;
          }

          void __reset(struct foo *foo)
          {
          	__update(foo);
          }
          """,
        after: """
          static void update(struct foo *foo)
          {
          	foo->n++;
          }

          void __reset(struct foo *foo)
          {
          	update(foo);
          }
          """),
    ])

  let leavesOutLong = true

  func check(_ change: FileChange) -> [Finding] {
    change.comparable.flatMap { before, after -> [Finding] in
      let old = FunctionText(before, change.before, change.symbols)
      let new = FunctionText(after, change.after, change.symbols)
      let (were, are) = (calls(of: old), calls(of: new))
      let counts = (old: Self.counts(were), new: Self.counts(are))
      var gone: [String: (text: String, node: NodeID)] = [:]
      for line in were where counts.new[line.text, default: 0] < counts.old[line.text, default: 0] {
        guard let taking = Self.taking(Self.name(line.text)) else { continue }
        gone[taking + line.text.drop { $0 != "(" }] = line
      }
      guard !gone.isEmpty, locks(in: were) == locks(in: are) else { return [] }
      return are.compactMap { line -> Finding? in
        guard let was = gone[line.text], counts.old[line.text, default: 0] < counts.new[line.text, default: 0],
          isLocking(Self.name(line.text), without: Self.name(was.text), change),
          isHeld(line, among: are, after, change)
        else { return nil }
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(line.node), function: change.symbols.text(after.name),
          message:
            "'\(Self.name(line.text))' takes the lock that '\(Self.name(was.text))', called here before the patch, "
            + "leaves to its caller",
          evidence: [Evidence(change.placeBefore(was.node), "'\(was.text)' stood here")], key: line.text)
      }
    }
  }

  private typealias Call = (text: String, node: NodeID)

  private func calls(of text: FunctionText) -> [Call] {
    text.definition.nodes.compactMap { node in
      text.shapes.file[node].kind == .call && text.shapes.callee(node).exists ? (text.text(node), node) : nil
    }
  }

  private static func counts(_ calls: [Call]) -> [String: Int] {
    calls.reduce(into: [:]) { $0[$1.text, default: 0] += 1 }
  }

  /// Everything in a function that has to do with a lock.
  private func locks(in calls: [Call]) -> [String] {
    calls.map(\.text).filter { call in
      let name = Self.name(call)
      return Self.taking(name) == nil && name.split(separator: "_").contains { $0.hasSuffix("lock") || $0 == "guard" }
    }.sorted()
  }

  private static func name(_ call: String) -> String { String(call.prefix { $0 != "(" }) }

  /// `foo` for `__foo`, `foo_locked`, `foo_unlocked` and `foo_nolock`; nil for any other name.
  private static func taking(_ name: String) -> String? {
    if name.hasPrefix("__"), !name.dropFirst(2).hasPrefix("_") { return String(name.dropFirst(2)) }
    for suffix in ["_locked", "_unlocked", "_nolock"] where name.hasSuffix(suffix) {
      return String(name.dropLast(suffix.count))
    }
    return nil
  }

  /// Whether a function of the file takes a lock around its variant; one of another file may.
  private func isLocking(_ name: String, without variant: String, _ change: FileChange) -> Bool {
    let symbol = change.symbols.intern(name)
    let own = change.after.functions.filter { $0.name == symbol && !$0.isMacro }
    return own.isEmpty
      || own.contains { function in
        let text = FunctionText(function, change.after, change.symbols)
        return text.calls(change.symbols.intern(variant)) && !locks(in: calls(of: text)).isEmpty
      }
  }

  /// Whether something says that the lock is held where the call stands.
  private func isHeld(
    _ call: Call, among calls: [Call], _ function: FunctionDefinition, _ change: FileChange
  ) -> Bool {
    if change.symbols.text(function.name).hasPrefix("__") { return true }
    let object = FunctionText.subject(call.text)
    let hasSiblings = calls.contains { other in
      other.text != call.text && Self.taking(Self.name(other.text)) != nil
        && Self.name(other.text).hasPrefix("__") && FunctionText.subject(other.text) == object
        && Self.family(Self.name(other.text)) == Self.family(Self.name(call.text))
    }
    if hasSiblings { return true }
    return LockRegions(function, change.after, change.symbols, withActions: false).regions.contains { region in
      region.tokens.contains(change.after[call.node].token)
        && ["\(object)->", "&\(object)->"].contains(where: region.key.text.hasPrefix)
    }
  }

  /// `foo` for `__foo_write` and for `foo_read`.
  private static func family(_ name: String) -> Substring? { name.split(separator: "_").first }
}
