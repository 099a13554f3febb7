import Findings
import KernelC

/// What is no branch: values that are returned or stored, and flags.
extension InvertedCondition {
  /// `return f(x);` that has become `return !f(x);`, and the like.
  func statements(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange
  ) -> [Finding] {
    let old = values(before, change.before, change.symbols)
    let new = values(after, change.after, change.symbols)
    let known = Set(old.map(\.text))
    let kept = Set(new.map(\.text))
    return new.compactMap { value -> Finding? in
      guard !known.contains(value.text) else { return nil }
      let candidates = old.filter { $0.target == value.target && $0.core == value.core && !kept.contains($0.text) }
      guard candidates.count == 1, let previous = candidates.first, previous.bits != value.bits else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: .medium, place: change.place(value.node),
        function: change.symbols.text(after.name), message: "'\(previous.text)' became '\(value.text)': the opposite",
        evidence: [Evidence(change.placeBefore(previous.node), "before the patch")],
        key: "\(previous.text) \(value.text)")
    }
  }

  private struct Value {
    let node: NodeID
    let target: String
    let text: String
    let core: String
    let bits: [Bool]
  }

  private func values(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> [Value] {
    function.nodes.compactMap { id -> Value? in
      let node = file[id]
      var target = ""
      let value: NodeID
      switch node.kind {
      case .returnStatement where node.a >= 0:
        target = "return"
        value = node.a
      case .assign where node.operation == .equal:
        target = SourceText.text(of: node.a, file, symbols) + " ="
        value = node.b
      case .whileStatement:
        target = "while"
        value = node.a
      default: return nil
      }
      let sense = ConditionSense(value, file, symbols)
      return Value(
        node: value, target: target, text: "\(target) \(SourceText.text(of: value, file, symbols))", core: sense.core,
        bits: sense.bits)
    }
  }

  /// Every `true` that a flag is set to has become `false`, and the other way round, while those who ask it have not changed.
  func flags(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = settings(before, change.before, change.symbols)
    let new = settings(after, change.after, change.symbols)
    return new.keys.sorted().compactMap { name -> Finding? in
      guard let was = old[name], let now = new[name], was.count == now.count, now.count > 1,
        zip(was, now).allSatisfy({ $0.value != $1.value }),
        readers(of: name, before, change.before, change.symbols)
          == readers(of: name, after, change.after, change.symbols)
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: .medium, place: change.place(now[0].node),
        function: change.symbols.text(after.name),
        message: "'\(name)' is set to the opposite everywhere, and those who ask it ask as before",
        evidence: [Evidence(change.placeBefore(was[0].node), "before the patch")], key: name)
    }
  }

  private func settings(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [String: [(node: NodeID, value: Bool)]] {
    var result: [String: [(node: NodeID, value: Bool)]] = [:]
    for id in function.nodes.sorted(by: { file[$0].token < file[$1].token }) {
      let node = file[id]
      let target: String
      let value: NodeID
      switch node.kind {
      case .assign where node.operation == .equal && file[node.a].kind == .name:
        target = symbols.text(Symbol(file[node.a].a))
        value = node.b
      case .variable where node.c >= 0:
        target = symbols.text(Symbol(node.a))
        value = node.c
      default: continue
      }
      guard file[value].kind == .name else { continue }
      let text = symbols.text(Symbol(file[value].a))
      if text == "true" || text == "false" { result[target, default: []].append((id, text == "true")) }
    }
    return result
  }

  /// Statements that mention the flag and do not set it.
  private func readers(
    of name: String, _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [String] {
    FunctionText(function, file, symbols).lines.map(\.text).filter {
      FunctionText.mentions($0, name) && !$0.hasPrefix("\(name) = ")
    }.sorted()
  }
}
