import Findings
import KernelC
import LockModel

/// Results that are kept and used although nothing has asked whether they are any.
extension MissingErrorCheck {
  /// `x->name = devm_kasprintf(…);`, `clk = devm_clk_get(…); clk_get_rate(clk);` and `v = read(…); return v & MASK;`.
  func unchecked(_ context: RuleContext) -> [Finding] {
    var asked: [String: Set<Symbol>] = [:]
    return context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      func isWanted(_ name: Symbol) -> Bool {
        name.exists
          && (context.solver.isCheckedForError(name) || context.solver.isCheckedForNull(name)
            || context.solver.isCheckedForSign(name) || Self.absent.contains(context.text(name)))
      }
      let definition = context.program.definition(id)
      guard definition.nodes.contains(where: { file[$0].kind == .call && isWanted(shapes.callee($0)) }) else {
        return []
      }
      guard !FileChange.isTooLong(definition) else {
        context.limits.leftOut(id, by: description.id)
        return []
      }
      return CallResults(definition, file, context.program.symbols).all(of: isWanted).compactMap { result -> Finding? in
        guard result.target >= 0 else { return nil }
        let name = context.callee(result.call, in: file)
        let failure: String
        if result.isChecked, let use = useBeforeQuestion(result, definition, shapes, context) {
          return context.finding(
            description, id, use,
            "'\(result.holder)' is looked into before anything asks whether '\(context.text(name))' has failed",
            key: "\(context.text(name)) \(result.holder) early")
        }
        if result.isChecked {
          guard context.solver.isCheckedForSign(name), !isTested(result, id, file, context) else { return nil }
        }
        if !result.isChecked, context.solver.isCheckedForError(name) {
          failure = "an error pointer"
        } else if !result.isChecked, context.solver.isCheckedForNull(name) || Self.absent.contains(context.text(name)),
          file[result.target].kind == .member
            ? context.solver.isCheckedForNull(name) : isLookedInto(result, id, file, context),
          !mentions(result.call, "NOFAIL", file, context)
        {
          failure = "NULL"
        } else if context.solver.isCheckedForSign(name), isComputedWith(result, id, file, context) {
          failure = "a negative number"
        } else {
          return nil
        }
        if file[result.target].kind == .member {
          // Whoever uses it may ask.
          let members = asked[file.path] ?? askedMembers(file, context)
          asked[file.path] = members
          if members.contains(Symbol(file[result.target].b)) { return nil }
        }
        guard !isEscaped(result, id, file, context), failure == "a negative number" || isUsed(result, id, file, context)
        else { return nil }
        return context.finding(
          description, id, result.call,
          "'\(context.text(name))' fails with \(failure), and nothing looks at '\(result.holder)'",
          key: "\(context.text(name)) \(result.holder) unchecked")
      }
    }
  }

  /// `p = f(); q = p->q; if (IS_ERR(p))`: the first look into what a call returned, in the text in front of the first
  /// question about it.
  private func useBeforeQuestion(
    _ result: CallResults.Result, _ definition: FunctionDefinition, _ shapes: Statements, _ context: RuleContext
  ) -> NodeID? {
    let file = shapes.file
    let name = shapes.callee(result.call)
    guard context.solver.isCheckedForError(name) || context.solver.isMemory(name), result.asked != .max,
      file[result.target].kind == .variable || file[result.target].kind == .name,
      !mentions(result.call, "NOFAIL", file, context)
    else { return nil }
    let start = file[result.call].token
    let uses = definition.nodes.filter { node in
      let item = file[node]
      return item.kind == .member && item.operation == .arrow && item.token > start && item.token < result.asked
        && file[item.a].kind == .name && context.text(Symbol(file[item.a].a)) == result.holder
    }
    guard !uses.isEmpty else { return nil }
    let unread = unread(definition, shapes, context)
    // `p = f(p->next);` looks into what it was before.
    return uses.first { !unread.contains($0) && !shapes.contains(result.call, $0) }
  }

  /// Members that are named for their address or their size alone.
  private func unread(_ definition: FunctionDefinition, _ shapes: Statements, _ context: RuleContext) -> Set<NodeID> {
    let file = shapes.file
    var result: Set<NodeID> = []
    func add(_ id: NodeID, _ depth: Int) {
      guard id >= 0, depth < 40 else { return }
      if file[id].kind == .member { result.insert(id) }
      for child in file.children(of: id) { add(child, depth + 1) }
    }
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .sizeOf: add(node, 0)
      case .unary where item.operation == .ampersand: add(item.a, 0)
      case .call where ["struct_size", "flex_array_size", "array_size"].contains(context.text(shapes.callee(node))):
        add(node, 0)
      default: break
      }
    }
    return result
  }

  /// Members that some function of the file tests for NULL or an error.
  private func askedMembers(_ file: ParsedFile, _ context: RuleContext) -> Set<Symbol> {
    var result: Set<Symbol> = []
    let shapes = Statements(file: file, symbols: context.program.symbols)
    func note(_ node: NodeID) {
      if node >= 0, file[node].kind == .member { result.insert(Symbol(file[node].b)) }
    }
    for function in file.functions {
      for node in function.nodes {
        let item = file[node]
        switch item.kind {
        case .ifStatement, .whileStatement, .conditional: note(shapes.core(item.a).node)
        case .unary where item.operation == .bang: note(item.a)
        case .binary
        where item.operation.isComparison || item.operation == .ampersandAmpersand || item.operation == .pipePipe:
          note(item.a)
          note(item.b)
        case .call where context.text(shapes.callee(node)).hasPrefix("IS_ERR"):
          if let first = file.list(item.b, item.c).first { note(first) }
        default: break
        }
      }
    }
    return result
  }

  private func mentions(_ id: NodeID, _ text: String, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    SourceText.text(of: id, file, context.program.symbols).contains(text)
  }

  /// The result goes where something else may look at it: another variable, an address, the caller.
  private func isEscaped(
    _ result: CallResults.Result, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Bool {
    let start = file[result.call].token
    let symbols = context.program.symbols
    return context.program.definition(id).nodes.contains { node in
      let item = file[node]
      guard item.token > start, item.token <= result.end else { return false }
      switch item.kind {
      case .assign:
        let value = SourceText.text(of: item.b, file, symbols)
        return value == result.holder || value.hasPrefix("\(result.holder) = ")
      case .variable where item.c >= 0: return SourceText.text(of: item.c, file, symbols) == result.holder
      case .unary where item.operation == .ampersand:
        return SourceText.text(of: item.a, file, symbols) == result.holder
      case .designator: return SourceText.text(of: item.b, file, symbols) == result.holder
      default: return false
      }
    }
  }

  /// A member is used by others; a local must be used here.
  /// NULL where the device has none; much of what takes it knows that, and what looks into it does not.
  private static let absent: Set<String> = ["platform_get_resource", "platform_get_resource_byname"]

  /// Whether the first thing that is done with a local is to look into what it points to.
  private func isLookedInto(
    _ result: CallResults.Result, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Bool {
    let name = context.callee(result.call, in: file)
    // What an allocator gives is err-ptr-confusion's, and what was there for the probe is there for the end.
    guard !context.solver.isMemory(name), !context.name(id).split(separator: "_").contains("remove") else {
      return false
    }
    let start = file[result.call].token
    let nodes = context.program.definition(id).nodes
    // Whoever was given it first may have asked.
    let first = nodes.filter {
      file[$0].kind == .name && file[$0].token > start && file[$0].token < result.end
        && context.text(Symbol(file[$0].a)) == result.holder
    }.min { file[$0].token < file[$1].token }
    guard let first else { return false }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let unread = unread(context.program.definition(id), shapes, context)
    return nodes.contains {
      file[$0].kind == .member && file[$0].operation == .arrow && file[$0].a == first && !unread.contains($0)
    }
  }

  private func isUsed(
    _ result: CallResults.Result, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Bool {
    if file[result.target].kind == .member { return true }
    let start = file[result.call].token
    return context.program.definition(id).nodes.contains { node in
      file[node].kind == .name && file[node].token > start && file[node].token < result.end
        && context.text(Symbol(file[node].a)) == result.holder
    }
  }

  /// The value itself is compared, asked, returned or handed on, and not just some of its bits.
  private func isTested(
    _ result: CallResults.Result, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Bool {
    let start = file[result.call].token
    let shapes = Statements(file: file, symbols: context.program.symbols)
    func isIt(_ node: NodeID) -> Bool {
      node >= 0 && file[node].token > start && file[node].token < result.end
        && SourceText.text(of: node, file, context.program.symbols) == result.holder
    }
    return context.program.definition(id).nodes.contains { node in
      let item = file[node]
      switch item.kind {
      case .binary:
        return (item.operation.isComparison || item.operation == .ampersandAmpersand || item.operation == .pipePipe)
          && (isIt(item.a) || isIt(item.b))
      case .ifStatement, .whileStatement, .conditional, .switchStatement: return isIt(shapes.core(item.a).node)
      case .returnStatement: return isIt(item.a)
      case .call: return file.list(item.b, item.c).contains(where: isIt)
      default: return false
      }
    }
  }

  /// `value & MASK`, `value << 8` and the like: the sign is gone.
  private func isComputedWith(
    _ result: CallResults.Result, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext
  ) -> Bool {
    guard file[result.target].kind != .member else { return false }
    let start = file[result.call].token
    let operators: Set<TokenKind> = [.ampersand, .pipe, .shiftLeft, .shiftRight, .star, .slash, .percent]
    func isIt(_ node: NodeID) -> Bool {
      file[node].kind == .cast
        ? isIt(file[node].b)
        : file[node].kind == .name && context.text(Symbol(file[node].a)) == result.holder
    }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let nodes = context.program.definition(id).nodes
    // `if ((value & MASK) != ID) return -ENODEV;` is an error for a negative number too.
    let refusals = nodes.filter { node in
      guard file[node].kind == .ifStatement, let leaving = shapes.leaving(file[node].b) else { return false }
      return [.returnStatement, .gotoStatement].contains(file[leaving].kind) && isDifference(file[node].a, file)
    }
    return nodes.contains { node in
      let item = file[node]
      return item.kind == .binary && item.token > start && item.token < result.end
        && operators.contains(item.operation) && (isIt(item.a) || isIt(item.b))
        && !refusals.contains { shapes.contains(file[$0].a, node) }
    }
  }

  /// `a != b`, and several such.
  private func isDifference(_ condition: NodeID, _ file: ParsedFile) -> Bool {
    let node = file[condition]
    guard node.kind == .binary else { return false }
    if node.operation == .pipePipe { return isDifference(node.a, file) && isDifference(node.b, file) }
    return node.operation == .bangEqual
  }
}
