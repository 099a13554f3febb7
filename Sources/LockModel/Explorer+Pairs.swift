import ByteText
import KernelC

extension Explorer {
  /// Finds the calls whose undoing also stands in this function.
  mutating func findPairs() {
    guard !scope.definition.isMacro else { return }
    findLoops()
    var present: Set<Symbol> = []
    for node in scope.calls where discarded.contains(node) { present.insert(calleeName(node)) }
    for id in scope.definition.nodes {
      let node = scope.file[id]
      if node.kind == .assign, node.operation == .equal { holders[stripped(node.b)] = node.a }
      if node.kind == .variable, node.c >= 0 { holders[stripped(node.c)] = id }
    }
    var budget = Self.pairingBudget
    for node in scope.calls {
      let name = calleeName(node)
      guard name.exists, solver.locks[name] == nil, !consumes(node, holders[node]) else { continue }
      let text = solver.program.symbols.text(name)
      if isManaged(text) { continue }
      let made = solver.reference(from: name, scope.fileIndex) ?? solver.habit(of: name)
      let all = solver.pairing.closers(of: name, solver.program.symbols).union(made?.closers ?? [])
      let closers = ends(all.intersection(present), node, name, made)
      if !all.isEmpty || made != nil { budget -= scope.definition.nodes.count } else { budget -= scope.calls.count }
      if budget < 0 {
        facts.isPartial = true
        return
      }
      if let undoing = solver.pairing.closersOfFailure(name, solver.program.symbols) {
        addFailurePair(node, undoing, isClosed: !closers.isEmpty)
        continue
      }
      guard !closers.isEmpty else {
        if let holder = holders[node], let undoing = disposals(of: holder, name) {
          addPair(node, undoing, holder)
          continue
        }
        if addOutputPair(node, name) { continue }
        if addTornPair(node, name, holders[node]) {
          noteAliases(node)
          continue
        }
        if !all.isEmpty, let holder = holders[node], PairingTable.isOwned(text) || made != nil {
          addStrictPair(
            node, all, holder, isReference: PairingTable.isReference(text) || made?.isReference == true,
            isMemory: isMemory(node) || made?.isReference == false)
        } else if PairingTable.isPointer(text), let holder = holders[node], isMentioned(all) {
          addStrictPair(node, all, holder, isReference: false, isMemory: false)
        } else if PairingTable.isNumber(text), isMentioned(all) {
          addPair(node, all, nil)
          pairs[node]?.isStrict = true
          // A loop that switches on one after another knows how far it got.
          if let resource = pairs[node]?.resource, solver.hasElement(resource) || isInLoop(node) { pairs[node] = nil }
        }
        if isStored(node) { pairs[node] = nil }
        if pairs[node] == nil, let holder = holders[node] { addInnerPair(node, name, all, holder) }
        noteOthers(node)
        noteAliases(node)
        continue
      }
      if let target = solver.program.resolve(name, fromFile: scope.fileIndex), let summary = solver.summary(target),
        summary.exits.contains(where: { exit in exit.effects.contains { $0.kind != .pair } }),
        !(isLockByFlags(name, summary) && !isUndoneByFlags(closers) && !isTakenBack(node))
      {
        continue
      }
      addPair(node, closers, holders[node])
      if pairs[node] == nil, let holder = holders[node] {
        // It is another member that the function undoes itself.
        if scope.file[holder].kind == .member, !isGiven(holder, to: closers) { _ = addTornPair(node, name, holder) }
        if pairs[node] == nil { addInnerPair(node, name, all, holder) }
      }
      pairs[node]?.relatives = all
      if let pairing = pairs[node], pairing.isResult, solver.places[pairing.resource].kind == .local,
        !scope.addressTaken.contains(Symbol(solver.places[pairing.resource].value)),
        PairingTable.isReference(text) || made?.isReference == true
      {
        pairs[node]?.isReference = true
      }
      if isStored(node) {
        pairs[node] = nil
        continue
      }
      noteOthers(node)
      noteAliases(node)
    }
  }

  /// `foo_lock(foo, flags)`: which lock it takes depends on an argument, so that the two names say more than the bodies.
  private func isLockByFlags(_ name: Symbol, _ summary: Summary) -> Bool {
    guard solver.isLockByName(name) else { return false }
    func locks(_ exit: SummaryExit) -> Bool { exit.effects.contains { $0.kind != .pair } }
    return summary.exits.contains { exit in
      !locks(exit) && summary.exits.contains { locks($0) && !$0.values.isDisjoint(with: exit.values) }
    }
  }

  /// `if (flags) foo_unlock(foo, flags);`: the number says whether there is a lock.
  private func isUndoneByFlags(_ closers: Set<Symbol>) -> Bool {
    var flags: Set<Symbol> = []
    for call in scope.calls where closers.contains(calleeName(call)) {
      for argument in scope.file.list(scope.file[call].b, scope.file[call].c).dropFirst()
      where scope.file[argument].kind == .name {
        flags.insert(Symbol(scope.file[argument].a))
      }
    }
    return !flags.isEmpty
      && scope.definition.nodes.contains { node in
        let item = scope.file[node]
        guard item.kind == .ifStatement, scope.file[item.a].kind == .name else { return false }
        return flags.contains(Symbol(scope.file[item.a].a))
      }
  }

  /// Whether nobody but this function learns what the call returns.
  func isKeptHere(_ node: NodeID) -> Bool {
    guard let holder = holders[node] else { return true }
    return scope.file[holder].kind == .name || scope.file[holder].kind == .variable
  }

  /// Whether something has been unlocked before, which may be the caller's lock.
  private func isTakenBack(_ node: NodeID) -> Bool {
    scope.calls.contains { call in
      scope.file[call].token < scope.file[node].token
        && solver.program.symbols.text(calleeName(call)).holds("unlock")
    }
  }

  /// The closers that the function calls, but for those that it only calls for other things than what a maker returned.
  private mutating func ends(_ closers: Set<Symbol>, _ node: NodeID, _ opener: Symbol, _ made: NewReference?) -> Set<
    Symbol
  > {
    let text = solver.program.symbols.text(opener)
    guard !closers.isEmpty, let holder = holders[node],
      made != nil || PairingTable.isOwned(text) || PairingTable.isPointer(text)
    else { return closers }
    let item = scope.file[holder]
    let name = Symbol(item.a)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[name]?.isPointer == true,
      !isSetOtherwise(name, behind: node), !scope.addressTaken.contains(name)
    else { return closers }
    var aliases: Set<Symbol> = [name]
    var members: Set<Symbol> = []
    for id in scope.definition.nodes {
      let part = scope.file[id]
      switch part.kind {
      case .assign where scope.file[part.a].kind == .name:
        if mentions(part.b, name, 0) { aliases.insert(Symbol(scope.file[part.a].a)) }
        if Symbol(scope.file[part.a].a) == name, scope.file[uncast(part.b)].kind == .name {
          aliases.insert(Symbol(scope.file[uncast(part.b)].a))
        }
      // In a table or a list it has an owner that is not followed.
      case .assign where mentions(part.b, name, 0):
        let target = place(of: part.a)
        if target < 0 || solver.hasElement(target) { return closers }
        members.insert(solver.lastMember(of: target))
      case .variable where part.c >= 0:
        if mentions(part.c, name, 0) { aliases.insert(Symbol(part.a)) }
      default: break
      }
    }
    members.remove(.none)
    let isEnded = scope.calls.contains { call in
      guard closers.contains(calleeName(call)) else { return false }
      return scope.file.list(scope.file[call].b, scope.file[call].c).contains { argument in
        aliases.contains { isOrHolds(argument, $0) } || members.contains(solver.lastMember(of: place(of: argument)))
      }
    }
    return isEnded ? closers : []
  }

  private func isComputed(_ id: NodeID, from name: Symbol) -> Bool {
    let node = scope.file[id]
    guard node.kind == .binary, !node.operation.isComparison else { return false }
    return [stripped(node.a), stripped(node.b)].contains {
      scope.file[$0].kind == .name && Symbol(scope.file[$0].a) == name
    }
  }

  /// `v4l2_device_register(dev, &foo->v4l2)` is undone by `v4l2_device_unregister(&foo->v4l2)`.
  private mutating func noteOthers(_ node: NodeID) {
    guard let pairing = pairs[node], !pairing.isResult else { return }
    for argument in scope.file.list(scope.file[node].b, scope.file[node].c) where constant(argument) == nil {
      let place = place(of: argument)
      guard place >= 0 else { continue }
      pairs[node]?.others.insert(place)
      if solver.places[place].kind == .address { pairs[node]?.others.insert(solver.places[place].base) }
    }
  }

  /// `p = next(p)`: the call takes what the variable held before.
  private func consumes(_ call: NodeID, _ holder: NodeID?) -> Bool {
    guard let holder, scope.file[holder].kind == .name || scope.file[holder].kind == .variable else { return false }
    let name = Symbol(scope.file[holder].a)
    return scope.file.list(scope.file[call].b, scope.file[call].c).contains { isOrPointsTo($0, name) }
  }

  private func isOrPointsTo(_ argument: NodeID, _ name: Symbol) -> Bool {
    let node = scope.file[argument]
    if node.kind == .unary, node.operation == .ampersand { return isOrPointsTo(node.a, name) }
    return node.kind == .name && Symbol(node.a) == name
  }

  /// What the function calls to get rid of the local that takes what a getter or an allocator returns.
  private mutating func disposals(of holder: NodeID, _ opener: Symbol) -> Set<Symbol>? {
    let item = scope.file[holder]
    let name = Symbol(item.a)
    let text = solver.program.symbols.text(opener)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[name]?.isPointer == true,
      scope.assignmentCount[name] == 1 || !scope.otherwiseSet.contains(name),
      PairingTable.soundsLikeOpener(text)
    else { return nil }
    let makes = PairingTable.makesMemory(text)
    // A finder whose body takes no reference gives none.
    if !makes, text.hasSuffix("_rcu") || text.hasPrefix("__") || isFinderOnly(opener) { return nil }
    var result: Set<Symbol> = []
    for call in scope.calls where discarded.contains(call) {
      let callee = calleeName(call)
      guard callee.exists, let first = scope.file.list(scope.file[call].b, scope.file[call].c).first,
        isOrHolds(first, name), case let end = solver.program.symbols.text(callee),
        makes ? PairingTable.soundsLikeEnd(end) : PairingTable.dropsReference(end),
        scope.file[first].kind == .name || PairingTable.dropsReference(end)
      else { continue }
      result.insert(callee)
    }
    return result.isEmpty ? nil : result
  }

  /// `x`, or `&x->dev` as in `put_device(&x->dev)`.
  private func isOrHolds(_ argument: NodeID, _ name: Symbol) -> Bool {
    let node = scope.file[argument]
    if node.kind == .name { return Symbol(node.a) == name }
    guard node.kind == .unary, node.operation == .ampersand else { return false }
    var inner = scope.file[node.a]
    while inner.kind == .member, inner.operation == .dot { inner = scope.file[inner.a] }
    guard inner.kind == .member else { return false }
    return scope.file[inner.a].kind == .name && Symbol(scope.file[inner.a].a) == name
  }

  /// `ret = pm_runtime_get_sync(dev)`: counts even when it fails.
  private mutating func addFailurePair(_ node: NodeID, _ closers: Set<Symbol>, isClosed: Bool) {
    guard let first = scope.file.list(scope.file[node].b, scope.file[node].c).first else { return }
    let resource = place(of: first)
    guard resource >= 0, !isStatic(resource) else { return }
    pairs[node] = Pairing(
      closers: closers, resource: resource, isResult: false, isKnown: true, opensOnFailure: true,
      opensOnSuccess: isClosed)
    noteAliases(node)
  }

  /// `&foo_device`: an object that nobody frees needs no last reference to be dropped.
  private func isStatic(_ resource: Place) -> Bool {
    var step = solver.places[resource]
    guard step.kind == .address else { return false }
    while step.base >= 0, [.address, .member, .element].contains(step.kind) { step = solver.places[step.base] }
    return step.kind == .global
  }

  private func stripped(_ id: NodeID) -> NodeID {
    scope.file[id].kind == .cast ? stripped(scope.file[id].b) : id
  }

  private mutating func addPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID?) {
    let call = scope.file[node]
    let name = calleeName(node)
    let returnsPointer =
      solver.returnType(of: name, scope.fileIndex)?.isPointer
      ?? (solver.names.allocators.contains(name)
        || (holder != nil && PairingTable.returnsPointer(solver.program.symbols.text(name)))
        || holder.map { isGiven($0, to: closers) } ?? false
        || holder.map { holdsPointer($0) } ?? false)
    let standsForLock = holder.map { isToken($0, for: closers, name) } ?? false
    // In an initialiser it has an owner that is not followed.
    if holder == nil, PairingTable.returnsPointer(solver.program.symbols.text(name)) { return }
    if returnsPointer || standsForLock {
      guard let holder else { return }
      let item = scope.file[holder]
      let name = Symbol(item.a)
      if item.kind == .member { return addMemberPair(node, closers, holder) }
      guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
        !scope.cleanedUp.contains(name), !isSetOtherwise(name, behind: node), item.kind != .variable || item.op & 1 == 0
      else { return }
      let resource = localPlace(name)
      if isUndoneOnDemand(node, closers, resource) { return }
      let isClosedHere = scope.calls.contains { call in
        closers.contains(calleeName(call))
          && scope.file.list(scope.file[call].b, scope.file[call].c).contains {
            place(of: $0) == resource || isOrHolds($0, name)
          }
      }
      pairs[node] = Pairing(
        closers: closers, resource: resource, isResult: true, isClosedHere: isClosedHere, isMemory: isMemory(node))
    } else {
      guard let first = scope.file.list(call.b, call.c).first else {
        if solver.soundsLikeLock(name), discarded.contains(node) {
          let resource = solver.places.intern(.global, -1, name.rawValue)
          pairs[node] = Pairing(closers: closers, resource: resource, isResult: false, isBare: true)
        }
        return
      }
      // A count is no resource.
      var resource = place(of: scope.file.list(call.b, call.c).first { constant($0) == nil } ?? first)
      guard resource >= 0 else { return }
      // `request_firmware(&fw, …)` and `release_firmware(fw)`
      let step = solver.places[resource]
      if step.kind == .address, type(of: step.base)?.isPointer == true { resource = step.base }
      if undoesOnDemand(closers, resource) || isUndoneByLoop(node, closers)
        || isUndoneOnDemand(node, closers, resource)
      {
        return
      }
      pairs[node] = Pairing(
        closers: closers, resource: resource, isResult: false,
        isKnown: PairingTable.isKnown(solver.program.symbols.text(calleeName(node))))
    }
  }

  /// `foo->codec = codec_attach(master);` and `codec_detach(foo->codec)`
  private mutating func isGiven(_ holder: NodeID, to closers: Set<Symbol>) -> Bool {
    scope.file[holder].kind == .member && isArgument(place(of: holder), of: closers)
  }

  /// `bit = foo_trylock(foo);` and `foo_unlock(bit)`: the number stands for the lock.
  private mutating func isToken(_ holder: NodeID, for closers: Set<Symbol>, _ opener: Symbol) -> Bool {
    let item = scope.file[holder]
    guard item.kind == .name || item.kind == .variable, solver.soundsLikeLock(opener) else { return false }
    return isArgument(localPlace(Symbol(item.a)), of: closers)
  }

  private mutating func isArgument(_ resource: Place, of closers: Set<Symbol>) -> Bool {
    guard resource >= 0 else { return false }
    for call in scope.calls where closers.contains(calleeName(call)) {
      if let first = scope.file.list(scope.file[call].b, scope.file[call].c).first, place(of: first) == resource {
        return true
      }
    }
    return false
  }

  func holds(_ id: NodeID, _ depth: Int, _ isWanted: (NodeID) -> Bool) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    return isWanted(id) || scope.file.children(of: id).contains { holds($0, depth + 1, isWanted) }
  }

  mutating func holdsPointer(_ holder: NodeID) -> Bool {
    let item = scope.file[holder]
    if item.kind == .variable { return scope.localTypes[Symbol(item.a)]?.isPointer ?? false }
    return type(of: place(of: holder))?.isPointer ?? false
  }

  /// Whether the call returns memory; a message that is sent is gone whatever comes of it.
  private func isMemory(_ call: NodeID) -> Bool {
    let text = solver.program.symbols.text(calleeName(call))
    return PairingTable.isMaker(text) && !["skb", "msg", "bio", "urb", "cred"].contains { text.contains($0) }
  }

  /// `foo->buffer = kmalloc(…)` in a function that frees `foo->buffer` itself.
  private mutating func addMemberPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID) {
    let resource = place(of: holder)
    guard resource >= 0, !isMadeAnew(resource, node, closers) else { return }
    for call in scope.calls where closers.contains(calleeName(call)) {
      let arguments = Array(scope.file.list(scope.file[call].b, scope.file[call].c))
      if arguments.contains(where: { place(of: $0) == resource }) {
        pairs[node] = Pairing(
          closers: closers, resource: resource, isResult: true, isClosedHere: true, isMemory: isMemory(node))
        return
      }
    }
  }

  /// `foo->buffer = kmalloc(…)` where this function makes `foo` and frees it, and does not free `foo->buffer`.
  private mutating func addInnerPair(_ node: NodeID, _ opener: Symbol, _ closers: Set<Symbol>, _ holder: NodeID) {
    let item = scope.file[holder]
    guard item.kind == .member, scope.file[item.a].kind == .name,
      PairingTable.isMaker(solver.program.symbols.text(opener))
    else { return }
    let object = Symbol(scope.file[item.a].a)
    guard scope.localTypes[object]?.isPointer == true, !scope.otherwiseSet.contains(object),
      !scope.addressTaken.contains(object), !scope.cleanedUp.contains(object)
    else { return }
    let makers = holders.filter { call, place in
      let target = scope.file[place]
      return (target.kind == .name || target.kind == .variable) && Symbol(target.a) == object
        && scope.file[call].kind == .call
    }
    guard makers.count == 1, let maker = makers.first?.key,
      case let ends = solver.pairing.closers(of: calleeName(maker), solver.program.symbols), !ends.isEmpty,
      PairingTable.isMaker(solver.program.symbols.text(calleeName(maker))),
      scope.calls.contains(where: { call in
        ends.contains(calleeName(call))
          && scope.file.list(scope.file[call].b, scope.file[call].c).contains { place(of: $0) == localPlace(object) }
      }), case let resource = place(of: holder), resource >= 0
    else { return }
    hasInnerPairs = true
    pairs[node] = Pairing(
      closers: closers, resource: resource, isResult: true, isStrict: true, isMemory: true, isInner: true)
  }

  /// A local that holds new memory which this function never frees.
  private mutating func addStrictPair(
    _ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID, isReference: Bool, isMemory: Bool
  ) {
    let item = scope.file[holder]
    let name = Symbol(item.a)
    guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
      scope.localTypes[name]?.isPointer == true, !scope.cleanedUp.contains(name), !scope.addressTaken.contains(name),
      !isSetOtherwise(name, behind: node), item.kind != .variable || item.op & 1 == 0
    else { return }
    // In a table or another variable it has an owner that is not followed.
    for id in scope.definition.nodes {
      let part = scope.file[id]
      let stored: NodeID
      switch part.kind {
      case .designator: stored = part.b
      case .assign where scope.file[part.a].kind == .name: stored = part.b
      case .assign:
        // An address computed from it goes somewhere, or what stands for it.
        if holds(part.b, 0, { isComputed($0, from: name) }) { return }
        let value = scope.file[stripped(part.b)]
        let isView = value.kind == .call || value.kind == .unary && value.operation == .ampersand
        if isView, mentions(part.b, name, 0) { return }
        continue
      case .variable where part.c >= 0: stored = part.c
      default: continue
      }
      // What it points to is another thing.
      if id != holder, stored >= 0, scope.file[stripped(stored)].kind != .member, mentions(stored, name, 0) { return }
    }
    pairs[node] = Pairing(
      closers: closers, resource: localPlace(name), isResult: true, isStrict: true,
      isMemory: isMemory, isReference: isReference)
  }

  /// Whether the value is the variable, or an address in what it points to.
  func mentions(_ id: NodeID, _ name: Symbol, _ depth: Int) -> Bool {
    guard id >= 0, depth < 12 else { return false }
    let node = scope.file[id]
    switch node.kind {
    case .name: return Symbol(node.a) == name
    case .cast: return mentions(node.b, name, depth + 1)
    case .unary where node.operation == .ampersand: return mentions(node.a, name, depth + 1)
    case .member, .index: return mentions(node.a, name, depth + 1)
    case .binary where !node.operation.isComparison:
      return mentions(node.a, name, depth + 1) || mentions(node.b, name, depth + 1)
    case .conditional:
      return mentions(node.b >= 0 ? node.b : node.a, name, depth + 1) || mentions(node.c, name, depth + 1)
    case .call:
      let name2 = calleeName(id)
      // What an object carries for its driver is another thing.
      if solver.program.symbols.text(name2).hasSuffix("_drvdata") { return false }
      guard
        solver.names.containers.contains(name2) || solver.isGetter(name2) || solver.names.pageViews.contains(name2)
          || node.c == 1 && solver.program.symbols.text(name2).holds("_to_")
            && !solver.interface.errorPointers.contains(name2)
      else { return false }
      return scope.file.list(node.b, node.c).contains { mentions($0, name, depth + 1) }
    default: return false
    }
  }
}
