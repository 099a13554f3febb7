import ByteText
import KernelC

/// What a function does with the results of the calls that it makes, by the order of the text.
struct CallResults {
  /// A call, and what becomes of its result.
  struct Result {
    let call: NodeID
    /// What takes the result, as written; empty where nothing does.
    let holder: String
    /// The node that takes it; -1 where nothing does.
    let target: NodeID
    /// Something asks what the result is before it is replaced, or it is returned.
    let isChecked: Bool
    /// The function is left where the result is an error, NULL or not 0, or with the result.
    let isFailure: Bool
    /// The call is a statement of its own.
    let isDiscarded: Bool
    /// Where the result is replaced, or the end of the file.
    let end: UInt32
    /// The first question that names what takes the result; the end of the file where there is none.
    var asked: UInt32 = .max
  }

  /// Functions with more nodes than this are not looked at: what is compared grows faster than they do.
  static let limit = 20_000

  let function: FunctionDefinition
  let file: ParsedFile
  let symbols: SymbolTable
  private let shapes: Statements
  private var holders: [NodeID: NodeID] = [:]
  private var discarded: Set<NodeID> = []
  private var asked: [(token: UInt32, text: String)] = []
  /// What conditions ask about, as opposed to what they hand to a call.
  private var subjects: [(token: UInt32, text: String)] = []
  private var stores: [(token: UInt32, text: String, scope: Int32)] = []
  /// The branch, loop or case that each assignment and call stands in, and the one around each of these.
  private var scopeOf: [NodeID: Int32] = [:]
  private var outer: [Int32] = [-1]
  /// By the branch of an `if` or a `?:`, the tokens of the other one, which rules it out.
  private var elses: [Int32: ClosedRange<UInt32>] = [:]
  private var inConditions: Set<NodeID> = []
  private var failures: [(token: UInt32, text: String)] = []
  /// The same by what they are about, in the order of the text.
  private var subjectsOf: [String: [UInt32]] = [:]
  private var storesOf: [String: [UInt32]] = [:]
  private var failuresOf: [String: [UInt32]] = [:]

  init(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) {
    self.function = function
    self.file = file
    self.symbols = symbols
    shapes = Statements(file: file, symbols: symbols)
    place(function.body, 0, 0)
    for node in function.nodes { note(node) }
    subjectsOf = Self.places(subjects)
    storesOf = Self.places(stores.map { ($0.token, $0.text) })
    failuresOf = Self.places(failures)
  }

  /// Numbers the parts of the function that need not run whenever the code around them does; returns the tokens of the nodes.
  @discardableResult
  private mutating func place(_ id: NodeID, _ scope: Int32, _ depth: Int) -> ClosedRange<UInt32>? {
    guard id >= 0, depth < 60 else { return nil }
    let node = file[id]
    var tokens = node.token...node.token
    func take(_ more: ClosedRange<UInt32>?) {
      guard let more else { return }
      tokens = min(tokens.lowerBound, more.lowerBound)...max(tokens.upperBound, more.upperBound)
    }
    func newScope() -> Int32 {
      outer.append(scope)
      return Int32(outer.count - 1)
    }
    switch node.kind {
    case .assign, .call: scopeOf[id] = scope
    case .ifStatement, .conditional:
      take(place(node.a, scope, depth + 1))
      let (then, otherwise) = (newScope(), newScope())
      let (first, second) = (place(node.b, then, depth + 1), place(node.c, otherwise, depth + 1))
      elses[then] = second
      elses[otherwise] = first
      take(first)
      take(second)
      return tokens
    case .switchStatement:
      take(place(node.a, scope, depth + 1))
      var current = scope
      for statement in file[node.b].kind == .block ? Array(file.list(file[node.b].a, file[node.b].b)) : [node.b] {
        if file[statement].kind == .caseLabel { current = newScope() }
        take(place(statement, current, depth + 1))
      }
      return tokens
    // Whoever jumps to a label has not been through what stands in front of it.
    default: break
    }
    for child in file.children(of: id) { take(place(child, scope, depth + 1)) }
    return tokens
  }

  /// Whether whatever runs in `scope` also ran or will run in `part` of it, or the other way round.
  private func isAround(_ scope: Int32, _ part: Int32) -> Bool {
    var current = part
    while current >= 0 {
      if current == scope { return true }
      current = outer[Int(current)]
    }
    return false
  }

  private mutating func note(_ node: NodeID) {
    let item = file[node]
    switch item.kind {
    case .assign:
      if item.operation == .equal, file[item.b].kind == .call { holders[item.b] = item.a }
      // `a = b = f()`: the other variable may be the one that is asked.
      if file[item.b].kind == .assign, file[file[item.b].b].kind == .call { inConditions.insert(file[item.b].b) }
      stores.append((item.token, text(item.a), scopeOf[node] ?? 0))
    case .variable where item.c >= 0 && file[item.c].kind == .call: holders[item.c] = node
    case .expressionStatement where file[item.a].kind == .call: discarded.insert(item.a)
    case .ifStatement:
      ask(item.a)
      if shapes.leaving(item.b) != nil { noteFailure(item.a) }
    case .whileStatement, .switchStatement: ask(item.a)
    case .doStatement: ask(item.b)
    case .conditional: ask(item.a)
    case .forStatement: for part in file.list(item.a, 4).prefix(3) where part >= 0 { ask(part) }
    case .returnStatement where item.a >= 0:
      ask(item.a)
      failures.append((file[item.a].token, text(item.a)))
    case .binary
    where item.operation.isComparison || item.operation == .ampersandAmpersand || item.operation == .pipePipe:
      ask(node)
    case .unary where item.operation == .bang: ask(item.a)
    case .call:
      let name = symbols.text(shapes.callee(node))
      if name.hasPrefix("IS_ERR") || name.hasPrefix("PTR_ERR") || name.holds("WARN_ON") || name.holds("BUG_ON")
        || name.holds("ASSERT") || name.holds("EXPECT")
      {
        ask(node)
      }
    default: break
    }
  }

  private mutating func ask(_ node: NodeID) {
    noteSubjects(node, 0)
    asked.append((file[node].token, text(node)))
    inConditions.formUnion(shapes.calls(in: node))
  }

  private mutating func noteSubjects(_ node: NodeID, _ depth: Int) {
    guard node >= 0, depth < 40 else { return }
    let item = file[node]
    switch item.kind {
    case .name, .member, .index: subjects.append((item.token, text(node)))
    case .call:
      let name = symbols.text(shapes.callee(node))
      guard Self.passesOn(name) || name.hasPrefix("IS_ERR") || name.hasPrefix("PTR_ERR") || name.hasSuffix("likely")
      else {
        return
      }
      for argument in file.list(item.b, item.c) { noteSubjects(argument, depth + 1) }
    case .unary, .binary, .assign, .conditional, .cast:
      for child in file.children(of: node) { noteSubjects(child, depth + 1) }
    default: break
    }
  }

  /// Whether something asks about what takes the result, and not about what that points to, before the text stores anything else
  /// there in whatever branch.
  func isAskedItself(_ result: Result) -> Bool {
    if inConditions.contains(result.call) { return true }
    guard let question = first(subjectsOf[result.holder], behind: file[result.call].token, result) else { return false }
    return firstStore(behind: result).map { $0 >= question } ?? true
  }

  /// Whether the text stores the result of another call where this one's is, further down.
  func isOverwritten(_ result: Result) -> Bool {
    firstStore(behind: result) != nil
  }

  /// Whether the function is left because of what takes the result, or with it, before the text stores anything else there.
  func isLeaving(_ result: Result) -> Bool {
    guard let failure = first(failuresOf[result.holder], behind: start(of: result), result) else { return false }
    return firstStore(behind: result).map { failure < $0 } ?? true
  }

  /// Where the text next stores something where the result is.
  private func firstStore(behind result: Result) -> UInt32? {
    first(storesOf[result.holder], behind: start(of: result), result)
  }

  private func start(of result: Result) -> UInt32 {
    max(file[result.call].token, result.target >= 0 ? file[result.target].token : 0)
  }

  /// The first place behind a token, but for the `else` of what the call stands in.
  private func first(_ places: [UInt32]?, behind token: UInt32, _ result: Result) -> UInt32? {
    guard let places else { return nil }
    let next = places.partitioningIndex { $0 > token }
    // A ladder of branches would make this grow with its square.
    return places[next...].prefix(Self.branchLimit).first { !isElse($0, of: scopeOf[result.call] ?? 0) }
  }

  private static let branchLimit = 16

  /// Whether what stands at a token is ruled out by what runs in a scope.
  private func isElse(_ token: UInt32, of scope: Int32) -> Bool {
    var current = scope
    while current >= 0 {
      if let other = elses[current], other.contains(token) { return true }
      current = outer[Int(current)]
    }
    return false
  }

  private static func places(_ list: [(token: UInt32, text: String)]) -> [String: [UInt32]] {
    Dictionary(grouping: list, by: \.text).mapValues { $0.map(\.token).sorted() }
  }

  /// Takes what a condition finds to be an error, NULL or not 0; a comparison with anything else is a question of another kind.
  private mutating func noteFailure(_ condition: NodeID) {
    let core = shapes.core(condition).node
    guard core >= 0 else { return }
    let node = file[core]
    switch node.kind {
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      noteFailure(node.a)
      noteFailure(node.b)
    case .binary where node.operation.isComparison:
      let right = file[node.b]
      let isBound = right.kind == .unary && right.operation == .minus || right.kind == .number && right.a == 0
      if isBound || node.operation == .bangEqual && right.kind == .name && Self.isSuccess(symbols.text(Symbol(right.a)))
      {
        noteFailure(node.a)
      }
    case .call where symbols.text(shapes.callee(core)).hasPrefix("IS_ERR"):
      if let first = file.list(node.b, node.c).first { failures.append((node.token, text(first))) }
    case .call where Self.passesOn(symbols.text(shapes.callee(core))):
      if let first = file.list(node.b, node.c).first { noteFailure(first) }
    case .assign: failures.append((node.token, text(node.b)))
    default: failures.append((node.token, text(core)))
    }
  }

  /// `nfs_ok`, `AE_OK`, `VM_SUCCESS`: what is not this is a failure.
  private static func isSuccess(_ name: String) -> Bool {
    ["ok", "success"].contains(name.lowercased().split(separator: "_").last)
  }

  /// Whether a condition of this name is what its argument is, or that it is a failure.
  private static func passesOn(_ name: String) -> Bool {
    name.hasPrefix("WARN_ON") || name.hasSuffix("_WARN_ON") || name.hasSuffix("_WARN_ON_ONCE") || name == "ACPI_FAILURE"
  }

  private func text(_ node: NodeID) -> String {
    file[node].kind == .variable ? symbols.text(Symbol(file[node].a)) : SourceText.text(of: node, file, symbols)
  }

  /// The calls by name whose results are looked at, kept, or thrown away.
  func all(of isWanted: (Symbol) -> Bool = { _ in true }) -> [Result] {
    function.nodes.compactMap { call -> Result? in
      guard file[call].kind == .call, shapes.callee(call).exists, isWanted(shapes.callee(call)),
        discarded.contains(call) || holders[call] != nil || inConditions.contains(call)
      else { return nil }
      let target = holders[call] ?? -1
      let holder = target < 0 ? "" : text(target)
      let start = file[call].token
      let scope = scopeOf[call] ?? 0
      let end =
        stores.filter { $0.text == holder && $0.token > start && isAround($0.scope, scope) }.map(\.token).min() ?? .max
      let firstQuestion =
        holder.isEmpty
        ? nil
        : asked.filter { $0.token > start && $0.token <= end && FunctionText.mentions($0.text, holder) }
          .map(\.token).min()
      let own = text(call)
      let isFailure = failures.contains { failure in
        !holder.isEmpty && failure.token > start && failure.token <= end && failure.text == holder
          || inConditions.contains(call) && failure.text == own
      }
      return Result(
        call: call, holder: holder, target: target, isChecked: inConditions.contains(call) || firstQuestion != nil,
        isFailure: isFailure,
        isDiscarded: discarded.contains(call), end: end, asked: firstQuestion ?? .max)
    }
  }
}
