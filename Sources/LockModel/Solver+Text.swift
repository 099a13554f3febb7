import ByteText
public import KernelC

extension Solver {
  /// A place as a reader of the function would write it, e.g. `inode->i_mapping->invalidate_lock`.
  public func text(_ place: Place, in function: FunctionID) -> String {
    guard place >= 0 else { return "?" }
    let step = places[place]
    let symbols = program.symbols
    switch step.kind {
    case .parameter:
      let parameters = program.definition(function).parameters
      let index = Int(step.value)
      return index < parameters.count ? symbols.text(parameters[index].name) : "argument \(index + 1)"
    case .local, .global: return symbols.text(Symbol(step.value))
    case .member:
      let base = step.base
      if base >= 0, places[base].kind == .pointee {
        return "\(text(places[base].base, in: function))->\(symbols.text(Symbol(step.value)))"
      }
      return "\(text(base, in: function)).\(symbols.text(Symbol(step.value)))"
    case .pointee: return "*\(text(step.base, in: function))"
    case .address: return "&\(text(step.base, in: function))"
    case .element: return "\(text(step.base, in: function))[]"
    case .call, .derived: return "\(symbols.text(Symbol(step.value)))(\(text(step.base, in: function)))"
    case .result: return "a result"
    }
  }

  /// A lock as a message names it: without the `*` of a pointer to a lock.
  public func lockText(_ place: Place, in function: FunctionID) -> String {
    let text = text(place, in: function)
    return text.hasPrefix("*") ? String(text.dropFirst()) : text
  }

  /// The resource of a pair, as a message names it.
  public func resourceText(_ held: HeldLock, in function: FunctionID) -> String {
    let step = places[held.place]
    // The resource of a call without arguments is the call.
    if step.base >= 0, places[step.base].kind == .global, places[step.base].value == step.value { return "" }
    return text(step.base, in: function)
  }

  /// Whether equal paths may be two locks: an array element whose index is not known, or what a function chooses.
  public func isAmbiguous(_ place: Place) -> Bool {
    var place = place
    while place >= 0 {
      let step = places[place]
      if step.kind == .derived || step.kind == .element && step.value == 0 { return true }
      place = step.base
    }
    return false
  }

  /// Whether the path goes through an array.
  public func hasElement(_ place: Place) -> Bool {
    var place = place
    while place >= 0 {
      if places[place].kind == .element { return true }
      place = places[place].base
    }
    return false
  }

  /// Whether the path goes through what a function returns for its argument.
  public func isThroughGetter(_ place: Place) -> Bool {
    var place = place
    while place >= 0 {
      if places[place].kind == .call || places[place].kind == .derived { return true }
      place = places[place].base
    }
    return false
  }

  /// Whether the path starts at a local that has several values in turn, as in a loop.
  public func isVarying(_ place: Place, in function: FunctionID) -> Bool {
    guard let root = places.root(of: place), root.kind == .local else { return false }
    return scopes(function).assignmentCount[Symbol(root.value), default: 0] > 1
  }

  /// Whether the lock lives in something reached through a pointer variable, as opposed to a local structure or NULL.
  public func isThroughPointer(_ place: Place) -> Bool {
    guard let root = places.root(of: place) else { return false }
    if root.kind == .global { return Symbol(root.value) != names.null }
    var place = place
    while place >= 0 {
      let step = places[place]
      if step.base >= 0, places[step.base].base < 0 { return step.kind == .pointee || step.kind == .call }
      place = step.base
    }
    return false
  }

  /// Whether a function has a local or parameter that says whether a lock is held.
  public func hasLockFlag(_ id: FunctionID) -> Bool {
    let scope = scopes(id)
    return scope.localTypes.contains { name, type in
      (type.base == .integer || type.base == .boolean) && isNamedForLock(name)
    }
      || scope.definition.parameters.contains { parameter in
        (parameter.type.base == .integer || parameter.type.base == .boolean)
          && isNamedForLock(parameter.name)
      }
  }

  /// Whether the function called `name` is among the arguments of a call.
  public func isPassed(_ name: Symbol, _ call: CallEvent) -> Bool {
    let place = places.intern(.global, -1, name.rawValue)
    return call.arguments.contains { $0 == place || $0 >= 0 && $0 == places.address(of: place) }
  }

  /// Whether the call is all that a branch does: `if (locked) unlock();`.
  public func isBranch(_ node: NodeID, in id: FunctionID) -> Bool { scopes(id).branchCalls.contains(node) }

  /// What the value at `place` points to.
  public func pointee(of place: Place) -> Place { places.pointee(of: place) }

  /// Whether `place` is `part` or lies in or behind it.
  public func depends(_ place: Place, on part: Place) -> Bool { places.depends(place, on: part) }

  /// The call that stands for a lock by its name, and the value it is given; nil for a lock of the kernel's own.
  public func opener(of held: HeldLock) -> (name: Symbol, resource: Place)? {
    guard held.kind == .pair, held.place >= 0, places[held.place].kind == .call else { return nil }
    return (Symbol(places[held.place].value), places[held.place].base)
  }

  /// Whether a caller can name the place.
  public func isPortable(_ place: Place) -> Bool { places.isPortable(place) }

  /// The far end of the path is a global.
  public func isGlobal(_ place: Place) -> Bool { places.root(of: place)?.kind == .global }

  /// Whether the path starts at `current`, the task that runs.
  public func isOfCurrentTask(_ place: Place) -> Bool {
    guard place >= 0, let root = places.root(of: place) else { return false }
    return root.kind == .global && Symbol(root.value) == names.current
  }

  /// The place in a caller's terms; -1 when it cannot be said.
  public func substitute(_ place: Place, _ arguments: [Place]) -> Place { places.substitute(place, arguments) }

  /// A caller's place in the terms of a callee that is given `arguments`; -1 when the callee cannot name it.
  public func calleePlace(of place: Place, _ arguments: [Place]) -> Place {
    places.calleePlace(of: place, arguments)
  }

  /// The class of a lock that a function holds.
  public func lockClass(of held: HeldLock, in function: FunctionID) -> LockClass? {
    lockClass(of: held.place, held.kind, in: function)
  }

  /// The class of the lock at a place of a function.
  public func lockClass(of place: Place, _ kind: LockKind = .mutex, in function: FunctionID) -> LockClass? {
    if let known = classes[ClassKey(function: function, place: place)] { return known }
    let explorer = Explorer(self, scopes(function))
    let result = explorer.lockClass(of: place, kind: kind)
    classes[ClassKey(function: function, place: place)] = result
    return result
  }

  /// Whether two locks of one class, named in different functions, may be one: where both lie in a structure within their
  /// object, that must be the same one, `x->commands.mutex` and not `x->events.mutex`.
  public func mayShareObject(_ left: Place, _ right: Place) -> Bool {
    func inner(_ place: Place) -> Symbol? {
      guard place >= 0, places[place].kind == .member, case let base = places[place].base, base >= 0,
        places[base].kind == .member
      else { return nil }
      return Symbol(places[base].value)
    }
    guard let first = inner(left), let second = inner(right) else { return true }
    return first == second
  }

  /// The class of the lock that an argument points to.
  public func lockClass(ofArgument node: NodeID, in function: FunctionID) -> LockClass? {
    var explorer = Explorer(self, scopes(function))
    return explorer.lockClass(of: places.pointee(of: explorer.place(of: node)), kind: .mutex)
  }

  /// The object a lock lives in: the path without its last member; -1 for a global.
  public func owner(of place: Place) -> Place {
    guard place >= 0, places[place].kind == .member else { return -1 }
    return places[place].base
  }

  /// Whether a path is another one, or goes on from it.
  public func isReached(_ place: Place, from start: Place) -> Bool {
    guard start >= 0 else { return false }
    var place = place
    while place >= 0 {
      if place == start { return true }
      place = places[place].base
    }
    return false
  }

  /// The last member of a path.
  public func lastMember(of place: Place) -> Symbol {
    guard place >= 0 else { return .none }
    let step = places[place]
    switch step.kind {
    case .member, .global: return Symbol(step.value)
    case .address, .pointee, .element: return lastMember(of: step.base)
    default: return .none
    }
  }

  /// Whether the name is a memory allocator's: a valid pointer or NULL.
  public func isAllocator(_ name: Symbol) -> Bool { names.allocators.contains(name) }

  /// Whether `name` allocates memory and fails with NULL.
  public func isMemory(_ name: Symbol) -> Bool {
    guard names.allocators.contains(name) else { return false }
    let text = program.symbols.text(name)
    // A pool waits until it has something.
    return (text.holds("alloc") || text.holds("dup")) && text != "bio_alloc" && text != "mempool_alloc"
  }

  /// All that is known to be returned by functions called `name`, over all definitions; nil where one is not known.
  public func returns(of name: Symbol) -> ValueSet? {
    if names.allocators.contains(name) { return [.zero, .positive] }
    let definitions = program.definitions(of: name)
    var result: ValueSet = []
    for id in definitions {
      guard let known = summary(id)?.returns else { return interface.returns(name) }
      result.formUnion(known)
    }
    return result.isEmpty ? interface.returns(name) : result
  }

  /// The same for a call in the file: a static function there is the one that is meant, whatever others are called so.
  public func returns(of name: Symbol, fromFile: Int) -> ValueSet? {
    guard let own = ownFunction(name, fromFile) else { return returns(of: name) }
    return summary(own)?.returns
  }

  /// The static function of the file that goes by the name.
  private func ownFunction(_ name: Symbol, _ fromFile: Int) -> FunctionID? {
    guard let target = program.resolve(name, fromFile: fromFile), !program.definition(target).isMacro,
      program.definition(target).isStatic, Int(program.functions[Int(target.rawValue)].file) == fromFile
    else { return nil }
    return target
  }

  /// Whether the name sounds like the end of something: a call that frees, puts or closes what it is given.
  public func disposes(_ name: Symbol) -> Bool { pairing.traits(of: name, program.symbols).disposes }

  /// The local whose address a call is given that reads it and changes it, as `set_bit(n, &x)` does; nil for other calls.
  public func changedArgument(of name: Symbol, in call: NodeID, _ file: ParsedFile) -> NodeID? {
    let arguments = Array(file.list(file[call].b, file[call].c))
    guard let position = names.changedInPlace[name], position < arguments.count,
      case let argument = file[arguments[position]], argument.kind == .unary, argument.operation == .ampersand
    else { return nil }
    return argument.a
  }

  /// The functions that undo a call of `name`, by their names or by the kernel's habit.
  public func undoers(of name: Symbol) -> Set<Symbol> {
    // What the kernel's own calls are undone by is known.
    if PairingTable.fixed[program.symbols.text(name)] != nil { return pairing.closers(of: name, program.symbols) }
    return pairing.undoers(of: name, program.symbols).union(habit(of: name)?.closers ?? [])
  }

  /// Whether the name is that of a function that gets rid of the pointer that it is given.
  public func endsPointer(_ name: Symbol) -> Bool {
    let text = program.symbols.text(name)
    return PairingTable.soundsLikeEnd(text) || text.hasSuffix("unmap") || text == "kthread_stop"
  }

  /// Whether the name is that of a function that looks at a pointer or prints it, and does nothing behind it.
  public func looksOnly(_ name: Symbol) -> Bool {
    names.looks.contains(name) || names.transparent.contains(name) || isMessage(name) || isHarmless(name)
      || disposes(name)
  }

  /// Whether a table says what is to be known of a function, whatever its body.
  public func isKnownInterface(_ name: Symbol) -> Bool {
    locks[name] != nil || names.sleepers.contains(name) || names.allocators.contains(name)
      || names.frees.contains(name) || names.containers.contains(name) || names.transparent.contains(name)
      || names.selfContained.contains(name) || names.polls[name] != nil || names.allocates[name] != nil
      || interface.sleepers.contains(name) || interface.outputs[name] != nil || interface.returns(name) != nil
  }

  /// Whether `name` is one of the kernel's lock primitives.
  public func isLockPrimitive(_ name: Symbol) -> Bool { locks[name] != nil }

  /// Whether `name` is seen to make or pass on error pointers, as opposed to returning what is never NULL.
  public func makesErrorPointers(_ name: Symbol, fromFile: Int = -1, depth: Int = 0) -> Bool {
    guard depth < 5 else { return false }
    let own = fromFile < 0 ? nil : ownFunction(name, fromFile)
    let definitions = own.map { [$0] } ?? program.definitions(of: name)
    let isKnown = interface.errorPointers.contains(name)
    // What all the kernel checks for may still be a function that cannot fail: its body knows better.
    if definitions.isEmpty { return isKnown }
    return definitions.contains { id in
      let scope = scopes(id)
      return scope.calls.contains { call in
        let callee = scope.file[scope.file[call].a]
        guard callee.kind == .name else { return isKnown }
        guard Symbol(callee.a) != name else { return false }
        let inner = Symbol(callee.a)
        if inner == names.errPtr || inner == names.errCast { return true }
        return program.returnType(inner)?.isPointer != false
          && makesErrorPointers(inner, fromFile: scope.fileIndex, depth: depth + 1)
      }
    }
  }

  /// Whether a call is seen to return negative errors and otherwise 0, or what goes by the name of an error.
  public func isErrnoLike(_ name: Symbol, fromFile: Int, depth: Int = 0) -> Bool {
    if returnsErrno(name, fromFile: fromFile) { return true }
    guard depth < 4, let target = program.resolve(name, fromFile: fromFile), let facts = facts(target) else {
      return false
    }
    let type = program.definition(target).returnType
    guard type.base == .integer, !type.isPointer, !facts.exits.isEmpty else { return false }
    let file = program.file(of: target)
    let fileIndex = Int(program.functions[Int(target.rawValue)].file)
    var isCertain = false
    for exit in facts.exits {
      guard exit.value >= 0, exit.values != .positive else { return false }
      if exit.values.isSubset(of: [.zero, .negative]) {
        isCertain = isCertain || exit.values.contains(.negative)
        continue
      }
      let value = file[exit.value]
      switch value.kind {
      case .name:
        guard names.errorVariables.contains(Symbol(value.a)), holdsErrors(Symbol(value.a), target) else { return false }
      case .call:
        guard file[value.a].kind == .name,
          isErrnoLike(Symbol(file[value.a].a), fromFile: fileIndex, depth: depth + 1)
        else { return false }
        isCertain = true
      default: return false
      }
    }
    return isCertain
  }

  /// Whether nothing is stored in the variable that is plainly something else than 0 or an error.
  private func holdsErrors(_ variable: Symbol, _ id: FunctionID) -> Bool {
    let scope = scopes(id)
    let file = scope.file
    return scope.definition.nodes.allSatisfy { node in
      let item = file[node]
      switch item.kind {
      case .assign where file[item.a].kind == .name && Symbol(file[item.a].a) == variable:
        return !isAnswer(item.b, scope)
      case .variable where Symbol(item.a) == variable && item.c >= 0: return !isAnswer(item.c, scope)
      default: return true
      }
    }
  }

  /// A member, a comparison, or what a function that does not only return errors says.
  private func isAnswer(_ value: NodeID, _ scope: FunctionScope) -> Bool {
    let file = scope.file
    let node = file[value]
    switch node.kind {
    case .cast: return isAnswer(node.b, scope)
    case .member, .index: return true
    case .name: return scope.localTypes[Symbol(node.a)] != nil && !names.errorVariables.contains(Symbol(node.a))
    case .number: return node.a > 0
    case .unary: return node.operation == .bang || node.operation == .star
    case .binary: return node.operation.isComparison
    case .call:
      guard file[node.a].kind == .name else { return false }
      let callee = Symbol(file[node.a].a)
      if let type = program.returnType(callee), type.isPointer || type.base == .boolean || type.base == .unsigned {
        return true
      }
      guard let target = program.resolve(callee, fromFile: scope.fileIndex), !program.definition(target).isMacro else {
        return false
      }
      return summary(target)?.returns.map { $0 == [.zero, .positive] || $0 == .positive } == true
    default: return false
    }
  }

  /// Whether `name` returns an errno that nearly all of the kernel looks at; a body that cannot fail wins.
  public func mustBeChecked(_ name: Symbol) -> Bool {
    interface.mustCheck.contains(name) && mayReturn(name, .negative)
  }

  /// Whether `name` fails with an error pointer that nearly all of the kernel looks for.
  public func isCheckedForError(_ name: Symbol) -> Bool {
    interface.checkedErrors.contains(name) && mayReturn(name, .negative)
  }

  /// Whether `name` allocates, and nearly all of the kernel looks for NULL.
  public func isCheckedForNull(_ name: Symbol) -> Bool {
    interface.checkedNulls.contains(name) && mayReturn(name, .zero)
  }

  /// Whether `name` returns a value or a negative errno, and most of the kernel looks which.
  public func isCheckedForSign(_ name: Symbol) -> Bool {
    interface.checkedValues.contains(name) && mayReturn(name, .negative)
  }

  private func mayReturn(_ name: Symbol, _ values: ValueSet) -> Bool {
    let definitions = program.definitions(of: name)
    return definitions.isEmpty
      || definitions.contains { summary($0)?.returns.map { !$0.isDisjoint(with: values) } ?? true }
  }

  /// Whether `name` is a widely used function that returns a pointer.
  public func isKnownPointer(_ name: Symbol) -> Bool {
    interface.errorPointers.contains(name) || interface.nullPointers.contains(name)
  }

  /// Whether a call returns 0 or a negative errno, by its body or by what is known of the kernel.
  public func returnsErrno(_ name: Symbol, fromFile: Int) -> Bool {
    if let target = program.resolve(name, fromFile: fromFile) {
      guard let known = summary(target)?.returns else { return interface.errnos.contains(name) }
      return known == [.zero, .negative] || known == .negative
    }
    return interface.errnos.contains(name)
  }
}

struct ClassKey: Hashable, Sendable {
  let function: FunctionID
  let place: Place
}
