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
          int f(struct foo *foo, u16 *states)
          {
          	struct box box;
          	int ret;

          	memset(&box, 0, sizeof(box));
          	box.command = 3;
          	ret = run(foo, &box);
          	states[0] = box.result;
          	return ret;
          }
          """,
        after: """
          int f(struct foo *foo, u16 *states)
          {
          	struct box box; /* reported */
          	int ret;

          	box.command = 3;
          	ret = run(foo, &box);
          	states[0] = box.result;
          	return ret;
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	struct eeprom eeprom = {};
          	u16 value;

          	eeprom.data = foo;
          	eeprom.width = 8;
          	eeprom_read(&eeprom, 6, &value);
          	foo->value = value;
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	struct eeprom eeprom;
          	u16 value;

          	eeprom.data = foo;
          	eeprom.width = 8;
          	eeprom_read(&eeprom, 6, &value); /* reported */
          	foo->value = value;
          }
          """),
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
      RuleExample(
        before: """
          int f(struct foo *foo, struct meta *given)
          {
          	struct meta own = {};
          	struct meta *meta = &own;

          	if (given)
          		meta = given;
          	return send(foo, meta);
          }
          """,
        after: """
          int f(struct foo *foo, struct meta *given)
          {
          	struct meta own;
          	struct meta *meta = &own; /* reported */

          	if (given)
          		meta = given;
          	return send(foo, meta);
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct box box;

          	memset(&box, 0, sizeof(box));
          	box.command = 3;
          	return run(foo, &box);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct box box = { .command = 3 };

          	return run(foo, &box);
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct stat stat = {};
          	int ret = get_stat(foo, &stat);

          	stat.n++;
          	return ret ? ret : send(foo, &stat);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct stat stat;
          	int ret = get_stat(foo, &stat);

          	stat.n++;
          	return ret ? ret : send(foo, &stat);
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	struct eeprom eeprom = {};

          	eeprom.width = 8;
          	eeprom_write(&eeprom, 6);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	struct eeprom eeprom;

          	memset(&eeprom, 0, sizeof(eeprom));
          	eeprom.width = 8;
          	eeprom_write(&eeprom, 6);
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct meta own = {};
          	struct meta *meta = &own;

          	meta->n = foo->n;
          	return send(foo, meta);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct meta own;
          	struct meta *meta = &own;

          	meta->n = foo->n;
          	return send(foo, meta);
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
    let changed = change.changed
    return change.functions.flatMap { before, after -> [Finding] in
      guard changed.contains(after.name) else { return [] }
      let had = initialised(before, change.before)
      return cleared(before, after, change)
        + after.nodes.compactMap { node -> Finding? in
          let item = change.after[node]
          guard item.kind == .variable, item.c < 0, item.op == 0, let start = had[Symbol(item.a)],
            change.after.types[Int(item.b)].arrays == 0
          else { return nil }
          let name = change.symbols.text(Symbol(item.a))
          let type = change.after.types[Int(item.b)]
          if type.base == .structure || type.base == .union, !type.isPointer {
            if let alias = onlyAlias(of: Symbol(item.a), after, change) {
              return Finding(
                rule: description.id, severity: description.severity, confidence: description.confidence,
                place: change.place(alias), function: change.symbols.text(after.name),
                message:
                  "nothing in the function fills '\(name)', to which this points: the patch takes away its initialiser",
                evidence: [Evidence(change.placeBefore(start), "it was set as a whole before the patch")], key: name)
            }
            if let use = usedInPart(Symbol(item.a), before, after, change) {
              return Finding(
                rule: description.id, severity: description.severity, confidence: description.confidence,
                place: change.place(use), function: change.symbols.text(after.name),
                message: "only parts of '\(name)' are set before this: the patch takes away its initialiser",
                evidence: [Evidence(change.placeBefore(start), "it was set as a whole before the patch")], key: name)
            }
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

  /// `memset(&x, 0, sizeof(x));` that is gone, with nothing else in the function that sets the whole.
  private func cleared(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let old = FunctionText(before, change.before, change.symbols)
    let new = FunctionText(after, change.after, change.symbols)
    let kept = Set(new.lines.map(\.text))
    return old.lines.compactMap { line -> Finding? in
      guard line.text.hasPrefix("memset(&"), line.text.contains(", 0, "), !kept.contains(line.text),
        case let name = FunctionText.subject(line.text), name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }),
        let declaration = after.nodes.first(where: {
          change.after[$0].kind == .variable && change.symbols.text(Symbol(change.after[$0].a)) == name
        }), change.after[declaration].c < 0,
        !new.lines.contains(where: {
          $0.text.hasPrefix("\(name) = ") || $0.text.hasPrefix("mem") && FunctionText.mentions($0.text, name)
        })
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(declaration), function: change.symbols.text(after.name),
        message: "nothing clears '\(name)' any more before parts of it are set",
        evidence: [Evidence(change.placeBefore(line.node), "it was cleared here")], key: "\(name) cleared")
    }
  }

  /// Where a structure of which only some members are ever set is used as a whole; nil where anything new fills it.
  private func usedInPart(
    _ name: Symbol, _ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange
  ) -> NodeID? {
    let text = change.symbols.text(name)
    let known = FunctionText(before, change.before, change.symbols).values
    let new = FunctionText(after, change.after, change.symbols)
    // One more member that is set does not make it whole.
    guard
      new.lines.allSatisfy({
        known.contains($0.text) || !FunctionText.mentions($0.text, text) || $0.text.hasPrefix("\(text).")
      })
    else { return nil }
    let isAddedTo = after.nodes.contains {
      let item = change.after[$0]
      return item.kind == .variable && Symbol(item.a) == name
        && Self.addedTo.contains(change.symbols.text(change.after.types[Int(item.b)].name))
    }
    var parts = false
    var whole: NodeID?
    for line in new.lines {
      if line.text.hasPrefix("\(text) = ") { return nil }
      guard FunctionText.mentions(line.text, text) else { continue }
      let target = line.text.firstRange(of: " = ").map { line.text[..<$0.lowerBound] } ?? ""
      let isPart = target.hasPrefix("\(text).")
      if isPart { parts = true }
      let value = isPart ? FunctionText.value(line.text) : line.text
      guard FunctionText.mentionsWhole(value, text) || value.contains("&\(text).") else { continue }
      let callee = value.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      // Cleared, or filled by what is made for it.
      if callee.hasPrefix("memset") || callee.hasPrefix("memcpy") || callee.contains("init") { return nil }
      // Whoever is given it first fills it.
      guard parts || isAddedTo else { return nil }
      if whole == nil { whole = line.node }
    }
    return whole
  }

  /// Structures that callees only add to, and only where they have something to say (`include/linux/netlink.h`).
  private static let addedTo: Set<String> = ["netlink_ext_ack"]

  /// The pointer that starts with the structure's address, where nothing else in the function mentions it: what it is for is the
  /// case in which nobody points elsewhere.
  private func onlyAlias(of name: Symbol, _ function: FunctionDefinition, _ change: FileChange) -> NodeID? {
    let file = change.after
    let mentions = function.nodes.count { file[$0].kind == .name && Symbol(file[$0].a) == name }
    guard mentions == 1 else { return nil }
    return function.nodes.first { node in
      guard file[node].kind == .variable, file[node].c >= 0, case let value = file[file[node].c] else { return false }
      guard value.kind == .unary, value.operation == .ampersand, file[value.a].kind == .name,
        Symbol(file[value.a].a) == name
      else { return false }
      let alias = Symbol(file[node].a)
      func isAlias(_ id: NodeID) -> Bool { file[id].kind == .name && Symbol(file[id].a) == alias }
      let targets = function.nodes.filter { file[$0].kind == .assign }.map { file[$0].a }
      let body = file[function.body]
      // Not filled through the pointer on every way.
      let isFilled = file.list(body.a, body.b).contains { statement in
        guard file[statement].kind == .expressionStatement, case let store = file[file[statement].a],
          store.kind == .assign
        else { return false }
        return file[store.a].kind == .member && isAlias(file[store.a].a)
      }
      return targets.contains(where: isAlias) && !isFilled
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
