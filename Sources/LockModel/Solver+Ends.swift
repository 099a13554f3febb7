import KernelC

/// Whether a function ends something that it is given.
extension Solver {
  /// Whether one of `closers` may get what the parameters of `given` are or lead to, through a few levels of calls.
  ///
  /// Bit n of `given` is parameter n. What the function finds elsewhere and ends is not what it was given.
  func mayEnd(_ id: FunctionID, _ given: UInt64, _ closers: Set<Symbol>) -> Bool {
    let question = EndQuestion(function: id, given: given, closers: closers)
    if let known = endsOf[question] { return known }
    let result = searchEnds(from: GivenParameters(function: id, given: given), closers)
    endsOf[question] = result
    return result
  }

  /// Goes down the calls level by level: by the shortest way, whatever the order of the text is.
  private func searchEnds(from start: GivenParameters, _ closers: Set<Symbol>) -> Bool {
    var visited: Set<GivenParameters> = [start]
    var level = [start]
    // Deeper, what a parameter leads to is no more than the same kind of thing.
    for depth in 0..<4 {
      var next: [GivenParameters] = []
      for item in level where ends(item.function, item.given, closers, isFirst: depth == 0, &next) { return true }
      level = next.filter { visited.count < 200 && visited.insert($0).inserted }
    }
    return false
  }

  /// Whether a function's own calls end what it is given; `next` takes what they hand it on to.
  private func ends(
    _ id: FunctionID, _ given: UInt64, _ closers: Set<Symbol>, isFirst: Bool, _ next: inout [GivenParameters]
  ) -> Bool {
    let scope = scopes(id)
    let file = scope.file
    var names: Set<Symbol> = []
    for (position, parameter) in scope.definition.parameters.enumerated()
    where position >= 64 || given >> position & 1 == 1 {
      names.insert(parameter.name)
    }
    for node in scope.definition.nodes {
      let item = file[node]
      switch item.kind {
      case .variable where item.c >= 0 && leads(item.c, from: names, file): names.insert(Symbol(item.a))
      case .assign where file[item.a].kind == .name && leads(item.b, from: names, file):
        names.insert(Symbol(file[item.a].a))
      // A loop's cursor walks through what the other arguments lead to.
      case .macroLoop where leads(item.a, from: names, file) && file[item.a].kind == .call:
        for argument in file.list(file[item.a].b, file[item.a].c) where file[argument].kind == .name {
          names.insert(Symbol(file[argument].a))
        }
      default: break
      }
    }
    return scope.calls.contains { call in
      let item = file[call]
      let arguments = file.list(item.b, item.c)
      var passed: UInt64 = 0
      for (position, argument) in arguments.enumerated() where position < 64 && leads(argument, from: names, file) {
        passed |= 1 << UInt64(position)
      }
      guard passed != 0 else { return false }
      guard file[item.a].kind == .name else {
        return isFirst
          && arguments.contains { file[$0].kind == .name && names.contains(Symbol(file[$0].a)) }
      }
      let name = Symbol(file[item.a].a)
      if closers.contains(name) { return true }
      // `kref_put(&foo->ref, foo_release)`
      if PairingTable.dropsReference(program.symbols.text(name)) {
        for argument in arguments where file[argument].kind == .name {
          if let release = program.resolve(Symbol(file[argument].a), fromFile: scope.fileIndex),
            !program.definition(release).isMacro, mayCall(release, closers, orIndirect: false)
          {
            return true
          }
        }
      }
      guard let callee = program.resolve(name, fromFile: scope.fileIndex) else { return false }
      next.append(GivenParameters(function: callee, given: passed))
      return false
    }
  }

  /// Whether an expression is one of the names, or mentions one.
  private func leads(_ id: NodeID, from names: Set<Symbol>, _ file: ParsedFile, _ depth: Int = 0) -> Bool {
    guard id >= 0, depth < 40 else { return false }
    if file[id].kind == .name { return names.contains(Symbol(file[id].a)) }
    return file.children(of: id).contains { leads($0, from: names, file, depth + 1) }
  }

  struct EndQuestion: Hashable {
    let function: FunctionID
    let given: UInt64
    let closers: Set<Symbol>
  }

  private struct GivenParameters: Hashable {
    let function: FunctionID
    let given: UInt64
  }
}
