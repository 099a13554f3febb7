import Findings
import KernelC
import LockModel

/// Comparisons in two cases of one function that lead to the same and ask for the opposite.
extension InvertedCheck {
  private enum Sense { case same, different }

  private struct Comparison {
    let node: NodeID
    let sense: Sense
    let isCall: Bool
  }

  private struct Subject: Hashable {
    let guarded: String
    let action: String
    let roots: Set<String>
  }

  /// `if (flags & SRC && a->ip != b->ip) return 0;` in one case, `if (flags & SRC && !addr_cmp(&a->in6, &b->in6)) return 0;`
  /// in another.
  func senses(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var order: [Subject] = []
    var found: [Subject: [Comparison]] = [:]
    for node in context.program.definition(id).nodes
    where file[node].kind == .ifStatement && file[node].c < 0 && file[node].a >= 0 {
      let condition = file[file[node].a]
      guard condition.kind == .binary, condition.operation == .ampersandAmpersand,
        let leaving = shapes.leaving(file[node].b), shapes.list(file[node].b).count == 1,
        let (sense, left, right) = comparison(condition.b, shapes), left != right
      else { continue }
      let subject = Subject(
        guarded: SourceText.text(of: condition.a, file, shapes.symbols),
        action: SourceText.text(of: leaving, file, shapes.symbols), roots: [left, right])
      if found[subject] == nil { order.append(subject) }
      found[subject, default: []].append(
        Comparison(node: condition.b, sense: sense, isCall: !shapes.calls(in: condition.b).isEmpty))
    }
    return order.compactMap { subject -> Finding? in
      let sites = found[subject] ?? []
      let same = sites.filter { $0.sense == .same }
      let different = sites.filter { $0.sense == .different }
      // Two operators are seen at once, and meant: `case SAME: if (a != b)`, `case OTHER: if (a == b)`.
      guard let one = same.first, let other = different.first, same.count == 1 || different.count == 1,
        one.isCall != other.isCall
      else { return nil }
      // Which of the two is wrong the text does not say; what reads the other way round is the call.
      let (odd, even) =
        same.count != different.count
        ? (same.count < different.count ? (one, other) : (other, one)) : one.isCall ? (one, other) : (other, one)
      return context.finding(
        description, id, odd.node,
        "here the two are \(odd.sense == .same ? "equal" : "different"), and the other way round in another case that does the same",
        evidence: [Evidence(context.place(id, even.node), "the other case")], key: "sense \(subject.guarded)")
    }
  }

  /// What a condition asks about two things, and the variables that these are reached from.
  private func comparison(_ condition: NodeID, _ shapes: Statements) -> (Sense, String, String)? {
    let file = shapes.file
    let (core, isNegated) = shapes.core(condition)
    guard core >= 0 else { return nil }
    let node = file[core]
    func roots(_ left: NodeID, _ right: NodeID, _ sense: Sense) -> (Sense, String, String)? {
      guard let first = root(left, shapes), let second = root(right, shapes) else { return nil }
      return (sense, first, second)
    }
    if node.kind == .binary, node.operation == .equalEqual || node.operation == .bangEqual {
      return roots(node.a, node.b, (node.operation == .equalEqual) == isNegated ? .different : .same)
    }
    guard node.kind == .call, case let arguments = Array(file.list(node.b, node.c)), arguments.count > 1 else {
      return nil
    }
    let words = shapes.symbols.text(shapes.callee(core)).split(separator: "_")
    let tells = words.contains { $0 == "equal" || $0 == "eq" }
    guard tells || words.contains(where: { $0.hasSuffix("cmp") }) else { return nil }
    return roots(arguments[0], arguments[1], tells == isNegated ? .different : .same)
  }

  /// `a` for `&a->b.c`.
  private func root(_ id: NodeID, _ shapes: Statements) -> String? {
    let node = shapes.file[id]
    switch node.kind {
    case .name: return shapes.symbols.text(Symbol(node.a))
    case .member, .index: return root(node.a, shapes)
    case .unary where node.operation == .ampersand || node.operation == .star: return root(node.a, shapes)
    case .cast: return root(node.b, shapes)
    default: return nil
    }
  }
}
