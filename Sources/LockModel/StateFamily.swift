public import KernelC

/// Several states of one tree that are solved together: what is the same in all of them is found out once.
///
/// The first state is solved for good. Every state, the first again, then starts with what was found out about functions
/// that are affected in none, so that two states differ in a function only where the tree does.
public struct StateFamily: Sendable {
  private static let rounds = 3

  private let states: [LinkedState]
  private let mentions: MentionIndex
  private var difference: StateDifference
  private var solved: SolvedState?

  /// Links the states of `versions`, each a list of its versions, at most `jobs` at a time, and meanwhile solves the first:
  /// `solve` asks for whatever will be asked of the others.
  public init(
    _ versions: FileVersions, states: [[Int]], symbols: SymbolTable, jobs: Int, solve: @Sendable (Solver) -> Void
  ) async {
    let interface = KernelInterface(symbols)
    let first = LinkedState(Program(versions, state: states.first ?? [], symbols: symbols), interface)
    let mentions = MentionIndex(versions, symbols: symbols)
    async let others = Self.dealt(1..<max(1, states.count), jobs: max(1, jobs - 1)) { index in
      let state = LinkedState(Program(versions, state: states[index], symbols: symbols), interface)
      return (state: state, difference: StateDifference(from: first, to: state, mentions))
    }
    let solver = Solver(first)
    solve(solver)
    solved = SolvedState(solver)
    difference = StateDifference(none: first)
    for other in await others { difference.formUnion(other.difference) }
    self.states = await [first] + others.map(\.state)
    self.mentions = mentions
    for state in self.states { difference.addLikelyCallers(in: state, mentions) }
  }

  /// What `judge` makes of each state, in their order.
  ///
  /// Calls through members are looked at here: where what a member holds looks different to its callers in some state,
  /// what was carried over of those callers is given up and all states are judged again; what does not settle soon is
  /// judged without anything carried over.
  public mutating func outcomes<Outcome: Sendable>(
    jobs: Int, _ judge: @escaping @Sendable (Solver) -> Outcome
  ) async -> [Outcome] {
    for _ in 0..<Self.rounds {
      let family = self
      let judged = await Self.dealt(states.indices, jobs: jobs) { index in
        let solver = family.solver(index)
        return (outcome: judge(solver), held: family.heldSummaries(solver))
      }
      if !giveUp(callersThrough: outdated(judged.map(\.held))) { return judged.map(\.outcome) }
    }
    let states = states
    return await Self.dealt(states.indices, jobs: jobs) { judge(Solver(states[$0])) }
  }

  private func solver(_ index: Int) -> Solver {
    solved.map { Solver(states[index], carryingOver: $0, except: difference) } ?? Solver(states[index])
  }

  /// Whether anything that was carried over is given up.
  private mutating func giveUp(callersThrough members: Set<MemberKey>) -> Bool {
    guard !members.isEmpty else { return false }
    let before = difference.count
    for state in states { difference.add(callersThrough: members, in: state, mentions) }
    return difference.count > before
  }

  /// The members of which affected functions have another summary in some state than in the first.
  private func outdated(_ summaries: [[FunctionID: Summary]]) -> Set<MemberKey> {
    guard let first = summaries.first else { return [] }
    var result: Set<MemberKey> = []
    for (state, known) in zip(states, summaries).dropFirst() {
      for (id, summary) in known where first[id].map({ $0 != summary }) == true {
        result.formUnion(state.callbacks.members(holding: id))
      }
    }
    return result
  }

  /// The summaries of affected functions that members hold, as far as anybody asked for them when the first state was solved.
  private func heldSummaries(_ solver: Solver) -> [FunctionID: Summary] {
    var result: [FunctionID: Summary] = [:]
    for id in solver.program.allFunctions
    where difference.isAffected(id) && !solver.callbacks.members(holding: id).isEmpty && solved?.summaries[id] != nil {
      result[id] = solver.summary(id)
    }
    return result
  }

  /// `work` on each index, dealt out to at most `jobs` tasks; the results in the order of the indices.
  private static func dealt<Result: Sendable>(
    _ indices: Range<Int>, jobs: Int, _ work: @escaping @Sendable (Int) -> Result
  ) async -> [Result] {
    let lanes = max(1, min(jobs, indices.count))
    return await withTaskGroup(of: [(index: Int, result: Result)].self) { group in
      for lane in 0..<lanes {
        group.addTask {
          stride(from: indices.lowerBound + lane, to: indices.upperBound, by: lanes).map { ($0, work($0)) }
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }.sorted { $0.index < $1.index }.map(\.result)
  }
}
