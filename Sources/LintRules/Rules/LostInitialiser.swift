import Findings
import KernelC

/// A patch takes away the value that a local starts with, and something reads it before it has another.
struct LostInitialiser: ChangeRule {
  let description = RuleDescription(
    id: "lost-initialiser",
    summary: "a local that had a value from the start has none any more, and not every way gives it one",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a local loses its initialiser, the statements behind its \
      declaration are read in order: one that every way runs must set it before one that reads it.
      """,
    whyItMatters: "What the function goes by is what the stack held.",
    accepts: [
      "a switch or an if that sets it in every branch",
      "a call that is given its address and whose result is looked at",
    ],
    knownFalsePositives: ["a loop that always has a turn", "conditions that belong together"],
    triggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int i, ret = 0;

          	for (i = 0; i < foo->n; i++) {
          		ret = run(foo, i);
          		if (ret)
          			break;
          	}
          	return ret;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int i, ret;

          	for (i = 0; i < foo->n; i++) {
          		ret = run(foo, i);
          		if (ret)
          			break;
          	}
          	return ret; /* reported */
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	u8 value = 0;

          	read_one(foo, &value);
          	foo->value = value;
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	u8 value;

          	read_one(foo, &value);
          	foo->value = value; /* reported */
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, void __user *to)
          {
          	struct info info = {};

          	fill(foo, &info);
          	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
          }
          """,
        after: """
          int f(struct foo *foo, void __user *to)
          {
          	struct info info;

          	fill(foo, &info);
          	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0; /* reported */
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int f(struct foo *foo, void __user *to)
          {
          	struct info info = {};

          	fill(foo, &info);
          	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
          }
          """,
        after: """
          int f(struct foo *foo, void __user *to)
          {
          	struct info info;

          	memset(&info, 0, sizeof(info));
          	fill(foo, &info);
          	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int ret = 0;

          	if (foo->on)
          		ret = start(foo);
          	else
          		ret = stop(foo);
          	return ret;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int ret;

          	if (foo->on)
          		ret = start(foo);
          	else
          		ret = stop(foo);
          	return ret;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int value = 0;
          	int ret;

          	ret = read_one(foo, &value);
          	if (ret)
          		return ret;
          	return value;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	int value;
          	int ret;

          	ret = read_one(foo, &value);
          	if (ret)
          		return ret;
          	return value;
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    change.functions.flatMap { before, after -> [Finding] in
      let had = initialised(before, change.before)
      return after.nodes.compactMap { node -> Finding? in
        let item = change.after[node]
        guard item.kind == .variable, item.c < 0, item.op == 0, let start = had[Symbol(item.a)],
          change.after.types[Int(item.b)].arrays == 0
        else { return nil }
        let name = change.symbols.text(Symbol(item.a))
        let type = change.after.types[Int(item.b)]
        if type.base == .structure, !type.isPointer {
          guard let copy = copiedOut(Symbol(item.a), after, change) else { return nil }
          return Finding(
            rule: description.id, severity: description.severity, confidence: description.confidence,
            place: change.place(copy), function: change.symbols.text(after.name),
            message:
              "'\(name)' leaves the kernel here with what the stack held where nothing else has filled it: the patch "
              + "takes away its initialiser",
            evidence: [Evidence(change.placeBefore(start), "it was set as a whole before the patch")], key: name)
        }
        let walk = FirstUse(name: Symbol(item.a), file: change.after, symbols: change.symbols)
        guard case .read(let use) = walk.first(in: after.body) else { return nil }
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(use), function: change.symbols.text(after.name),
          message: "'\(name)' is read here and need not have a value: the patch takes away the one it started with",
          evidence: [Evidence(change.placeBefore(start), "it started with a value before the patch")], key: name)
      }
    }
  }

  /// The call that copies a structure as a whole to user space; nil where it is cleared or stored as a whole on the way.
  private func copiedOut(_ name: Symbol, _ function: FunctionDefinition, _ change: FileChange) -> NodeID? {
    let shapes = Statements(file: change.after, symbols: change.symbols)
    var copy: NodeID?
    for node in function.nodes {
      let item = change.after[node]
      if item.kind == .assign, change.after[item.a].kind == .name, Symbol(change.after[item.a].a) == name { return nil }
      guard item.kind == .call else { continue }
      let isGiven = change.after.list(item.b, item.c).contains { argument in
        let part = change.after[argument]
        return part.kind == .unary && part.operation == .ampersand && change.after[part.a].kind == .name
          && Symbol(change.after[part.a].a) == name
      }
      guard isGiven else { continue }
      let callee = change.symbols.text(shapes.callee(node))
      if callee.hasPrefix("memset") || callee.hasPrefix("memcpy") || callee.contains("init") { return nil }
      if Self.copies.contains(callee), copy == nil { copy = node }
    }
    return copy
  }

  private static let copies: Set<String> = [
    "copy_to_user", "copy_to_sockptr", "copy_to_sockptr_offset", "copy_to_bpfptr_offset", "copy_to_iter", "nla_put",
    "nla_put_64bit", "put_cmsg", "memcpy_to_msg", "copy_struct_to_user", "user_buffer_copy", "simple_read_from_buffer",
  ]

  /// The locals that start with a value, each declared once.
  private func initialised(_ function: FunctionDefinition, _ file: ParsedFile) -> [Symbol: NodeID] {
    var result: [Symbol: NodeID] = [:]
    var seen: Set<Symbol> = []
    for node in function.nodes where file[node].kind == .variable {
      let name = Symbol(file[node].a)
      if !seen.insert(name).inserted { result[name] = nil } else if file[node].c >= 0 { result[name] = node }
    }
    return result
  }
}

/// What happens first to a local that starts without a value, as far as statements say that every way runs.
private struct FirstUse {
  let name: Symbol
  let file: ParsedFile
  let symbols: SymbolTable

  enum Outcome {
    /// Nothing, or nothing on every way.
    case none
    case set
    /// Given to a call that may set it and whose result nobody looks at.
    case offered
    case read(NodeID)
    /// Control does not go on behind the statement.
    case left
  }

  func first(in id: NodeID, _ depth: Int = 0) -> Outcome {
    guard id >= 0, depth < 40 else { return .none }
    let node = file[id]
    switch node.kind {
    case .block: return sequence(Array(file.list(node.a, node.b)), depth)
    case .declaration: return sequence(Array(file.list(node.a, node.b)), depth)
    case .variable: return expression(node.c)
    case .expressionStatement: return expression(node.a, isStatement: true)
    case .returnStatement:
      if case .read(let use) = expression(node.a) { return .read(use) }
      return .left
    case .gotoStatement, .breakStatement, .continueStatement: return .left
    case .ifStatement: return branches(node, depth)
    case .whileStatement, .macroLoop:
      if node.kind == .macroLoop, mentions(node.a) { return .set }
      let head = expression(node.a)
      if case .none = head { return loop(node.b, depth) }
      return head
    case .forStatement:
      let parts = Array(file.list(node.a, 4))
      for part in parts.prefix(2) {
        let outcome = file[max(part, 0)].kind == .declaration ? first(in: part, depth + 1) : expression(part)
        if case .none = outcome { continue }
        return outcome
      }
      return loop(parts[3], depth)
    case .doStatement:
      let body = first(in: node.a, depth + 1)
      if case .none = body { return expression(node.b) }
      return body
    case .switchStatement:
      let head = expression(node.a)
      if case .none = head {
        // What each case does is not told apart: one that sets it may be the one that runs.
        return mentions(node.b) ? .set : .none
      }
      return head
    case .label, .caseLabel, .empty: return .none
    // Jumped into, or not understood.
    default: return mentions(id) ? .set : .none
    }
  }

  private func sequence(_ statements: [NodeID], _ depth: Int) -> Outcome {
    var isOffered = false
    for statement in statements {
      let outcome = first(in: statement, depth + 1)
      if case .none = outcome { continue }
      if case .offered = outcome {
        isOffered = true
        continue
      }
      return outcome
    }
    return isOffered ? .offered : .none
  }

  /// A loop may have no turn: what it sets is not set for sure, what it reads first is read.
  private func loop(_ body: NodeID, _ depth: Int) -> Outcome {
    if case .read(let use) = first(in: body, depth + 1) { return .read(use) }
    return .none
  }

  private func branches(_ node: Node, _ depth: Int) -> Outcome {
    let head = expression(node.a)
    if case .none = head {
      let then = first(in: node.b, depth + 1)
      if case .read = then { return then }
      let otherwise = first(in: node.c, depth + 1)
      if case .read = otherwise { return otherwise }
      switch (then, otherwise) {
      case (.offered, _), (_, .offered): return .offered
      case (.set, .set), (.set, .left), (.left, .set): return .set
      case (.left, .left): return .left
      // Set for one answer alone: what depends on the same answer later may be right.
      case (.set, .none), (.none, .set): return .set
      default: return .none
      }
    }
    return head
  }

  private func expression(_ id: NodeID, isStatement: Bool = false) -> Outcome {
    guard id >= 0, mentions(id) else { return .none }
    let node = file[id]
    switch node.kind {
    case .name: return Symbol(node.a) == name ? .read(id) : .none
    case .assign:
      let value = expression(node.b)
      if case .none = value {} else { return value }
      if isIt(node.a) { return node.operation == .equal ? .set : .read(node.a) }
      return expression(node.a)
    case .unary where node.operation == .ampersand: return isIt(node.a) ? .set : expression(node.a)
    case .member where node.operation == .dot: return expression(node.a)
    case .sizeOf: return .none
    case .call:
      let arguments = Array(file.list(node.b, node.c))
      for argument in arguments {
        let value = stripped(argument)
        // Nobody looks whether the call could set it.
        if file[value].kind == .unary, file[value].operation == .ampersand, isIt(file[value].a) {
          return isStatement && arguments.count > 1 && sets(node.a) ? .offered : .set
        }
        let outcome = expression(argument)
        if case .none = outcome { continue }
        // A macro may set what it is given.
        if case .read = outcome, file[argument].kind == .name, isUpperCase(node.a) { return .set }
        return outcome
      }
      return expression(node.a)
    default:
      for child in file.children(of: id) {
        let outcome = expression(child)
        if case .none = outcome { continue }
        return outcome
      }
      return .none
    }
  }

  /// The name of something that fetches a value and may fail to, as opposed to something that makes one.
  private func sets(_ callee: NodeID) -> Bool {
    guard file[callee].kind == .name else { return false }
    return symbols.text(Symbol(file[callee].a)).split(separator: "_").contains {
      ["read", "get", "query", "fetch", "find", "parse", "lookup", "recv"].contains($0)
    }
  }

  private func isUpperCase(_ callee: NodeID) -> Bool {
    file[callee].kind == .name && file.tokens[Int(file[callee].token)].traits.contains(.upperCase)
  }

  private func isIt(_ id: NodeID) -> Bool { file[id].kind == .name && Symbol(file[id].a) == name }

  private func stripped(_ id: NodeID) -> NodeID { file[id].kind == .cast ? stripped(file[id].b) : id }

  private func mentions(_ id: NodeID, _ depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    if isIt(id) { return true }
    return file.children(of: id).contains { mentions($0, depth + 1) }
  }
}
