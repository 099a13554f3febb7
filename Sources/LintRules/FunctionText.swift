import KernelC

/// The statements of one version of a function as text, for rules that compare two versions.
struct FunctionText {
  /// A branch that ends the function or jumps to its way out.
  struct Exit {
    /// The condition and the statement in front of it: where the same exit is in another version.
    let key: String
    /// The statement that leaves.
    let node: NodeID
    /// The call in front of the branch or in its condition; none for anything else.
    let callee: Symbol
    /// Calls that end something, in the branch and behind the label that it jumps to.
    let cleanup: [String]
    /// Calls that end something and surely ran before the branch.
    let before: [String]
    /// The statements that only run where it leaves.
    let branch: NodeID
    /// What the branch asks.
    let condition: String

    /// Whether it leaves because there is no such thing.
    func isWithout(_ subject: String) -> Bool {
      let said = ["!\(subject)", "IS_ERR(\(subject))", "IS_ERR_OR_NULL(\(subject))", "\(subject) == NULL"]
      return condition.split(separator: "|").contains {
        said.contains($0.split(separator: " ").joined(separator: " "))
      }
    }
  }

  let definition: FunctionDefinition
  let shapes: Statements
  /// Every simple statement, condition and initialiser.
  private(set) var lines: [(node: NodeID, text: String)] = []
  /// Locals that are cleaned up at the end of their scope.
  private(set) var cleanedUp: Set<String> = []
  private(set) var exits: [Exit] = []
  /// What the lines say, and what those that store something store.
  private(set) var values: Set<String> = []
  /// How often each line stands in the function.
  private(set) var counts: [String: Int] = [:]
  /// The lines in which each name stands, by their numbers.
  private var linesByName: [Substring: [Int]] = [:]

  init(_ definition: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) {
    self.definition = definition
    shapes = Statements(file: file, symbols: symbols)
    for node in definition.nodes { note(node) }
    lines.sort { file[$0.node].token < file[$1.node].token }
    values = Set(lines.flatMap { [$0.text, Self.value($0.text)] })
    for (number, line) in lines.enumerated() {
      counts[line.text, default: 0] += 1
      for name in Set(Self.names(in: line.text)) { linesByName[name, default: []].append(number) }
    }
    var counts: [String: Int] = [:]
    findExits(in: definition.body, before: [], &counts)
  }

  /// Notes the ways out of a block and of those in it; `before` has what surely ended something on the way there.
  private mutating func findExits(in block: NodeID, before: [String], _ counts: inout [String: Int], depth: Int = 0) {
    let file = shapes.file
    guard file[block].kind == .block, depth < 60 else { return }
    var before = before
    let statements = Array(file.list(file[block].a, file[block].b))
    for (index, statement) in statements.enumerated() {
      if file[statement].kind == .ifStatement, let leaving = shapes.leaving(file[statement].b) {
        // What ends something in between says nothing of which way out it is.
        let last = statements[..<index].last { file[$0].kind != .expressionStatement || endings(in: [$0]).isEmpty }
        let previous = last.flatMap { file[$0].kind == .expressionStatement ? $0 : nil } ?? -1
        let base = text(previous) + "; " + text(file[statement].a)
        counts[base, default: 0] += 1
        let inside = shapes.calls(in: file[statement].a) + shapes.calls(in: previous)
        exits.append(
          Exit(
            key: "\(base) #\(counts[base] ?? 0)", node: leaving,
            callee: inside.map(shapes.callee).first(where: \.exists) ?? .none,
            cleanup: cleanup(file[statement].b, leaving), before: before, branch: file[statement].b,
            condition: text(file[statement].a)))
      }
      for inner in blocks(in: statement) { findExits(in: inner, before: before, &counts, depth: depth + 1) }
      if file[statement].kind == .expressionStatement { before += endings(in: [statement]) }
    }
  }

  /// The outermost blocks below a statement, and the statement itself where it is one.
  private func blocks(in statement: NodeID, depth: Int = 0) -> [NodeID] {
    guard statement >= 0, depth < 60 else { return [] }
    if shapes.file[statement].kind == .block { return [statement] }
    return shapes.file.children(of: statement).flatMap { blocks(in: $0, depth: depth + 1) }
  }

  /// Whether the function calls `name`.
  func calls(_ name: Symbol) -> Bool {
    definition.nodes.contains { shapes.file[$0].kind == .call && shapes.callee($0) == name }
  }

  /// The lines that read like `subject` or like something inside it, in the order of the text.
  func lines(mentioning subject: String) -> [(node: NodeID, text: String)] {
    // The last name of a path is the one that fewest lines have.
    guard let name = Self.names(in: subject).last else { return [] }
    return (linesByName[name] ?? []).map { lines[$0] }.filter { Self.mentions($0.text, subject) }
  }

  /// The words of an expression.
  static func names(in text: String) -> [Substring] {
    text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
  }

  func text(_ id: NodeID) -> String { SourceText.text(of: id, shapes.file, shapes.symbols) }

  private mutating func note(_ id: NodeID) {
    let node = shapes.file[id]
    switch node.kind {
    case .expressionStatement, .returnStatement: if node.a >= 0 { lines.append((id, text(node.a))) }
    case .ifStatement, .whileStatement, .switchStatement, .macroLoop: lines.append((id, text(node.a)))
    case .variable:
      if node.op & 2 != 0 { cleanedUp.insert(shapes.symbols.text(Symbol(node.a))) }
      if node.c >= 0 { lines.append((id, text(id))) }
    default: break
    }
  }

  /// What a branch ends before it leaves, and what the label that it jumps to ends.
  private func cleanup(_ branch: NodeID, _ leaving: NodeID) -> [String] {
    var statements = shapes.list(branch)
    if shapes.file[leaving].kind == .gotoStatement {
      let body = shapes.file[definition.body]
      guard body.kind == .block else { return [] }
      let top = Array(shapes.file.list(body.a, body.b))
      guard
        let label = top.firstIndex(where: {
          shapes.file[$0].kind == .label && shapes.file[$0].a == shapes.file[leaving].a
        })
      else { return [] }
      statements += top[label...].prefix { shapes.file[$0].kind != .returnStatement }
    }
    return endings(in: statements)
  }

  private func endings(in statements: [NodeID]) -> [String] {
    statements.flatMap { shapes.calls(in: $0) }
      .filter { Self.ends(shapes.symbols.text(shapes.callee($0))) }.map(text)
  }

  /// The right side of an assignment; any other text as it is.
  static func value(_ text: String) -> String {
    guard let equals = text.firstRange(of: " = ") else { return text }
    return String(text[equals.upperBound...])
  }

  /// Whether a call is written as `text` and is that of something that ends what it is given.
  static func isEnding(_ text: String) -> Bool { ends(String(text.prefix { $0 != "(" })) }

  /// Whether the name is that of something that ends or gives back what it is given.
  static func ends(_ name: String) -> Bool {
    let words = name.split(separator: "_")
    return !name.hasPrefix("devm_") && !name.hasPrefix("lockdep_") && !words.contains("unlock")
      && words.contains { $0.hasSuffix("free") || $0.hasSuffix("put") || endings.contains($0) }
  }

  /// Whether a call that is written as `text` gives a lock back.
  static func isUnlock(_ text: String) -> Bool {
    let name = text.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return text.dropFirst(name.utf8.count).first == "("
      && name.split(separator: "_").contains { $0.hasSuffix("unlock") }
  }

  private static let endings: Set<Substring> = [
    "destroy", "release", "cleanup", "remove", "unwind", "exit", "unregister", "disable", "unmap", "iounmap", "uninit",
    "fini", "deinit", "unprepare", "stop", "close", "del", "delete", "detach", "unpin", "teardown", "deregister",
    "brelse", "unref", "drop", "abort", "kill", "undo", "unload", "deactivate", "assert", "unreserve",
    "cancel", "relse", "restore", "unprep", "finish",
  ]

  /// The arguments of a call that is written as `text`, without the address of each.
  static func arguments(_ text: String) -> [String] {
    guard let open = text.firstIndex(of: "(") else { return [] }
    var depth = 0
    var result = [""]
    for character in text[text.index(after: open)...] {
      if character == "(" || character == "[" { depth += 1 }
      if character == ")" || character == "]" { depth -= 1 }
      if depth < 0 { break }
      if depth == 0, character == "," { result.append("") } else { result[result.count - 1].append(character) }
    }
    return result.map { String($0.drop { $0 == " " }.drop { $0 == "&" || $0 == "*" }) }
  }

  /// The first argument of a call that is written as `text`, without the address of it.
  static func subject(_ text: String) -> String { arguments(text).first ?? "" }

  /// What a call that is written as `text` may give up: its first argument and what that is a part of, `foo` with
  /// `put_device(&foo->dev)`, and the last of what frees, `kmem_cache_free(cache, foo)`.
  static func subjects(_ text: String) -> [String] {
    let arguments = arguments(text)
    let whole = arguments.first ?? ""
    var result = [whole]
    if text.contains("(&"), let dot = whole.lastIndex(where: { $0 == "." || $0 == ">" }) {
      let owner = whole[..<dot]
      result.append(String(whole[dot] == ">" ? owner.dropLast() : owner))
    }
    let words = text.prefix { $0 != "(" }.split(separator: "_")
    if arguments.count > 1, let last = arguments.last, words.contains(where: { $0.hasSuffix("free") || $0 == "put" }) {
      result.append(last)
    }
    return result
  }

  /// Whether an expression reads like `subject`, or like something inside it.
  static func mentions(_ text: String, _ subject: String) -> Bool { mentions(text, subject) { _ in true } }

  /// Whether an expression has `subject` in it as a whole, and not only something inside it.
  static func mentionsWhole(_ text: String, _ subject: String) -> Bool {
    mentions(text, subject) { !$0.starts(with: Array("->".utf8)) && $0.first != UInt8(ascii: ".") }
  }

  private static func mentions(_ text: String, _ subject: String, where fits: (ArraySlice<UInt8>) -> Bool) -> Bool {
    guard !subject.isEmpty else { return false }
    let bytes = Array(text.utf8)
    let wanted = Array(subject.utf8)
    func isWord(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "_") || byte >= 48 && byte < 58 || byte >= 65 && byte < 91 || byte >= 97 && byte < 123
    }
    guard bytes.count >= wanted.count else { return false }
    for start in 0...(bytes.count - wanted.count) where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
      let end = start + wanted.count
      let isStart =
        start == 0
        || !isWord(bytes[start - 1]) && bytes[start - 1] != UInt8(ascii: ".")
          && !(start > 1 && bytes[start - 1] == UInt8(ascii: ">") && bytes[start - 2] == UInt8(ascii: "-"))
      if isStart, end == bytes.count || !isWord(bytes[end]), fits(bytes[end...]) { return true }
    }
    return false
  }
}
