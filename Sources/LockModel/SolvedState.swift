import KernelC

/// What a solver found out about one state of a tree, for solvers of other states of the same files.
public struct SolvedState: Sendable {
  let places: PlaceTable
  let pairing: PairingTable
  // By function.
  let facts: [FunctionID: FunctionFacts]
  let summaries: [FunctionID: Summary]
  let pairs: [FunctionID: [NodeID: Pairing]]
  let hints: [FunctionID: [Place: CType]]
  let newReferences: [FunctionID: NewReference?]
  let tornDown: [FunctionID: [Symbol: Set<Symbol>]]
  let keeps: [KeepKey: Bool]
  let classes: [ClassKey: LockClass?]
  // By name.
  let getters: [Symbol: Bool]
  let returnTypes: [Symbol: CType?]

  init(_ solver: Solver) {
    places = solver.places
    pairing = solver.pairing
    facts = solver.factsOf
    summaries = solver.summaries
    pairs = solver.pairsOf
    hints = solver.hints
    newReferences = solver.newReferences
    tornDown = solver.tornDown
    keeps = solver.keeps
    classes = solver.classes
    getters = solver.getters
    returnTypes = solver.returnTypes
  }
}

extension Solver {
  /// A solver that starts with what `solved` has of functions and names that `difference` does not affect.
  convenience init(_ linked: LinkedState, carryingOver solved: SolvedState, except difference: StateDifference) {
    self.init(linked)
    func isKept(_ id: FunctionID) -> Bool { !difference.isAffected(id) }
    places = solved.places
    pairing = solved.pairing
    factsOf = solved.facts.filter { isKept($0.key) }
    summaries = solved.summaries.filter { isKept($0.key) }
    pairsOf = solved.pairs.filter { isKept($0.key) }
    hints = solved.hints.filter { isKept($0.key) }
    newReferences = solved.newReferences.filter { isKept($0.key) }
    tornDown = solved.tornDown.filter { isKept($0.key) }
    keeps = solved.keeps.filter { isKept($0.key.function) }
    classes = solved.classes.filter { isKept($0.key.function) }
    getters = solved.getters.filter { !difference.isAffected($0.key) }
    returnTypes = solved.returnTypes.filter { !difference.isAffected($0.key) }
  }
}
