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
      the lock, the code has lost its protection. So has a member that \
      is set where the lock does not reach any more, a call that the file makes under the lock everywhere else, and a local \
      that is read from the object in front of the lock now, and before was behind a question under it.
      """,
    whyItMatters: "What was done under the lock now races.",
    accepts: ["a lock that moves to a caller or a helper in the same file", "a lock replaced by another one"],
    knownFalsePositives: ["a lock that was not needed"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ change: FileChange) -> [Finding] {
    let before = locks(change.parts.map(\.before), change.symbols)
    let after = locks(change.parts.map(\.after), change.symbols)
    return change.edited.flatMap { old, new -> [Finding] in
      let found = check(old, new, before, after, change)
      return found.isEmpty ? shrunk(old, new, change) + readEarly(old, new, change) : found
    }
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

  /// A lock that is still taken, but not where a member is set any more, or where something is called that the file calls under it
  /// everywhere else.
  private func shrunk(_ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let before = LockRegions(old, change.before, change.symbols)
    guard !before.regions.isEmpty else { return [] }
    let after = LockRegions(new, change.after, change.symbols)
    guard Set(after.regions.map(\.key)).isSubset(of: Set(before.regions.map(\.key))) else { return [] }
    var seen: Set<LockRegions.Key> = []
    return before.regions.compactMap { region -> Finding? in
      let key = region.key
      guard !seen.contains(key), after.regions.contains(where: { $0.key == key }) else { return nil }
      // In the order of before: what has moved is another change.
      let texts = after.actions.map(\.text)
      let lost = before.actions.first { action in
        !action.needsNoLock && region.tokens.contains(action.token)
          && after.countOutside(key, action.text) > before.countOutside(key, action.text)
          && texts.count { $0 == action.text } == before.actions.count { $0.text == action.text }
          && (action.isWrite
            ? isShared(action, old, change) : isCalledUnder(key, action.name, except: new.name, change))
      }
      guard let lost,
        let now = after.actions.first(where: { $0.text == lost.text && !after.covers(key, $0.token) })
      else { return nil }
      seen.insert(key)
      let lock = text(of: region, change)
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(now.node), function: change.symbols.text(new.name),
        message:
          "'\(now.name)' \(now.isWrite ? "was set" : "ran") under '\(lock)' before the patch, which does not reach "
          + "this place any more",
        evidence: [Evidence(change.placeBefore(region.node), "the lock was taken here before the patch")],
        key: "\(lock) \(now.name) shrunk")
    }
  }

  /// Whether what is written to was not made in the function itself.
  private func isShared(_ action: LockRegions.Action, _ function: FunctionDefinition, _ change: FileChange) -> Bool {
    guard action.name.contains("->") else { return false }
    let root = action.name.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    let file = change.before
    return !function.nodes.contains { node in
      let item = file[node]
      let isIt: Bool
      let value: NodeID
      switch item.kind {
      case .assign where file[item.a].kind == .name:
        (isIt, value) = (change.symbols.text(Symbol(file[item.a].a)) == root, item.b)
      case .variable where item.c >= 0: (isIt, value) = (change.symbols.text(Symbol(item.a)) == root, item.c)
      default: return false
      }
      return isIt && SourceText.text(of: value, file, change.symbols).contains("alloc")
    }
  }

  /// Whether other functions of the file call something, and only with the lock of that name held.
  private func isCalledUnder(_ key: LockRegions.Key, _ callee: String, except name: Symbol, _ change: FileChange)
    -> Bool
  {
    func last(_ text: String) -> Substring { text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.last ?? "" }
    var found = 0
    for function in change.after.functions where !function.isMacro && function.name != name {
      let regions = LockRegions(function, change.after, change.symbols)
      for action in regions.actions where !action.isWrite && action.name == callee {
        guard
          regions.regions.contains(where: { last($0.key.text) == last(key.text) && $0.tokens.contains(action.token) })
        else { return false }
        found += 1
      }
    }
    return found > 1
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
