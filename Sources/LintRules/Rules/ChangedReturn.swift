import Findings
import KernelC

/// A patch makes a function return something else than 0 where it succeeds.
struct ChangedReturn: ChangeRule {
  let description = RuleDescription(
    id: "changed-return",
    summary:
      "a function returns something else at its end than before, while what leads there and its callers have stayed",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where one that returns errnos ended with 'return 0;' and ends with \
      a value now that is no errno ('*value = raw; return raw;'), and no caller in the file has changed, what was success \
      is taken for a failure by whoever asks 'if (ret)', and handed on as it is by others. And where it ended with 'return err;' \
      and ends with 'return 0;' now, while the same failures are stored in 'err', they are forgotten. The \
      same goes for a way out by itself, for one that set the result to 0 and leaves it the errno that it was, for an \
      error pointer that has become NULL, for an interrupt that was none of the device's, for an errno that has become \
      another whatever it was, and for a function that fails and tells nobody.
      """,
    whyItMatters: "Success looks like failure to callers that expect 0, or the other way round.",
    accepts: ["callers in the file that the patch changes too", "a variable that goes by the name of an errno"],
    knownFalsePositives: ["callers in other files that have been prepared for a positive result"],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  let leavesOutLong = true

  func check(_ change: FileChange) -> [Finding] {
    change.comparable.flatMap { old, new -> [Finding] in
      if let silenced = silenced(old, new, change) { return [silenced] }
      let end = [ending(old, new, change), forgotten(old, new, change)].compactMap { $0 }
      return end + exits(old, new, change) + values(old, new, change) + successes(old, new, change)
        + replaced(old, new, change)
    }
  }

  /// `return err;` at the end has become `return 0;` while everything is stored in `err` that was before.
  private func forgotten(_ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange) -> Finding? {
    guard let was = last(old, change.before), let now = last(new, change.after), change.before[was].kind == .name,
      SourceText.text(of: now, change.after, change.symbols) == "0",
      case let variable = SourceText.text(of: was, change.before, change.symbols),
      Statements.errorNames.contains(variable), returnsInteger(new),
      case let stores = stores(variable, old, change.before, change.symbols), !stores.isEmpty,
      stores == self.stores(variable, new, change.after, change.symbols),
      !isSettled(variable, new, change.after, change.symbols)
    else { return nil }
    return Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(now), function: change.symbols.text(new.name),
      message: "'\(variable)' was returned here before the patch, and 0 is now, whatever is stored in it",
      evidence: [Evidence(change.placeBefore(was), "the failures were returned here")], key: "\(variable) 0")
  }

  /// Whether the function is left where the last value that is stored in a variable is a failure, and nobody jumps behind that.
  private func isSettled(
    _ variable: String, _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> Bool {
    let shapes = Statements(file: file, symbols: symbols)
    let last = function.nodes.filter {
      file[$0].kind == .assign && SourceText.text(of: file[$0].a, file, symbols) == variable
    }.map { file[$0].token }.max()
    guard let last else { return true }
    let checks = function.nodes.filter {
      file[$0].kind == .ifStatement && file[$0].token >= last && shapes.leaving(file[$0].b) != nil
        && FunctionText.mentions(SourceText.text(of: file[$0].a, file, symbols), variable)
    }.map { file[$0].token }
    guard let check = checks.min() else { return false }
    return !function.nodes.contains { file[$0].kind == .label && file[$0].token > check }
  }

  /// `x->scale = val; return 0;` that has become `x->scale = val; return val;`, and an error pointer that has become NULL.
  private func values(
    _ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange
  ) -> [Finding] {
    let before = returns(old, change.before, change.symbols)
    let after = returns(new, change.after, change.symbols)
    let end = last(new, change.after)
    let isErrno = returnsErrno(new, change.after, change.symbols) && !isCallerChanged(of: new.name, change)
    return after.keys.sorted().compactMap { key -> Finding? in
      guard let was = before[key], let now = after[key], now != end else { return nil }
      let (previous, value) = (
        SourceText.text(of: was, change.before, change.symbols), SourceText.text(of: now, change.after, change.symbols)
      )
      let isChanged = isErrno && previous == "0" && isValue(now, value, change.after)
      let isNull = new.returnType.isPointer && previous.hasPrefix("ERR_PTR(-") && value == "NULL"
      // Another device's interrupt, or one that nobody has raised, is not handled.
      let isClaimed = previous == "IRQ_NONE" && value == "IRQ_HANDLED"
      guard isChanged || isNull || isClaimed else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(now), function: change.symbols.text(new.name),
        message: "'\(previous)' was returned here before the patch, and '\(value)' is now",
        evidence: [Evidence(change.placeBefore(was), "before the patch")], key: "\(previous) \(value)")
    }
  }

  /// What is returned behind each statement or condition, by the text of that.
  private func returns(
    _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [String: NodeID] {
    var result: [String: NodeID] = [:]
    var seen: Set<String> = []
    func note(_ statement: NodeID, behind key: String) {
      guard file[statement].kind == .returnStatement, file[statement].a >= 0 else { return }
      // Two in the same place are not told apart.
      result[key] = seen.insert(key).inserted ? file[statement].a : nil
    }
    for node in function.nodes {
      switch file[node].kind {
      case .block:
        var previous = ""
        for statement in file.list(file[node].a, file[node].b) {
          note(statement, behind: previous)
          previous = SourceText.text(of: statement, file, symbols)
        }
      case .ifStatement:
        let condition = "if " + SourceText.text(of: file[node].a, file, symbols)
        note(Statements(file: file, symbols: symbols).list(file[node].b).first ?? node, behind: condition)
      default: break
      }
    }
    return result
  }

  /// `if (ret <= 0) return ret;` that has become `if (ret <= 0) return 0;`
  private func exits(_ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange) -> [Finding] {
    guard returnsInteger(new) else { return [] }
    let before = FunctionText(old, change.before, change.symbols)
    let after = FunctionText(new, change.after, change.symbols)
    let known = Dictionary(before.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    return after.exits.compactMap { exit -> Finding? in
      guard let previous = known[exit.key], change.before[previous.node].kind == .returnStatement,
        change.after[exit.node].kind == .returnStatement, change.before[previous.node].a >= 0,
        change.after[exit.node].a >= 0
      else { return nil }
      let was = before.text(change.before[previous.node].a)
      if let finding = refusal(previous, exit, before, after, change) { return finding }
      guard Statements.errorNames.contains(was), after.text(change.after[exit.node].a) == "0",
        exit.condition == was || ["<", "<=", "!="].contains(where: { exit.condition == "\(was) \($0) 0" }),
        // What is said about it says that it is meant.
        after.shapes.calls(in: exit.branch).count <= before.shapes.calls(in: previous.branch).count
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(exit.node), function: change.symbols.text(new.name),
        message: "'\(was)' was returned here before the patch where it is an error, and 0 is now",
        evidence: [Evidence(change.placeBefore(previous.node), "the error was returned here")], key: "\(was) exit 0")
    }
  }

  /// `if (copy_from_user(…)) return -EFAULT;` that has become `… return 0;`, where the function still returns other errnos.
  private func refusal(
    _ previous: FunctionText.Exit, _ exit: FunctionText.Exit, _ before: FunctionText, _ after: FunctionText,
    _ change: FileChange
  ) -> Finding? {
    let was = before.text(change.before[previous.node].a)
    guard was.hasPrefix("-E"), !["-EPROBE_DEFER", "-ENODEV", "-EOPNOTSUPP", "-ENOTSUPP"].contains(was),
      after.text(change.after[exit.node].a) == "0", after.shapes.list(exit.branch).count == 1,
      before.shapes.list(previous.branch).count == 1,
      // Nothing else says that it has another meaning now.
      after.lines.count == before.lines.count, after.lines.count(where: { before.counts[$0.text] == nil }) <= 2
    else { return nil }
    return Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(exit.node), function: change.symbols.text(after.definition.name),
      message: "'\(was)' was returned here before the patch, and 0 is now, as if nothing were wrong",
      evidence: [Evidence(change.placeBefore(previous.node), "the error was returned here")],
      key: "\(was) \(exit.condition)")
  }

  /// `error = 0; goto out;` that has become `goto out;` where `error` still is the errno that it started with.
  private func successes(_ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange) -> [Finding] {
    guard returnsInteger(new), let end = last(new, change.after), change.after[end].kind == .name else { return [] }
    let variable = SourceText.text(of: end, change.after, change.symbols)
    let before = FunctionText(old, change.before, change.symbols)
    let after = FunctionText(new, change.after, change.symbols)
    let known = Dictionary(before.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    let stores = after.lines.filter { $0.text.hasPrefix("\(variable) = ") }
    func sets(_ exit: FunctionText.Exit, _ text: FunctionText) -> [String] {
      text.shapes.list(exit.branch).filter { text.shapes.file[$0].kind == .expressionStatement }
        .map { text.text(text.shapes.file[$0].a) }.filter { $0.hasPrefix("\(variable) = ") }
    }
    return after.exits.compactMap { exit -> Finding? in
      guard change.after[exit.node].kind == .gotoStatement, let previous = known[exit.key],
        change.before[previous.node].kind == .gotoStatement,
        change.before[previous.node].a == change.after[exit.node].a,
        sets(previous, before).last == "\(variable) = 0", sets(exit, after).isEmpty,
        let start = stores.last(where: { change.after[$0.node].token < change.after[exit.node].token }),
        start.text.hasPrefix("\(variable) = -E"), !FunctionText.mentions(exit.condition, variable)
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(exit.node), function: change.symbols.text(new.name),
        message: "this way out returned 0 before the patch, and returns what '\(start.text)' has set now",
        evidence: [
          Evidence(change.placeBefore(previous.node), "'\(variable)' was 0 here"),
          Evidence(change.place(start.node), "set here"),
        ], key: "\(variable) \(exit.condition)")
    }
  }

  /// What is stored in a variable, as written.
  private func stores(
    _ variable: String, _ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable
  ) -> [String] {
    function.nodes.compactMap { node -> String? in
      guard file[node].kind == .assign, SourceText.text(of: file[node].a, file, symbols) == variable else { return nil }
      return SourceText.text(of: node, file, symbols)
    }.sorted()
  }

  private func returnsInteger(_ function: FunctionDefinition) -> Bool {
    function.returnType.base == .integer && !function.returnType.isPointer
  }

  /// `return 0;` at the end has become `return raw;`.
  private func ending(
    _ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange
  ) -> Finding? {
    guard let was = last(old, change.before), let now = last(new, change.after),
      SourceText.text(of: was, change.before, change.symbols) == "0",
      case let value = SourceText.text(of: now, change.after, change.symbols), isValue(now, value, change.after),
      returnsErrno(new, change.after, change.symbols), !isCallerChanged(of: new.name, change)
    else { return nil }
    return Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(now), function: change.symbols.text(new.name),
      message: "'\(change.symbols.text(new.name))' returned 0 here before the patch, and returns '\(value)' now",
      evidence: [Evidence(change.placeBefore(was), "success was 0 before the patch")], key: "0 \(value)")
  }

  /// What the last statement of a function returns.
  private func last(_ function: FunctionDefinition, _ file: ParsedFile) -> NodeID? {
    guard file[function.body].kind == .block else { return nil }
    let statement = file.list(file[function.body].a, file[function.body].b).last ?? -1
    return statement >= 0 && file[statement].kind == .returnStatement && file[statement].a >= 0
      ? file[statement].a : nil
  }

  /// A variable or a member that does not go by the name of an errno.
  private func isValue(_ node: NodeID, _ text: String, _ file: ParsedFile) -> Bool {
    switch file[node].kind {
    case .name: !Statements.errorNames.contains(text) && !file.tokens[Int(file[node].token)].traits.contains(.upperCase)
    case .member: true
    default: false
    }
  }

  /// Whether other ways out return a negative constant, or a variable that is one for errnos.
  private func returnsErrno(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) -> Bool {
    guard returnsInteger(function) else { return false }
    return function.nodes.contains { node in
      guard file[node].kind == .returnStatement, file[node].a >= 0, case let value = file[file[node].a] else {
        return false
      }
      return value.kind == .unary && value.operation == .minus
        || value.kind == .name && Statements.errorNames.contains(symbols.text(Symbol(value.a)))
    }
  }

  private func isCallerChanged(of name: Symbol, _ change: FileChange) -> Bool {
    change.after.functions.contains { function in
      function.name != name && change.changed.contains(function.name)
        && function.nodes.contains { change.after[$0].kind == .name && Symbol(change.after[$0].a) == name }
    }
  }
}
