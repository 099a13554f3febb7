import KernelC
import LockModel

/// Locks that functions take with interrupts or bottom halves disabled: something there must take them too.
struct ShieldedLocks {
  typealias Strength = LockRegions.Strength

  /// Those that keep more away from a lock than one function does.
  struct Others {
    let strength: Strength
    let count: Int
    let function: FunctionID
    let node: NodeID
  }

  private var takers: [LockClass: [(function: FunctionID, strength: Strength, node: NodeID)]] = [:]

  init(_ context: RuleContext) {
    for id in context.functions {
      var seen: Set<LockClass> = []
      for event in context.solver.facts(id)?.acquires ?? [] where event.kind == .spin {
        guard let lockClass = event.lockClass, seen.insert(lockClass).inserted,
          let strength = Self.strength(of: event.node, in: id, context)
        else { continue }
        takers[lockClass, default: []].append((id, strength, event.node))
      }
    }
    takers = takers.filter { $0.value.count > 2 && $0.value.contains { $0.strength > .plain } }
  }

  var isEmpty: Bool { takers.isEmpty }

  /// The other functions that take the lock and keep more away; nil where they are not the most.
  func others(
    than id: FunctionID, _ event: AcquireEvent, _ lockClass: LockClass, _ context: RuleContext
  ) -> Others? {
    guard let all = takers[lockClass], let own = Self.strength(of: event.node, in: id, context) else { return nil }
    let file = context.program.file(of: id).path
    let near = all.filter { context.program.file(of: $0.function).path == file }
    let stronger = near.filter { $0.function != id && $0.strength > own }
    guard let first = stronger.first, stronger.count > 1, stronger.count > near.count - stronger.count else {
      return nil
    }
    let strength = stronger.map(\.strength).min() ?? .interrupts
    return Others(strength: strength, count: stronger.count, function: first.function, node: first.node)
  }

  /// What the primitive or the guard at `node` keeps away; nil for another kind of lock.
  static func strength(of node: NodeID, in id: FunctionID, _ context: RuleContext) -> Strength? {
    let file = context.program.file(of: id)
    guard node >= 0, file[node].kind == .call else { return nil }
    var name = context.text(context.callee(node, in: file))
    var head = file[node]
    if file[head.a].kind == .call { head = file[head.a] }
    if name == "scoped_guard" || name.isEmpty, let first = file.list(head.b, head.c).first, file[first].kind == .name {
      name = context.text(Symbol(file[first].a))
    }
    return LockRegions.strength(name)
  }
}
