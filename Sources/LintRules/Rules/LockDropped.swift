import Findings
import KernelC

/// A patch takes a lock away from code that stays.
struct LockDropped: ChangeRule {
  let description = RuleDescription(
    id: "lock-dropped",
    summary: "a patch removes a lock from around code that stays",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a lock was taken, or a guard held it, more often than now, \
      while a call or a write that stood under it is still there without it, and no other function of the file has gained \
      the lock, the code has lost its protection.
      """,
    whyItMatters: "What was done under the lock now races.",
    accepts: ["a lock that moves to a caller or a helper in the same file", "a lock replaced by another one"],
    knownFalsePositives: ["a lock that was not needed"],
    triggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int n;

          	mutex_lock(&foo->lock);
          	n = foo_count(foo);
          	mutex_unlock(&foo->lock);
          	return n;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int n;

          	n = foo_count(foo); /* reported */
          	return n;
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	scoped_guard(spinlock_irqsave, &foo->lock)
          		foo->owner = NULL;
          	foo_put(foo);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	foo->owner = NULL; /* reported */
          	foo_put(foo);
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int err;

          	foo_lock(foo);
          	err = foo_start(foo);
          	foo_unlock(foo);
          	if (err)
          		return err;
          	err = foo_register(foo);
          	if (err) {
          		foo_lock(foo);
          		foo_stop(foo);
          		foo_unlock(foo);
          	}
          	return err;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int err;

          	foo_lock(foo);
          	err = foo_start(foo);
          	foo_unlock(foo);
          	if (err)
          		return err;
          	err = foo_register(foo);
          	if (err)
          		foo_stop(foo); /* reported */
          	return err;
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int f(struct foo *foo, int n)
          {
          	mutex_lock(&foo->lock);
          	n = min_t(int, n, 8);
          	foo_set(foo, n);
          	mutex_unlock(&foo->lock);
          	return n;
          }
          """,
        after: """
          int f(struct foo *foo, int n)
          {
          	n = min_t(int, n, 8);
          	return n;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, int n)
          {
          	mutex_lock(&foo->lock);
          	while (n--) {
          		if (signal_pending(current)) {
          			pr_warn("interrupted");
          			break;
          		}
          		foo_put_one(foo, n);
          	}
          	mutex_unlock(&foo->lock);
          	return n;
          }
          """,
        after: """
          int f(struct foo *foo, int n)
          {
          	while (n--) {
          		if (signal_pending(current)) {
          			pr_warn("interrupted");
          			break;
          		}
          		foo_put_one_locked(foo, n);
          	}
          	return n;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int n;

          	mutex_lock(&foo->lock);
          	n = foo_count(foo);
          	mutex_unlock(&foo->lock);
          	return n;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int n;

          	guard(mutex)(&foo->lock);
          	n = foo_count(foo);
          	return n;
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    let before = locks(change.parts.map(\.before), change.symbols)
    let after = locks(change.parts.map(\.after), change.symbols)
    return change.functions.flatMap { check($0.before, $0.after, before, after, change) }
  }

  private func check(
    _ old: FunctionDefinition, _ new: FunctionDefinition, _ before: [LockRegions.Key: Int],
    _ after: [LockRegions.Key: Int], _ change: FileChange
  ) -> [Finding] {
    let oldRegions = LockRegions(old, change.before, change.symbols)
    guard !oldRegions.regions.isEmpty else { return [] }
    let newRegions = LockRegions(new, change.after, change.symbols)
    // Another lock may have taken its place.
    guard Set(newRegions.regions.map(\.key)).isSubset(of: Set(oldRegions.regions.map(\.key))) else { return [] }
    var findings: [Finding] = []
    var seen: Set<LockRegions.Key> = []
    for region in oldRegions.regions where !seen.contains(region.key) {
      let key = region.key
      let count = newRegions.regions.count { $0.key == key }
      // The lock may be taken elsewhere now.
      guard count < oldRegions.regions.count(where: { $0.key == key }), (after[key] ?? 0) < (before[key] ?? 0) else {
        continue
      }
      let stays = oldRegions.actions.first { action in
        !action.needsNoLock && region.tokens.contains(action.token)
          && newRegions.countOutside(key, action.text) > oldRegions.countOutside(key, action.text)
      }
      guard let stays,
        let now = newRegions.actions.first(where: { $0.text == stays.text && !newRegions.covers(key, $0.token) })
      else { continue }
      seen.insert(key)
      let lock = text(of: region, change)
      findings.append(
        Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(now.node), function: change.symbols.text(new.name),
          message: "'\(now.name)' \(now.isWrite ? "was set" : "ran") under '\(lock)' before the patch and "
            + "\(now.isWrite ? "is set" : "runs") without it now",
          evidence: [Evidence(change.placeBefore(region.node), "the lock was taken here before the patch")],
          key: "\(lock) \(now.name)"))
    }
    return findings
  }

  private func text(of region: LockRegions.Region, _ change: FileChange) -> String {
    SourceText.text(of: region.node, change.before, change.symbols)
  }

  /// How often each lock is taken in the file, by its expression.
  private func locks(_ parts: [ParsedFile], _ symbols: SymbolTable) -> [LockRegions.Key: Int] {
    var result: [LockRegions.Key: Int] = [:]
    for file in parts {
      for function in file.functions where !function.isMacro {
        for region in LockRegions(function, file, symbols, withActions: false).regions {
          result[region.key, default: 0] += 1
        }
      }
    }
    return result
  }
}
