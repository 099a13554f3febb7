import KernelC

extension Explorer {
  /// `f(p)` and `f(&p->x)` may have set what a condition said of `p->x`; the condition still tells paths apart, but nothing
  /// is sure any more.
  mutating func noteSetting(
    _ node: NodeID, _ name: Symbol, _ arguments: [NodeID], _ callee: Callee, _ state: inout PathState
  ) {
    guard state.facts.contains(where: \.isTested), !name.exists || !solver.looksOnly(name) else { return }
    for argument in arguments {
      let item = scope.file[uncast(argument)]
      let isAddress = item.kind == .unary && item.operation == .ampersand
      let target = isAddress ? place(of: item.a) : solver.places.pointee(of: place(of: argument))
      guard target >= 0 else { continue }
      for index in state.facts.indices where state.facts[index].isTested {
        let key = state.facts[index].key
        guard solver.places.depends(key, on: target) else { continue }
        let member = solver.lastMember(of: key)
        if !isAddress, member.exists, callee.isCertain, !solver.mayStore(member, callee.targets[0]) { continue }
        state.facts[index].isTested = false
      }
    }
  }
}

extension Solver {
  /// Whether a body stores to a member of the name, or hands its own arguments on to what may.
  func mayStore(_ member: Symbol, _ id: FunctionID) -> Bool {
    let key = StoreKey(function: id, member: member)
    if let known = stores[key] { return known }
    let result = judgeStoring(member, id)
    stores[key] = result
    return result
  }

  private func judgeStoring(_ member: Symbol, _ id: FunctionID) -> Bool {
    let definition = program.definition(id)
    let file = program.file(of: id)
    return definition.isMacro
      || definition.nodes.contains { node in
        let item = file[node]
        switch item.kind {
        case .assign, .postfix: return file[item.a].kind == .member && Symbol(file[item.a].b) == member
        case .unary where item.operation == .ampersand:
          return file[item.a].kind == .member && Symbol(file[item.a].b) == member
        case .call:
          guard file[item.a].kind == .name else { return true }
          if looksOnly(Symbol(file[item.a].a)) { return false }
          return file.list(item.b, item.c).contains { argument in
            file[argument].kind == .name && definition.parameters.contains { $0.name == Symbol(file[argument].a) }
          }
        default: return false
        }
      }
  }
}

struct StoreKey: Hashable, Sendable {
  let function: FunctionID
  let member: Symbol
}
