import Findings
import KernelC
import LockModel

/// Error codes with the wrong sign, and numbers that a function which returns them never returns.
extension WrongError {
  private static let codes: Set<String> = [
    "EPERM", "ENOENT", "EINTR", "EIO", "ENXIO", "EBADF", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "EBUSY", "EEXIST",
    "ENODEV", "EINVAL", "ENOSPC", "ERANGE", "ETIMEDOUT", "EOPNOTSUPP", "ENOTSUPP", "EPROBE_DEFER", "EALREADY",
    "EINPROGRESS", "ENOBUFS", "ENODATA", "EMSGSIZE", "ENOTCONN", "EPIPE", "EREMOTEIO", "ESHUTDOWN", "ENOSYS", "ENOTTY",
    "EOVERFLOW", "EDEADLK", "ECANCELED", "ERESTARTSYS", "EWOULDBLOCK",
  ]

  /// `if (ret == EAGAIN)` and `switch (ret) { case EAGAIN: … }` for a variable that holds negative codes, and
  /// `if (ret == 1)` for what returns 0 or an errno.
  func impossibleCodes(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    var findings: [Finding] = []
    for node in context.program.definition(id).nodes {
      let item = file[node]
      switch item.kind {
      case .binary where item.operation == .equalEqual || item.operation == .bangEqual:
        if file[item.a].kind == .call, let finding = compared(node, id, shapes, context) { findings.append(finding) }
        guard file[item.a].kind == .name else { continue }
        if let code = code(item.b, file, context), isNegative(Symbol(file[item.a].a), id, shapes, context) {
          findings.append(report(node, Symbol(file[item.a].a), code, id, context))
        }
      case .switchStatement where file[item.a].kind == .name:
        guard file[item.b].kind == .block else { continue }
        for label in file.list(file[item.b].a, file[item.b].b) where file[label].kind == .caseLabel {
          if let code = code(file[label].a, file, context), isNegative(Symbol(file[item.a].a), id, shapes, context) {
            findings.append(report(label, Symbol(file[item.a].a), code, id, context))
          }
        }
      case .block: findings += positives(node, id, shapes, context)
      default: continue
      }
    }
    return findings
  }

  /// `f(…) != EBUSY`, where f returns 0 or a negative errno.
  private func compared(
    _ node: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Finding? {
    let item = shapes.file[node]
    let callee = shapes.callee(item.a)
    guard callee.exists, let code = code(item.b, shapes.file, context),
      context.solver.returnsErrno(callee, fromFile: Int(context.program.functions[Int(id.rawValue)].file))
    else { return nil }
    let name = context.text(callee)
    return context.finding(
      description, id, node, "'\(name)' returns negative error codes, and is compared with \(code)",
      key: "\(name) \(code)")
  }

  private func report(
    _ node: NodeID, _ variable: Symbol, _ code: String, _ id: FunctionID, _ context: RuleContext
  ) -> Finding {
    let name = context.text(variable)
    return context.finding(
      description, id, node, "'\(name)' holds negative error codes here, and is compared with \(code)",
      key: "\(name) \(code)")
  }

  private func code(_ id: NodeID, _ file: ParsedFile, _ context: RuleContext) -> String? {
    guard id >= 0, file[id].kind == .name else { return nil }
    let text = context.text(Symbol(file[id].a))
    return Self.codes.contains(text) ? text : nil
  }

  /// The variable is an error by its name, and everything that is stored in it is 0, negative or what returns such.
  private func isNegative(
    _ variable: Symbol, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> Bool {
    guard Self.errorNames.contains(context.text(variable)) else { return false }
    let file = shapes.file
    let definition = context.program.definition(id)
    // `errno` is none of the function's own, and positive.
    let isOwn =
      definition.parameters.contains { $0.name == variable }
      || definition.nodes.contains { file[$0].kind == .variable && Symbol(file[$0].a) == variable }
    guard isOwn else { return false }
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    var isSure = false
    for node in context.program.definition(id).nodes {
      let item = file[node]
      let value: NodeID
      switch item.kind {
      case .assign where file[item.a].kind == .name && Symbol(file[item.a].a) == variable:
        guard item.operation == .equal else { return false }
        value = item.b
      case .variable where Symbol(item.a) == variable && item.c >= 0: value = item.c
      case .unary
      where item.operation == .ampersand && file[item.a].kind == .name && Symbol(file[item.a].a) == variable:
        return false
      default: continue
      }
      let stored = file[value]
      // `ret = -EAGAIN`, and what is known to return errors or is taken from an error pointer.
      if stored.kind == .unary, stored.operation == .minus {
        guard file[stored.a].kind == .name, file.tokens[Int(file[stored.a].token)].traits.contains(.upperCase) else {
          return false
        }
        isSure = true
      } else if stored.kind == .call, shapes.callee(value).exists {
        let callee = shapes.callee(value)
        if context.solver.returnsErrno(callee, fromFile: fileIndex) || context.text(callee) == "PTR_ERR" {
          isSure = true
        } else {
          return false
        }
      }
    }
    return isSure
  }

  /// `ret = f(…); if (ret == 1)`
  private func positives(
    _ block: NodeID, _ id: FunctionID, _ shapes: Statements, _ context: RuleContext
  ) -> [Finding] {
    let file = shapes.file
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    let statements = Array(file.list(file[block].a, file[block].b))
    return zip(statements, statements.dropFirst()).compactMap { previous, condition -> Finding? in
      guard file[condition].kind == .ifStatement, file[previous].kind == .expressionStatement else { return nil }
      let store = file[file[previous].a]
      let test = file[file[condition].a]
      guard store.kind == .assign, store.operation == .equal, file[store.a].kind == .name, test.kind == .binary,
        test.operation == .equalEqual || test.operation == .greater, file[test.a].kind == .name,
        file[test.a].a == file[store.a].a, file[test.b].kind == .number,
        test.operation == .greater ? file[test.b].a == 0 : file[test.b].a > 0, file[test.b].b == 1
      else { return nil }
      let callee = shapes.callee(store.b)
      guard callee.exists, context.solver.returnsErrno(callee, fromFile: fileIndex) else { return nil }
      return context.finding(
        description, id, file[condition].a,
        "'\(context.text(callee))' returns 0 or a negative errno: this is never true", key: context.text(callee))
    }
  }
}
