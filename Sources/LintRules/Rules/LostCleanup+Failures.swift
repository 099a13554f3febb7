import Findings
import KernelC
import LockModel

// What was undone because something else had failed, and by whom.
extension LostCleanup {
  /// `ret = send(x); if (ret) undo(x); return ret;` that has become `return send(x);`.
  func failures(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let file = old.shapes.file
    return old.definition.nodes.flatMap { block -> [Finding] in
      guard file[block].kind == .block else { return [] }
      let statements = Array(file.list(file[block].a, file[block].b))
      return zip(statements, statements.dropFirst()).compactMap { previous, test -> Finding? in
        guard file[previous].kind == .expressionStatement, file[test].kind == .ifStatement, file[test].c < 0,
          case let store = file[file[previous].a], store.kind == .assign, file[store.b].kind == .call,
          old.shapes.leaving(file[test].b) == nil, old.shapes.mentions(file[test].a, old.text(store.a)),
          case let undone = old.shapes.list(file[test].b), undone.count == 1,
          case let call = old.text(undone[0]), FunctionText.isEnding(call),
          new.counts[call, default: 0] < old.counts[call, default: 0],
          !change.changed.contains(old.shapes.callee(store.b)), case let made = old.text(store.b),
          let now = new.lines.first(where: { $0.text.contains(made) }),
          !new.lines.contains(where: { old.counts[$0.text] == nil && Self.isAction($0.text) })
        else { return nil }
        let callee = change.symbols.text(old.shapes.callee(store.b))
        return finding(
          at: now.node, new,
          "'\(call)' ran where '\(callee)' had failed before the patch, and nothing does so any more",
          Evidence(change.placeBefore(undone[0]), "it ran here"), key: "\(call) failure", change)
      }
    }
  }

  /// `foo_free(foo)` that has become `kfree(foo)`, or the `kfree()` of a member, while others still call it.
  func plain(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let gone = old.lines.filter {
      new.counts[$0.text, default: 0] < old.counts[$0.text, default: 0] && FunctionText.isEnding($0.text)
    }
    guard !gone.isEmpty else { return [] }
    let owned = Dictionary(grouping: gone.filter { Self.freesMore($0.text, change) }) { FunctionText.subject($0.text) }
    guard !owned.isEmpty else { return [] }
    return new.lines.compactMap { line -> Finding? in
      guard ["kfree", "kvfree", "vfree"].contains(line.text.prefix { $0 != "(" }),
        old.counts[line.text, default: 0] < new.counts[line.text, default: 0]
      else { return nil }
      let subject = FunctionText.subject(line.text)
      let owners = new.lines(mentioning: subject).filter { $0.text.hasSuffix(" = \(subject)") }.compactMap {
        owner(of: $0.text)
      }
      guard let was = ([subject] + owners).lazy.compactMap({ owned[$0]?.first }).first else { return nil }
      return finding(
        at: line.node, new, "'\(was.text)' ran here before the patch, which frees more than '\(line.text)'",
        Evidence(change.placeBefore(was.node), "it ran here"), key: "\(was.text) \(line.text)", change)
    }
  }

  /// Whether a call frees or drops more than the memory, and the file still knows it.
  private static func freesMore(_ text: String, _ change: FileChange) -> Bool {
    let name = String(text.prefix { $0 != "(" })
    let isFree = name.split(separator: "_").contains {
      $0.hasSuffix("free") || ["put", "destroy", "release"].contains($0)
    }
    return isFree && !plainFrees.contains(name) && count(of: [name], change.after, change.symbols) > 0
  }

  private static let plainFrees: Set<String> = [
    "kfree", "kvfree", "vfree", "kfree_sensitive", "kvfree_sensitive", "kfree_const", "kfree_rcu", "kvfree_rcu",
    "kmem_cache_free", "devm_kfree",
  ]

  /// `ret = -EINVAL; goto out;` that has become `return -EINVAL;`, where all else goes through what stands behind the label.
  func skipped(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let file = change.after
    let exits = Dictionary(old.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    func returns(_ exit: FunctionText.Exit) -> Bool { file[exit.node].kind == .returnStatement }
    // Others leave so as well, and did before.
    let kept =
      new.exits.filter { exit in
        returns(exit) && !exit.condition.hasPrefix("!")
          && exits[exit.key].map { change.before[$0.node].kind == .returnStatement } == true
      }.map { file[$0.node].token }.max() ?? 0
    let jumps = Dictionary(
      grouping: new.definition.nodes.filter { file[$0].kind == .gotoStatement }, by: { file[$0].a })
    let body = Array(file.list(file[new.definition.body].a, file[new.definition.body].b))
    var calls: [Int32: NodeID?] = [:]
    /// The first call behind a label that is more than a message.
    func call(behind label: Int32) -> NodeID? {
      if let known = calls[label] { return known }
      let start = body.firstIndex { file[$0].kind == .label && file[$0].a == label } ?? body.endIndex
      let tail = body[start...].prefix { file[$0].kind != .returnStatement }
      let result = tail.lazy.flatMap { new.shapes.calls(in: $0) }.first { call in
        let name = change.symbols.text(new.shapes.callee(call))
        return !name.isEmpty && !Statements.isPrint(name) && !FunctionText.isUnlock(new.text(call))
      }
      calls[label] = .some(result)
      return result
    }
    let found = new.exits.compactMap { exit -> Finding? in
      guard returns(exit), file[exit.node].token > kept, let previous = exits[exit.key],
        change.before[previous.node].kind == .gotoStatement, case let label = change.before[previous.node].a,
        jumps[label, default: []].count > 1, let call = call(behind: label)
      else { return nil }
      return finding(
        at: exit.node, new,
        "this way out went through '\(change.symbols.text(Symbol(label)))' before the patch, where '\(change.symbols.text(new.shapes.callee(call)))' runs, and does not any more",
        Evidence(change.placeBefore(previous.node), "it went there"), key: "\(exit.condition) skips", change)
    }
    // Many at a time are another way to leave, and not a slip.
    return found.count > 2 ? [] : found
  }
}
