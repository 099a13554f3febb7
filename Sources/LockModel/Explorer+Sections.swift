import KernelC

/// `reset_control_assert(); udelay(); reset_control_deassert();`: what is closed first and opened then was open before,
/// and is left as it was found.
extension Explorer {
  /// Sorts the pairs that are states of something by what ends the state.
  mutating func findSections() {
    for node in pairs.keys.sorted() {
      guard let pairing = pairs[node], !pairing.isResult, !pairing.isOutput, !pairing.isBare else { continue }
      for closer in pairing.closers { sections[closer, default: []].append(node) }
    }
  }

  /// Notes the pairs that `name` closes although this path has not opened them.
  mutating func noteInterruption(_ name: Symbol, _ arguments: [Place], _ state: inout PathState) {
    guard let openers = sections[name] else { return }
    var places: [Place] = []
    for opener in openers {
      guard let pairing = pairs[opener],
        arguments.contains(where: { $0 == pairing.resource || pairing.stored.contains($0) })
      else { continue }
      let place = solver.places.intern(.call, pairing.resource, calleeName(opener).rawValue)
      // Of two openers with one closer, the other one's is closed.
      if state.isHeld(place) { return }
      if place >= 0, !state.reopenable.contains(place) { places.append(place) }
    }
    if !places.isEmpty { state.reopenable = Set(state.reopenable + places).sorted() }
  }

  /// The same ways on, with nothing left open, where the pair at `place` was closed before.
  func restored(_ place: Place, _ states: [PathState]) -> [PathState] {
    states.map { state in
      guard let index = state.reopenable.firstIndex(of: place) else { return state }
      var state = state
      state.reopenable.remove(at: index)
      state.held.removeAll { $0.place == place }
      return state
    }
  }

  /// `if (!pm_runtime_enabled(dev))`: where it is not enabled there is nothing to disable.
  mutating func closeUnless(_ question: Symbol, _ argument: NodeID, _ state: inout PathState) {
    guard argument >= 0, question.exists, state.held.contains(where: { $0.kind == .pair }) else { return }
    let text = solver.program.symbols.text(question)
    guard text.hasSuffix("_enabled") else { return }
    let resource = place(of: argument)
    let openers = [String(text.dropLast()), text.replacing("_is_enabled", with: "_enable")]
    state.held.removeAll { held in
      held.kind == .pair && pairs[held.site]?.resource == resource
        && openers.contains(solver.program.symbols.text(calleeName(held.site)))
    }
  }
}
