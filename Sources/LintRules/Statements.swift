import KernelC

/// Shapes of statements that several rules ask for.
struct Statements {
  let file: ParsedFile
  let symbols: SymbolTable

  /// The statements of a branch: a block's, or the branch itself.
  func list(_ id: NodeID) -> [NodeID] {
    guard id >= 0 else { return [] }
    return file[id].kind == .block ? Array(file.list(file[id].a, file[id].b)) : [id]
  }

  /// How control leaves a branch for good; nil when it goes on behind it.
  func leaving(_ branch: NodeID) -> NodeID? {
    guard let last = list(branch).last else { return nil }
    switch file[last].kind {
    case .returnStatement, .gotoStatement, .breakStatement, .continueStatement: return last
    default: return nil
    }
  }

  /// The name a call node calls; none for anything else.
  func callee(_ id: NodeID) -> Symbol {
    guard id >= 0, file[id].kind == .call, file[file[id].a].kind == .name else { return .none }
    return Symbol(file[file[id].a].a)
  }

  /// The function, or the member that holds one, that a call node asks; none for anything else.
  func question(_ id: NodeID) -> Symbol {
    guard id >= 0, file[id].kind == .call else { return .none }
    let callee = file[file[id].a]
    return callee.kind == .name ? Symbol(callee.a) : callee.kind == .member ? Symbol(callee.b) : .none
  }

  /// Whether anything below a node writes to the place that reads like `text`, or hands out its address.
  func writes(_ id: NodeID, _ text: String) -> Bool { isWritten(in: id) { $0 == text } }

  /// The places that are written to below a node, or have their address handed out, as written.
  func written(in id: NodeID) -> Set<String> {
    var result: Set<String> = []
    _ = isWritten(in: id) { text in
      result.insert(text)
      return false
    }
    return result
  }

  private func isWritten(in id: NodeID, depth: Int = 0, _ isWanted: (String) -> Bool) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    let node = file[id]
    let isWrite =
      node.kind == .assign || node.kind == .postfix
      || node.kind == .unary && [.ampersand, .plusPlus, .minusMinus].contains(node.operation)
    if isWrite, isWanted(SourceText.text(of: node.a, file, symbols)) { return true }
    return file.children(of: id).contains { isWritten(in: $0, depth: depth + 1, isWanted) }
  }

  /// Whether anything below a node reads like `text`.
  func mentions(_ id: NodeID, _ text: String, depth: Int = 0) -> Bool {
    guard id >= 0, depth < 60 else { return false }
    if file[id].kind == .name || file[id].kind == .member, SourceText.text(of: id, file, symbols) == text {
      return true
    }
    return file.children(of: id).contains { mentions($0, text, depth: depth + 1) }
  }

  /// A condition without its negations and hints, and whether an odd number of them was taken off.
  func core(_ id: NodeID) -> (node: NodeID, isNegated: Bool) {
    var id = id
    var isNegated = false
    while id >= 0 {
      let node = file[id]
      if node.kind == .unary, node.operation == .bang {
        isNegated.toggle()
        id = node.a
      } else if node.kind == .binary, node.operation == .equalEqual || node.operation == .bangEqual, isZero(node.b) {
        if node.operation == .equalEqual { isNegated.toggle() }
        id = node.a
      } else if node.kind == .call, ["likely", "unlikely"].contains(symbols.text(callee(id))),
        let first = file.list(node.b, node.c).first
      {
        id = first
      } else {
        break
      }
    }
    return (id, isNegated)
  }

  private func isZero(_ id: NodeID) -> Bool {
    let node = file[id]
    return node.kind == .number && node.a == 0 || node.kind == .name && symbols.text(Symbol(node.a)) == "NULL"
  }

  /// Calls anywhere below a node.
  func calls(in id: NodeID, depth: Int = 0) -> [NodeID] {
    guard id >= 0, depth < 60 else { return [] }
    let below = file.children(of: id).flatMap { calls(in: $0, depth: depth + 1) }
    return file[id].kind == .call ? [id] + below : below
  }

  /// The arguments of a call that are numbers or constants, as written.
  func constants(of call: NodeID) -> String {
    guard call >= 0, file[call].kind == .call else { return "" }
    return file.list(file[call].b, file[call].c).filter { argument in
      let item = file[argument]
      return item.kind == .number || item.kind == .name && file.tokens[Int(item.token)].traits.contains(.upperCase)
    }.map { SourceText.text(of: $0, file, symbols) }.joined(separator: ",")
  }

  /// Whether `part` is `id` or lies below it.
  func contains(_ id: NodeID, _ part: NodeID, depth: Int = 0) -> Bool {
    if id == part { return true }
    guard id >= 0, depth < 60 else { return false }
    return file.children(of: id).contains { contains($0, part, depth: depth + 1) }
  }

  /// Whether the name is that of a function that prints an error.
  static func isErrorLog(_ name: String) -> Bool {
    for suffix in ["_ratelimited", "_once"] where name.hasSuffix(suffix) {
      return isErrorLog(String(name.dropLast(suffix.count)))
    }
    return name == "pr_err" || name == "DRM_ERROR" || name == "DRM_DEV_ERROR" || name == "dev_err_probe"
      || name.hasSuffix("dev_err") || name.hasSuffix("_err") || name.hasSuffix("drm_err") || name.hasSuffix("_error")
      || name.hasSuffix("_ERR")
  }

  /// Whether the name is that of a function that prints an error or a warning.
  static func isLog(_ name: String) -> Bool {
    isErrorLog(name) || name == "printk" || name.hasSuffix("_warn") || name.hasSuffix("_crit")
      || name.hasSuffix("_alert")
  }

  /// Whether the name is that of a function that prints anything.
  static func isPrint(_ name: String) -> Bool {
    isLog(name) || name.hasSuffix("_info") || name.hasSuffix("_dbg") || name.hasPrefix("pr_")
  }

  /// Names that variables for an errno go by.
  static let errorNames: Set<String> = [
    "ret", "rc", "err", "error", "r", "res", "retval", "rv", "status", "result", "rval", "ret_val", "ret2", "errno",
  ]
}
