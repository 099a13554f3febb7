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
      guard let type = scope.localTypes[local], !type.isPointer, type.arrays == 0 else { continue }
      let uses = outputs ?? findOutputs()
      outputs = uses
      if let (member, closers) = solver.pairing.knownPart(name, solver.program.symbols),
        case let resource = solver.places.intern(.member, localPlace(local), member.rawValue), resource >= 0,
        uses.ends[local] == nil || isEnded(resource, uses.ends[local] ?? [], by: closers)
      {
        pairs[node] = Pairing(
          closers: closers, resource: resource, isResult: false, isStrict: true, isOutput: true, isReference: true)
        return true
      }
      // Which of several calls filled it cannot be told.
      guard uses.fills[local] == 1 else { continue }
      var closers: Set<Symbol> = []
      var resource: Place = -1
      for (call, first) in uses.ends[local] ?? [] where call != node {
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

  /// Whether all that the function ends of the structure is the known part, and by what undoes the call.
  private mutating func isEnded(
    _ resource: Place, _ ends: [(call: NodeID, part: NodeID)], by closers: Set<Symbol>
  ) -> Bool {
    for (call, part) in ends where !closers.contains(calleeName(call)) || place(of: part) != resource { return false }
    return true
  }

  /// What the calls of the function do with its local structures.
  struct OutputUses {
    /// How many calls may fill the local.
    var fills: [Symbol: Int] = [:]
    /// Calls that end a part of the local, with the part.
    var ends: [Symbol: [(call: NodeID, part: NodeID)]] = [:]
  }

  /// One walk over the calls, whatever their number.
  private func findOutputs() -> OutputUses {
    var uses = OutputUses()
    for call in scope.calls {
      let name = calleeName(call)
      guard name.exists else { continue }
      let text = solver.program.symbols.text(name)
      let arguments = scope.file.list(scope.file[call].b, scope.file[call].c)
      if PairingTable.fillsOutput(text) {
        for argument in arguments {
          let item = scope.file[argument]
          if item.kind == .unary, item.operation == .ampersand, scope.file[item.a].kind == .name {
            uses.fills[Symbol(scope.file[item.a].a), default: 0] += 1
          }
        }
      }
      if discarded.contains(call), let first = arguments.first, let local = owner(ofPart: first),
        PairingTable.endsPart(text)
      {
        uses.ends[local, default: []].append((call, first))
      }
    }
    return uses
  }

  /// The local of `args.np`, where nothing goes through a pointer.
  private func owner(ofPart id: NodeID) -> Symbol? {
    let node = scope.file[id]
    guard node.kind == .member, node.operation == .dot else { return nil }
    return scope.file[node.a].kind == .name ? Symbol(scope.file[node.a].a) : owner(ofPart: node.a)
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
