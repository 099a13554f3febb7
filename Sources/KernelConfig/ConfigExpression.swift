/// The three values of Kconfig's logic: no, module, yes (Documentation/kbuild/kconfig-language.rst).
public enum Tristate: Int, Sendable, Comparable {
  case no, module, yes

  /// The order no < module < yes, on which `&&` is the minimum and `||` the maximum.
  public static func < (lhs: Tristate, rhs: Tristate) -> Bool { lhs.rawValue < rhs.rawValue }

  /// The value as it stands in a `.config`.
  public var letter: String { self == .yes ? "y" : self == .module ? "m" : "n" }

  /// Reads `y`, `m`; everything else, an absent value too, is no.
  public init(letter: String?) {
    self = letter == "y" ? .yes : letter == "m" ? .module : .no
  }
}

/// An expression of a `depends on`, `if`, `default` or `visible if`.
public indirect enum ConfigExpression: Sendable, Hashable {
  /// A symbol's value; `y`, `m`, `n` and quoted text are literals instead.
  case symbol(String)
  /// A constant.
  case literal(String)
  /// Something only the build can evaluate, such as `$(cc-option,-fplugin)`; its text. Taken as true until the final
  /// configuration says otherwise.
  case opaque(String)
  case not(ConfigExpression)
  case and(ConfigExpression, ConfigExpression)
  case or(ConfigExpression, ConfigExpression)
  /// `=`, `!=`, `<`, `<=`, `>`, `>=` between two symbols or literals.
  case compare(String, ConfigExpression, ConfigExpression)

  /// Always true.
  public static let always = ConfigExpression.literal("y")

  /// `self && other`, without piling up constants.
  public func and(_ other: ConfigExpression) -> ConfigExpression {
    if self == .always { return other }
    if other == .always || conjuncts.contains(other) { return self }
    return .and(self, other)
  }

  /// `self || other`, without piling up constants.
  public func or(_ other: ConfigExpression) -> ConfigExpression {
    if self == .always || other == .always { return .always }
    if self == .literal("n") { return other }
    if other == .literal("n") || disjuncts.contains(other) { return self }
    // A || A && B is A: what a file is built for twice over is one condition.
    let new = Set(other.conjuncts)
    guard case .or = other else {
      if disjuncts.contains(where: { new.isSuperset(of: $0.conjuncts) }) { return self }
      let kept = disjuncts.filter { !Set($0.conjuncts).isSuperset(of: new) }
      guard let first = kept.first else { return other }
      return .or(kept.dropFirst().reduce(first) { .or($0, $1) }, other)
    }
    return .or(self, other)
  }

  /// `!self`, with the negation moved inwards; what is unknown stays unknown.
  public var negated: ConfigExpression {
    switch self {
    case .literal(let text): .literal(text == "n" ? "y" : "n")
    case .opaque(let text): .opaque("!(\(text))")
    case .not(let inner): inner
    case .and(let left, let right): left.negated.or(right.negated)
    case .or(let left, let right): left.negated.and(right.negated)
    case .symbol, .compare: .not(self)
    }
  }

  /// The operands of a conjunction, from left to right.
  public var conjuncts: [ConfigExpression] {
    if case .and(let left, let right) = self { return left.conjuncts + right.conjuncts }
    return [self]
  }

  /// The operands of a disjunction, from left to right.
  public var disjuncts: [ConfigExpression] {
    if case .or(let left, let right) = self { return left.disjuncts + right.disjuncts }
    return [self]
  }

  /// Every symbol in the expression, in order of appearance.
  public var symbols: [String] {
    switch self {
    case .symbol(let name): [name]
    case .literal, .opaque: []
    case .not(let inner): inner.symbols
    case .and(let left, let right), .or(let left, let right), .compare(_, let left, let right):
      left.symbols + right.symbols
    }
  }

  /// The value under a configuration.
  public func value(in values: DotConfig) -> Tristate {
    switch self {
    case .symbol(let name): Tristate(letter: values[name])
    case .literal(let text): Tristate(letter: text)
    case .opaque: .yes
    case .not(let inner): Tristate(rawValue: 2 - inner.value(in: values).rawValue) ?? .no
    case .and(let left, let right): min(left.value(in: values), right.value(in: values))
    case .or(let left, let right): max(left.value(in: values), right.value(in: values))
    case .compare(let comparison, let left, let right):
      Self.holds(comparison, left.text(in: values), right.text(in: values)) ? .yes : .no
    }
  }

  /// The conjuncts that keep the whole below `wanted`.
  public func unmet(in values: DotConfig, wanted: Tristate = .yes) -> [ConfigExpression] {
    conjuncts.filter { $0.value(in: values) < wanted }
  }

  private func text(in values: DotConfig) -> String {
    switch self {
    case .symbol(let name): values[name] ?? "n"
    case .literal(let text): text
    default: value(in: values).letter
    }
  }

  private static func holds(_ comparison: String, _ left: String, _ right: String) -> Bool {
    let order: Int
    if let leftNumber = number(left), let rightNumber = number(right) {
      order = leftNumber < rightNumber ? -1 : leftNumber > rightNumber ? 1 : 0
    } else if left.count == 1, right.count == 1, "ymn".contains(left), "ymn".contains(right) {
      order = Tristate(letter: left).rawValue - Tristate(letter: right).rawValue
    } else {
      order = left < right ? -1 : left > right ? 1 : 0
    }
    switch comparison {
    case "=": return order == 0
    case "!=": return order != 0
    case "<": return order < 0
    case "<=": return order <= 0
    case ">": return order > 0
    default: return order >= 0
    }
  }

  private static func number(_ text: String) -> Int? {
    text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
  }
}

extension ConfigExpression: CustomStringConvertible {
  /// The expression as a Kconfig file would have it.
  public var description: String {
    switch self {
    case .symbol(let name), .opaque(let name): name
    case .literal(let text): ["y", "m", "n"].contains(text) ? text : "\"\(text)\""
    case .not(let inner): "!" + inner.parenthesised
    case .and(let left, let right): "\(left.parenthesised(in: "&&")) && \(right.parenthesised(in: "&&"))"
    case .or(let left, let right): "\(left) || \(right)"
    case .compare(let comparison, let left, let right): "\(left) \(comparison) \(right)"
    }
  }

  private var parenthesised: String {
    switch self {
    case .symbol, .literal, .opaque, .not: description
    default: "(\(description))"
    }
  }

  private func parenthesised(in operation: String) -> String {
    if case .or = self { return "(\(self))" }
    return description
  }
}
