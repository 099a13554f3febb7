import Findings
import KernelC
import LockModel

/// Calls that fill as much of a buffer as there was to read, and say how much: an answer that is no error may be a short one.
extension UninitialisedInout {
  /// Where a call has its buffer and the number of bytes that are asked for.
  private struct Reader {
    let buffer: Int
    let length: Int
  }

  /// Each candidate is a few walks over the function.
  private static let candidateLimit = 12

  private static let readers: [String: Reader] = [
    "usb_control_msg": Reader(buffer: 6, length: 7), "usbnet_read_cmd": Reader(buffer: 5, length: 6),
    "usbnet_read_cmd_nopm": Reader(buffer: 5, length: 6),
  ]

  /// What was found out on the way.
  private struct Known {
    var readers: [FunctionID: Reader?] = [:]
    var locals: [FunctionID: Set<Symbol>] = [:]
  }

  func shortReads(_ context: RuleContext) -> [Finding] {
    var known = Known()
    return context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      let definition = context.program.definition(id)
      var findings: [Finding] = []
      var candidates = 0
      for block in definition.nodes where file[block].kind == .block {
        let statements = Array(file.list(file[block].a, file[block].b))
        for (statement, test) in zip(statements, statements.dropFirst()) where file[test].kind == .ifStatement {
          guard let (result, call) = stored(by: statement, file),
            isOnlyForErrors(file[test].a, result, shapes), file[test].c < 0, shapes.leaving(file[test].b) != nil,
            let reader = reader(of: call, in: id, context, &known)
          else { continue }
          candidates += 1
          guard candidates <= Self.candidateLimit else { continue }
          let arguments = Array(file.list(file[call].b, file[call].c))
          guard reader.buffer < arguments.count, reader.length < arguments.count,
            file[arguments[reader.length]].kind != .number || file[arguments[reader.length]].a > 1,
            let buffer = buffer(arguments[reader.buffer], file),
            isBare(buffer, before: call, definition, shapes, context),
            !isMeasured(result, behind: test, definition, shapes), isUsed(buffer, behind: test, definition, shapes)
          else { continue }
          let name = context.text(buffer)
          let callee = SourceText.text(of: file[call].a, file, shapes.symbols)
          findings.append(
            context.finding(
              description, id, file[test].a,
              "'\(callee)' may read less than it was asked for: '\(name)' has no value then, and only errors are checked for",
              evidence: [Evidence(context.place(id, call), "'\(name)' is read into here")], key: "\(name) \(callee)"))
        }
      }
      if candidates > Self.candidateLimit {
        context.limits.exceeded(Self.candidateLimit, "reads that may be short", in: id, by: description.id)
      }
      return findings
    }
  }

  /// The variable and the call of `ret = f(…);` and of `int ret = f(…);`.
  private func stored(by statement: NodeID, _ file: ParsedFile) -> (Symbol, NodeID)? {
    let item = file[statement]
    switch item.kind {
    case .expressionStatement:
      let store = file[item.a]
      guard store.kind == .assign, store.operation == .equal, file[store.a].kind == .name, file[store.b].kind == .call
      else { return nil }
      return (Symbol(file[store.a].a), store.b)
    case .declaration:
      guard let last = file.list(item.a, item.b).last, file[last].c >= 0, file[file[last].c].kind == .call else {
        return nil
      }
      return (Symbol(file[last].a), file[last].c)
    default: return nil
    }
  }

  /// `ret < 0`
  private func isOnlyForErrors(_ condition: NodeID, _ result: Symbol, _ shapes: Statements) -> Bool {
    let (core, isNegated) = shapes.core(condition)
    guard core >= 0, !isNegated else { return false }
    let test = shapes.file[core]
    return test.kind == .binary && test.operation == .less && isName(test.a, result, shapes.file)
      && shapes.file[test.b].kind == .number && shapes.file[test.b].a == 0
  }

  private func isName(_ id: NodeID, _ name: Symbol, _ file: ParsedFile) -> Bool {
    file[id].kind == .name && Symbol(file[id].a) == name
  }

  /// What is known of the function that is called, by its name, by the names that a local may have, or by its body.
  private func reader(
    of call: NodeID, in id: FunctionID, _ context: RuleContext, _ known: inout Known, depth: Int = 0
  ) -> Reader? {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let name = shapes.callee(call)
    guard name.exists, depth < 3 else { return nil }
    if let reader = Self.readers[context.text(name)] {
      let arguments = Array(file.list(file[call].b, file[call].c))
      // The other way, it is the buffer that has the value.
      let isWrite =
        context.text(name) == "usb_control_msg"
        && !arguments.contains { argument in
          let text = SourceText.text(of: argument, file, shapes.symbols)
          return text.contains("usb_rcvctrlpipe") || text.contains("USB_DIR_IN")
        }
      return isWrite ? nil : reader
    }
    let nodes = context.program.definition(id).nodes
    let locals =
      known.locals[id] ?? Set(nodes.filter { file[$0].kind == .variable }.map { Symbol(file[$0].a) })
    known.locals[id] = locals
    let values = (locals.contains(name) ? nodes : nodes.prefix(0)).compactMap { node -> NodeID? in
      let item = file[node]
      switch item.kind {
      case .assign where isName(item.a, name, file): return item.b
      case .variable where Symbol(item.a) == name && item.c >= 0: return item.c
      default: return nil
      }
    }
    if !values.isEmpty {
      let readers = values.map { value in
        file[value].kind == .name ? Self.readers[context.text(Symbol(file[value].a))] : nil
      }
      return readers.allSatisfy { $0 != nil } ? readers[0] : nil
    }
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    guard let target = context.program.resolve(name, fromFile: fileIndex), !context.program.definition(target).isMacro
    else { return nil }
    if let reader = known.readers[target] { return reader }
    known.readers[target] = .some(nil)
    let result = wrapped(target, context, &known, depth: depth)
    known.readers[target] = .some(result)
    return result
  }

  /// A function that hands its own buffer on to a reader, and what that returns to its caller as it is.
  private func wrapped(
    _ id: FunctionID, _ context: RuleContext, _ known: inout Known, depth: Int
  ) -> Reader? {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let definition = context.program.definition(id)
    guard definition.nodes.count < 400, definition.returnType.base == .integer, !definition.returnType.isPointer,
      definition.parameters.count > 2
    else { return nil }
    var result: (name: Symbol, call: NodeID, reader: Reader)?
    for node in definition.nodes where file[node].kind == .assign && file[file[node].a].kind == .name {
      guard file[file[node].b].kind == .call,
        let reader = reader(of: file[node].b, in: id, context, &known, depth: depth + 1)
      else { continue }
      if result != nil { return nil }
      result = (Symbol(file[file[node].a].a), file[node].b, reader)
    }
    guard let result else { return nil }
    let arguments = Array(file.list(file[result.call].b, file[result.call].c))
    func parameter(_ position: Int) -> Int? {
      guard position < arguments.count, file[arguments[position]].kind == .name else { return nil }
      return definition.parameters.firstIndex { $0.name == Symbol(file[arguments[position]].a) }
    }
    guard let buffer = parameter(result.reader.buffer), let length = parameter(result.reader.length) else {
      return nil
    }
    let isPlain = definition.nodes.allSatisfy { node in
      let item = file[node]
      switch item.kind {
      case .returnStatement: return item.a < 0 || isName(item.a, result.name, file) || file[item.a].kind == .unary
      case .binary
      where item.operation.isComparison && (isName(item.a, result.name, file) || isName(item.b, result.name, file)):
        return isOnlyForErrors(node, result.name, shapes) || file[item.b].kind == .unary
      case .assign where isName(item.a, result.name, file): return item.b == result.call || file[item.b].kind == .unary
      default: return true
      }
    }
    return isPlain ? Reader(buffer: buffer, length: length) : nil
  }

  /// The local that the call fills: `buffer`, `&value`, `&buffer[0]`.
  private func buffer(_ argument: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[argument]
    switch node.kind {
    case .name: return Symbol(node.a)
    case .cast: return buffer(node.b, file)
    case .unary where node.operation == .ampersand: return buffer(node.a, file)
    case .index where file[node.b].kind == .number && file[node.b].a == 0: return buffer(node.a, file)
    default: return nil
    }
  }

  /// An array, a structure or a number of the function's own that nothing has mentioned before, or new memory that was not cleared.
  private func isBare(
    _ name: Symbol, before call: NodeID, _ definition: FunctionDefinition, _ shapes: Statements, _ context: RuleContext
  ) -> Bool {
    let file = shapes.file
    var isOwn = false
    var isPointer = false
    var isNew = false
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .variable where Symbol(item.a) == name:
        let type = file.types[Int(item.b)]
        isPointer = type.isPointer && type.arrays == 0
        if isOwn || item.op & 1 != 0 { return false }
        isOwn = true
        if item.c >= 0 {
          guard isPointer, isUncleared(item.c, shapes) else { return false }
          isNew = true
        }
      case .assign where isName(item.a, name, file):
        guard isUncleared(item.b, shapes) else { return false }
        isNew = true
      case .macroLoop, .whileStatement, .forStatement, .doStatement:
        // In a loop, an earlier turn may have set it.
        if shapes.contains(node, call) { return false }
      default: break
      }
    }
    guard isOwn, isPointer == isNew else { return false }
    let text = context.text(name)
    return !definition.nodes.contains { node in
      let item = file[node]
      guard item.token < file[call].token else { return false }
      switch item.kind {
      // The first call that is given it is this one, or frees it on another way.
      case .call: return !context.solver.disposes(shapes.callee(node)) && node != call && isGiven(node, text, shapes)
      case .index, .member: return isName(item.a, name, file) && !shapes.contains(call, node)
      default: return false
      }
    }
  }

  private func isGiven(_ call: NodeID, _ text: String, _ shapes: Statements) -> Bool {
    shapes.file.list(shapes.file[call].b, shapes.file[call].c).contains { argument in
      ![.call, .sizeOf].contains(shapes.file[argument].kind) && shapes.mentions(argument, text)
    }
  }

  private func isUncleared(_ value: NodeID, _ shapes: Statements) -> Bool {
    let name = shapes.symbols.text(shapes.callee(value))
    guard name == "kmalloc" || name == "kmalloc_array" else { return false }
    return !SourceText.text(of: value, shapes.file, shapes.symbols).contains("__GFP_ZERO")
  }

  /// Anything behind the test but the return looks at the result, before it is another one.
  private func isMeasured(
    _ result: Symbol, behind test: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let start = file[test].token
    let mentions = definition.nodes.filter {
      file[$0].kind == .name && Symbol(file[$0].a) == result && file[$0].token > start
        && !shapes.contains(test, $0)
    }
    let stores = Set(
      definition.nodes.filter {
        file[$0].kind == .assign && file[$0].operation == .equal && isName(file[$0].a, result, file)
          && !shapes.mentions(file[$0].b, shapes.symbols.text(result))
      }.map { file[$0].a })
    let returns = Set(
      definition.nodes.filter { file[$0].kind == .returnStatement && file[$0].a >= 0 }.map { file[$0].a })
    let end = mentions.filter(stores.contains).map { file[$0].token }.min() ?? .max
    return mentions.contains { file[$0].token < end && !returns.contains($0) && !stores.contains($0) }
  }

  private func isUsed(
    _ name: Symbol, behind test: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let start = file[test].token
    let freed = Set(
      definition.nodes.filter { shapes.symbols.text(shapes.callee($0)).hasPrefix("kfree") }
        .flatMap { file.list(file[$0].b, file[$0].c) })
    return definition.nodes.contains {
      isName($0, name, file) && file[$0].token > start && !shapes.contains(test, $0) && !freed.contains($0)
    }
  }
}
