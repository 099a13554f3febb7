import Findings
import KernelC
import LockModel

/// Ways out with a code of 0 that are meant so.
extension WrongError {
  /// `ret = 0; goto out;`: the branch itself says what is returned.
  func isMeant(
    _ leaving: NodeID, _ variable: Symbol, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    return statements(before: leaving, definition, file).contains { statement in
      guard file[statement].kind == .expressionStatement else { return false }
      let store = file[file[statement].a]
      return store.kind == .assign && store.operation == .equal && file[store.a].kind == .name
        && Symbol(file[store.a].a) == variable && file[store.b].kind == .number && file[store.b].a == 0
    }
  }

  /// The statements in front of one, in the block that it stands in.
  private func statements(
    before statement: NodeID, _ definition: FunctionDefinition, _ file: ParsedFile
  ) -> [NodeID] {
    for block in definition.nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      if let index = statements.firstIndex(of: statement) { return Array(statements[..<index]) }
    }
    return []
  }

  /// Whether the condition of the jump may be a failure: not what the caller asked for, and, where success comes the same way,
  /// something that the function has only just been told.
  func isFailure(
    _ jump: NodeID, isSeparate: Bool, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let condition = definition.nodes.first { node in
      file[node].kind == .ifStatement
        && (shapes.leaving(file[node].b) == jump || shapes.leaving(file[node].c) == jump)
    }
    guard let condition else { return true }
    let roots = names(in: file[condition].a, file, 0)
    let calls = shapes.calls(in: file[condition].a).map { shapes.symbols.text(shapes.callee($0)) }
    if calls.contains(where: { !Self.bitTests.contains($0) && $0 != "likely" && $0 != "unlikely" }) { return true }
    let told = told(definition, file)
    let numbers = definition.parameters.filter { !$0.type.isPointer }.map(\.name)
    if isSeparate { return roots.isEmpty || !roots.allSatisfy { numbers.contains($0) && !told.contains($0) } }
    return roots.contains(where: told.contains) || isWritten(file[condition].a, definition, shapes)
  }

  private static let bitTests: Set<String> = ["test_bit", "READ_ONCE", "smp_load_acquire", "atomic_read"]

  /// Variables in an expression, macros and constants left out.
  private func names(in id: NodeID, _ file: ParsedFile, _ depth: Int) -> Set<Symbol> {
    guard id >= 0, depth < 40 else { return [] }
    let node = file[id]
    if node.kind == .name {
      return file.tokens[Int(node.token)].traits.contains(.upperCase) ? [] : [Symbol(node.a)]
    }
    if node.kind == .call {
      return file.list(node.b, node.c).reduce(into: []) { $0.formUnion(names(in: $1, file, depth + 1)) }
    }
    return file.children(of: id).reduce(into: []) { $0.formUnion(names(in: $1, file, depth + 1)) }
  }

  /// Variables that the function sets, or hands out to be set.
  private func told(_ definition: FunctionDefinition, _ file: ParsedFile) -> Set<Symbol> {
    var result: Set<Symbol> = []
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .assign, .postfix:
        if file[item.a].kind == .name { result.insert(Symbol(file[item.a].a)) }
      case .unary where item.operation == .ampersand && file[item.a].kind == .name:
        result.insert(Symbol(file[item.a].a))
      case .variable:
        let type = file.types[Int(item.b)]
        // An array is filled by whoever is given its name.
        if item.c >= 0 && file[item.c].kind == .call || type.arrays > 0 { result.insert(Symbol(item.a)) }
      default: break
      }
    }
    return result
  }

  /// A member that the condition asks about is set in the function.
  private func isWritten(_ condition: NodeID, _ definition: FunctionDefinition, _ shapes: Statements) -> Bool {
    let file = shapes.file
    func members(_ id: NodeID, _ depth: Int) -> [NodeID] {
      guard id >= 0, depth < 40 else { return [] }
      if file[id].kind == .member { return [id] }
      return file.children(of: id).flatMap { members($0, depth + 1) }
    }
    let texts = Set(members(condition, 0).map { SourceText.text(of: $0, file, shapes.symbols) })
    return definition.nodes.contains { node in
      let item = file[node]
      guard item.token < file[condition].token, item.kind == .assign || item.kind == .unary else { return false }
      return texts.contains(SourceText.text(of: item.a, file, shapes.symbols))
        && (item.kind == .assign || item.operation == .ampersand)
    }
  }

  /// What runs behind a statement, to the end of the function; nil inside a loop or a switch.
  func following(_ statement: NodeID, in part: NodeID, _ file: ParsedFile, _ depth: Int) -> [NodeID]? {
    guard part >= 0, depth < 40 else { return nil }
    let node = file[part]
    switch node.kind {
    case .block:
      let statements = Array(file.list(node.a, node.b))
      for (index, inner) in statements.enumerated() {
        if inner == statement { return Array(statements[(index + 1)...]) }
        if let rest = following(statement, in: inner, file, depth + 1) { return rest + statements[(index + 1)...] }
      }
      return nil
    case .ifStatement:
      return following(statement, in: node.b, file, depth + 1) ?? following(statement, in: node.c, file, depth + 1)
    default: return part == statement ? [] : nil
    }
  }
}
