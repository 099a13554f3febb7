import KernelC

extension Explorer {
  mutating func store(_ target: Place, _ value: NodeID, _ targetNode: NodeID, _ state: inout PathState) {
    settlePending(target, &state)
    let values = self.values(of: value, state)
    let constant = self.constant(value) ?? 0
    let node = scope.file[targetNode]
    if node.kind == .name || node.kind == .variable { state.failed = -1 }
    if node.kind == .name || node.kind == .variable, let bit = scope.trackedBits[Symbol(node.a)] {
      state.unset &= ~bit
      state.pending.removeAll { $0.bit == bit }
    }
    if !scope.aggregates.isEmpty, let root = scope.root(of: targetNode) {
      let bit = scope.trackedBits[Symbol(scope.file[root].a)] ?? 0
      state.unset &= ~bit
      state.pending.removeAll { $0.bit == bit }
    }
    noteWrite(targetNode, &state)
    noteAccess(targetNode, state)
    let isStored = noteEscape(value, targetNode, &state)
    forget(target, &state, except: value)
    // What undoes it by this name may ask first whether it is there.
    if isStored { state.set(target, .positive) }
    if target >= 0, relevant.contains(target) { state.set(target, values, constant: constant) }
    bindResult(target, value, &state)
  }

  mutating func storeUnknown(_ target: Place, _ node: NodeID, _ state: inout PathState) {
    if scope.file[node].kind == .name, let bit = scope.trackedBits[Symbol(scope.file[node].a)] { state.unset &= ~bit }
    noteWrite(node, &state)
    noteAccess(node, state)
    settlePending(target, &state)
    forget(target, &state)
  }

  /// `ret |= f(&x)`: while `ret` is 0, nothing that was stored in it failed.
  mutating func accumulate(_ target: Place, _ call: NodeID, _ node: NodeID, _ state: inout PathState) {
    let earlier = state.pending.filter { $0.result == target && target >= 0 }
    storeUnknown(target, node, &state)
    for index in state.pending.indices where earlier.contains(where: { $0.bit == state.pending[index].bit }) {
      state.pending[index].result = target
    }
    bindResult(target, call, &state)
  }

  /// The variable that holds a call's result takes another value: what was not checked by now never will be.
  private func settlePending(_ target: Place, _ state: inout PathState) {
    guard target >= 0, !state.pending.isEmpty else { return }
    let known = state.values(of: target) ?? .any
    state.pending.removeAll { $0.result == target && known.isDisjoint(with: $0.unwrittenFor) }
    for index in state.pending.indices where state.pending[index].result == target { state.pending[index].result = -1 }
  }

  mutating func assign(_ target: Place, _ value: NodeID, _ state: inout PathState) {
    guard target >= 0 else { return }
    if relevant.contains(target) {
      state.set(target, values(of: value, state), constant: constant(value) ?? 0)
    }
    bindResult(target, value, &state)
  }

  /// After `x = f(&y)`, what is known of `x` decides whether `y` was written.
  private mutating func bindResult(_ target: Place, _ value: NodeID, _ state: inout PathState) {
    guard target >= 0 else { return }
    let node = scope.file[value]
    // In `f(&x) + g(&y)` the sum is 0 where nothing failed.
    if node.kind == .binary, node.operation == .plus || node.operation == .pipe {
      bindResult(target, node.a, &state)
      bindResult(target, node.b, &state)
      return
    }
    guard node.kind == .call else { return }
    let result = solver.places.intern(.result, -1, value)
    for index in state.pending.indices where state.pending[index].result == result {
      state.pending[index].result = target
    }
  }

  /// What is stored somewhere has another owner; whether the function undoes it by the new name.
  private mutating func noteEscape(_ value: NodeID, _ targetNode: NodeID, _ state: inout PathState) -> Bool {
    guard state.held.contains(where: { $0.kind == .pair }) else { return false }
    let stored = place(of: value)
    dropPassedOn(value, targetNode, &state)
    dropFreedLater(value, targetNode, &state)
    guard stored >= 0, scope.file[value].kind != .call else { return false }
    var isFollowed = false
    let target = place(of: targetNode)
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site],
        pairing.isResult || pairing.isOutput || isReferenceTaken(held.site, pairing), pairing.resource == stored
      else {
        return false
      }
      // `p->self = p`: in itself it has no other owner.
      if target >= 0, pairing.isResult, solver.places.depends(target, on: stored) { return false }
      guard target >= 0, pairing.stored.contains(target) || undoes(pairing.closers, target, behind: targetNode) else {
        return true
      }
      pairs[held.site]?.stored.insert(target)
      isFollowed = true
      return false
    }
    return isFollowed
  }

  /// `ctl->private_free = free_it;`: the end of some object frees the thing. `node->foo = bar` with `bar = to_bar(thing)`:
  /// the object has it now.
  private mutating func dropFreedLater(_ value: NodeID, _ targetNode: NodeID, _ state: inout PathState) {
    let item = scope.file[uncast(value)]
    guard item.kind == .name, scope.file[targetNode].kind == .member else { return }
    let name = Symbol(item.a)
    let isLocal = scope.localTypes[name] != nil
    let target =
      isLocal || scope.parameters[name] != nil ? nil : solver.program.resolve(name, fromFile: scope.fileIndex)
    guard isLocal || target != nil else { return }
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site], pairing.isResult else { return false }
      if let target { return solver.mayCall(target, pairing.closers, orIndirect: false) }
      return pairing.isReference && isMade(name, from: pairing.resource)
    }
  }

  /// `planes[i] = to_plane(object);`, `name = strim(copy);`: what stands for it is stored, and it with that.
  private mutating func dropPassedOn(_ value: NodeID, _ targetNode: NodeID, _ state: inout PathState) {
    let call = uncast(value)
    guard scope.file[call].kind == .call else { return }
    let isView = Self.stringViews.contains(solver.program.symbols.text(calleeName(call)))
    let arguments = scope.file.list(scope.file[call].b, scope.file[call].c).map { place(of: $0) }
    let isLocal = scope.file[targetNode].kind == .name || scope.file[targetNode].kind == .variable
    state.held.removeAll { held in
      guard held.kind == .pair, held.site != call, let pairing = pairs[held.site], pairing.isResult,
        solver.places[pairing.resource].kind == .local
      else { return false }
      if isView { return arguments.contains(pairing.resource) }
      return !isLocal && mentions(call, Symbol(solver.places[pairing.resource].value), 0)
    }
  }

  /// Return the string that they are given, or a place in it.
  private static let stringViews: Set<String> = ["strreplace", "strim", "skip_spaces", "strstrip", "strcpy", "strncpy"]

  /// `get_foo(foo);`: the reference is for whoever the object is stored for.
  func isReferenceTaken(_ opener: NodeID, _ pairing: Pairing) -> Bool {
    guard !pairing.isResult, !pairing.isBare else { return false }
    let words = solver.program.symbols.text(calleeName(opener)).split(separator: "_")
    return words.contains { ["get", "hold", "ref", "grab", "ihold", "dget", "igrab"].contains($0) }
      && !words.contains { ["pm", "runtime", "autopm", "power", "clk", "sync"].contains($0) }
  }

  /// Whether the function calls one of `closers` for the member itself, further down: what it ends before was another.
  private mutating func undoes(_ closers: Set<Symbol>, _ target: Place, behind store: NodeID) -> Bool {
    guard [.member, .global].contains(solver.places[target].kind) else { return false }
    let start = scope.file[store].token
    for call in scope.calls where closers.contains(calleeName(call)) && scope.file[call].token > start {
      for argument in scope.file.list(scope.file[call].b, scope.file[call].c) where place(of: argument) == target {
        return true
      }
    }
    return false
  }

  mutating func read(_ node: NodeID, _ state: inout PathState) {
    let name = Symbol(scope.file[node].a)
    guard let bit = scope.trackedBits[name] else { return }
    if state.unset & bit != 0 {
      note(UnsetReadEvent(node: node, variable: name, call: -1))
      return
    }
    setReads.insert(node)
    for item in state.pending where item.bit == bit {
      let known = item.result < 0 ? .any : state.values(of: item.result) ?? .any
      if !known.isDisjoint(with: item.unwrittenFor) {
        note(UnsetReadEvent(node: node, variable: name, call: item.call, isIgnored: item.unwrittenFor == .any))
      }
    }
    state.pending.removeAll { $0.bit == bit }
  }

  private mutating func note(_ event: UnsetReadEvent) {
    if unsetSeen.insert(event).inserted { facts.unsetReads.append(event) }
  }
}
