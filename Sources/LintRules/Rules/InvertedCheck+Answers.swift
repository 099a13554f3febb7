import Findings
import KernelC
import LockModel

/// Answers that are taken for the opposite: what a wait has left, what a comparison of strings finds, parts that may be NULL.
extension InvertedCheck {
  func answers(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return waits(id, shapes, context) + comparedStrings(id, shapes, context) + demandedParts(id, shapes, context)
      + mixedAllocations(id, shapes, context)
  }

  /// Return 0 where the time is over, and what is left of it otherwise.
  private static let waits: Set<String> = [
    "wait_for_completion_timeout", "wait_for_completion_io_timeout", "wait_event_timeout",
  ]

  /// `left = wait_for_completion_timeout(…); if (left && …) return -ETIMEDOUT;`
  private func waits(_ id: FunctionID, _ shapes: Statements, _ context: RuleContext) -> [Finding] {
    let file = shapes.file
    let nodes = context.program.definition(id).nodes
    guard nodes.contains(where: { Self.waits.contains(context.text(shapes.callee($0))) }) else { return [] }
    var last: [Symbol: NodeID] = [:]
    var findings: [Finding] = []
    for node in nodes.sorted(by: { file[$0].token < file[$1].token }) {
      let item = file[node]
      switch item.kind {
      case .assign where file[item.a].kind == .name: last[Symbol(file[item.a].a)] = item.b
      case .variable where item.c >= 0: last[Symbol(item.a)] = item.c
      case .ifStatement where isTimeout(item.b, shapes):
        guard
          let (name, wait) = conjuncts(of: item.a, file).lazy.compactMap({ part -> (Symbol, NodeID)? in
            guard let name = self.answer(part, file), let value = last[name], file[value].kind == .call,
              Self.waits.contains(context.text(shapes.callee(value)))
            else { return nil }
            return (name, value)
          }).first
        else { continue }
        let callee = context.text(shapes.callee(wait))
        findings.append(
          context.finding(
            description, id, item.a, "this returns that it took too long where '\(callee)' has ended in time",
            evidence: [Evidence(context.place(id, wait), "'\(context.text(name))' is what is left of the time")],
            key: "\(callee) left"))
      default: break
      }
    }
    return findings
  }

  /// `x` in `x` and `x > 0`.
  private func answer(_ part: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[part]
    if node.kind == .name { return Symbol(node.a) }
    guard node.kind == .binary, node.operation == .greater, file[node.a].kind == .name, file[node.b].kind == .number,
      file[node.b].a == 0
    else { return nil }
    return Symbol(file[node.a].a)
  }

  private func conjuncts(of condition: NodeID, _ file: ParsedFile) -> [NodeID] {
    guard condition >= 0 else { return [] }
    let node = file[condition]
    guard node.kind == .binary, node.operation == .ampersandAmpersand else { return [condition] }
    return conjuncts(of: node.a, file) + conjuncts(of: node.b, file)
  }

  /// `is_foo = strcmp(name, "foo");`
  private func comparedStrings(_ id: FunctionID, _ shapes: Statements, _ context: RuleContext) -> [Finding] {
    let file = shapes.file
    var booleans: Set<Symbol> = []
    for node in context.program.definition(id).nodes where file[node].kind == .variable {
      if file.types[Int(file[node].b)].base == .boolean { booleans.insert(Symbol(file[node].a)) }
    }
    guard !booleans.isEmpty else { return [] }
    return context.program.definition(id).nodes.compactMap { node -> Finding? in
      let item = file[node]
      let name: Symbol
      let value: NodeID
      switch item.kind {
      case .assign where item.operation == .equal && file[item.a].kind == .name:
        (name, value) = (Symbol(file[item.a].a), item.b)
      case .variable where item.c >= 0: (name, value) = (Symbol(item.a), item.c)
      default: return nil
      }
      guard booleans.contains(name), file[value].kind == .call,
        case let callee = context.text(shapes.callee(value)),
        ["strcmp", "strncmp", "strcasecmp", "strncasecmp"].contains(callee),
        case let text = context.text(name), !Self.differences.contains(where: text.contains)
      else { return nil }
      return context.finding(
        description, id, value, "'\(callee)' returns 0 for what is equal: '\(text)' is true where it is not",
        key: "\(text) \(callee)")
    }
  }

  /// What the name of a variable has in it that is true where two things are not equal.
  private static let differences = [
    "diff", "chang", "mismatch", "neq", "unequal", "modif", "dirty", "update", "cmp", "ret", "new",
  ]

  /// `if (!(a && valid(a)) || !(b && valid(b))) return -ENODEV;`, and `if (a && a->n)` further down: one alone would do.
  private func demandedParts(_ id: FunctionID, _ shapes: Statements, _ context: RuleContext) -> [Finding] {
    let file = shapes.file
    let nodes = context.program.definition(id).nodes
    /// Where each name is asked about last, as in `p && p->n`.
    lazy var questions = nodes.reduce(into: [Symbol: UInt32]()) { result, node in
      guard file[node].kind == .ifStatement, let name = optional(file[node].a, shapes) else { return }
      result[name] = max(result[name] ?? 0, file[node].token)
    }
    return nodes.compactMap { node -> Finding? in
      guard let condition = alternatives(behind: node, shapes) else { return nil }
      let item = file[condition]
      let parts = [item.a, item.b].compactMap { demanded($0, shapes) }
      guard parts.count == 2, parts[0] != parts[1],
        parts.contains(where: { questions[$0, default: 0] > file[node].token })
      else { return nil }
      let (one, other) = (context.text(parts[0]), context.text(parts[1]))
      return context.finding(
        description, id, file[node].a,
        "this leaves where one of '\(one)' and '\(other)' is NULL, and further down each of them may be",
        key: "\(one) \(other)")
    }
  }

  /// `a || b` in `if (a || b) return …;`
  private func alternatives(behind node: NodeID, _ shapes: Statements) -> NodeID? {
    let item = shapes.file[node]
    guard item.kind == .ifStatement, item.c < 0, shapes.leaving(item.b) != nil, shapes.file[item.a].kind == .binary,
      shapes.file[item.a].operation == .pipePipe
    else { return nil }
    return item.a
  }

  /// `p` in `!(p && f(p))`.
  private func demanded(_ part: NodeID, _ shapes: Statements) -> Symbol? {
    let file = shapes.file
    guard file[part].kind == .unary, file[part].operation == .bang, case let inner = file[file[part].a],
      inner.kind == .binary, inner.operation == .ampersandAmpersand, file[inner.a].kind == .name
    else { return nil }
    let name = Symbol(file[inner.a].a)
    return shapes.mentions(inner.b, shapes.symbols.text(name)) ? name : nil
  }

  /// `p` in `p && p->n`.
  private func optional(_ condition: NodeID, _ shapes: Statements) -> Symbol? {
    let node = shapes.file[condition]
    guard node.kind == .binary, node.operation == .ampersandAmpersand, shapes.file[node.a].kind == .name,
      case let name = Symbol(shapes.file[node.a].a), shapes.mentions(node.b, shapes.symbols.text(name))
    else { return nil }
    return name
  }
}

// Checks of what has just been made.
extension InvertedCheck {
  /// `if (!tt || !rc || buffer) return -ENOMEM;`, where all three have just been allocated.
  func mixedAllocations(_ id: FunctionID, _ shapes: Statements, _ context: RuleContext) -> [Finding] {
    let file = shapes.file
    let nodes = context.program.definition(id).nodes
    lazy var stores = Stores(nodes, file)
    func isAllocated(_ name: NodeID, before condition: NodeID) -> Bool {
      guard let value = stores.last(of: Symbol(file[name].a), before: file[condition].token) else { return false }
      let callee = context.callee(value, in: file)
      return callee.exists && (context.solver.isMemory(callee) || context.text(callee).contains("alloc"))
    }
    return nodes.compactMap { node -> Finding? in
      guard let condition = alternatives(behind: node, shapes) else { return nil }
      var open = [condition]
      var (missing, present): ([NodeID], [NodeID]) = ([], [])
      while let part = open.popLast() {
        let item = file[part]
        if item.kind == .binary, item.operation == .pipePipe {
          open += [item.a, item.b]
        } else if item.kind == .unary, item.operation == .bang {
          missing.append(item.a)
        } else {
          present.append(part)
        }
      }
      guard present.count == 1, !missing.isEmpty,
        (missing + present).allSatisfy({ file[$0].kind == .name && isAllocated($0, before: node) })
      else { return nil }
      let name = SourceText.text(of: present[0], file, shapes.symbols)
      return context.finding(
        description, id, present[0], "this leaves where '\(name)' could be allocated, and goes on where it could not",
        key: "\(name) allocated")
    }
  }

  /// What is stored in the locals of a function, in the order of the text.
  private struct Stores {
    private var byName: [Symbol: [(token: UInt32, value: NodeID)]] = [:]

    init(_ nodes: Range<NodeID>, _ file: ParsedFile) {
      for node in nodes {
        let item = file[node]
        if item.kind == .assign, file[item.a].kind == .name {
          byName[Symbol(file[item.a].a), default: []].append((item.token, item.b))
        } else if item.kind == .variable, item.c >= 0 {
          byName[Symbol(item.a), default: []].append((item.token, item.c))
        }
      }
      for name in byName.keys { byName[name]?.sort { $0.token < $1.token } }
    }

    func last(of name: Symbol, before token: UInt32) -> NodeID? {
      guard let all = byName[name], case let next = all.partitioningIndex(where: { $0.token >= token }), next > 0 else {
        return nil
      }
      return all[next - 1].value
    }
  }
}
