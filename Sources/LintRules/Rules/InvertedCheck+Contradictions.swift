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
    for node in definition.nodes {
      switch file[node].kind {
      case .ifStatement:
        let condition = file[node].a
        if let always = always(condition, shapes) { report(condition, always) }
        if isLateDrop(node, shapes) { report(condition, "only the one who drops the last reference leaves here") }
        if let copy = successfulCopy(node, shapes) {
          report(condition, "-EFAULT is returned if '\(copy)' has copied everything")
        }
      case .block: findings += emptyLists(node, id, shapes, context)
      default: break
      }
    }
    return findings
  }

  /// What is wrong with a condition that does not depend on what it tests; nil for one that does.
  private func always(_ condition: NodeID, _ shapes: Statements) -> String? {
    let file = shapes.file
    let node = file[condition]
    guard node.kind == .binary else { return nil }
    switch node.operation {
    case .pipePipe, .ampersandAmpersand:
      let wanted: TokenKind = node.operation == .pipePipe ? .bangEqual : .equalEqual
      guard let (first, one) = comparison(node.a, wanted, shapes),
        let (second, other) = comparison(node.b, wanted, shapes),
        first == second, one != other
      else { return nil }
      return "'\(first)' cannot be both \(one) and \(other): this is \(wanted == .bangEqual ? "always" : "never") true"
    case .pipe where [.name, .member].contains(file[node.a].kind) && isFlag(node.b, shapes):
      return "'|' with a flag is always true"
    case .ampersand where file[node.a].kind == .unary && file[node.a].operation == .bang && isFlag(node.b, shapes):
      return "'!' binds more tightly than '&': 0 or 1 is compared with the flag"
    default: return nil
    }
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
