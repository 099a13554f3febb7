import KernelC

/// A condition apart from its sense: what it compares, and which way round.
struct ConditionSense {
  /// The condition without negations, with one operator for `==` and `!=`, one for `<`, `>=` and the like, and operands in order.
  private(set) var core = ""
  /// For each place where the sense could be the other one, which it is.
  private(set) var bits: [Bool] = []

  init(_ condition: NodeID, _ file: ParsedFile, _ symbols: SymbolTable) {
    core = walk(condition, file, symbols, 0)
  }

  private mutating func walk(_ id: NodeID, _ file: ParsedFile, _ symbols: SymbolTable, _ depth: Int) -> String {
    guard id >= 0, depth < 40 else { return "" }
    var id = id
    var isNegated = false
    while file[id].kind == .unary, file[id].operation == .bang {
      isNegated.toggle()
      id = file[id].a
    }
    let node = file[id]
    let position = bits.count
    bits.append(isNegated)
    switch node.kind {
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      let left = walk(node.a, file, symbols, depth + 1)
      return "(\(left) \(SourceText.spelling(node.operation)) \(walk(node.b, file, symbols, depth + 1)))"
    case .binary where node.operation.isComparison:
      let left = SourceText.text(of: node.a, file, symbols)
      let right = SourceText.text(of: node.b, file, symbols)
      if node.operation == .equalEqual || node.operation == .bangEqual {
        if node.operation == .bangEqual { bits[position].toggle() }
        return "\(left) == \(right)"
      }
      if node.operation == .greater || node.operation == .greaterEqual { bits[position].toggle() }
      return ordered(left, right, "<", position)
    case .call where node.c == 2 && file[node.a].kind == .name:
      let name = symbols.text(Symbol(file[node.a].a))
      let arguments = file.list(node.b, node.c).map { SourceText.text(of: $0, file, symbols) }
      if let isAfter = Self.times[name] {
        if isAfter { bits[position].toggle() }
        return ordered(arguments[0], arguments[1], "before", position)
      }
      // `x_cmp()` is false where `x_equal()` is true.
      if name.hasSuffix("_equal") {
        return "\(name.dropLast(6)) is (\(arguments.joined(separator: ", ")))"
      }
      if name.hasSuffix("_cmp") {
        bits[position].toggle()
        return "\(name.dropLast(4)) is (\(arguments.joined(separator: ", ")))"
      }
      return SourceText.text(of: id, file, symbols)
    default: return SourceText.text(of: id, file, symbols)
    }
  }

  /// Both operands in one order; turning them round turns the sense round.
  private mutating func ordered(_ left: String, _ right: String, _ word: String, _ position: Int) -> String {
    guard left > right else { return "\(left) \(word) \(right)" }
    bits[position].toggle()
    return "\(right) \(word) \(left)"
  }

  private static let times: [String: Bool] = [
    "time_after": true, "time_after_eq": true, "time_before": false, "time_before_eq": false, "time_after64": true,
    "time_before64": false,
  ]
}
