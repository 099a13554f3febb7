import Findings
import KernelC
import LockModel

// Conditions, and parts of them, that are gone from in front of what they were asked for.
extension LostCheck {
  /// `if (p) f(p);` that has become `f(p);`.
  func guards(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = Statements(file: change.before, symbols: change.symbols)
    let file = change.before
    let new = FunctionText(after, change.after, change.symbols)
    return before.nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement, file[node].c < 0, case let core = old.core(file[node].a), core.node >= 0,
        !core.isNegated, file[core.node].kind == .member || file[core.node].kind == .name,
        case let subject = SourceText.text(of: core.node, file, change.symbols), old.list(file[node].b).count == 1,
        let guarded = old.list(file[node].b).first, file[guarded].kind == .expressionStatement,
        file[file[guarded].a].kind == .call,
        case let text = SourceText.text(of: file[guarded].a, file, change.symbols),
        FunctionText.mentions(text.drop { $0 != "(" }.description, subject), !FunctionText.isEnding(text),
        let place = new.lines.first(where: { $0.text == text && change.after[$0.node].kind == .expressionStatement }),
        !new.lines.contains(where: {
          $0.text != text && isQuestion(at: $0.node, change) && FunctionText.mentions($0.text, subject)
        }),
        // A flag may be handed on as well as a pointer.
        isPointer(subject, core.node, before, change)
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(place.node), function: change.symbols.text(after.name),
        message: "'\(subject)' was asked for in front of this before the patch, and is not any more",
        evidence: [Evidence(change.placeBefore(node), "it was asked for here")], key: "\(text) guard")
    }
  }

  /// `if (is_gone(x)) return;` that is gone from in front of something which another function of the file still asks for first.
  func siblings(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let asked = exitQuestions(before, change.before, change.symbols)
    guard !asked.isEmpty else { return [] }
    let old = calls(before, change.before, change.symbols)
    let new = Dictionary(
      calls(after, change.after, change.symbols).map { ($0.name, $0.node) }, uniquingKeysWith: { first, _ in first })
    let lost = asked.filter { new[$0.question] == nil }
    guard !lost.isEmpty else { return [] }
    // Who else has learnt to ask.
    var learnt: Set<Symbol> = []
    for (was, now) in change.edited where now.name != after.name {
      learnt.formUnion(
        Set(calls(now, change.after, change.symbols).map(\.name))
          .subtracting(calls(was, change.before, change.symbols).map(\.name)))
    }
    var reported: Set<Symbol> = []
    return lost.compactMap { exit, question in
      guard !learnt.contains(question), !reported.contains(question) else { return nil }
      let start = old.partitioningIndex { change.before[$0.node].token > change.before[exit].token }
      for guarded in old[start...].prefix(Self.guardedCalls) {
        let (callee, text) = (change.symbols.text(guarded.name), change.symbols.text(question))
        guard guarded.name != question, !isQuestion(callee), let call = new[guarded.name],
          let other = change.after.functions.first(where: { function in
            function.name != after.name && asks(question, before: guarded.name, function, change)
          })
        else { continue }
        reported.insert(question)
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(call), function: change.symbols.text(after.name),
          message: "'\(text)' was asked before this, as '\(change.symbols.text(other.name))' asks before its "
            + "'\(callee)', and is not any more",
          evidence: [Evidence(change.placeBefore(exit), "the function was left here")], key: "\(text) sibling")
      }
      return nil
    }
  }

  /// The calls by name of a function, in the order of the text.
  private func calls(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [(node: NodeID, name: Symbol)] {
    let shapes = Statements(file: file, symbols: symbols)
    return function.nodes.filter { file[$0].kind == .call }.map { ($0, shapes.callee($0)) }.filter { $0.1.exists }
      .sorted { file[$0.0].token < file[$1.0].token }
  }

  /// The functions that are asked whether to leave, each with the statement that leaves.
  private func exitQuestions(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [(exit: NodeID, question: Symbol)] {
    let shapes = Statements(file: file, symbols: symbols)
    return function.nodes.compactMap { node in
      guard file[node].kind == .ifStatement, let exit = shapes.leaving(file[node].b),
        case let question = shapes.callee(shapes.core(file[node].a).node), question.exists,
        isPredicate(symbols.text(question))
      else { return nil }
      return (exit, question)
    }
  }

  /// The name of something that only says how things are, as opposed to what fetches or does something and may fail. What is
  /// written like `IS_ERR` is asked of everything.
  private func isPredicate(_ name: String) -> Bool {
    guard name.first?.isUppercase == false else { return false }
    let words = name.split(separator: "_")
    return words.last.map { $0.hasSuffix("ed") || $0 == "atomic" } == true
      || words.contains {
        ["is", "has", "in", "empty", "pending", "can", "valid", "ready", "gone", "dead"].contains($0)
      }
  }

  /// Whether a function leaves where a condition with `question` says so, and makes the call.
  private func asks(
    _ question: Symbol, before call: Symbol, _ function: FunctionDefinition, _ change: FileChange
  ) -> Bool {
    let file = change.after
    let shapes = Statements(file: file, symbols: change.symbols)
    var (isAsked, isCalled) = (false, false)
    for node in function.nodes {
      let item = file[node]
      if item.kind == .call, shapes.callee(node) == call { isCalled = true }
      if item.kind == .ifStatement, shapes.leaving(item.b) != nil {
        isAsked = isAsked || shapes.calls(in: item.a).contains { shapes.callee($0) == question }
      }
    }
    return isAsked && isCalled
  }

  /// How far behind a question something lies that it guards, in calls.
  private static let guardedCalls = 4

  func isQuestion(at node: NodeID, _ change: FileChange) -> Bool {
    [.ifStatement, .whileStatement, .switchStatement].contains(change.after[node].kind)
  }

  /// Whether the text shows that something is a pointer: looked into, compared with NULL, or stored as the result of a call that
  /// finds or makes something.
  private func isPointer(_ subject: String, _ node: NodeID, _ function: FunctionDefinition, _ change: FileChange)
    -> Bool
  {
    let file = change.before
    if file[node].kind == .name {
      let name = Symbol(file[node].a)
      let type =
        function.nodes.first { file[$0].kind == .variable && Symbol(file[$0].a) == name }.map {
          file.types[Int(file[$0].b)]
        }
        ?? function.parameters.first { $0.name == name }.map(\.type)
      return type?.isPointer == true
    }
    let member =
      subject.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).last.map(String.init) ?? ""
    return change.before.functions.contains { function in
      function.nodes.contains { id in
        let item = file[id]
        switch item.kind {
        case .member where item.operation == .arrow && file[item.a].kind == .member:
          return change.symbols.text(Symbol(file[item.a].b)) == member
        case .assign where file[item.a].kind == .member && change.symbols.text(Symbol(file[item.a].b)) == member:
          let value = SourceText.text(of: item.b, file, change.symbols)
          return value == "NULL" || KnownPairs.isOwned(String(value.prefix { $0 != "(" }))
            || file[item.b].kind == .call
              && value.prefix { $0 != "(" }.split(separator: "_").contains {
                ["new", "get", "find", "add", "create", "alloc", "register"].contains($0)
              }
        default: return false
        }
      }
    }
  }

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

  /// Conditions, returned values and their parts, by their text: the first of each.
  private func conditions(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [String: NodeID] {
    var result: [String: NodeID] = [:]
    func note(_ node: NodeID, _ depth: Int) {
      guard node >= 0, depth < 40 else { return }
      let text = SourceText.text(of: node, file, symbols)
      if result[text] == nil { result[text] = node }
      let item = file[node]
      if item.kind == .binary, item.operation == .ampersandAmpersand || item.operation == .pipePipe {
        note(item.a, depth + 1)
        note(item.b, depth + 1)
      } else if item.kind == .unary, item.operation == .bang {
        note(item.a, depth + 1)
      }
    }
    for node in function.nodes
    where [.ifStatement, .whileStatement, .conditional, .returnStatement].contains(file[node].kind) {
      note(file[node].a, 0)
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
