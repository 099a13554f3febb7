import Findings
import KernelC

// A part of a condition that is gone, while what it asked for is looked into.
extension LostCheck {
  /// `if (x && p && p->n)` that has become `if (x && p->n)`, and `if (x || !p) return` that has become `if (x) return`.
  func parts(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = pointers(before, change.before, change.symbols)
    guard !old.isEmpty else { return [] }
    let new = Set(pointers(after, change.after, change.symbols).map(\.text))
      .union(wholes(after, change.after, change.symbols))
    let lost = old.filter { !new.contains($0.text) }
    guard !lost.isEmpty else { return [] }
    let conditions = self.conditions(after, change.after, change.symbols)
    let looks = self.looks(after, change.after, change.symbols)
    let were = self.looks(before, change.before, change.symbols)
    let stores = self.stores(after, change)
    var reported: Set<String> = []
    return lost.compactMap { part -> Finding? in
      // The rest of the condition is there, and the thing is looked into as it was.
      guard reported.insert(part.text).inserted,
        let rest = part.others.sorted().lazy.compactMap({ conditions[$0] }).first,
        let use = looks[part.text], were[part.text] != nil, !stores.contains(part.text)
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(rest), function: change.symbols.text(after.name),
        message: "this asked for '\(part.text)' before the patch, and does not any more",
        evidence: [
          Evidence(change.placeBefore(part.node), "it was asked for here"),
          Evidence(change.place(use), "it is looked into here"),
        ], key: "\(part.text) part")
    }
  }

  /// Pointers that a part of a condition asks for, with the other parts as written.
  private func pointers(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [(node: NodeID, text: String, others: Set<String>)] {
    let shapes = Statements(file: file, symbols: symbols)
    var result: [(node: NodeID, text: String, others: Set<String>)] = []
    for node in function.nodes {
      let item = file[node]
      guard item.kind == .binary, item.operation == .ampersandAmpersand || item.operation == .pipePipe else { continue }
      for (part, other) in [(item.a, item.b), (item.b, item.a)] {
        let core = shapes.core(part)
        // Of a conjunction the thing itself, of a disjunction that there is none.
        guard core.node >= 0, core.isNegated == (item.operation == .pipePipe),
          [.name, .member].contains(file[core.node].kind)
        else { continue }
        result.append(
          (part, SourceText.text(of: core.node, file, symbols), [SourceText.text(of: other, file, symbols)]))
        // `a && p && q`: what is left is `a && q`.
        let inner = file[other]
        if inner.kind == .binary, inner.operation == item.operation {
          result[result.count - 1].others.insert(SourceText.text(of: inner.b, file, symbols))
        }
      }
    }
    return result
  }

  /// What is asked for by itself.
  private func wholes(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> Set<String> {
    let shapes = Statements(file: file, symbols: symbols)
    return Set(
      function.nodes.compactMap { node in
        guard [.ifStatement, .whileStatement, .conditional].contains(file[node].kind),
          case let core = shapes.core(file[node].a), core.node >= 0
        else { return nil }
        return SourceText.text(of: core.node, file, symbols)
      })
  }

  /// Expressions that may be conditions or parts of one, by their text: the first of each.
  private func conditions(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> [String:
    NodeID]
  {
    var result: [String: NodeID] = [:]
    for node in function.nodes where [.binary, .unary, .call, .name, .member].contains(file[node].kind) {
      let text = SourceText.text(of: node, file, symbols)
      if result[text] == nil { result[text] = node }
    }
    return result
  }

  /// The first place that reads a member through each pointer, by the pointer's text.
  private func looks(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> [String: NodeID] {
    var result: [String: NodeID] = [:]
    for node in function.nodes where file[node].kind == .member && file[node].operation == .arrow {
      let text = SourceText.text(of: file[node].a, file, symbols)
      if result[text].map({ file[node].token < file[$0].token }) ?? true { result[text] = node }
    }
    return result
  }

  /// What the results of calls are stored in.
  private func stores(_ function: FunctionDefinition, _ change: FileChange) -> Set<String> {
    let file = change.after
    return Set(
      function.nodes.compactMap { node in
        guard file[node].kind == .assign, file[file[node].b].kind == .call else { return nil }
        return SourceText.text(of: file[node].a, file, change.symbols)
      })
  }
}
