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
    let gone = old.filter { !kept.contains($0.text) }
    // `ok = a == b`, by what it reads like as `ok = a && b`.
    var comparisons: [String: [Value]] = [:]
    for value in gone {
      let others = Set(["==", "!="].map { value.text.replacing(" \($0) ", with: " && ") }).subtracting([value.text])
      for other in others { comparisons["\(value.target) = \(other)", default: []].append(value) }
    }
    let byCore = Dictionary(grouping: gone) { "\($0.target) = \($0.core)" }
    return new.compactMap { value -> Finding? in
      guard !known.contains(value.text) else { return nil }
      if let mixed = comparisons["\(value.target) = \(value.text)"], mixed.count == 1 {
        return Finding(
          rule: description.id, severity: description.severity, confidence: .medium, place: change.place(value.node),
          function: change.symbols.text(after.name),
          message: "'\(mixed[0].text)' became '\(value.text)': what was compared is only asked for being there",
          evidence: [Evidence(change.placeBefore(mixed[0].node), "before the patch")],
          key: "\(mixed[0].text) \(value.text)")
      }
      guard let candidates = byCore["\(value.target) = \(value.core)"], candidates.count == 1,
        case let previous = candidates[0], previous.bits != value.bits
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: .medium, place: change.place(value.node),
        function: change.symbols.text(after.name), message: "'\(previous.text)' became '\(value.text)': the opposite",
        evidence: [Evidence(change.placeBefore(previous.node), "before the patch")],
        key: "\(previous.text) \(value.text)")
    }
  }

  /// `f(a, b)` that has become `f(b, a)`.
  func arguments(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    func calls(_ function: FunctionDefinition, _ file: ParsedFile) -> [Call] {
      function.nodes.compactMap { node in
        guard file[node].kind == .call, file[node].c > 1 else { return nil }
        return Call(
          node: node, text: SourceText.text(of: node, file, change.symbols),
          name: SourceText.text(of: file[node].a, file, change.symbols),
          arguments: file.list(file[node].b, file[node].c).map { SourceText.text(of: $0, file, change.symbols) })
      }
    }
    let old = calls(before, change.before)
    let new = calls(after, change.after)
    let (known, kept) = (Set(old.map(\.text)), Set(new.map(\.text)))
    let gone = Dictionary(grouping: old.filter { !kept.contains($0.text) }, by: \.name)
    return new.compactMap { call -> Finding? in
      guard !known.contains(call.text),
        let previous = gone[call.name]?.first(where: { other in
          guard other.arguments.count == call.arguments.count else { return false }
          let differing = zip(other.arguments, call.arguments).filter { $0 != $1 }
          return differing.count == 2 && differing[0].0 == differing[1].1 && differing[0].1 == differing[1].0
        })
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: .medium, place: change.place(call.node),
        function: change.symbols.text(after.name),
        message:
          "'\(call.name)' is given the same in the other order: what it says of the first is said of the second now",
        evidence: [Evidence(change.placeBefore(previous.node), "before the patch")], key: call.text)
    }
  }

  private struct Call {
    let node: NodeID
    let text: String
    let name: String
    let arguments: [String]
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
