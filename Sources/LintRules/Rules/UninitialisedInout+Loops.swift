import KernelC
import LockModel

/// Reads of locals without a value that the caller does not see, and loops that have a turn for all that is known.
extension UnsetUses {
  /// `ret = read(foo, &value); foo->last = value; return ret;`: whoever gets the error looks at nothing else.
  func isPassedOn(_ event: UnsetReadEvent) -> Bool {
    let nodes = context.program.definition(id).nodes
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let holder = nodes.first { node in
      let item = file[node]
      return item.kind == .assign && item.b == event.call || item.kind == .variable && item.c == event.call
    }
    guard let holder else { return false }
    let name = file[holder].kind == .variable ? file[holder].a : file[file[holder].a].a
    guard file[holder].kind == .variable || file[file[holder].a].kind == .name else { return false }
    for block in nodes where file[block].kind == .block {
      let statements = Array(file.list(file[block].a, file[block].b))
      guard
        let index = statements.firstIndex(where: {
          file[$0].kind == .expressionStatement && shapes.contains($0, event.node)
        })
      else { continue }
      let rest = statements[(index + 1)...]
      guard let end = rest.first(where: { file[$0].kind != .expressionStatement }), file[end].kind == .returnStatement,
        file[end].a >= 0
      else { return false }
      let isKept = !nodes.contains { node in
        let item = file[node]
        return item.kind == .assign && item.b != event.call && file[item.a].kind == .name && file[item.a].a == name
          && (file[event.call].token..<file[end].token).contains(item.token)
      }
      return isKept && file[file[end].a].kind == .name && file[file[end].a].a == name
    }
    return false
  }

  /// Everything that sets the local stands in one loop over what a member counts, or over parts of a device, and nothing in the
  /// function says that there may be none of them.
  func isBehindSureLoop(_ event: UnsetReadEvent) -> Bool {
    let nodes = context.program.definition(id).nodes
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let setters = nodes.filter { node in
      let item = file[node]
      let target = item.kind == .assign || item.kind == .unary && item.operation == .ampersand ? item.a : -1
      return target >= 0 && file[target].kind == .name && Symbol(file[target].a) == event.variable
    }
    guard !setters.isEmpty else { return false }
    let loop = nodes.first { node in
      [.forStatement, .macroLoop].contains(file[node].kind) && setters.allSatisfy { shapes.contains(node, $0) }
    }
    guard let loop, !shapes.contains(loop, event.node) else { return false }
    if file[loop].kind == .macroLoop {
      let name = context.text(context.callee(file[loop].a, in: file))
      return !["list", "entry", "node", "rcu", "child"].contains(where: name.contains)
    }
    let parts = Array(file.list(file[loop].a, file[loop].b))
    guard parts.count == 4, parts[1] >= 0, file[parts[1]].kind == .binary,
      [.less, .lessEqual, .bangEqual].contains(file[parts[1]].operation), file[file[parts[1]].b].kind == .member
    else { return false }
    let bound = SourceText.text(of: file[parts[1]].b, file, context.program.symbols)
    return !nodes.contains { node in
      let item = file[node]
      return (item.kind == .ifStatement || item.kind == .conditional) && shapes.mentions(item.a, bound)
    }
  }
}
