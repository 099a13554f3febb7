import Findings
import KernelC
import LockModel

// Memory of the user that could not be read or written.
extension WrongError {
  private static let userAccesses: Set<String> = [
    "copy_from_user", "copy_to_user", "get_user", "put_user", "clear_user",
  ]

  /// `if (copy_from_user(…)) return 0;`, in the read or the write of a file.
  func uncopied(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let type = definition.returnType
    guard !type.isPointer, type.base == .integer, isFileAccess(definition.parameters.map(\.type))
    else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return definition.nodes.compactMap { node -> Finding? in
      guard file[node].kind == .ifStatement, file[node].c < 0, case let branch = shapes.list(file[node].b),
        branch.count == 1, file[branch[0]].kind == .returnStatement, case let value = file[branch[0]].a, value >= 0,
        file[value].kind == .number, file[value].a == 0, case let core = shapes.core(file[node].a), core.node >= 0,
        !core.isNegated, case let callee = context.text(shapes.callee(core.node)), Self.userAccesses.contains(callee)
      else { return nil }
      return context.finding(
        description, id, branch[0], "0 is returned here where '\(callee)' has failed, as at the end of a file",
        evidence: [Evidence(context.place(id, core.node), "it fails here")], key: "\(callee) 0")
    }
  }

  /// `struct file *, char __user *, size_t, loff_t *`
  private func isFileAccess(_ types: [CType]) -> Bool {
    types.count == 4 && types[0].isPointer && types[0].base == .structure && types[1].isPointer
      && !types[2].isPointer && types[2].base == .unsigned && types[3].isPointer && types[3].base == .integer
  }
}
