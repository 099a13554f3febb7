import Findings
import KernelC

/// A patch takes a lock away from code that stays.
struct LockDropped: ChangeRule {
  let description = RuleDescription(
    id: "lock-dropped",
    summary: "a patch removes a lock from around code that stays",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a lock was taken and is not any more, while calls and writes \
      that stood under it are still there, and no other function of the file has gained the lock, the code has lost its \
      protection.
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
          """)
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
    _ old: FunctionDefinition, _ new: FunctionDefinition, _ before: [String: Int], _ after: [String: Int],
    _ change: FileChange
  ) -> [Finding] {
    let oldCalls = calls(old, change.before, change.symbols)
    let newCalls = calls(new, change.after, change.symbols)
    let kept = Set(newCalls.map(\.text))
    var findings: [Finding] = []
    var seen: Set<String> = []
    let newLocks = Set(newCalls.filter(\.isLock).map(\.name))
    for (index, call) in oldCalls.enumerated() where call.isLock && seen.insert(call.text).inserted {
      // Another lock may have taken its place, and the lock may be taken elsewhere now.
      guard !newCalls.contains(where: { $0.isLock && $0.subject == call.subject }),
        !newCalls.contains(where: { $0.name == "guard" || $0.name == "scoped_guard" }),
        newLocks.subtracting(oldCalls.filter(\.isLock).map(\.name)).isEmpty,
        (after[call.subject] ?? 0) < (before[call.subject] ?? 0)
      else { continue }
      guard
        let end = oldCalls[(index + 1)...].firstIndex(where: { $0.isUnlock && $0.subject == call.subject }),
        let stays = oldCalls[(index + 1)..<end].first(where: {
          !$0.isLock && !$0.isUnlock && !$0.needsNoLock && kept.contains($0.text)
        }),
        let now = newCalls.first(where: { $0.text == stays.text })
      else { continue }
      findings.append(
        Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(now.node), function: change.symbols.text(new.name),
          message: "'\(now.name)' ran under '\(call.text)' before the patch and runs without it now",
          evidence: [Evidence(change.placeBefore(call.node), "the lock was taken here before the patch")],
          key: "\(call.text) \(now.name)"))
    }
    return findings
  }

  /// What these yield depends on their arguments or on the running task alone: no lock protects it.
  private static let computations: Set<String> = [
    "min", "max", "min_t", "max_t", "min3", "max3", "clamp", "clamp_t", "clamp_val", "abs", "round_up", "round_down",
    "roundup", "rounddown", "ALIGN", "IS_ALIGNED", "DIV_ROUND_UP", "ilog2", "BIT", "ARRAY_SIZE", "IS_ENABLED",
    "IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", "ERR_PTR", "ERR_CAST", "container_of", "sizeof", "offsetof", "likely",
    "unlikely", "need_resched", "cond_resched", "schedule", "might_sleep", "cpu_relax", "barrier", "ktime_get",
  ]

  private struct Call {
    let node: NodeID
    let name: String
    let text: String
    let subject: String
    let isLock: Bool
    let isUnlock: Bool
    /// Only computes, only logs, or is about the task that runs: the same with a lock and without.
    let needsNoLock: Bool
  }

  private func calls(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> [Call] {
    function.nodes.filter { file[$0].kind == .call && file[file[$0].a].kind == .name }
      .sorted { file[$0].token < file[$1].token }
      .map { id in
        let name = symbols.text(Symbol(file[file[id].a].a))
        let words = name.split(separator: "_")
        let arguments = Array(file.list(file[id].b, file[id].c))
        let isRegion = words.contains("read") || words.contains("bh") || words.contains("section")
        return Call(
          node: id, name: name, text: SourceText.text(of: id, file, symbols),
          subject: arguments.first.map { SourceText.text(of: $0, file, symbols) } ?? "",
          isLock: words.contains("lock") || words.contains("trylock") || (name.hasPrefix("down_") && isRegion)
            || name == "down_write" || name == "down_read",
          isUnlock: words.contains("unlock") || name.hasPrefix("up_"),
          needsNoLock: Self.computations.contains(name) || Statements.isLog(name)
            || arguments.count == 1 && SourceText.text(of: arguments[0], file, symbols) == "current")
      }
  }

  /// How often each lock is taken in the file, by its expression.
  private func locks(_ parts: [ParsedFile], _ symbols: SymbolTable) -> [String: Int] {
    var result: [String: Int] = [:]
    for file in parts {
      for function in file.functions where !function.isMacro {
        for call in calls(function, file, symbols) where call.isLock { result[call.subject, default: 0] += 1 }
      }
    }
    return result
  }
}
