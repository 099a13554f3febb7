import Findings
import KernelC
import LockModel

/// A result that is replaced before anybody has looked at it.
struct OverwrittenError: Rule {
  let description = RuleDescription(
    id: "overwritten-error",
    summary: "the result of a call is overwritten before anything looks at it",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Follows the variables that errors go by ('ret', 'err' …) backwards through the function and reports a call whose result \
      is stored in one and, on every path from there, replaced by another before it is read.
      """,
    whyItMatters: "The failure of the first call is lost.",
    accepts: [
      "a variable whose address is taken", "a result that is read on one path at least",
      "a function, or a file and what it calls, that loses more than two results",
    ],
    knownFalsePositives: ["a result that is ignored on purpose and stored out of habit"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = start(foo); /* reported */
        	foo->n = 0;
        	ret = run(foo);
        	return ret;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret = start(foo);

        	if (ret)
        		return ret;
        	if (foo->full) {
        		ret = -ERANGE; /* reported */
        		dev_warn(foo->dev, "full");
        	}
        	foo->n++;
        	ret = 0;
        	return ret;
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret;

        	ret = write_reg(foo, 1, 0x40);
        	ret = write_reg(foo, 2, 0x5a);
        	ret = write_reg(foo, 3, 0x2c);
        	ret = write_reg(foo, 4, 0xcc);
        	return ret;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	int ret, i;

        	ret = start(foo);
        	if (foo->n)
        		ret = run(foo);
        	for (i = 0; i < foo->n; i++) {
        		if (ret)
        			break;
        		ret = run(foo);
        	}
        	return ret;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let names = FlowNames(context.program.symbols)
    let variables = Set(Statements.errorNames.map(context.program.symbols.intern))
    var lost: [(finding: Finding, key: String)] = []
    var callees: [String: Int] = [:]
    for id in context.functions {
      let file = context.program.file(of: id)
      let definition = context.program.definition(id)
      var stores: [Symbol: Int] = [:]
      for node in definition.nodes where file[node].kind == .assign && file[file[node].a].kind == .name {
        let name = Symbol(file[file[node].a].a)
        if variables.contains(name) { stores[name, default: 0] += 1 }
      }
      let candidates = stores.filter { $0.value > 1 }.keys.filter { isPlainLocal($0, id, file, context) }
      guard !candidates.isEmpty else { continue }
      let flow = ControlFlow(of: definition, in: file, names: names)
      guard !flow.isIncomplete else { continue }
      let branches = storesInBranches(definition, file, context)
      let found = candidates.sorted { $0.rawValue < $1.rawValue }.flatMap { name in
        Liveness(name: name, file: file, flow: flow, inBranches: branches).lostStores().compactMap { store in
          report(store, name, id, file, context).map {
            (finding: $0, key: "\(file.path) \(context.text(callee(store, file, context)))")
          }
        }
      }
      for item in found { callees[item.key, default: 0] += 1 }
      // Whoever loses one result after the other does so on purpose.
      if found.count <= Self.slips { lost += found }
    }
    return lost.filter { callees[$0.key, default: 0] <= Self.slips }.map(\.finding)
  }

  /// More lost results than this, in one function or of one callee in one file, are a habit.
  private static let slips = 2

  private func callee(_ store: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Symbol {
    context.callee(file[store].kind == .assign ? file[store].b : store, in: file)
  }

  private func isPlainLocal(_ name: Symbol, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    var declarations = 0
    for node in context.program.definition(id).nodes {
      let item = file[node]
      if item.kind == .variable, Symbol(item.a) == name {
        let type = file.types[Int(item.b)]
        guard !type.isPointer, type.arrays == 0, item.op & 1 == 0 else { return false }
        declarations += 1
      }
      if item.kind == .assembly || item.kind == .oddStatement { return false }
      if item.kind == .unary, item.operation == .ampersand, file[item.a].kind == .name, Symbol(file[item.a].a) == name {
        return false
      }
    }
    return declarations == 1
  }

  /// Assignments at the end of a branch, or with nothing but messages behind them in it.
  private func storesInBranches(
    _ definition: FunctionDefinition, _ file: ParsedFile, _ context: RuleContext
  ) -> Set<NodeID> {
    var result: Set<NodeID> = []
    for node in definition.nodes where file[node].kind == .ifStatement {
      for branch in [file[node].b, file[node].c] where branch >= 0 {
        let statements = file[branch].kind == .block ? Array(file.list(file[branch].a, file[branch].b)) : [branch]
        guard let store = statements.last(where: { isStore($0, file) }),
          statements.suffix(from: (statements.firstIndex(of: store) ?? 0) + 1).allSatisfy({
            file[$0].kind == .expressionStatement
              && Statements.isPrint(context.text(context.callee(file[$0].a, in: file)))
          })
        else { continue }
        result.insert(file[store].a)
      }
    }
    return result
  }

  private func isStore(_ statement: NodeID, _ file: ParsedFile) -> Bool {
    file[statement].kind == .expressionStatement && file[file[statement].a].kind == .assign
  }

  private func report(
    _ store: NodeID, _ name: Symbol, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Finding? {
    if file[store].kind == .assign, file[file[store].b].kind == .unary {
      let code = SourceText.text(of: file[store].b, file, context.program.symbols)
      return context.finding(
        description, id, store, "\(code) is overwritten before anything looks at '\(context.text(name))'",
        key: "\(context.text(name)) \(code)")
    }
    let callee = callee(store, file, context)
    guard callee.exists, context.text(callee).first?.isUppercase == false else { return nil }
    let type = context.program.returnType(callee)
    guard type == nil || type?.isPointer == false,
      context.solver.returns(of: callee).map({ $0.contains(.negative) }) != false
    else { return nil }
    let text = context.text(name)
    return context.finding(
      description, id, store,
      "what '\(context.text(callee))' returns is overwritten before anything looks at '\(text)'",
      key: "\(text) \(SourceText.text(of: store, file, context.program.symbols))")
  }
}

/// Where the value of one local is still wanted, over the control flow of a function.
private struct Liveness {
  let name: Symbol
  let file: ParsedFile
  let flow: ControlFlow
  /// Assignments that stand in a branch: what is set on the way to a call that may fail is only a default.
  let inBranches: Set<NodeID>

  /// What happens to the local, in the order of execution.
  private enum Event {
    case read
    /// The statement's own assignment node, or -1 where the value is used at once or is no call's.
    case write(NodeID)
  }

  /// What is known behind a point.
  private struct Demand: Equatable {
    /// Some path reads the value.
    var isRead = false
    /// Some path leaves the function with the value unread.
    var isLeft = false
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
        if case .write(let node) = event, node >= 0, !demand.isRead, !demand.isLeft, ending[block] {
          result.append(node)
        }
        demand = before(event, demand)
      }
    }
    return result.sorted()
  }

  private func before(_ event: Event, _ demand: Demand) -> Demand {
    if case .read = event { return Demand(isRead: true, isLeft: demand.isLeft) }
    return Demand()
  }

  private func behind(_ block: BasicBlock, _ demands: [Demand]) -> Demand {
    if case .leave = block.exit { return Demand(isRead: false, isLeft: true) }
    return successors(block).reduce(Demand()) {
      Demand(isRead: $0.isRead || demands[$1].isRead, isLeft: $0.isLeft || demands[$1].isLeft)
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
          result.append(.write(file[action.value].kind == .call ? action.value : -1))
        }
      case .assign:
        collect(action.value, isStatement: false, &result)
        let target = file[action.node]
        if target.kind == .name || target.kind == .variable {
          if Symbol(target.a) == name { result.append(.write(-1)) }
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
      result.append(.write(isStatement && node.operation == .equal && isResult ? id : -1))
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
