import ByteText
import KernelC

/// What a call returns anew, and what gets rid of it.
struct NewReference: Sendable {
  var closers: Set<Symbol>
  /// A reference to something that others own too, as opposed to memory.
  var isReference: Bool
}

extension Solver {
  /// What a function returns that its caller must get rid of, from its body; nil where it returns anything else.
  func reference(from name: Symbol, _ fromFile: Int) -> NewReference? {
    guard name.exists, let id = program.resolve(name, fromFile: fromFile) else { return nil }
    let definition = program.definition(id)
    guard !definition.isMacro, definition.returnType.isPointer else { return nil }
    if let known = newReferences[id] { return known }
    newReferences[id] = .some(nil)
    let result = judgeReference(id)
    newReferences[id] = .some(result)
    return result
  }

  /// What a function returns that most of its callers in the kernel get rid of.
  func habit(of name: Symbol) -> NewReference? {
    guard name.exists, let habit = PairingTable.habit(of: program.symbols.text(name)) else { return nil }
    return NewReference(closers: Set(habit.closers.map(program.symbols.intern)), isReference: habit.isReference)
  }

  /// Whether the function calls anything that sounds like taking a reference, or a finder that it does not do itself.
  func mayTakeReference(_ id: FunctionID) -> Bool {
    let scope = scopes(id)
    return scope.calls.contains { call in
      let callee = scope.file[scope.file[call].a]
      guard callee.kind == .name else { return true }
      return program.symbols.text(Symbol(callee.a)).split(separator: "_").contains {
        ["get", "hold", "ref", "grab", "inc", "find", "lookup", "take", "search", "kref", "refcount", "acquire"]
          .contains($0) || $0.hasSuffix("get") || $0.hasSuffix("hold") || $0.hasSuffix("grab")
      }
    }
  }

  private func judgeReference(_ id: FunctionID) -> NewReference? {
    let scope = scopes(id)
    let file = scope.file
    var result: NewReference?
    var locals: Set<Symbol> = []
    func callee(_ id: NodeID) -> Symbol {
      file[file[id].a].kind == .name ? Symbol(file[file[id].a].a) : .none
    }
    /// Whether the value is NULL, an error, or new; a local counts as what is stored in it.
    func isFine(_ value: NodeID, mayBeLocal: Bool) -> Bool {
      guard value >= 0 else { return false }
      let node = file[value]
      switch node.kind {
      case .number: return node.a == 0
      case .cast: return isFine(node.b, mayBeLocal: mayBeLocal)
      case .conditional:
        return isFine(node.b >= 0 ? node.b : node.a, mayBeLocal: mayBeLocal) && isFine(node.c, mayBeLocal: mayBeLocal)
      case .name:
        let name = Symbol(node.a)
        if name == names.null { return true }
        guard mayBeLocal, scope.localTypes[name]?.isPointer == true, !scope.addressTaken.contains(name),
          !scope.cleanedUp.contains(name), !scope.definition.parameters.contains(where: { $0.name == name })
        else { return false }
        locals.insert(name)
        return true
      case .call:
        let name = callee(value)
        if name == names.errPtr || name == names.errCast { return true }
        guard name.exists else { return false }
        let text = program.symbols.text(name)
        // `to_foo(dev)` is the same thing by another name.
        if names.containers.contains(name) || text.hasPrefix("to_") || text.holds("_to_"),
          let first = file.list(node.b, node.c).first, file[first].kind == .name
        {
          return isFine(first, mayBeLocal: true)
        }
        let inner: NewReference?
        if PairingTable.isOwned(text) {
          inner = NewReference(
            closers: pairing.closers(of: name, program.symbols), isReference: PairingTable.isReference(text))
        } else {
          inner = reference(from: name, scope.fileIndex)
        }
        guard let inner, result.map({ $0.isReference == inner.isReference }) ?? true else { return false }
        result = NewReference(closers: inner.closers.union(result?.closers ?? []), isReference: inner.isReference)
        return true
      default: return false
      }
    }
    for node in scope.definition.nodes where file[node].kind == .returnStatement {
      guard isFine(file[node].a, mayBeLocal: true) else { return nil }
    }
    // A local may be made from another one, further up.
    var known = -1
    while known != locals.count {
      known = locals.count
      for id in scope.definition.nodes {
        let node = file[id]
        let isOwn = node.kind == .assign && file[node.a].kind == .name && locals.contains(Symbol(file[node.a].a))
        if isOwn { _ = isFine(node.b, mayBeLocal: false) }
        if node.kind == .variable, locals.contains(Symbol(node.a)) { _ = isFine(node.c, mayBeLocal: false) }
      }
    }
    let taken = takenByName(locals, scope)
    for closers in taken.values {
      guard result?.isReference != false else { return nil }
      result = NewReference(closers: closers.union(result?.closers ?? []), isReference: true)
    }
    for id in scope.definition.nodes where !locals.isEmpty {
      let node = file[id]
      switch node.kind {
      case .assign where file[node.a].kind == .name && locals.contains(Symbol(file[node.a].a)):
        guard node.operation == .equal, taken[Symbol(file[node.a].a)] != nil || isFine(node.b, mayBeLocal: false) else {
          return nil
        }
      case .variable where locals.contains(Symbol(node.a)) && node.c >= 0:
        guard taken[Symbol(node.a)] != nil || isFine(node.c, mayBeLocal: false) else { return nil }
      case .macroLoop where file[node.a].kind == .call:
        let cursors = Array(file.list(file[node.a].b, file[node.a].c))
        guard let index = cursors.firstIndex(where: { isOne($0, of: locals, file) }) else { continue }
        if taken[Symbol(file[cursors[index]].a)] != nil { continue }
        // Whoever returns the cursor of an iterator that holds it returns a reference.
        guard let (position, closers) = pairing.heldCursor(callee(node.a), program.symbols), position == index,
          result?.isReference != false
        else { return nil }
        result = NewReference(closers: closers.union(result?.closers ?? []), isReference: true)
      // Stored elsewhere, it has another owner.
      case .assign where isOne(node.b, of: locals, file): return nil
      case .designator where node.b >= 0 && isOne(node.b, of: locals, file): return nil
      case .call:
        let name = callee(id)
        let isPassed = file.list(node.b, node.c).contains { isOne($0, of: locals, file) }
        // Dropped at once: found, and no more.
        if isPassed, result?.closers.contains(name) == true { return nil }
        if isPassed, result?.isReference != true, !names.looks.contains(name), !names.transparent.contains(name),
          !isHarmless(name), !isBorrower(name),
          !program.symbols.text(name).lowercased().contains("init")
        {
          return nil
        }
      default: break
      }
    }
    return result
  }

  /// Locals that the function takes a reference to by name, `foo_get(foo);` as a statement, with what gives it back.
  private func takenByName(_ locals: Set<Symbol>, _ scope: FunctionScope) -> [Symbol: Set<Symbol>] {
    var result: [Symbol: Set<Symbol>] = [:]
    let file = scope.file
    for id in scope.definition.nodes where !locals.isEmpty && file[id].kind == .expressionStatement {
      let call = file[id].a
      guard call >= 0, file[call].kind == .call, file[file[call].a].kind == .name,
        let first = file.list(file[call].b, file[call].c).first, file[first].kind == .name,
        locals.contains(Symbol(file[first].a))
      else { continue }
      let name = Symbol(file[file[call].a].a)
      let words = program.symbols.text(name).split(separator: "_")
      guard words.contains("get") || words.contains("hold") || words.contains("grab") else { continue }
      let closers = pairing.closers(of: name, program.symbols).filter { !program.definitions(of: $0).isEmpty }
      if !closers.isEmpty { result[Symbol(file[first].a), default: []].formUnion(closers) }
    }
    return result
  }

  /// Whether the value is one of the locals, or an address in what it points to.
  private func isOne(_ id: NodeID, of locals: Set<Symbol>, _ file: ParsedFile) -> Bool {
    guard id >= 0 else { return false }
    let node = file[id]
    switch node.kind {
    case .name: return locals.contains(Symbol(node.a))
    case .cast: return isOne(node.b, of: locals, file)
    case .unary where node.operation == .ampersand: return isInside(node.a, locals, file)
    default: return false
    }
  }

  private func isInside(_ id: NodeID, _ locals: Set<Symbol>, _ file: ParsedFile) -> Bool {
    let node = file[id]
    switch node.kind {
    case .name: return locals.contains(Symbol(node.a))
    case .member, .index: return isInside(node.a, locals, file)
    default: return false
    }
  }
}
