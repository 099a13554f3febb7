import KernelC

extension Explorer {
  /// What a call may mean.
  struct Callee {
    var targets: [FunctionID] = []
    var isIndirect = true
    var parameter = -1

    /// There is one function that it can be, whoever calls.
    var isCertain: Bool { targets.count == 1 && parameter < 0 }
  }

  mutating func callee(_ item: Node, _ name: Symbol) -> Callee {
    if name.exists, localPlaceStep(name).0 == .global {
      let target = solver.program.resolve(name, fromFile: scope.fileIndex)
      return Callee(targets: target.flatMap { $0 == scope.id ? nil : [$0] } ?? [], isIndirect: false)
    }
    var node = scope.file[item.a]
    var steps = 0
    while steps < 6 {
      steps += 1
      if node.kind == .unary, node.operation == .star {
        node = scope.file[node.a]
      } else if node.kind == .cast {
        node = scope.file[node.b]
      } else if node.kind == .name, let alias = scope.aliases[Symbol(node.a)] {
        node = scope.file[alias]
      } else {
        break
      }
    }
    if node.kind == .name {
      let (kind, value) = localPlaceStep(Symbol(node.a))
      switch kind {
      case .parameter:
        let passed = solver.callbacks.passed(to: scope.id, parameter: Int(value))
        return Callee(targets: passed.map(\.callback), parameter: Int(value))
      case .global:
        return Callee(targets: solver.program.resolve(Symbol(value), fromFile: scope.fileIndex).map { [$0] } ?? [])
      default: return Callee()
      }
    }
    guard node.kind == .member else { return Callee() }
    let base = place(of: node.a)
    let object = node.operation == .arrow ? solver.places.pointee(of: base) : base
    guard let type = type(of: object), let tag = solver.program.structure(of: type) else { return Callee() }
    return Callee(targets: solver.callbacks.slots[MemberKey(structure: tag, member: Symbol(node.b))] ?? [])
  }
}
