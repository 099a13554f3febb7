import Findings
import KernelC
import LockModel

/// A pointer that was just made, and behind it the check of another one.
extension MissingErrorCheck {
  /// Each candidate is a walk over the function.
  private static let candidateLimit = 40

  /// `a->one = kzalloc(…); if (!a->two) return -ENOMEM;`
  func otherPointers(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let definition = context.program.definition(id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      var findings: [Finding] = []
      var candidates = 0
      for block in definition.nodes where file[block].kind == .block {
        let statements = Array(file.list(file[block].a, file[block].b))
        for (store, condition) in zip(statements, statements.dropFirst())
        where file[condition].kind == .ifStatement && file[store].kind == .expressionStatement {
          let item = file[file[store].a]
          guard item.kind == .assign, item.operation == .equal, shapes.callee(item.b).exists,
            let tested = testedPointer(condition, behind: item.b, id, shapes, context)
          else { continue }
          let made = SourceText.text(of: item.a, file, shapes.symbols)
          let other = SourceText.text(of: tested, file, shapes.symbols)
          // What the new thing holds, or what the call itself sets, is not another one.
          guard made != other, !other.hasPrefix("\(made)->"), !other.hasPrefix("\(made).") else {
            continue
          }
          candidates += 1
          guard candidates <= Self.candidateLimit else { continue }
          guard !shapes.writes(item.b, other), !isHandedOn(rootOf: tested, to: item.b, shapes, context),
            !isAlias(item.a, tested, definition, shapes), !isAsked(made, behind: store, definition, shapes),
            !isFresh(other, before: store, definition, shapes)
          else { continue }
          let callee = context.text(shapes.callee(item.b))
          findings.append(
            context.finding(
              description, id, file[condition].a,
              "'\(made)' was just made by '\(callee)', which can fail, and '\(other)' is checked in its place",
              evidence: [Evidence(context.place(id, store), "'\(made)' is set here")], key: "\(made) \(other)"))
        }
      }
      if candidates > Self.candidateLimit {
        context.limits.exceeded(
          Self.candidateLimit, "checks of another pointer", in: id, by: description.id)
      }
      return findings
    }
  }

  /// The pointer that the condition asks about in the way in which the call fails, where the branch is one for such a failure.
  private func testedPointer(
    _ condition: NodeID, behind call: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> NodeID? {
    let file = shapes.file
    guard file[condition].c < 0, shapes.leaving(file[condition].b) != nil else { return nil }
    let (core, isNegated) = shapes.core(file[condition].a)
    guard core >= 0 else { return nil }
    let callee = shapes.callee(call)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    if isNegated {
      guard [.name, .member].contains(file[core].kind), says("-ENOMEM", file[condition].b, shapes),
        context.solver.isAllocator(callee) || context.solver.isCheckedForNull(callee)
          || context.isPointer(call, in: id)
            && context.solver.returns(of: callee, fromFile: fileIndex) == [.zero, .positive]
      else { return nil }
      return core
    }
    guard shapes.callee(core) == context.names.isErr, let tested = file.list(file[core].b, file[core].c).first,
      [.name, .member].contains(file[tested].kind),
      context.solver.makesErrorPointers(callee, fromFile: fileIndex),
      says("PTR_ERR(\(SourceText.text(of: tested, file, shapes.symbols)))", file[condition].b, shapes)
    else { return nil }
    return tested
  }

  /// Whether anything below a node reads like `text`.
  private func says(_ text: String, _ id: NodeID, _ shapes: Statements, depth: Int = 0) -> Bool {
    guard id >= 0, depth < 30 else { return false }
    let node = shapes.file[id]
    if node.kind == .unary || node.kind == .call, SourceText.text(of: id, shapes.file, shapes.symbols) == text {
      return true
    }
    return shapes.file.children(of: id).contains { says(text, $0, shapes, depth: depth + 1) }
  }

  /// A function of the driver's own may set the other pointer in what it is given.
  private func isHandedOn(
    rootOf tested: NodeID, to call: NodeID, _ shapes: Statements, _ context: RuleContext
  ) -> Bool {
    guard let root = root(tested, shapes.file), !context.solver.isKnownPointer(shapes.callee(call)),
      !context.solver.isAllocator(shapes.callee(call))
    else { return false }
    return shapes.file.list(shapes.file[call].b, shapes.file[call].c).contains {
      shapes.file[$0].kind == .name && shapes.file[$0].a == root.rawValue
    }
  }

  /// The variable that a path begins with.
  private func root(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[id]
    switch node.kind {
    case .name: return Symbol(node.a)
    case .member, .index, .unary: return root(node.a, file)
    default: return nil
    }
  }

  /// The last step of a path.
  private func last(_ id: NodeID, _ shapes: Statements) -> String {
    let node = shapes.file[id]
    switch node.kind {
    case .member: return shapes.symbols.text(Symbol(node.b))
    case .index: return "[\(SourceText.text(of: node.b, shapes.file, shapes.symbols))]"
    default: return SourceText.text(of: id, shapes.file, shapes.symbols)
    }
  }

  /// Two ways to one place: `fields[i]` and `foo->fields[i]` behind `fields = foo->fields`.
  private func isAlias(
    _ made: NodeID, _ tested: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    guard last(made, shapes) == last(tested, shapes) else { return false }
    // `to_part(foo)->name` may be any other object.
    guard let one = root(made, file), let other = root(tested, file) else { return true }
    guard one != other else { return false }
    return definition.nodes.contains { node in
      let item = file[node]
      let (name, value): (Symbol, NodeID)
      switch item.kind {
      case .variable where item.c >= 0: (name, value) = (Symbol(item.a), item.c)
      case .assign where file[item.a].kind == .name: (name, value) = (Symbol(file[item.a].a), item.b)
      default: return false
      }
      guard name == one || name == other else { return false }
      return shapes.mentions(value, shapes.symbols.text(name == one ? other : one))
    }
  }

  /// Whether anything behind the statement asks about the pointer, or hands the question on to the caller.
  private func isAsked(
    _ text: String, behind store: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let start = file[store].token
    return definition.nodes.contains { node in
      let item = file[node]
      guard item.token >= start || item.kind == .doStatement else { return false }
      switch item.kind {
      case .ifStatement, .whileStatement, .conditional, .switchStatement: return holds(item.a, text, shapes)
      case .doStatement: return holds(item.b, text, shapes)
      case .returnStatement: return item.a >= 0 && holds(item.a, text, shapes, alsoInCalls: false)
      case .unary where item.operation == .bang: return holds(item.a, text, shapes)
      case .call:
        let name = shapes.symbols.text(shapes.callee(node))
        return ["IS_ERR", "PTR_ERR", "WARN_ON", "BUG_ON"].contains(where: name.hasPrefix) && holds(node, text, shapes)
      default: return false
      }
    }
  }

  private func holds(
    _ id: NodeID, _ text: String, _ shapes: Statements, alsoInCalls: Bool = true, depth: Int = 0
  ) -> Bool {
    guard id >= 0, depth < 40, alsoInCalls || shapes.file[id].kind != .call else { return false }
    if [.name, .member, .index].contains(shapes.file[id].kind),
      SourceText.text(of: id, shapes.file, shapes.symbols) == text
    {
      return true
    }
    return shapes.file.children(of: id).contains { holds($0, text, shapes, alsoInCalls: alsoInCalls, depth: depth + 1) }
  }

  /// The other pointer was set in front of the statement, and nobody has asked about it yet: this check is for it.
  private func isFresh(
    _ text: String, before store: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let end = file[store].token
    var set: UInt32?
    for node in definition.nodes where file[node].token < end {
      let item = file[node]
      let isStore =
        item.kind == .assign && SourceText.text(of: item.a, file, shapes.symbols) == text
        || item.kind == .variable && shapes.symbols.text(Symbol(item.a)) == text
        || item.kind == .unary && item.operation == .ampersand
          && SourceText.text(of: item.a, file, shapes.symbols) == text
      if isStore { set = max(set ?? 0, item.token) }
    }
    guard let set else { return false }
    return !definition.nodes.contains { node in
      let item = file[node]
      return (item.kind == .ifStatement || item.kind == .whileStatement) && item.token > set && item.token < end
        && holds(item.a, text, shapes)
    }
  }
}
