import KernelC

/// What a call leaves behind in a local structure that it fills: `of_parse_phandle_with_args(…, &args)` and `args.np`.
extension Explorer {
  /// A call that returns a number and fills a local of which the function gets rid of a part; whether it is one.
  mutating func addOutputPair(_ node: NodeID, _ name: Symbol) -> Bool {
    guard PairingTable.fillsOutput(solver.program.symbols.text(name)), !discarded.contains(node),
      solver.returnType(of: name, scope.fileIndex)?.isPointer != true
    else { return false }
    // A result that goes by another name than an error's is a value.
    if let holder = holders[node], !solver.names.errorVariables.contains(Symbol(scope.file[holder].a)) { return false }
    for argument in scope.file.list(scope.file[node].b, scope.file[node].c) {
      let item = scope.file[argument]
      guard item.kind == .unary, item.operation == .ampersand, scope.file[item.a].kind == .name else { continue }
      let local = Symbol(scope.file[item.a].a)
      guard let type = scope.localTypes[local], !type.isPointer, type.arrays == 0, isFilledOnce(local) else { continue }
      var closers: Set<Symbol> = []
      var resource: Place = -1
      for call in scope.calls where discarded.contains(call) && call != node {
        guard let first = scope.file.list(scope.file[call].b, scope.file[call].c).first, isPart(first, of: local),
          PairingTable.endsPart(solver.program.symbols.text(calleeName(call)))
        else { continue }
        let part = place(of: first)
        guard part >= 0, resource < 0 || part == resource else { continue }
        resource = part
        closers.insert(calleeName(call))
      }
      guard resource >= 0 else { continue }
      pairs[node] = Pairing(closers: closers, resource: resource, isResult: false, isOutput: true)
      return true
    }
    return false
  }

  /// `args.np`, and nothing that goes through a pointer.
  private func isPart(_ id: NodeID, of local: Symbol) -> Bool {
    let node = scope.file[id]
    guard node.kind == .member, node.operation == .dot else { return false }
    if scope.file[node.a].kind == .name { return Symbol(scope.file[node.a].a) == local }
    return isPart(node.a, of: local)
  }

  /// Only one call may fill it: which of several did cannot be told.
  private func isFilledOnce(_ local: Symbol) -> Bool {
    var count = 0
    for call in scope.calls
    where calleeName(call).exists && PairingTable.fillsOutput(solver.program.symbols.text(calleeName(call))) {
      for argument in scope.file.list(scope.file[call].b, scope.file[call].c) {
        let item = scope.file[argument]
        if item.kind == .unary, item.operation == .ampersand, scope.file[item.a].kind == .name,
          Symbol(scope.file[item.a].a) == local
        {
          count += 1
        }
      }
    }
    return count == 1
  }
}

extension PairingTable {
  /// Whether `name` sounds like something that looks a thing up and leaves a reference to it.
  static func fillsOutput(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      [
        "parse", "get", "reserve", "lookup", "find", "read", "open", "alloc", "load", "fetch", "acquire", "evaluate",
        "path",
      ].contains($0)
    }
  }

  /// Whether `name` gives back what a part of a structure holds.
  static func endsPart(_ name: String) -> Bool { soundsLikeEnd(name) || name == "brelse" || name == "put_bh" }
}
