import Findings
import KernelC
import LockModel

/// Branches that cannot do what they say, whatever the functions around them are.
extension InvertedCheck {
  func branches(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let locals = pointers(of: definition, file)
    var findings: [Finding] = []
    for block in definition.nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      for (index, statement) in statements.enumerated() where file[statement].kind == .ifStatement {
        let (core, isNegated) = shapes.core(file[statement].a)
        guard core >= 0 else { continue }
        let following = statements[(index + 1)...]
        let found =
          if isNegated {
            disposal(core, statement, id, shapes, context)
              ?? (index > 0 ? onlySuccess(core, statement, statements[index - 1], following, id, shapes, context) : nil)
          } else {
            answer(core, statement, id, shapes, context) ?? capability(core, statement, id, shapes, context)
              ?? (index > 0 && file[core].kind == .name && locals.contains(Symbol(file[core].a))
                ? missing(core, statement, statements[index - 1], following, id, shapes, context) : nil)
          }
        if let found { findings.append(found) }
      }
    }
    return findings
  }

  private func pointers(of definition: FunctionDefinition, _ file: ParsedFile) -> Set<Symbol> {
    Set(
      definition.nodes.compactMap { node in
        let item = file[node]
        return item.kind == .variable && file.types[Int(item.b)].isPointer ? Symbol(item.a) : nil
      })
  }

  /// `if (!p) free(p);`
  private func disposal(
    _ pointer: NodeID, _ condition: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    guard [.name, .member].contains(file[pointer].kind), file[condition].c < 0 else { return nil }
    let text = SourceText.text(of: pointer, file, shapes.symbols)
    for statement in shapes.list(file[condition].b) {
      if file[statement].kind == .expressionStatement {
        let callee = shapes.callee(file[statement].a)
        if callee.exists, context.solver.endsPointer(callee),
          let first = file.list(file[file[statement].a].b, file[file[statement].a].c).first,
          SourceText.text(of: first, file, shapes.symbols) == text
        {
          return context.finding(
            description, id, file[condition].a,
            "'\(context.text(callee))' is called for '\(text)' only where that is NULL", key: "\(text) NULL")
        }
      }
      if shapes.writes(statement, text) { return nil }
    }
    return nil
  }

  /// `ret = f(); if (!ret) return ret;` in front of the rest of what the function does, and a `return 0` at its end.
  private func onlySuccess(
    _ variable: NodeID, _ condition: NodeID, _ previous: NodeID, _ following: ArraySlice<NodeID>, _ id: FunctionID,
    _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    guard file[variable].kind == .name, file[condition].c < 0, shapes.list(file[condition].b).count == 1,
      let leaving = shapes.leaving(file[condition].b), file[leaving].kind == .returnStatement, file[leaving].a >= 0,
      let call = stored(in: variable, by: previous, shapes)
    else { return nil }
    let name = SourceText.text(of: variable, file, shapes.symbols)
    guard Statements.errorNames.contains(name), SourceText.text(of: file[leaving].a, file, shapes.symbols) == name,
      let last = following.last, file[last].kind == .returnStatement, file[last].a >= 0,
      file[file[last].a].kind == .number, file[file[last].a].a == 0, following.count > 1,
      !following.contains(where: { file[$0].kind == .label || shapes.mentions($0, name) })
    else { return nil }
    let callee = shapes.callee(call)
    // A body that is known says whether 0 is success.
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    if callee.exists, context.program.resolve(callee, fromFile: fileIndex) != nil,
      !context.solver.isErrnoLike(callee, fromFile: fileIndex)
    {
      return nil
    }
    return context.finding(
      description, id, file[condition].a,
      "the function ends here when '\(callee.exists ? context.text(callee) : "the call")' succeeds, and goes on when it fails",
      key: name)
  }

  /// `p = get(); if (p) return; use(p);`
  private func missing(
    _ pointer: NodeID, _ condition: NodeID, _ previous: NodeID, _ following: ArraySlice<NodeID>, _ id: FunctionID,
    _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    guard file[condition].c < 0, let leaving = shapes.leaving(file[condition].b),
      file[leaving].kind == .returnStatement || file[leaving].kind == .gotoStatement,
      stored(in: pointer, by: previous, shapes) != nil
    else { return nil }
    let text = SourceText.text(of: pointer, file, shapes.symbols)
    // A pointer that is returned was what the function looked for.
    guard !shapes.mentions(file[condition].b, text) else { return nil }
    for statement in following {
      guard file[statement].kind == .expressionStatement else {
        if file[statement].kind == .label || shapes.mentions(statement, text) { return nil }
        continue
      }
      let call = valueCall(file[statement].a, shapes)
      if call >= 0, shapes.callee(call).exists, !context.solver.looksOnly(shapes.callee(call)),
        file.list(file[call].b, file[call].c).contains(where: {
          file[$0].kind == .name && SourceText.text(of: $0, file, shapes.symbols) == text
        })
      {
        return context.finding(
          description, id, call, "'\(text)' is handed on here where it is surely NULL",
          evidence: [Evidence(context.place(id, condition), "whoever has one leaves here")], key: text)
      }
      if shapes.mentions(statement, text) { return nil }
    }
    return nil
  }

  /// `f(…)` and `x = f(…)`
  private func valueCall(_ value: NodeID, _ shapes: Statements) -> NodeID {
    let node = shapes.file[value]
    if node.kind == .assign, node.operation == .equal { return shapes.file[node.b].kind == .call ? node.b : -1 }
    return node.kind == .call ? value : -1
  }

  /// The call whose result the statement stores in the variable.
  private func stored(in variable: NodeID, by statement: NodeID, _ shapes: Statements) -> NodeID? {
    let file = shapes.file
    guard file[statement].kind == .expressionStatement else { return nil }
    let store = file[file[statement].a]
    guard store.kind == .assign, store.operation == .equal, file[store.b].kind == .call,
      file[store.a].kind == .name, file[store.a].a == file[variable].a
    else { return nil }
    return store.b
  }

  /// `if (foo_supported(foo)) return -EOPNOTSUPP;`
  private func answer(
    _ call: NodeID, _ condition: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    let callee = shapes.callee(call)
    guard callee.exists, let leaving = shapes.leaving(file[condition].b), file[leaving].kind == .returnStatement,
      file[leaving].a >= 0
    else { return nil }
    let returned = SourceText.text(of: file[leaving].a, file, shapes.symbols)
    let name = context.text(callee)
    guard Self.refusals.contains(returned), Self.allows(name),
      context.solver.returns(of: callee).map({ !$0.contains(.negative) }) ?? Self.known.contains(name)
    else { return nil }
    return context.finding(
      description, id, file[condition].a, "\(returned) is returned if '\(name)' says yes", key: "\(name) \(returned)")
  }

  /// `if (wanted && DEV_CAP_X(dev)) return -EOPNOTSUPP;`
  private func capability(
    _ core: NodeID, _ condition: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let file = shapes.file
    guard let leaving = shapes.leaving(file[condition].b), file[leaving].kind == .returnStatement,
      file[leaving].a >= 0,
      case let returned = SourceText.text(of: file[leaving].a, file, shapes.symbols),
      returned == "-EOPNOTSUPP" || returned == "-ENOTSUPP"
    else { return nil }
    let isBoth = file[core].kind == .binary && file[core].operation == .ampersandAmpersand
    for part in isBoth ? [file[core].a, file[core].b] : [core] {
      let name = context.text(shapes.callee(part))
      guard file[part].kind == .call, name.split(separator: "_").contains("CAP") else { continue }
      return context.finding(
        description, id, file[condition].a, "\(returned) is returned if '\(name)' says that the capability is there",
        key: "\(name) \(returned)")
    }
    return nil
  }

  private static let refusals: Set<String> = [
    "-EINVAL", "-EOPNOTSUPP", "-ENOTSUPP", "-EPERM", "-EACCES", "-EFAULT", "-ENODEV", "-EADDRNOTAVAIL",
  ]

  private static let known: Set<String> = [
    "i2c_check_functionality", "access_ok", "try_module_get", "capable", "ns_capable", "netlink_capable",
    "is_valid_ether_addr", "virt_addr_valid", "pfn_valid", "cpu_possible", "perfmon_capable", "bpf_capable",
  ]

  /// Whether a yes lets its caller go on.
  private static func allows(_ name: String) -> Bool {
    if known.contains(name) { return true }
    let words = name.split(separator: "_")
    guard let last = words.last, !words.contains(where: { ["not", "no", "un", "never"].contains($0) }) else {
      return false
    }
    return ["valid", "supported", "supports", "capable", "allowed", "permitted"].contains(last)
  }
}
