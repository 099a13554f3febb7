import KernelC
import LockModel

/// Where the value of one local is still wanted, over the control flow of a function.
struct ErrorLiveness {
  let name: Symbol
  let file: ParsedFile
  let flow: ControlFlow
  /// Assignments that stand in a branch: what is set on the way to a call that may fail is only a default.
  let inBranches: Set<NodeID>

  /// What happens to the local, in the order of execution.
  private enum Event {
    case read
    /// The statement's own assignment node, or -1 where the value is used at once or is no call's; whether it is a constant.
    case write(NodeID, isConstant: Bool)
  }

  /// What is known behind a point.
  private struct Demand: Equatable {
    /// Some path reads the value.
    var isRead = false
    /// Some path leaves the function with the value unread.
    var isLeft = false
    /// Some path stores another result in it, as opposed to a constant.
    var isReplaced = false
  }

  /// Assignments of calls whose value every path overwrites unread.
  func lostStores() -> [NodeID] {
    let events = flow.blocks.map(events)
    var demands = [Demand](repeating: Demand(), count: flow.blocks.count)
    var isChanged = true
    while isChanged {
      isChanged = false
      for block in flow.blocks.indices.reversed() {
        var demand = behind(flow.blocks[block], demands)
        for event in events[block].reversed() { demand = before(event, demand) }
        if demand != demands[block] {
          demands[block] = demand
          isChanged = true
        }
      }
    }
    var result: [NodeID] = []
    let (reachable, ending) = (reachable(), ending())
    for block in flow.blocks.indices where reachable[block] {
      var demand = behind(flow.blocks[block], demands)
      for event in events[block].reversed() {
        if case .write(let node, _) = event, node >= 0, !demand.isRead, !demand.isLeft, ending[block],
          demand.isReplaced || file[node].kind == .assign && isErrorCode(file[node].b)
        {
          result.append(node)
        }
        demand = before(event, demand)
      }
    }
    return result.sorted()
  }

  private func before(_ event: Event, _ demand: Demand) -> Demand {
    guard case .write(_, let isConstant) = event else { return Demand(isRead: true, isLeft: demand.isLeft) }
    return Demand(isReplaced: !isConstant)
  }

  private func behind(_ block: BasicBlock, _ demands: [Demand]) -> Demand {
    if case .leave = block.exit { return Demand(isRead: false, isLeft: true) }
    return successors(block).reduce(Demand()) {
      Demand(
        isRead: $0.isRead || demands[$1].isRead, isLeft: $0.isLeft || demands[$1].isLeft,
        isReplaced: $0.isReplaced || demands[$1].isReplaced)
    }
  }

  private func successors(_ block: BasicBlock) -> [Int] {
    switch block.exit {
    case .jump(let next): [next]
    case .branch(_, let then, let otherwise): [then, otherwise]
    case .either(let first, let second): [first, second]
    case .preprocessor(_, _, let then, let otherwise): [then, otherwise]
    case .select(_, let cases, let otherwise): cases.map(\.block) + [otherwise]
    case .leave, .stop: []
    }
  }

  /// By block: whether some path from it leaves the function; what is lost in an endless loop is lost anyway.
  private func ending() -> [Bool] {
    var callers = [[Int]](repeating: [], count: flow.blocks.count)
    var leaving: [Int] = []
    for block in flow.blocks.indices {
      if case .leave = flow.blocks[block].exit { leaving.append(block) }
      for next in successors(flow.blocks[block]) { callers[next].append(block) }
    }
    return closure(of: leaving) { callers[$0] }
  }

  private func reachable() -> [Bool] { closure(of: [0]) { successors(flow.blocks[$0]) } }

  /// By block: whether it is one of `start`, or comes after one.
  private func closure(of start: [Int], next: (Int) -> [Int]) -> [Bool] {
    var result = [Bool](repeating: false, count: flow.blocks.count)
    var work = start
    for block in start { result[block] = true }
    while let block = work.popLast() {
      for other in next(block) where !result[other] {
        result[other] = true
        work.append(other)
      }
    }
    return result
  }

  private func events(_ block: BasicBlock) -> [Event] {
    var result: [Event] = []
    var condition: NodeID = -1
    if case .branch(let node, _, _) = block.exit { condition = node }
    if case .select(let node, _, _) = block.exit { condition = node }
    if case .leave(let node, _) = block.exit { condition = node }
    for action in block.actions {
      switch action.kind {
      case .evaluate: collect(action.node, isStatement: action.node != condition, &result)
      case .declare:
        guard action.value >= 0 else { continue }
        collect(action.value, isStatement: false, &result)
        if Symbol(file[action.node].a) == name {
          result.append(
            .write(file[action.value].kind == .call ? action.value : -1, isConstant: isConstant(action.value)))
        }
      case .assign:
        collect(action.value, isStatement: false, &result)
        let target = file[action.node]
        if target.kind == .name || target.kind == .variable {
          if Symbol(target.a) == name { result.append(.write(-1, isConstant: isConstant(action.value))) }
        } else {
          collect(action.node, isStatement: false, &result)
        }
      case .iterate: if mentions(action.node, 0) { result.append(.read) }
      default: break
      }
    }
    return result
  }

  private func collect(_ id: NodeID, isStatement: Bool, _ result: inout [Event]) {
    guard id >= 0 else { return }
    let node = file[id]
    if node.kind == .assign, file[node.a].kind == .name, Symbol(file[node.a].a) == name {
      collect(node.b, isStatement: false, &result)
      if node.operation != .equal { result.append(.read) }
      let isResult = file[node.b].kind == .call || isErrorCode(node.b) && inBranches.contains(id)
      result.append(
        .write(
          isStatement && node.operation == .equal && isResult ? id : -1,
          isConstant: node.operation == .equal && isConstant(node.b)))
      if !isStatement { result.append(.read) }
      return
    }
    if node.kind == .assign {
      collect(node.b, isStatement: false, &result)
      collect(node.a, isStatement: false, &result)
      return
    }
    if mentions(id, 0) { result.append(.read) }
    for child in file.children(of: id) where holdsWrite(child, 0) { collect(child, isStatement: false, &result) }
  }

  /// `0` and `-EINVAL`: whoever stores these is not interested in what was there.
  private func isConstant(_ id: NodeID) -> Bool {
    guard id >= 0 else { return false }
    let node = file[id]
    return node.kind == .number || node.kind == .unary && file[node.a].kind == .number || isErrorCode(id)
  }

  /// `-EINVAL`
  private func isErrorCode(_ id: NodeID) -> Bool {
    let node = file[id]
    guard node.kind == .unary, node.operation == .minus, file[node.a].kind == .name else { return false }
    return file.tokens[Int(file[node.a].token)].traits.contains(.upperCase)
  }

  /// Whether an assignment to the local is somewhere inside.
  private func holdsWrite(_ id: NodeID, _ depth: Int) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    let node = file[id]
    if node.kind == .assign, file[node.a].kind == .name, Symbol(file[node.a].a) == name { return true }
    return file.children(of: id).contains { holdsWrite($0, depth + 1) }
  }

  private func mentions(_ id: NodeID, _ depth: Int) -> Bool {
    guard id >= 0, depth < 60 else { return id >= 0 }
    let node = file[id]
    if node.kind == .name { return Symbol(node.a) == name }
    return file.children(of: id).contains { mentions($0, depth + 1) }
  }
}
