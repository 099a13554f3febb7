import Findings
import KernelC
import LockModel

// Locks that nobody can release any more.
extension LockImbalance {
  /// A way out that keeps what the head of the function says it releases (`__releases()`), while another releases it.
  func annotated(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    facts.releases.compactMap { place -> Finding? in
      func drops(_ exit: ExitEvent) -> Bool { exit.held.contains { $0.place == place && $0.balance < 0 } }
      let values = facts.exits.filter(drops).map(\.values)
      guard !facts.isJoined, !facts.acquires.contains(where: { $0.place == place }),
        facts.exits.contains(where: drops),
        let kept = facts.exits.first(where: { exit in
          !drops(exit) && !exit.closed.contains(place) && !exit.unsure.contains(place) && exit.value >= 0
            // What is returned does not tell the caller which it was.
            && !context.isError(exit, of: id) && values.contains { !$0.isDisjoint(with: exit.values) }
        })
      else { return nil }
      let lock = context.solver.lockText(place, in: id)
      return context.finding(
        description, id, kept.statement,
        "'\(context.name(id))' returns with '\(lock)' held here, and says in its head that it releases it",
        key: "annotated \(lock)")
    }
  }

  /// A lock of an object that the function has looked up, held where it gives the object back and ends.
  func outlived(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    guard !context.program.definition(id).returnType.isPointer else { return [] }
    let file = context.program.file(of: id)
    var reported: Set<Place> = []
    return facts.exits.flatMap { exit in
      exit.held.compactMap { held -> Finding? in
        guard held.balance > 0, held.kind != .pair, !held.kind.isSection, exit.unsure.isEmpty,
          !facts.exits.contains(where: { $0.closed.contains(held.place) }),
          case let owner = context.solver.owner(of: held.place), owner >= 0,
          case let object = context.solver.lockText(owner, in: id), let local = local(object, id, file, context),
          let put = givingBack(local, behind: held.site, id, file, context), reported.insert(held.place).inserted
        else { return nil }
        let lock = context.solver.lockText(held.place, in: id)
        return context.finding(
          description, id, put, "'\(object)' is given back here with '\(lock)' held, which nothing releases",
          evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")], key: "outlived \(lock)")
      }
    }
  }

  /// An error that keeps what success hands over, where another error comes without it: the caller has no lock to release.
  func keptOnFailure(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    let failures = facts.exits.filter { context.isError($0, of: id) && $0.statement >= 0 }
    let file = context.program.file(of: id)
    // What gives a lock back by another name may give back this one.
    guard failures.count > 1, !context.program.definition(id).nodes.contains(where: { releases($0, file, context) })
    else { return [] }
    var reported: Set<NodeID> = []
    return failures.flatMap { exit in
      exit.held.compactMap { held -> Finding? in
        let place = held.place
        func holds(_ other: ExitEvent) -> Bool { other.held.contains { $0.place == place && $0.balance > 0 } }
        guard held.balance > 0, held.kind != .pair, !held.kind.isSection, !facts.released.contains(place),
          !facts.unsettled.keys.contains(where: {
            context.solver.lastMember(of: $0) == context.solver.lastMember(of: place)
          }),
          isOpenlyTaken(held, file, context),
          facts.exits.allSatisfy({ $0.unsure.isEmpty && !$0.closed.contains(place) }),
          failures.contains(where: { !holds($0) && $0.statement != exit.statement }),
          facts.exits.contains(where: { !context.isError($0, of: id) }),
          facts.exits.allSatisfy({ context.isError($0, of: id) || holds($0) }),
          facts.exits.allSatisfy({ $0.statement != exit.statement || holds($0) || !context.isError($0, of: id) }),
          reported.insert(exit.statement).inserted
        else { return nil }
        let lock = context.solver.lockText(place, in: id)
        return context.finding(
          description, id, exit.statement,
          "'\(context.name(id))' returns an error with '\(lock)' held here, and other errors without it",
          evidence: [Evidence(context.place(id, held.site), "'\(lock)' is taken here")], key: "failure \(lock)")
      }
    }
  }

  /// A primitive, or a function that is called a lock; semaphores may count something, so that only the latter will do.
  private func isOpenlyTaken(_ held: HeldLock, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    let name = context.callee(held.site, in: file)
    return context.solver.isLockPrimitive(name) ? held.kind != .semaphore : context.solver.isLockByName(name)
  }

  private func releases(_ node: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    file[node].kind == .call && context.text(context.callee(node, in: file)).contains("unlock")
  }

  /// The local that goes by the name, where the function itself gets it by a call.
  private func local(_ name: String, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext) -> Symbol? {
    for node in context.program.definition(id).nodes {
      let item = file[node]
      let isGot =
        item.kind == .variable
        ? item.c >= 0 && file[item.c].kind == .call
        : item.kind == .assign && file[item.a].kind == .name && file[item.b].kind == .call
      guard isGot, case let symbol = Symbol(item.kind == .variable ? item.a : file[item.a].a),
        context.text(symbol) == name
      else { continue }
      return symbol
    }
    return nil
  }

  /// `foo_put(foo);`
  private func givingBack(
    _ local: Symbol, behind site: NodeID, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> NodeID? {
    context.program.definition(id).nodes.first { node in
      guard file[node].kind == .call, file[node].token > file[site].token,
        let first = file.list(file[node].b, file[node].c).first, file[first].kind == .name,
        Symbol(file[first].a) == local
      else { return false }
      return context.text(context.callee(node, in: file)).split(separator: "_").contains("put")
    }
  }
}
