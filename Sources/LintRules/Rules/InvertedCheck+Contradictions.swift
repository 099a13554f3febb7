import Findings
import KernelC
import LockModel

/// Conditions that are always true or never, and checks that let through the one case that they are about.
extension InvertedCheck {
  func contradictions(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    func report(_ node: NodeID, _ message: String) {
      findings.append(
        context.finding(description, id, node, message, key: SourceText.text(of: node, file, shapes.symbols)))
    }
    let joints = joints(definition.nodes, shapes)
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .ifStatement:
        let condition = item.a
        judge(condition)
        if isLateDrop(node, shapes) { report(condition, "only the one who drops the last reference leaves here") }
        if let copy = successfulCopy(node, shapes) {
          report(condition, "-EFAULT is returned if '\(copy)' has copied everything")
        }
      case .whileStatement, .conditional: judge(item.a)
      case .doStatement: judge(item.b)
      case .forStatement:
        let parts = Array(file.list(item.a, item.b))
        if parts.count == 4, parts[1] >= 0 { judge(parts[1]) }
      case .binary where item.operation == .ampersandAmpersand || item.operation == .pipePipe:
        if !joints.contains(node), let always = always(node, shapes) { report(node, always) }
      case .block: findings += emptyLists(node, id, shapes, context)
      default: break
      }
    }
    // A part of a condition; what joins the parts is judged as a whole.
    func judge(_ condition: NodeID) {
      for part in parts(of: condition, shapes) { if let always = always(part, shapes) { report(part, always) } }
    }
    return findings
  }

  /// The inner ones of '||' in a row, and of '&&'.
  private func joints(_ nodes: Range<NodeID>, _ shapes: Statements) -> Set<NodeID> {
    let file = shapes.file
    var result: Set<NodeID> = []
    for node in nodes where file[node].kind == .binary {
      let item = file[node]
      guard item.operation == .ampersandAmpersand || item.operation == .pipePipe else { continue }
      for part in [item.a, item.b] where part >= 0 && file[part].kind == .binary {
        if file[part].operation == item.operation { result.insert(part) }
      }
    }
    return result
  }

  /// What a condition is made of: the operands of its '||' and '&&', without negations around them.
  private func parts(of condition: NodeID, _ shapes: Statements) -> [NodeID] {
    var result: [NodeID] = []
    var open = [condition]
    while let next = open.popLast() {
      guard next >= 0 else { continue }
      let node = shapes.file[next]
      if node.kind == .binary, node.operation == .ampersandAmpersand || node.operation == .pipePipe {
        open += [node.b, node.a]
      } else if node.kind == .unary, node.operation == .bang {
        open.append(node.a)
      } else {
        result.append(next)
      }
    }
    return result
  }

  /// The operands of '||' or '&&' in a row.
  private func operands(of joint: NodeID, _ shapes: Statements) -> [NodeID] {
    let operation = shapes.file[joint].operation
    var result: [NodeID] = []
    var open = [joint]
    while let next = open.popLast() {
      guard next >= 0 else { continue }
      let node = shapes.file[next]
      if node.kind == .binary, node.operation == operation { open += [node.b, node.a] } else { result.append(next) }
    }
    return result
  }

  /// What is wrong with a condition that does not depend on what it tests; nil for one that does.
  private func always(_ condition: NodeID, _ shapes: Statements) -> String? {
    let file = shapes.file
    let node = file[condition]
    guard node.kind == .binary else { return nil }
    switch node.operation {
    case .pipePipe, .ampersandAmpersand:
      if let text = decidesNothing(condition, shapes) { return "'\(text)' makes no difference to this condition" }
      let wanted: TokenKind = node.operation == .pipePipe ? .bangEqual : .equalEqual
      var constants: [String: String] = [:]
      var said: Set<String> = []
      for part in operands(of: condition, shapes) {
        if let (subject, value) = comparison(part, wanted, shapes) {
          if let other = constants[subject], other != value {
            return
              "'\(subject)' cannot be both \(other) and \(value): this is \(wanted == .bangEqual ? "always" : "never") true"
          }
          constants[subject] = value
        }
        // What has an effect may change what was asked about before.
        guard isSteady(part, shapes) else {
          said = []
          constants = [:]
          continue
        }
        // `(p && p->a) && (p && p->b)`: each is complete.
        if node.operation == .ampersandAmpersand, file[part].kind == .name { continue }
        let text = SourceText.text(of: part, file, shapes.symbols)
        if !said.insert(text).inserted { return "'\(text)' is asked twice here" }
      }
      return nil
    case .pipe where [.name, .member].contains(file[node.a].kind) && isFlag(node.b, shapes):
      return "'|' with a flag is always true"
    case .ampersand where file[node.a].kind == .unary && file[node.a].operation == .bang && isFlag(node.b, shapes):
      return "'!' binds more tightly than '&': 0 or 1 is compared with the flag"
    default: return nil
    }
  }

  /// `x` in `(x && rest) || (!x && rest)`; nil where all parts matter.
  private func decidesNothing(_ condition: NodeID, _ shapes: Statements) -> String? {
    let file = shapes.file
    guard file[condition].operation == .pipePipe else { return nil }
    let alternatives = operands(of: condition, shapes).compactMap { part -> Set<String>? in
      guard file[part].kind == .binary, file[part].operation == .ampersandAmpersand else { return nil }
      let texts = operands(of: part, shapes).map { SourceText.text(of: $0, file, shapes.symbols) }
      // Which string it is the text does not say.
      return texts.contains { $0.contains("\"") } ? nil : Set(texts)
    }
    for (position, one) in alternatives.enumerated() {
      for other in alternatives[(position + 1)...] where one.count == other.count && one.count > 1 {
        guard let (left, right) = difference(one, other) else { continue }
        if left == "!\(right)" || right == "!\(left)" { return left.count < right.count ? left : right }
      }
    }
    return nil
  }

  /// What each has that the other has not, where that is one part.
  private func difference(_ one: Set<String>, _ other: Set<String>) -> (String, String)? {
    let (left, right) = (one.subtracting(other), other.subtracting(one))
    guard left.count == 1, right.count == 1, let first = left.first, let second = right.first else { return nil }
    return (first, second)
  }

  /// Whether an expression has no calls and no effects, and the text says all of it.
  private func isSteady(_ id: NodeID, _ shapes: Statements, depth: Int = 0) -> Bool {
    guard id >= 0, depth < 20 else { return false }
    let node = shapes.file[id]
    switch node.kind {
    case .name, .member, .index, .binary: break
    case .number where node.b == 1: return true
    case .unary where ![.plusPlus, .minusMinus].contains(node.operation): break
    default: return false
    }
    return shapes.file.children(of: id).allSatisfy { isSteady($0, shapes, depth: depth + 1) }
  }

  /// `x == CONSTANT` with the operator that is asked for.
  private func comparison(_ id: NodeID, _ wanted: TokenKind, _ shapes: Statements) -> (String, String)? {
    let node = shapes.file[id]
    guard node.kind == .binary, node.operation == wanted, [.name, .member].contains(shapes.file[node.a].kind),
      isFlag(node.b, shapes) || shapes.file[node.b].kind == .number && shapes.file[node.b].b == 1
    else { return nil }
    return (
      SourceText.text(of: node.a, shapes.file, shapes.symbols), SourceText.text(of: node.b, shapes.file, shapes.symbols)
    )
  }

  /// A constant by its name.
  private func isFlag(_ id: NodeID, _ shapes: Statements) -> Bool {
    let node = shapes.file[id]
    guard node.kind == .name else { return false }
    let name = shapes.symbols.text(Symbol(node.a))
    return name.utf8.count > 2 && name.contains(where: \.isUppercase) && !name.contains(where: \.isLowercase)
  }

  /// `if (refcount_dec_and_test(&x->ref)) return;`
  private func isLateDrop(_ condition: NodeID, _ shapes: Statements) -> Bool {
    let (core, isNegated) = shapes.core(shapes.file[condition].a)
    guard core >= 0, !isNegated, shapes.symbols.text(shapes.callee(core)) == "refcount_dec_and_test" else {
      return false
    }
    let branch = shapes.list(shapes.file[condition].b)
    return branch.count == 1 && shapes.file[branch[0]].kind == .returnStatement && shapes.file[condition].c < 0
      && shapes.file[branch[0]].a < 0
  }

  /// `if (!copy_from_user(…)) return -EFAULT;`
  private func successfulCopy(_ condition: NodeID, _ shapes: Statements) -> String? {
    let (core, isNegated) = shapes.core(shapes.file[condition].a)
    guard core >= 0, isNegated, let leaving = shapes.leaving(shapes.file[condition].b),
      shapes.file[leaving].kind == .returnStatement,
      SourceText.text(of: shapes.file[leaving].a, shapes.file, shapes.symbols) == "-EFAULT"
    else { return nil }
    let name = shapes.symbols.text(shapes.callee(core))
    return ["copy_from_user", "copy_to_user", "get_user", "put_user", "clear_user"].contains(name) ? name : nil
  }

  /// `if (!list_empty(&x)) return; p = list_first_entry(&x, …);`
  private func emptyLists(_ block: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext) -> [Finding]
  {
    let file = shapes.file
    let statements = Array(file.list(file[block].a, file[block].b))
    return zip(statements, statements.dropFirst()).compactMap { condition, next -> Finding? in
      guard file[condition].kind == .ifStatement, file[condition].c < 0, shapes.leaving(file[condition].b) != nil,
        file[next].kind == .expressionStatement
      else { return nil }
      let (core, isNegated) = shapes.core(file[condition].a)
      guard core >= 0, isNegated, shapes.symbols.text(shapes.callee(core)) == "list_empty",
        let list = file.list(file[core].b, file[core].c).first
      else { return nil }
      let text = SourceText.text(of: list, file, shapes.symbols)
      let taken = shapes.calls(in: next).first { call in
        ["list_first_entry", "list_last_entry"].contains(shapes.symbols.text(shapes.callee(call)))
          && file.list(file[call].b, file[call].c).first.map { SourceText.text(of: $0, file, shapes.symbols) } == text
      }
      guard let taken else { return nil }
      return context.finding(
        description, id, taken, "the list is surely empty here: there is no first entry",
        evidence: [Evidence(context.place(id, condition), "whoever has entries leaves here")], key: text)
    }
  }
}
