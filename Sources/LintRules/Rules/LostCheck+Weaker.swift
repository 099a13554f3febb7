import Findings
import KernelC
import LockModel

// Checks that are still there and see less than they did.
extension LostCheck {
  /// `IS_ERR_OR_NULL(p)` that has become `!p` where the file elsewhere looks for error pointers of the same callee, and
  /// `ret < 0` that has become a question of truth with success behind it.
  func weaker(_ old: Calls, _ new: Calls, _ change: FileChange) -> [Finding] {
    let was = Questions(old.function, change.before, change.symbols)
    let now = Questions(new.function, change.after, change.symbols)
    return new.byText.keys.sorted().compactMap { text -> Finding? in
      guard let earlier = old.byText[text]?.first, let later = new.byText[text]?.first,
        case let callee = now.shapes.callee(later.call), callee.exists, !change.changed.contains(callee)
      else { return nil }
      let name = change.symbols.text(callee)
      let message: String
      if later.holder.isEmpty {
        guard was.isSignAsked(earlier), now.isSuccess(later.call) else { return nil }
        message = "what '\(name)' returns was checked for being negative before the patch, and counts as a yes now"
      } else if later.holder != earlier.holder {
        return nil
      } else if let lost = lostKind(was.kinds(earlier), now.kinds(later)),
        isAsked(lost, of: callee, elsewhereThan: new.function.name, change)
      {
        message = "\(lost.rawValue) of '\(name)' was checked for before the patch, and is not any more"
      } else if was.kinds(earlier) == [.error], now.kinds(later) == [.null], !KnownFailures.isNull(name) {
        message = "an error pointer of '\(name)' was checked for before the patch, and only NULL is now"
      } else if was.isPositiveAnError(earlier), now.isReturnedAsIs(later) {
        message = "a positive result of '\(name)' was made an error before the patch, and is returned as it is now"
      } else {
        return nil
      }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(later.call), function: change.symbols.text(new.function.name), message: message,
        evidence: [Evidence(change.placeBefore(earlier.call), "the call before the patch")], key: "\(text) weaker")
    }
  }

  /// What is not asked for any more, where the other kind still is.
  private func lostKind(_ was: Set<Questions.Kind>, _ now: Set<Questions.Kind>) -> Questions.Kind? {
    now.count == 1 && was.count == 2 ? was.subtracting(now).first : nil
  }

  /// Whether another function of the file asks the same of what `callee` returns.
  private func isAsked(
    _ kind: Questions.Kind, of callee: Symbol, elsewhereThan name: Symbol, _ change: FileChange
  ) -> Bool {
    change.after.functions.contains { function in
      guard !function.isMacro, function.name != name, !FileChange.isTooLong(function) else { return false }
      let questions = Questions(function, change.after, change.symbols)
      return CallResults(function, change.after, change.symbols).all { $0 == callee }
        .contains { questions.kinds($0).contains(kind) }
    }
  }
}

/// What the conditions of a function ask of the results of calls.
private struct Questions {
  enum Kind: String {
    case error = "an error pointer"
    case null = "NULL"
  }

  /// A branch and what it asks, as written.
  private struct Branch {
    let token: UInt32
    let node: NodeID
  }

  let shapes: Statements
  private let definition: FunctionDefinition
  /// What is asked of pointers, by what is asked for.
  private var asked: [String: [(token: UInt32, kind: Kind)]] = [:]
  /// Branches by their conditions.
  private var branches: [String: [Branch]] = [:]
  private var comparisons: Set<String> = []

  init(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable) {
    definition = function
    shapes = Statements(file: file, symbols: symbols)
    for node in function.nodes { note(node) }
  }

  private mutating func note(_ node: NodeID) {
    let file = shapes.file
    let item = file[node]
    func isAbsent(_ part: NodeID) {
      let core = shapes.core(part).node
      guard core >= 0, [.name, .member, .index].contains(file[core].kind) else { return }
      asked[text(core), default: []].append((item.token, .null))
    }
    switch item.kind {
    case .call:
      let name = shapes.symbols.text(shapes.callee(node))
      guard name == "IS_ERR" || name == "IS_ERR_OR_NULL" else { return }
      for argument in file.list(item.b, item.c) {
        asked[text(argument), default: []].append((item.token, .error))
        if name == "IS_ERR_OR_NULL" { asked[text(argument), default: []].append((item.token, .null)) }
      }
    case .ifStatement:
      isAbsent(item.a)
      branches[text(item.a), default: []].append(Branch(token: item.token, node: node))
    case .whileStatement, .conditional: isAbsent(item.a)
    case .binary where item.operation == .ampersandAmpersand || item.operation == .pipePipe:
      isAbsent(item.a)
      isAbsent(item.b)
    case .binary where item.operation.isComparison: comparisons.insert(text(node))
    default: break
    }
  }

  /// What is asked of a pointer between the call and where it gets another value.
  func kinds(_ result: CallResults.Result) -> Set<Kind> {
    let start = shapes.file[result.call].token
    return Set((asked[result.holder] ?? []).filter { $0.token > start && $0.token <= result.end }.map(\.kind))
  }

  /// The first branch that asks this behind the call.
  private func branch(_ condition: String, _ result: CallResults.Result) -> NodeID? {
    let start = shapes.file[result.call].token
    return branches[condition]?.first { $0.token > start && $0.token <= result.end }?.node
  }

  /// Whether the function is left where the result is negative.
  func isSignAsked(_ result: CallResults.Result) -> Bool {
    guard !result.holder.isEmpty, let branch = branch("\(result.holder) < 0", result) else { return false }
    return shapes.leaving(shapes.file[branch].b) != nil
  }

  /// Whether a positive result is made an errno, or left with one: `if (ret > 0) ret = -EIO;`
  func isPositiveAnError(_ result: CallResults.Result) -> Bool {
    let file = shapes.file
    // What it is made is stored where it was, behind the question.
    let start = file[result.call].token
    guard !result.holder.isEmpty,
      let branch = branches["\(result.holder) > 0"]?.first(where: { $0.token > start })?.node
    else { return false }
    return shapes.list(file[branch].b).contains { statement in
      let item = file[statement]
      let value =
        item.kind == .returnStatement
        ? item.a
        : item.kind == .expressionStatement && file[item.a].kind == .assign ? file[item.a].b : -1
      return value >= 0 && file[value].kind == .unary && file[value].operation == .minus
    }
  }

  /// Whether nothing asks if the result is positive, and it is returned where it is not 0.
  func isReturnedAsIs(_ result: CallResults.Result) -> Bool {
    let file = shapes.file
    guard !comparisons.contains("\(result.holder) > 0"), let branch = branch(result.holder, result),
      let leaving = shapes.leaving(file[branch].b), file[leaving].kind == .returnStatement
    else { return false }
    return FunctionText.mentions(text(file[leaving].a), result.holder)
  }

  /// Whether a call is a condition as a whole, and the function returns 0 or true where it holds.
  func isSuccess(_ call: NodeID) -> Bool {
    let file = shapes.file
    return definition.nodes.contains { node in
      guard file[node].kind == .ifStatement, case let core = shapes.core(file[node].a), core.node == call,
        !core.isNegated, let leaving = shapes.leaving(file[node].b), file[leaving].kind == .returnStatement
      else { return false }
      return ["0", "true"].contains(text(file[leaving].a))
    }
  }

  private func text(_ node: NodeID) -> String { SourceText.text(of: node, shapes.file, shapes.symbols) }
}
