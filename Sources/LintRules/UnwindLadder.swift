import Findings
import KernelC
import LockModel

/// The error exits of a function and the cleanup behind their labels, made ready so that each exit is judged without walking
/// over the function again.
struct UnwindLadder {
  struct Exit {
    /// Index of the statement in the function's body.
    let position: Int
    /// The statement that leaves.
    let node: NodeID
    /// The branch it stands in.
    let branch: NodeID
    /// Index of the label's statement; nil for a return.
    let label: Int?

    /// How far down it goes.
    var depth: Int { label ?? .max }
  }

  /// Cleanup that an exit skips, and what says that it should not.
  struct Gap {
    let exit: Exit
    /// The functions that are not called, as a message lists them.
    let names: String
    let reason: String
    let evidence: [Evidence]
  }

  /// A call behind a label that undoes something.
  private struct Cleanup {
    let position: Int
    let statement: NodeID
    let name: Symbol
    /// The arguments, as written.
    let arguments: [String]

    /// What it undoes something for.
    var subject: String { arguments.first ?? "" }
  }

  /// `thing = f(…)` or `ret = f(thing)`, by what may undo it.
  private struct Opener {
    let position: Int
    let name: Symbol
    /// What takes the result, as written.
    let holder: String
    /// The result is an error code.
    let isNumber: Bool
  }

  /// A call of a function for a thing.
  private struct Key: Hashable {
    let name: Symbol
    let subject: String
  }

  private let id: FunctionID
  private let statements: [NodeID]
  private let exits: [Exit]
  private let shapes: Statements
  private let context: RuleContext
  /// In the order of the text.
  private var cleanups: [Cleanup] = []
  private var positions: [Key: [Int]] = [:]
  private var openers: [Key: [Opener]] = [:]
  /// By name: the statements that call a cleanup, branches that leave left out.
  private var runs: [Symbol: [Int]] = [:]
  /// By the text of a cleanup's subject or an opener's holder: the statements that write to it.
  private var writes: [String: [Int]] = [:]
  /// The first return, and the first statement that goes elsewhere, at or behind a position.
  private var nextReturn: [Int]
  private var nextLeaving: [Int]
  /// How many `if` statements stand in front of a position.
  private var branches: [Int]

  init(_ id: FunctionID, _ statements: [NodeID], _ exits: [Exit], _ shapes: Statements, _ context: RuleContext) {
    (self.id, self.statements, self.exits, self.shapes, self.context) = (id, statements, exits, shapes, context)
    let file = shapes.file
    let count = statements.count
    nextReturn = Array(repeating: count, count: count + 1)
    nextLeaving = nextReturn
    branches = Array(repeating: 0, count: count + 1)
    for (index, statement) in statements.enumerated().reversed() {
      let isReturn = file[statement].kind == .returnStatement
      nextReturn[index] = isReturn ? index : nextReturn[index + 1]
      nextLeaving[index] = isReturn || file[statement].kind == .gotoStatement ? index : nextLeaving[index + 1]
    }
    for (index, statement) in statements.enumerated() {
      branches[index + 1] = branches[index] + (file[statement].kind == .ifStatement ? 1 : 0)
    }
    for position in (exits.compactMap(\.label).min() ?? count)..<count { addCleanup(position) }
    let names = Set(cleanups.map(\.name))
    guard !names.isEmpty else { return }
    for position in 0..<(exits.last?.position ?? 0) { addOpener(position, names) }
    let texts = Set(cleanups.map(\.subject)).union(openers.values.joined().map(\.holder))
    for position in 0...(exits.last?.position ?? 0) { addEffects(position, names, texts) }
  }

  private mutating func addCleanup(_ position: Int) {
    let file = shapes.file
    let statement = statements[position]
    guard file[statement].kind == .expressionStatement, case let call = file[statement].a,
      case let name = shapes.callee(call), name.exists, !context.solver.isLockPrimitive(name),
      case let text = context.text(name), !Self.isQuiet(text), Self.undoes(text)
    else { return }
    let cleanup = Cleanup(position: position, statement: statement, name: name, arguments: arguments(of: call))
    cleanups.append(cleanup)
    positions[Key(name: name, subject: cleanup.subject), default: []].append(position)
  }

  private mutating func addOpener(_ position: Int, _ names: Set<Symbol>) {
    let file = shapes.file
    guard file[statements[position]].kind == .expressionStatement, case let store = file[file[statements[position]].a],
      store.kind == .assign, store.operation == .equal, case let name = shapes.callee(store.b), name.exists
    else { return }
    let closers = context.solver.undoers(of: name).intersection(names)
    guard !closers.isEmpty, !context.solver.isManaged(context.text(name), in: file) else { return }
    let holder = SourceText.text(of: store.a, file, shapes.symbols)
    let opener = Opener(position: position, name: name, holder: holder, isNumber: isNumber(store.a))
    guard let thing = opener.isNumber ? arguments(of: store.b).first : holder else { return }
    for closer in closers { openers[Key(name: closer, subject: thing), default: []].append(opener) }
  }

  private mutating func addEffects(_ position: Int, _ names: Set<Symbol>, _ texts: Set<String>) {
    let file = shapes.file
    let statement = statements[position]
    if file[statement].kind != .ifStatement || shapes.leaving(file[statement].b) == nil {
      for name in Set(shapes.calls(in: statement).map(shapes.callee)) where names.contains(name) {
        runs[name, default: []].append(position)
      }
    }
    guard file[statement].kind != .declaration else { return }
    for text in shapes.written(in: statement) where texts.contains(text) {
      writes[text, default: []].append(position)
    }
  }

  /// The exits that skip something, in the order of the text.
  func gaps() -> [Gap] {
    guard !cleanups.isEmpty else { return [] }
    let before = nearest(exits.indices)
    let after = nearest(exits.indices.reversed())
    var reported: Set<String> = []
    return exits.indices.compactMap { index in
      if let gap = between(index, before[index], after[index]) ?? atTheEnd(index) { return gap }
      // The same cleanup left out of a row of exits is one slip.
      guard let gap = behindOpener(index, after[index]), reported.insert(gap.names).inserted else { return nil }
      return gap
    }
  }

  /// For each exit the nearest one, of those that `order` comes to first, that does not go as far down.
  private func nearest(_ order: some Sequence<Int>) -> [Int?] {
    var result: [Int?] = Array(repeating: nil, count: exits.count)
    var row: [Int] = []
    for index in order {
      while let last = row.last, exits[last].depth >= exits[index].depth { row.removeLast() }
      result[index] = row.last
      row.append(index)
    }
    return result
  }

  /// An exit that goes further down than one in front of it and one behind it.
  private func between(_ index: Int, _ before: Int?, _ after: Int?) -> Gap? {
    let exit = exits[index]
    guard let before, let after, let first = exits[before].label, let second = exits[after].label else { return nil }
    // What both neighbours run and this exit does not.
    let start = max(first, second)
    guard start < min(exit.depth, statements.count), nextLeaving[min(first, second)] >= start else { return nil }
    let needed = skipped(exit, from: start).filter { !isLater($0, exit, exits[after]) }
    // Undone on the way: the later exit would not need it then, unless it was taken again.
    guard !needed.isEmpty, !undoesItself(exit, needed), !hasRun(needed, exits[before].position + 1..<exit.position)
    else {
      return nil
    }
    return gap(
      exit, needed, "which the exits before and after it run",
      [
        Evidence(context.place(id, exits[before].node), "an earlier exit cleans up"),
        Evidence(context.place(id, exits[after].node), "a later exit still needs it"),
      ])
  }

  /// The last exit goes further down than the one before it, and nothing was undone between them.
  private func atTheEnd(_ index: Int) -> Gap? {
    guard index > 0, index == exits.count - 1, let label = exits[index].label, let first = exits[index - 1].label,
      first < label, nextLeaving[first] >= label, tellsFailure(exits[index])
    else { return nil }
    let (exit, before) = (exits[index], exits[index - 1])
    let passed = Set(
      statements[(before.position + 1)...exit.position].flatMap { statement in
        let part = shapes.file[statement].kind == .ifStatement ? shapes.file[statement].a : statement
        return shapes.calls(in: part).flatMap(arguments)
      })
    // What a call between was given it may have kept, or ended.
    let needed = skipped(exit, from: first).filter {
      !context.solver.endsPointer($0.name) || !passed.contains($0.subject)
    }
    guard !needed.isEmpty, !undoesItself(exit, needed), !hasRun(needed, before.position + 1..<exit.position) else {
      return nil
    }
    return gap(
      exit, needed, "which the exit before it runs",
      [Evidence(context.place(id, before.node), "an earlier exit cleans up")])
  }

  /// The function has made a thing that a later exit gets rid of, and this one does not.
  private func behindOpener(_ index: Int, _ after: Int?) -> Gap? {
    let exit = exits[index]
    guard let after, let second = exits[after].label else { return nil }
    var made: Opener?
    let needed = skipped(exit, from: second).filter { cleanup in
      guard let opener = opener(of: cleanup, before: exit), !isOwn(exit, opener),
        branches[exit.position] > branches[opener.position + 1], !hasRun([cleanup], opener.position + 1..<exit.position)
      else { return false }
      made = opener
      return true
    }
    guard let made, !undoesItself(exit, needed) else { return nil }
    return gap(
      exit, needed, "which undoes what has been made before it",
      [Evidence(context.place(id, statements[made.position]), "it is made here")])
  }

  /// The cleanup from a label on, down to where the exit goes, that its way out does not run in another place; of several calls
  /// of one function the last.
  private func skipped(_ exit: Exit, from start: Int) -> [Cleanup] {
    let end = min(exit.depth, nextLeaving[start])
    var result: [Cleanup] = []
    for cleanup in cleanups[cleanups.partition { $0.position >= start }...] {
      if cleanup.position >= end { break }
      if let label = exit.label,
        Self.has(positions[Key(name: cleanup.name, subject: cleanup.subject)], in: label..<nextReturn[label])
      {
        continue
      }
      result.removeAll { $0.name == cleanup.name }
      result.append(cleanup)
    }
    return result
  }

  /// The last call in front of the exit that the cleanup undoes.
  private func opener(of cleanup: Cleanup, before exit: Exit) -> Opener? {
    cleanup.arguments.enumerated().compactMap { position, argument in
      guard let candidates = openers[Key(name: cleanup.name, subject: argument)] else { return nil as Opener? }
      return candidates[..<candidates.partition { $0.position >= exit.position }].last { !$0.isNumber || position == 0 }
    }.max { $0.position < $1.position }
  }

  /// The exit asks for the opener's own result, and that has not changed: a second try is still the opener.
  private func isOwn(_ exit: Exit, _ opener: Opener) -> Bool {
    guard shapes.mentions(shapes.file[exit.branch].a, opener.holder) else { return false }
    let all = writes[opener.holder] ?? []
    let between = all[all.partition { $0 > opener.position }..<all.partition { $0 >= exit.position }]
    return !opener.isNumber
      || between.allSatisfy { position in
        shapes.calls(in: statements[position]).contains { shapes.callee($0) == opener.name }
      }
  }

  /// Whether the cleanup has nothing to do yet at `exit`: it failed to get the thing, or something later gets it.
  private func isLater(_ cleanup: Cleanup, _ exit: Exit, _ after: Exit) -> Bool {
    let call = shapes.file[shapes.file[cleanup.statement].a]
    guard let argument = shapes.file.list(call.b, call.c).first, shapes.file[argument].kind == .name else {
      return false
    }
    return shapes.mentions(shapes.file[exit.branch].a, cleanup.subject)
      || Self.has(writes[cleanup.subject], in: exit.position + 1..<after.position + 1)
  }

  /// The condition asks for an error code.
  private func tellsFailure(_ exit: Exit) -> Bool {
    let (core, isNegated) = shapes.core(shapes.file[exit.branch].a)
    guard core >= 0 else { return false }
    let node = shapes.file[core]
    return node.kind == .binary ? node.operation == .less && isNumber(node.a) : isNumber(core) && !isNegated
  }

  /// The exit has a cleanup of its own.
  private func undoesItself(_ exit: Exit, _ needed: [Cleanup]) -> Bool {
    let own = shapes.calls(in: exit.branch).map(shapes.callee)
    return own.contains { name in needed.contains { $0.name == name } || Self.undoes(context.text(name)) }
  }

  /// Whether one of the cleanups has run in a stretch, outside of branches that leave.
  private func hasRun(_ needed: [Cleanup], _ stretch: Range<Int>) -> Bool {
    needed.contains { Self.has(runs[$0.name], in: stretch) }
  }

  private func gap(_ exit: Exit, _ needed: [Cleanup], _ reason: String, _ evidence: [Evidence]) -> Gap {
    let first = needed.map(\.statement).min() ?? exit.node
    return Gap(
      exit: exit, names: needed.map { context.text($0.name) }.sorted().joined(separator: "', '"), reason: reason,
      evidence: evidence + [Evidence(context.place(id, first), "the cleanup")])
  }

  private func isNumber(_ id: NodeID) -> Bool {
    shapes.file[id].kind == .name && Statements.errorNames.contains(shapes.symbols.text(Symbol(shapes.file[id].a)))
  }

  private func arguments(of call: NodeID) -> [String] {
    shapes.file.list(shapes.file[call].b, shapes.file[call].c).map {
      SourceText.text(of: $0, shapes.file, shapes.symbols)
    }
  }

  /// Whether one of the ascending positions lies in the stretch.
  private static func has(_ positions: [Int]?, in stretch: Range<Int>) -> Bool {
    guard let positions, case let index = positions.partition(where: { $0 >= stretch.lowerBound }),
      index < positions.count
    else { return false }
    return positions[index] < stretch.upperBound
  }

  private static let undoing: Set<Substring> = [
    "destroy", "release", "cleanup", "remove", "unwind", "exit", "unregister", "disable", "unmap", "iounmap", "uninit",
    "fini", "deinit", "unprepare", "stop", "close", "del", "delete", "detach", "unpin", "dma", "kthread", "teardown",
    "down", "skb", "shutdown", "off", "abort", "brelse", "kill", "clear", "undo", "drop", "deregister",
  ]

  private static func isQuiet(_ name: String) -> Bool {
    Statements.isErrorLog(name) || name.hasPrefix("pr_") || name.hasPrefix("trace_") || name.hasPrefix("dev_")
      || name.hasPrefix("printk") || name.contains("warn") || name.contains("debug") || name.contains("dbg")
      || name.contains("unlock") || name == "memset" || name.hasSuffix("_info")
  }

  private static func undoes(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      $0.hasSuffix("free") || $0.hasSuffix("put") || undoing.contains($0)
    }
  }
}

extension Array {
  /// The first index whose element is `isBehind`, where all that follow it are too.
  fileprivate func partition(where isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
