import KernelC

/// A condition apart from its sense: what it compares, and which way round.
struct ConditionSense {
  /// The condition without negations, with one operator for `==` and `!=`, one for `<`, `>=` and the like, and operands in order;
  /// what is compared with 0 or NULL reads like what is asked as it is.
  private(set) var core = ""
  /// For each place where the sense could be the other one, which it is.
  private(set) var bits: [Bool] = []
  /// What is asked, without saying how the answers are put together; each once.
  private(set) var atoms: [String] = []
  private var formula = Formula.atom(0, isNegated: false)

  /// How the answers are put together.
  private indirect enum Formula {
    case atom(Int, isNegated: Bool)
    case both(Formula, Formula, isNegated: Bool)
    case either(Formula, Formula, isNegated: Bool)

    /// The answer where bit n of `answers` is that of atom n.
    func holds(_ answers: Int) -> Bool {
      switch self {
      case .atom(let number, let isNegated): (answers >> number & 1 == 1) != isNegated
      case .both(let left, let right, let isNegated): (left.holds(answers) && right.holds(answers)) != isNegated
      case .either(let left, let right, let isNegated): (left.holds(answers) || right.holds(answers)) != isNegated
      }
    }
  }

  /// More atoms than this are not compared: the number of answers doubles with each.
  private static let limit = 10

  /// Whether both ask the same things and some answers to them make one hold and not the other.
  func contradicts(_ other: ConditionSense) -> Bool {
    guard atoms.count <= Self.limit, Set(atoms) == Set(other.atoms) else { return false }
    return (0..<(1 << atoms.count)).contains { answers in
      // The same answers by the other's numbers.
      let others = other.atoms.enumerated().reduce(0) { sum, item in
        let number = atoms.firstIndex(of: item.element) ?? 0
        return sum | (answers >> number & 1) << item.offset
      }
      return formula.holds(answers) != other.formula.holds(others)
    }
  }

  init(_ condition: NodeID, _ file: ParsedFile, _ symbols: SymbolTable) {
    (core, formula) = walk(condition, file, symbols, 0)
  }

  /// An answer to one question, by the bit that says its sense.
  private mutating func atom(_ text: String, _ position: Int) -> (String, Formula) {
    let number = atoms.firstIndex(of: text) ?? atoms.count
    if number == atoms.count { atoms.append(text) }
    return (text, .atom(number, isNegated: bits[position]))
  }

  private mutating func walk(_ id: NodeID, _ file: ParsedFile, _ symbols: SymbolTable, _ depth: Int) -> (
    String, Formula
  ) {
    guard id >= 0, depth < 40 else { return ("", .atom(0, isNegated: false)) }
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
    // In a condition `a | b` asks what `a || b` asks.
    case .binary where [.ampersandAmpersand, .pipePipe, .pipe].contains(node.operation):
      let (left, first) = walk(node.a, file, symbols, depth + 1)
      let (right, second) = walk(node.b, file, symbols, depth + 1)
      return (
        "(\(left) \(SourceText.spelling(node.operation == .pipe ? .pipePipe : node.operation)) \(right))",
        node.operation == .ampersandAmpersand
          ? .both(first, second, isNegated: isNegated) : .either(first, second, isNegated: isNegated)
      )
    case .binary where node.operation.isComparison:
      let left = SourceText.text(of: node.a, file, symbols)
      let right = SourceText.text(of: node.b, file, symbols)
      // `x == 0`, `x != 0`, `x > 0` and `x <= 0`; what is below 0 is another question.
      if right == "0" || right == "NULL", node.operation != .less, node.operation != .greaterEqual {
        if node.operation == .equalEqual || node.operation == .lessEqual { bits[position].toggle() }
        return atom(left, position)
      }
      if node.operation == .equalEqual || node.operation == .bangEqual {
        if node.operation == .bangEqual { bits[position].toggle() }
        return atom("\(left) == \(right)", position)
      }
      if node.operation == .greater || node.operation == .greaterEqual { bits[position].toggle() }
      return atom(ordered(left, right, "<", position), position)
    case .call where node.c == 2 && file[node.a].kind == .name:
      let name = symbols.text(Symbol(file[node.a].a))
      let arguments = file.list(node.b, node.c).map { SourceText.text(of: $0, file, symbols) }
      if let isAfter = Self.times[name] {
        if isAfter { bits[position].toggle() }
        return atom(ordered(arguments[0], arguments[1], "before", position), position)
      }
      // `x_cmp()` is false where `x_equal()` is true.
      if name.hasSuffix("_equal") {
        return atom("\(name.dropLast(6)) is (\(arguments.joined(separator: ", ")))", position)
      }
      if name.hasSuffix("_cmp") {
        bits[position].toggle()
        return atom("\(name.dropLast(4)) is (\(arguments.joined(separator: ", ")))", position)
      }
      return atom(SourceText.text(of: id, file, symbols), position)
    default: return atom(SourceText.text(of: id, file, symbols), position)
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
