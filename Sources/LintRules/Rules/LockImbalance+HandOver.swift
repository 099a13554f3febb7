import KernelC
import LockModel

// Locks that one function takes for another to release.
extension LockImbalance {
  /// A lock as the functions of a file know it: by its member, or by its kind where there is only one.
  struct Handed: Hashable {
    let path: String
    let kind: LockKind?
    let member: Symbol
  }

  static func handed(_ lock: HeldLock, _ id: FunctionID, _ context: RuleContext) -> Handed {
    let path = context.program.file(of: id).path
    // Sections of SRCU belong to an object each.
    if lock.kind.isSection, lock.kind != .srcu { return Handed(path: path, kind: lock.kind, member: .none) }
    return Handed(path: path, kind: nil, member: context.solver.lastMember(of: lock.place))
  }

  /// The locks that a function of the file releases without having taken them, and of which no caller has them to release:
  /// some other function took them for it.
  func handedOver(_ callers: CallerTable, _ context: RuleContext) -> Set<Handed> {
    var result: Set<Handed> = []
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isPartial, !facts.isApproximate else { continue }
      for lock in facts.exits.flatMap(\.held) where lock.balance < 0 && lock.kind != .pair {
        let key = Self.handed(lock, id, context)
        guard key.kind != nil || key.member.exists, !result.contains(key),
          // Whoever takes it elsewhere in the function gives it back there.
          !facts.acquires.contains(where: { $0.place == lock.place })
        else { continue }
        let isHelper = callers.calls(of: id).contains { caller, call, _ in
          call.held.contains { $0.balance > 0 && Self.isSame(Self.handed($0, caller, context), key) }
        }
        if !isHelper { result.insert(key) }
      }
    }
    return result
  }

  private static func isSame(_ left: Handed, _ right: Handed) -> Bool {
    left.kind == right.kind && left.member == right.member
  }

  /// A pair that excludes others, as opposed to one that owns something, that logs or that builds a message.
  static func soundsLikeLock(_ held: HeldLock, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let name = context.callee(held.site, in: context.program.file(of: id))
    guard context.solver.soundsLikeLock(name) else { return false }
    let words = context.text(name).split(separator: "_")
    guard words.contains("begin") || words.contains("enter"), !context.solver.isLockByName(name),
      !words.contains("trylock"), !words.contains("acquire")
    else { return true }
    let definitions = context.program.definitions(of: name)
    return !definitions.contains { context.program.definition($0).returnType.isPointer }
      && definitions.contains { hasEffect($0, context, 0) }
  }

  /// A pair whose name says that something is taken for as long as the function needs it, as opposed to a state that is begun.
  static func isTaken(_ held: HeldLock, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let name = context.callee(held.site, in: context.program.file(of: id))
    let words = context.text(name).split(separator: "_")
    return context.solver.isLockByName(name)
      || words.contains { $0 == "trylock" || $0 == "acquire" || $0 == "begin" }
  }

  /// Whether a function or a macro does more than to log.
  private static func hasEffect(_ id: FunctionID, _ context: RuleContext, _ depth: Int) -> Bool {
    let file = context.program.file(of: id)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    return context.program.definition(id).nodes.contains { node in
      let item = file[node]
      if item.kind == .assign { return file[item.a].kind != .name }
      guard item.kind == .call else { return false }
      let name = context.callee(node, in: file)
      if !name.exists || context.solver.isLockPrimitive(name) { return true }
      if Statements.isPrint(context.text(name)) || context.text(name).contains("printk") { return false }
      guard depth < 3, let target = context.program.resolve(name, fromFile: fileIndex),
        context.program.definition(target).isMacro
      else { return true }
      return hasEffect(target, context, depth + 1)
    }
  }
}
