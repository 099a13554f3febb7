import Findings
import KernelC
import LockModel

// Exits inside of branches, which no ladder of statements shows.
extension MissingUnwind {
  /// Fewer exits to one label are no habit that a return could break.
  private static let habit = 6

  /// `return -EINVAL;` in the middle of many `ret = -EINVAL; goto out;`, where something is done behind the label.
  func nested(_ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let body = Array(file.list(file[definition.body].a, file[definition.body].b))
    var jumps: [Int32: [NodeID]] = [:]
    var returns: [NodeID] = []
    for node in definition.nodes where file[node].kind == .ifStatement && file[node].c < 0 {
      guard let leaving = shapes.leaving(file[node].b) else { continue }
      let statements = shapes.list(file[node].b)
      if file[leaving].kind == .gotoStatement, statements.contains(where: { setsErrno($0, shapes) }) {
        jumps[file[leaving].a, default: []].append(leaving)
      } else if file[leaving].kind == .returnStatement, isErrno(file[leaving].a, shapes),
        statements.dropLast().allSatisfy({ isMessage($0, shapes) })
      {
        returns.append(leaving)
      }
    }
    guard let (label, exits) = jumps.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }),
      exits.count >= Self.habit, let first = exits.map({ file[$0].token }).min(),
      let last = exits.map({ file[$0].token }).max(), let call = call(behind: label, body, shapes)
    else { return [] }
    let odd = returns.filter { (first..<last).contains(file[$0].token) }
    guard (1...2).contains(odd.count), returns.count == odd.count else { return [] }
    let (name, undone) = (context.text(Symbol(label)), context.text(shapes.callee(call)))
    return odd.map { node in
      context.finding(
        description, id, node,
        "this error exit skips '\(name)', to which \(exits.count) others of the function go, and where '\(undone)' runs",
        evidence: [Evidence(context.place(id, call), "it runs here")], key: "\(name) nested")
    }
  }

  /// `ret = -EINVAL;`
  private func setsErrno(_ statement: NodeID, _ shapes: Statements) -> Bool {
    guard shapes.file[statement].kind == .expressionStatement else { return false }
    let store = shapes.file[shapes.file[statement].a]
    return store.kind == .assign && store.operation == .equal && shapes.file[store.a].kind == .name
      && isErrno(store.b, shapes)
  }

  private func isErrno(_ value: NodeID, _ shapes: Statements) -> Bool {
    guard value >= 0, shapes.file[value].kind == .unary, shapes.file[value].operation == .minus else { return false }
    let name = shapes.file[shapes.file[value].a]
    return name.kind == .name && shapes.symbols.text(Symbol(name.a)).hasPrefix("E")
  }

  private func isMessage(_ statement: NodeID, _ shapes: Statements) -> Bool {
    shapes.file[statement].kind == .expressionStatement
      && Statements.isPrint(shapes.symbols.text(shapes.callee(shapes.file[statement].a)))
  }

  /// The first call behind a label of the outermost block that is more than a message or the release of a lock.
  private func call(behind label: Int32, _ body: [NodeID], _ shapes: Statements) -> NodeID? {
    guard let start = body.firstIndex(where: { shapes.file[$0].kind == .label && shapes.file[$0].a == label }) else {
      return nil
    }
    return body[start...].prefix { shapes.file[$0].kind != .returnStatement }.lazy.flatMap { shapes.calls(in: $0) }
      .first { call in
        let name = shapes.symbols.text(shapes.callee(call))
        return !name.isEmpty && !Statements.isPrint(name) && !name.contains("unlock")
      }
  }
}
