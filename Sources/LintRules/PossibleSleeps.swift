import KernelC
import LockModel

/// What a function may come to that sleeps, on some paths, at a few levels of calls: nothing that it asks on the way says
/// that it is only for those who may.
struct PossibleSleeps {
  /// How many calls down something that sleeps may be.
  private static let depth = 5

  private let context: RuleContext
  private let atomics: AtomicContexts
  /// By how many calls down the search has come: what is cut off at one depth is not at another.
  private var known = [[FunctionID: [ChainStep]?]](repeating: [:], count: depth)
  private var asked: [FunctionID: [UInt32]] = [:]
  private var subjects: [FunctionID: [(token: UInt32, member: Symbol)]] = [:]

  init(_ context: RuleContext, _ atomics: AtomicContexts) {
    self.context = context
    self.atomics = atomics
  }

  /// The way from a function to the first thing in its text that may sleep under its caller's lock.
  mutating func chain(of id: FunctionID) -> [ChainStep]? { chain(of: id, depth: 0) }

  private mutating func chain(of id: FunctionID, depth: Int) -> [ChainStep]? {
    guard depth < Self.depth else { return nil }
    if let chain = known[depth][id] { return chain }
    // A function that calls itself.
    known[depth][id] = .some(nil)
    let chain = first(in: id, depth)
    known[depth][id] = .some(chain)
    return chain
  }

  private mutating func first(in id: FunctionID, _ depth: Int) -> [ChainStep]? {
    guard let facts = context.solver.facts(id), !facts.isApproximate, !facts.isPartial, facts.dropped.isEmpty else {
      return nil
    }
    func isOpen(_ held: [HeldLock]) -> Bool { !held.contains { $0.balance < 0 } }
    let parameters = context.program.definition(id).parameters
    // What is asked of numbers is read from the text, below.
    func mayBe(_ conditions: [ParameterCondition]) -> Bool {
      conditions.allSatisfy { condition in
        parameters.indices.contains(condition.parameter) && !parameters[condition.parameter].type.isPointer
          || context.solver.areGiven([condition], in: id)
      }
    }
    var nodes = facts.acquires.filter { $0.sleeps && isOpen($0.held) && mayBe($0.conditions) }
      .map { (node: $0.node, call: CallEvent?.none) }
    nodes += facts.calls.filter { isOpen($0.held) && mayBe($0.conditions) }.map { ($0.node, $0) }
    let file = context.program.file(of: id)
    nodes.sort { file[$0.node].token < file[$1.node].token }
    for (node, call) in nodes {
      // Whatever comes later comes behind the same question.
      if isAsked(before: node, in: id) { return nil }
      guard let rest = call.map({ self.rest(of: $0, in: id, depth) }) ?? [] else { continue }
      return [ChainStep(function: id, node: node)] + rest
    }
    return nil
  }

  private mutating func rest(of call: CallEvent, in id: FunctionID, _ depth: Int) -> [ChainStep]? {
    let file = context.program.file(of: id)
    let node = file[call.node]
    // Which device is resumed with interrupts disabled, is said elsewhere.
    if context.solver.isPowerSleeper(call.callee) { return nil }
    if context.solver.sleepsItself(call.callee, Array(file.list(node.b, node.c)), in: id) { return [] }
    guard call.targets.count == 1, !call.isIndirect else { return nil }
    return chain(of: call.targets[0], depth: depth + 1)
  }

  /// Whether the function asks, on the way to a node, something that may say that it can sleep: a number or a flag that it
  /// was given, whatever has a name that speaks of waiting, or whether there is somebody else to call.
  mutating func isAsked(before node: NodeID, in id: FunctionID, after lock: NodeID = -1) -> Bool {
    let all = asked[id] ?? questions(in: id)
    asked[id] = all
    let file = context.program.file(of: id)
    let (start, end) = (lock >= 0 ? file[lock].token : 0, file[node].token)
    return all.contains { start <= $0 && $0 <= end }
  }

  /// The members that are asked about on the way to a node; `lock` is where the way begins.
  mutating func members(askedBefore node: NodeID, in id: FunctionID, after lock: NodeID = -1) -> Set<Symbol> {
    let all = subjects[id] ?? subjects(in: id)
    subjects[id] = all
    let file = context.program.file(of: id)
    let (start, end) = (lock >= 0 ? file[lock].token : 0, file[node].token)
    return Set(all.lazy.filter { start <= $0.token && $0.token <= end }.map(\.member))
  }

  /// The members in the conditions of a function, each with the token of its question.
  private func subjects(in id: FunctionID) -> [(token: UInt32, member: Symbol)] {
    let file = context.program.file(of: id)
    var result: [(token: UInt32, member: Symbol)] = []
    func collect(_ node: NodeID, _ token: UInt32, _ depth: Int) {
      guard node >= 0, depth < 40 else { return }
      if file[node].kind == .member { result.append((token, Symbol(file[node].b))) }
      for child in file.children(of: node) { collect(child, token, depth + 1) }
    }
    for question in context.program.definition(id).nodes where Self.questions.contains(file[question].kind) {
      collect(file[question].a, file[question].token, 0)
    }
    return result
  }

  private static let questions: Set<NodeKind> = [.ifStatement, .switchStatement, .conditional]

  /// The tokens of such questions.
  private func questions(in id: FunctionID) -> [UInt32] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    // Whoever runs an interrupt handler or a timer does not tell it whether it may sleep.
    let isEntry = atomics.registered[id] != nil
    var flags = isEntry ? [] : Set(definition.parameters.filter { !$0.type.isPointer }.map(\.name))
    for call in definition.nodes where file[call].kind == .call && file[file[call].a].kind == .member {
      flags.insert(Symbol(file[file[call].a].b))
    }
    return definition.nodes.filter {
      Self.questions.contains(file[$0].kind) && asks(file[$0].a, file, flags, 0)
    }.map { file[$0].token }
  }

  private func asks(_ node: NodeID, _ file: ParsedFile, _ flags: Set<Symbol>, _ depth: Int) -> Bool {
    guard node >= 0, depth < 40 else { return false }
    let item = file[node]
    if item.kind == .name || item.kind == .member {
      let name = Symbol(item.kind == .name ? item.a : item.b)
      if flags.contains(name) || speaksOfWaiting(name) { return true }
      // Whatever the object is called, its member is what is asked.
      if item.kind == .member, file[item.a].kind == .name { return false }
    }
    // How much is compared says nothing, nor what the amount is.
    if item.kind == .binary, Self.amounts.contains(item.operation) {
      return [item.a, item.b].contains { file[$0].kind == .name ? false : asks($0, file, flags, depth + 1) }
    }
    // Of which flag is meant, the constant tells more than the word.
    if item.kind == .binary, let other = flagWord(item, file) { return asks(other, file, flags, depth + 1) }
    return file.children(of: node).contains { asks($0, file, flags, depth + 1) }
  }

  /// The constant that a member which is called flags is compared with.
  private func flagWord(_ item: Node, _ file: ParsedFile) -> NodeID? {
    guard item.operation == .equalEqual || item.operation == .bangEqual || item.operation == .ampersand,
      file[item.a].kind == .member,
      file[item.b].kind == .name, context.text(Symbol(file[item.a].b)).lowercased().contains("flag")
    else { return nil }
    let constant = context.text(Symbol(file[item.b].a))
    return constant.contains(where: \.isUppercase) && !constant.contains(where: \.isLowercase) ? item.b : nil
  }

  private func speaksOfWaiting(_ name: Symbol) -> Bool {
    let words = context.text(name).lowercased().split(separator: "_")
    return words.contains { word in Self.words.contains { word.contains($0) } }
  }

  private static let amounts: Set<TokenKind> = [.less, .greater, .lessEqual, .greaterEqual]

  private static let words = [
    "sleep", "atomic", "async", "wait", "poll", "block", "irq", "preempt", "gfp", "sync", "oops", "panic", "context",
    "lock", "intr", "flag",
  ]
}
