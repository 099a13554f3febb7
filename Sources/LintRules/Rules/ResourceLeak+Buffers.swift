import Findings
import KernelC
import LockModel

/// Buffers that a function is given to keep.
extension ResourceLeak {
  /// A transmit function that says that it has taken the buffer and has not, and an error for which the buffer stays where
  /// the function's other errors free it.
  func buffers(_ id: FunctionID, _ facts: FunctionFacts, _ context: RuleContext) -> [Finding] {
    guard !facts.ownedExits.isEmpty else { return [] }
    let type = context.program.definition(id).returnType
    let exits = facts.ownedExits.sorted { $0.statement < $1.statement }
    let taken = exits.filter { $0.constant.exists && context.text($0.constant) == "NETDEV_TX_OK" }
    if !taken.isEmpty {
      let forgotten = taken.first { exit in
        !exit.isFreed && exit.statement >= 0 && isEarly(exit.statement, id, context)
          && !taken.contains {
            $0.isFreed && $0.statement == exit.statement && !isVariable(exit.statement, id, context)
          }
      }
      guard let forgotten else { return [] }
      return [
        context.finding(
          description, id, forgotten.statement,
          "the buffer is left to nobody here: NETDEV_TX_OK says that it was taken", key: "NETDEV_TX_OK")
      ]
    }
    guard type.base == .integer else { return [] }
    let freed = exits.filter { $0.isFreed && $0.values == .negative }
    guard let other = freed.first, !exits.contains(where: { $0.isFreed && $0.values != .negative }),
      let forgotten = exits.first(where: { exit in
        !exit.isFreed && exit.values == .negative && exit.statement >= 0
          && !exits.contains { $0.isFreed && $0.statement == exit.statement } && isErrno(exit.statement, id, context)
      })
    else { return [] }
    return [
      context.finding(
        description, id, forgotten.statement, "the buffer is not freed for this error, as it is for others",
        evidence: [Evidence(context.place(id, max(other.statement, 0)), "it is freed on the way here")],
        key: "buffer")
    ]
  }

  /// The return stands in a branch, or it is the end that branches jump to with a variable.
  private func isEarly(_ statement: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    if isVariable(statement, id, context) { return true }
    let body = file[context.program.definition(id).body]
    return body.kind == .block && !file.list(body.a, body.b).contains(statement)
  }

  private func isVariable(_ statement: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let value = file[statement].a
    return value >= 0 && file[value].kind == .name
      && !file.tokens[Int(file[value].token)].traits.contains(.upperCase)
  }

  /// `return -EINVAL;` or a variable, as opposed to a number with a meaning of its own.
  private func isErrno(_ statement: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let value = file[statement].a
    guard value >= 0 else { return false }
    return file[value].kind != .unary || file[file[value].a].kind == .name
  }
}
