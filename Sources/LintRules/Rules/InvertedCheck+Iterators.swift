import Findings
import KernelC
import LockModel

/// The cursor of a list, asked behind its loop whether it is NULL: at the end of the list it points to the head.
extension InvertedCheck {
  /// `list_for_each_entry(p, …) { if (…) break; } if (!p) return -ENODEV;`
  func cursors(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let nodes = context.program.definition(id).nodes
    guard nodes.contains(where: { file[$0].kind == .macroLoop }) else { return [] }
    var findings: [Finding] = []
    for block in nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (index, loop) in statements.enumerated() where file[loop].kind == .macroLoop {
        guard let cursor = cursor(file[loop].a, id, shapes, context), !isSet(cursor, in: file[loop].b, shapes),
          let test = test(of: cursor, statements[(index + 1)...], shapes, context)
        else { continue }
        findings.append(
          context.finding(
            description, id, test,
            "'\(context.text(cursor))' is never NULL behind its loop: at the end of the list it points to the head",
            evidence: [Evidence(context.place(id, loop), "the loop over the list")], key: context.text(cursor)))
      }
    }
    return findings
  }

  /// The cursor of a loop that begins at a list's head and ends there.
  private func cursor(_ call: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext) -> Symbol? {
    let file = shapes.file
    let name = shapes.callee(call)
    guard name.exists else { return nil }
    let arguments = Array(file.list(file[call].b, file[call].c))
    guard let position = Self.isRing(context.text(name)) ? 0 : position(ofCursor: name, id, context),
      position < arguments.count, file[arguments[position]].kind == .name
    else { return nil }
    return Symbol(file[arguments[position]].a)
  }

  /// A list of 'hlist_for_each_entry' ends with NULL; these do not.
  private static func isRing(_ name: String) -> Bool {
    name.hasPrefix("list_for_each_entry")
      || ["list_for_each", "list_for_each_safe", "list_for_each_prev"].contains(name)
  }

  /// `#define for_each_part(p, dev) list_for_each_entry(p, &(dev)->parts, node)`
  private func position(ofCursor name: Symbol, _ id: FunctionID, _ context: RuleContext) -> Int? {
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    guard let target = context.program.resolve(name, fromFile: fileIndex) else { return nil }
    let definition = context.program.definition(target)
    let file = context.program.file(of: target)
    guard definition.isMacro, definition.nodes.count < 60 else { return nil }
    for node in definition.nodes where file[node].kind == .call {
      let inner = context.callee(node, in: file)
      guard inner.exists, Self.isRing(context.text(inner)), let first = file.list(file[node].b, file[node].c).first,
        file[first].kind == .name
      else { continue }
      return definition.parameters.firstIndex { $0.name == Symbol(file[first].a) }
    }
    return nil
  }

  /// Whether the body of the loop sets its cursor, as to NULL where it found nothing.
  private func isSet(_ cursor: Symbol, in id: NodeID, _ shapes: Statements, depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return id >= 0 }
    let file = shapes.file
    let node = file[id]
    func isIt(_ id: NodeID) -> Bool { file[id].kind == .name && Symbol(file[id].a) == cursor }
    switch node.kind {
    case .assign where isIt(node.a), .postfix where isIt(node.a): return true
    case .unary where node.operation == .ampersand && isIt(node.a): return true
    case .macroLoop where file.list(file[node.a].b, file[node.a].c).contains(where: isIt): return true
    default: return file.children(of: id).contains { isSet(cursor, in: $0, shapes, depth: depth + 1) }
    }
  }

  /// The first thing that the statements do with the cursor, where that is to ask whether there is one. A label among them may be
  /// reached with another value.
  private func test(
    of cursor: Symbol, _ statements: ArraySlice<NodeID>, _ shapes: Statements, _ context: RuleContext
  ) -> NodeID? {
    let file = shapes.file
    let text = context.text(cursor)
    for statement in statements.prefix(60) {
      let item = file[statement]
      if item.kind == .ifStatement, shapes.mentions(item.a, text) {
        return asks(item.a, cursor, shapes, context) == true ? item.a : nil
      }
      if isReached(statement, shapes) || shapes.mentions(statement, text) { return nil }
      if [.returnStatement, .gotoStatement, .breakStatement, .continueStatement].contains(item.kind) { return nil }
    }
    return nil
  }

  /// A label somewhere in the statement.
  private func isReached(_ id: NodeID, _ shapes: Statements, depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return id >= 0 }
    return [.label, .caseLabel].contains(shapes.file[id].kind)
      || shapes.file.children(of: id).contains { isReached($0, shapes, depth: depth + 1) }
  }

  /// Whether the first part of the condition that has the cursor in it asks for NULL; nil where no part has.
  private func asks(
    _ id: NodeID, _ cursor: Symbol, _ shapes: Statements, _ context: RuleContext, depth: Int = 0
  ) -> Bool? {
    let file = shapes.file
    let (core, _) = shapes.core(id)
    guard core >= 0, depth < 30 else { return nil }
    let node = file[core]
    if node.kind == .binary, node.operation == .ampersandAmpersand || node.operation == .pipePipe {
      return asks(node.a, cursor, shapes, context, depth: depth + 1)
        ?? asks(node.b, cursor, shapes, context, depth: depth + 1)
    }
    if node.kind == .name, Symbol(node.a) == cursor { return true }
    if [context.names.isErr, context.names.isErrOrNull].contains(shapes.callee(core)),
      let first = file.list(node.b, node.c).first, file[first].kind == .name, Symbol(file[first].a) == cursor
    {
      return true
    }
    return shapes.mentions(core, context.text(cursor)) ? false : nil
  }
}
