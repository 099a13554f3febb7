import KernelC

/// What a function opens and others undo, or it undoes itself by another name or on a question of its own.
extension Explorer {
  /// `foo->pdev = pdev;`, before or after the call: what undoes it may go by either name.
  mutating func noteAliases(_ node: NodeID) {
    guard let pairing = pairs[node], !pairing.isResult else { return }
    var closed: Set<Place> = []
    for call in scope.calls where pairing.closers.contains(calleeName(call)) {
      closed.formUnion(scope.file.list(scope.file[call].b, scope.file[call].c).map { place(of: $0) })
    }
    closed.remove(pairing.resource)
    guard closed.contains(where: { $0 >= 0 }) else { return }
    for id in scope.definition.nodes where scope.file[id].kind == .assign && scope.file[id].operation == .equal {
      let left = place(of: scope.file[id].a)
      let right = place(of: uncast(scope.file[id].b))
      if left >= 0, right == pairing.resource, closed.contains(left) { pairs[node]?.stored.insert(left) }
      if right >= 0, left == pairing.resource, closed.contains(right) { pairs[node]?.stored.insert(right) }
    }
  }

  /// `foo->bar = bar; … get_bar(bar);`: the reference is for what the object was stored in.
  mutating func isStored(_ node: NodeID) -> Bool {
    guard let pairing = pairs[node], isReferenceTaken(node, pairing) else { return false }
    return scope.definition.nodes.contains { id in
      let item = scope.file[id]
      if item.kind == .returnStatement, item.a >= 0 { return place(of: uncast(item.a)) == pairing.resource }
      return item.kind == .assign && item.operation == .equal && scope.file[item.a].kind == .member
        && place(of: uncast(item.b)) == pairing.resource
    }
  }

  /// Whether anything in the function's own body says that a finder takes a reference.
  func isFinderOnly(_ name: Symbol) -> Bool {
    guard let target = solver.program.resolve(name, fromFile: scope.fileIndex) else { return false }
    return !solver.mayTakeReference(target)
  }

  /// Whether what the call opens is closed with the device: something in the file has arranged for that.
  func isManaged(_ name: String) -> Bool { solver.isManaged(name, in: scope.file) }

  /// Whether anything in the file undoes it: what nobody ever switches off is meant to stay on.
  func isMentioned(_ closers: Set<Symbol>) -> Bool {
    scope.file.tokens.contains { closers.contains($0.symbol) }
  }

  /// `if (!foo->buffer)` or `kfree(foo->buffer)` stands before it: the object keeps the buffer from one call to the next.
  mutating func isMadeAnew(_ resource: Place, _ opener: NodeID, _ closers: Set<Symbol>) -> Bool {
    let start = scope.file[opener].token
    for call in scope.calls where closers.contains(calleeName(call)) && scope.file[call].token < start {
      if scope.file.list(scope.file[call].b, scope.file[call].c).contains(where: { place(of: $0) == resource }) {
        return true
      }
    }
    for id in scope.definition.nodes where scope.file[id].kind == .ifStatement && scope.file[id].token < start {
      var condition = scope.file[id].a
      while scope.file[condition].kind == .unary, scope.file[condition].operation == .bang {
        condition = scope.file[condition].a
      }
      if scope.file[condition].kind == .member, place(of: condition) == resource { return true }
    }
    return false
  }

  /// Every place that undoes it asks the resource first whether there is something to undo: `if (range.start) end(&range);`
  func undoesOnDemand(_ closers: Set<Symbol>, _ resource: Place) -> Bool {
    guard let root = solver.places.root(of: resource), root.kind == .local else { return false }
    let name = Symbol(root.value)
    let questions = scope.definition.nodes.filter { id in
      scope.file[id].kind == .ifStatement
        && holds(scope.file[id].a, 0) { scope.file[$0].kind == .name && Symbol(scope.file[$0].a) == name }
    }
    return standOnly(closers, under: questions)
  }

  /// Whether calls of `closers` stand in the branches of `questions`, and nowhere else.
  private func standOnly(_ closers: Set<Symbol>, under questions: [NodeID]) -> Bool {
    var asked: Set<NodeID> = []
    for question in questions {
      _ = holds(scope.file[question].b, 0) {
        if scope.file[$0].kind == .call, closers.contains(calleeName($0)) { asked.insert($0) }
        return false
      }
    }
    return !asked.isEmpty && scope.calls.allSatisfy { !closers.contains(calleeName($0)) || asked.contains($0) }
  }

  /// Every place that undoes what `call` opens is under a question about what the call was given or has filled: a count, a
  /// flag, an output. Whoever asks knows more than the path shows.
  mutating func isUndoneOnDemand(_ call: NodeID, _ closers: Set<Symbol>, _ resource: Place) -> Bool {
    var names: Set<Symbol> = []
    var outputs: Set<Symbol> = []
    for argument in scope.file.list(scope.file[call].b, scope.file[call].c) {
      let item = scope.file[argument]
      let isAddress = item.kind == .unary && item.operation == .ampersand
      guard let name = variable(isAddress ? item.a : argument) else { continue }
      if isAddress, scope.file[item.a].kind == .name { outputs.insert(name) } else { names.insert(name) }
    }
    // One step from the arguments: which alias is looked at first must not matter.
    let given = names
    for (alias, value) in scope.aliases
    where uncast(value) != call
      && holds(value, 0, { scope.file[$0].kind == .name && given.contains(Symbol(scope.file[$0].a)) })
    {
      names.insert(alias)
    }
    var questions: [NodeID] = []
    let around = Set(questionsAround(call).map { conditionKey($0) })
    for id in scope.definition.nodes
    where scope.file[id].kind == .ifStatement && !asksForError(id)
      && asks(scope.file[id].a, about: names, outputs, resource)
      && (around.isEmpty || !around.contains(conditionKey(scope.file[id].a)))
    {
      questions.append(id)
    }
    return standOnly(closers, under: questions)
  }

  /// Whether the variable takes something else behind the call, or in another turn of its loop, or is asked which of two
  /// things it holds: `if (buf != foo->buf) kfree(buf);`.
  func isSetOtherwise(_ name: Symbol, behind call: NodeID) -> Bool {
    guard scope.otherwiseSet.contains(name) else { return false }
    if isInLoop(call) || scope.lastOtherStore[name, default: .max] > scope.file[call].token { return true }
    return scope.definition.nodes.contains { id in
      let node = scope.file[id]
      guard node.kind == .binary, node.operation == .equalEqual || node.operation == .bangEqual else { return false }
      return [(node.a, node.b), (node.b, node.a)].contains { side, other in
        scope.file[side].kind == .name && Symbol(scope.file[side].a) == name && constant(other) == nil
      }
    }
  }

  /// The conditions that the call runs under.
  private func questionsAround(_ call: NodeID) -> [NodeID] {
    scope.definition.nodes.filter { id in
      scope.file[id].kind == .ifStatement && holds(scope.file[id].b, 0) { $0 == call }
    }.map { scope.file[$0].a }
  }

  /// `if (handler->error) { …; return handler->error; }`: not a question about what there is to undo, but a failure.
  private func asksForError(_ id: NodeID) -> Bool {
    let node = scope.file[id]
    guard scope.file[node.a].kind == .member, node.c < 0 else { return false }
    let member = solver.program.symbols.text(Symbol(scope.file[node.a].b))
    return ["error", "err", "status", "ret"].contains(member)
      && holds(node.b, 0) { [.returnStatement, .gotoStatement].contains(scope.file[$0].kind) }
  }

  /// Whether a condition looks at a member of one of `names`, other than the resource, or at one of `outputs`.
  private mutating func asks(
    _ condition: NodeID, about names: Set<Symbol>, _ outputs: Set<Symbol>, _ resource: Place
  ) -> Bool {
    guard condition >= 0 else { return false }
    let node = scope.file[condition]
    switch node.kind {
    case .name: return outputs.contains(Symbol(node.a))
    case .member:
      return variable(condition).map(names.contains) == true && place(of: condition) != resource
    case .unary where node.operation == .star: return variable(node.a).map(names.contains) == true
    case .unary: return asks(node.a, about: names, outputs, resource)
    case .binary:
      return asks(node.a, about: names, outputs, resource) || asks(node.b, about: names, outputs, resource)
    default: return false
    }
  }

  /// The variable that an access path starts from.
  private func variable(_ id: NodeID) -> Symbol? {
    guard id >= 0 else { return nil }
    let node = scope.file[id]
    switch node.kind {
    case .name: return Symbol(node.a)
    case .member, .index: return variable(node.a)
    case .cast: return variable(node.b)
    case .unary where node.operation == .star: return variable(node.a)
    default: return nil
    }
  }
}

extension Solver {
  /// Whether what a call of `name` opens is closed with the device, as something in the file has arranged for.
  public func isManaged(_ name: String, in file: ParsedFile) -> Bool {
    guard let managers = PairingTable.managers[name] else { return false }
    let symbols = Set(managers.map(program.symbols.intern))
    return file.tokens.contains { symbols.contains($0.symbol) }
  }
}
