import Findings
import KernelC

/// A patch takes a release away from a way out that stays.
struct UnlockDropped: ChangeRule {
  let description = RuleDescription(
    id: "unlock-dropped",
    summary: "a patch removes an unlock from a path that stays as it is",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch, statement list by statement list. Where a list has lost an unlock \
      and nothing else but what stood beside it, and nothing releases the same lock between where it is taken and that \
      place, the path now keeps the lock. Goes by names alone, so that it also sees locks whose functions take flags, and \
      those that a callee or a caller has taken.
      """,
    whyItMatters: "Whoever wants the lock next waits for ever.",
    accepts: [
      "ways out that are led to a common label", "a release that moves up, before the branch",
      "an unlock where the text does not show the lock taken before",
    ],
    knownFalsePositives: ["a release that a callee makes now"],
    triggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int err;

          	foo_ilock(foo, EXCLUSIVE);
          	err = foo_start(foo);
          	if (err) {
          		foo_iunlock(foo, EXCLUSIVE);
          		return err;
          	}
          	foo_iunlock(foo, EXCLUSIVE);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int err;

          	foo_ilock(foo, EXCLUSIVE);
          	err = foo_start(foo);
          	if (err)
          		return err; /* reported */
          	foo_iunlock(foo, EXCLUSIVE);
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct item *item;
          	int err = foo_find_locked(foo, &item);

          	if (err)
          		return err;
          	if (item_is_dead(item)) {
          		item_unlock(item);
          		item_put(item);
          		return -ENOENT;
          	}
          	item_use(item);
          	item_unlock(item);
          	item_put(item);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct item *item;
          	int err = foo_find_locked(foo, &item);

          	if (err)
          		return err;
          	if (item_is_dead(item)) {
          		item_put(item); /* reported */
          		return -ENOENT;
          	}
          	item_use(item);
          	item_unlock(item);
          	item_put(item);
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int objects_lock(struct objects *objects)
          {
          	int ret = reserve_all(objects);

          	if (ret)
          		return ret;
          	ret = add_fences(objects);
          	if (ret) {
          		objects_unlock(objects);
          		return ret;
          	}
          	return 0;
          }
          """,
        after: """
          int objects_lock(struct objects *objects)
          {
          	int ret = reserve_all(objects);

          	if (ret)
          		return ret;
          	ret = add_fences(objects);
          	if (ret)
          		return ret; /* reported */
          	return 0;
          }
          """),
    ],
    nonTriggering: [
      // The only release there is, and no lock.
      RuleExample(
        before: """
          int objects_start(struct objects *objects)
          {
          	int ret = start(objects->first);

          	if (ret) {
          		objects_unlock(objects);
          		return ret;
          	}
          	return 0;
          }
          """,
        after: """
          int objects_start(struct objects *objects)
          {
          	int ret = start(objects->first);

          	if (ret)
          		return ret;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int err;

          	mutex_lock(&foo->lock);
          	err = foo_start(foo);
          	if (err) {
          		mutex_unlock(&foo->lock);
          		return err;
          	}
          	mutex_unlock(&foo->lock);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int err;

          	mutex_lock(&foo->lock);
          	err = foo_start(foo);
          	mutex_unlock(&foo->lock);
          	if (err)
          		return err;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int err;

          	mutex_lock(&foo->lock);
          	err = foo_start(foo);
          	if (err) {
          		mutex_unlock(&foo->lock);
          		return err;
          	}
          	foo_use(foo);
          	mutex_unlock(&foo->lock);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int err;

          	mutex_lock(&foo->lock);
          	err = foo_start(foo);
          	if (err)
          		goto unlock;
          	foo_use(foo);
          unlock:
          	mutex_unlock(&foo->lock);
          	return err;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	if (!foo->ready) {
          		mutex_unlock(&foo->lock);
          		return -EINVAL;
          	}
          	mutex_lock(&foo->lock);
          	foo_use(foo);
          	mutex_unlock(&foo->lock);
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	if (!foo->ready)
          		return -EINVAL;
          	mutex_lock(&foo->lock);
          	foo_use(foo);
          	mutex_unlock(&foo->lock);
          	return 0;
          }
          """),
    ])

  /// More statements than these do not vanish beside an unlock by accident.
  private static let vanishing = 3

  func check(_ change: FileChange) -> [Finding] {
    change.edited.flatMap {
      check(Side($0.before, change.before, change), Side($0.after, change.after, change), change)
    }
  }

  /// An unlock: its name without the "un", and what it is given.
  private struct Release: Hashable {
    let name: String
    let subject: String
  }

  private struct Statement {
    let node: NodeID
    let text: String
    let token: UInt32
    let release: Release?
  }

  /// One version of a function.
  private struct Side {
    /// The statements of each block and of each branch without braces.
    var lists: [[Statement]] = []
    /// The tokens at which each lock is taken, and those at which it is released.
    var taken: [Release: [UInt32]] = [:]
    var released: [Release: [UInt32]] = [:]
    /// Where lists begin and end that do not go on behind themselves.
    var dead: [ClosedRange<UInt32>] = []
    let name: Symbol

    init(_ function: FunctionDefinition, _ file: ParsedFile, _ change: FileChange) {
      let statements = Statements(file: file, symbols: change.symbols)
      name = function.name
      func read(_ id: NodeID) -> Statement {
        let call = file[id].kind == .expressionStatement ? file[id].a : -1
        return Statement(
          node: id, text: SourceText.text(of: id, file, change.symbols), token: file[id].token,
          release: call < 0 ? nil : UnlockDropped.release(call, file, change))
      }
      for id in function.nodes {
        let node = file[id]
        switch node.kind {
        case .block:
          let list = statements.list(id)
          lists.append(list.map(read))
          if let first = list.first, let last = list.last, statements.leaving(id) != nil {
            dead.append(file[first].token...max(file[first].token, file[last].token))
          }
        case .ifStatement:
          for branch in [node.b, node.c] where branch >= 0 && file[branch].kind != .block {
            lists.append([read(branch)])
          }
        case .whileStatement, .macroLoop:
          if node.b >= 0, file[node.b].kind != .block { lists.append([read(node.b)]) }
        case .call:
          if let release = UnlockDropped.release(id, file, change) {
            released[release, default: []].append(node.token)
          } else if let lock = UnlockDropped.lock(id, file, change) {
            taken[lock, default: []].append(node.token)
          }
        default: break
        }
      }
    }
  }

  private func check(_ old: Side, _ new: Side, _ change: FileChange) -> [Finding] {
    guard old.released.contains(where: { (new.released[$0.key]?.count ?? 0) < $0.value.count }) else { return [] }
    var findings: [Finding] = []
    // A list that stood there before is not what is left of another one.
    func key(_ list: [Statement]) -> String { list.map(\.text).joined(separator: "\n") }
    var known = Dictionary(grouping: old.lists, by: key).mapValues(\.count)
    let lists = new.lists.filter { list in
      guard let count = known[key(list)], count > 0 else { return true }
      known[key(list)] = count - 1
      return false
    }
    for list in old.lists {
      for lost in list {
        guard let release = lost.release, let releases = old.released[release],
          // A function that locks and gives up gives back what it has locked itself.
          let kept = new.released[release] ?? (release.name == change.symbols.text(new.name) ? [] : nil),
          kept.count < releases.count,
          (new.taken[release]?.count ?? 0) == (old.taken[release]?.count ?? 0),
          let now = counterpart(of: list, in: lists), !now.contains(where: { $0.release == release }),
          let stays = now.first(where: { $0.text == following(lost, list, now)?.text }) ?? now.last,
          kept.isEmpty || keeps(release, stays.token, new)
        else { continue }
        let lock = "\(release.name)(\(release.subject))"
        findings.append(
          Finding(
            rule: description.id, severity: description.severity, confidence: description.confidence,
            place: change.place(stays.node), function: change.symbols.text(new.name),
            message: "'\(lock)' was undone here before the patch, and is not any more",
            evidence: [Evidence(change.placeBefore(lost.node), "it was released here before the patch")],
            key: "\(lock) dropped"))
        break
      }
    }
    return findings
  }

  /// The statement list that is `list` without a few of its statements.
  private func counterpart(of list: [Statement], in lists: [[Statement]]) -> [Statement]? {
    lists.first { other in
      guard !other.isEmpty, other.count < list.count, list.count - other.count <= Self.vanishing else { return false }
      var rest = list[...]
      for statement in other {
        guard let index = rest.firstIndex(where: { $0.text == statement.text }) else { return false }
        rest = rest[(index + 1)...]
      }
      return true
    }
  }

  private func following(_ lost: Statement, _ list: [Statement], _ now: [Statement]) -> Statement? {
    let kept = Set(now.map(\.text))
    return list.first { $0.token > lost.token && kept.contains($0.text) }
  }

  /// Whether the text shows the lock taken and not released before a token; branches that leave do not count.
  private func keeps(_ release: Release, _ token: UInt32, _ side: Side) -> Bool {
    let released = (side.released[release] ?? []).filter { place in
      !side.dead.contains { $0.contains(place) && !$0.contains(token) }
    }
    guard let taken = side.taken[release] else {
      // Taken by somebody else: what releases it elsewhere says that it is held.
      return side.released[release] != nil && released.allSatisfy { $0 > token }
    }
    guard let last = taken.filter({ $0 < token }).max() else { return false }
    return !released.contains { $0 > last && $0 < token }
  }

  // MARK: Names

  private static func release(_ call: NodeID, _ file: ParsedFile, _ change: FileChange) -> Release? {
    guard let (name, subject) = parts(call, file, change) else { return nil }
    if name.hasPrefix("up_") || name == "up" { return Release(name: "down" + name.dropFirst(2), subject: subject) }
    let words = name.split(separator: "_")
    guard words.contains(where: { $0.hasSuffix("unlock") }) else { return nil }
    let taker = words.map { word -> String in
      if word.hasSuffix("unlock") { return word.dropLast("unlock".count) + "lock" }
      // What ends with the flags begins with saving them.
      return word == "irqrestore" ? "irqsave" : String(word)
    }
    return Release(name: taker.joined(separator: "_"), subject: subject)
  }

  private static func lock(_ call: NodeID, _ file: ParsedFile, _ change: FileChange) -> Release? {
    guard let (name, subject) = parts(call, file, change) else { return nil }
    let words = name.split(separator: "_")
    guard words.contains(where: { $0.hasSuffix("lock") }) || name.hasPrefix("down") else { return nil }
    var short = name
    for suffix in ["_interruptible", "_killable", "_nested", "_timeout"] where short.hasSuffix(suffix) {
      short.removeLast(suffix.count)
    }
    return Release(name: short.replacing("trylock", with: "lock"), subject: subject)
  }

  private static func parts(_ call: NodeID, _ file: ParsedFile, _ change: FileChange) -> (String, String)? {
    guard file[call].kind == .call, file[file[call].a].kind == .name else { return nil }
    let first = file.list(file[call].b, file[call].c).first
    return (
      change.symbols.text(Symbol(file[file[call].a].a)),
      first.map { SourceText.text(of: $0, file, change.symbols) } ?? ""
    )
  }
}
