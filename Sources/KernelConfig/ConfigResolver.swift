/// Works out which options must be set so that symbols and conditions hold: dependencies, selects, defaults.
///
/// Starts from nothing being set, as `tinyconfig` does, and adds the fewest options it finds. What it cannot know, such as
/// answers of the compiler, it takes as given; the final `.config` is compared with the request afterwards.
public struct ConfigResolver: Sendable {
  /// One option to set and the reasons for it, outermost first.
  public struct Request: Sendable, Equatable, Codable {
    /// The symbol without `CONFIG_`.
    public let name: String
    /// The value.
    public let value: String
    /// Why: `compiles virt/kvm/guest_memfd.c`, `dependency of KVM_SW_PROTECTED_VM`.
    public let reason: String
  }

  /// The options to set, dependencies before what depends on them.
  public private(set) var requests: [Request] = []
  private var chosen = DotConfig()
  private var steps = 0
  /// Whether `depends on m` may be met, by setting what depends on it to `m`.
  private var allowsModules = false
  private let tree: KconfigTree

  /// Nothing is set yet in this tree.
  public init(tree: KconfigTree) {
    self.tree = tree
  }

  /// The requested options as a fragment.
  public var fragment: DotConfig {
    var fragment = DotConfig()
    for request in requests { fragment[request.name] = request.value }
    return fragment
  }

  /// Sets an option as it stands, without looking at its dependencies: a profile's own choice.
  public mutating func set(_ name: String, _ value: String, reason: String) {
    guard chosen[name] != value else { return }
    requests.removeAll { $0.name == name }
    chosen[name] = value
    requests.append(Request(name: name, value: value, reason: reason))
  }

  /// Makes a condition hold, without taking away what an option that was asked for before depends on.
  ///
  /// - Returns: whether a way was found; if not, nothing was added.
  public mutating func require(_ condition: ConfigExpression, reason: String) -> Bool {
    var attempt = self
    attempt.steps = 0
    guard attempt.satisfy(condition, reason: reason, visiting: []), requests.allSatisfy(attempt.stillAllows) else {
      return false
    }
    self = attempt
    return true
  }

  /// Whether no `!X` among the dependencies of an option speaks against it.
  private func stillAllows(_ request: Request) -> Bool {
    guard request.value != "n", let symbol = tree.symbols[request.name] else { return true }
    return symbol.dependencies.conjuncts.allSatisfy { part in
      guard case .not(let inner) = part else { return true }
      return inner.value(in: chosen) == .no
    }
  }

  /// Makes a condition hold, as a module where nothing else is allowed.
  ///
  /// - Returns: whether a way was found; if not, nothing was added.
  public mutating func requireAsModule(_ condition: ConfigExpression, reason: String) -> Bool {
    var attempt = self
    attempt.allowsModules = true
    guard attempt.require(.symbol("MODULES"), reason: reason), attempt.require(condition, reason: reason) else {
      return false
    }
    attempt.allowsModules = false
    self = attempt
    return true
  }

  /// Sets more of those who select a symbol that cannot be set by hand: each is another caller of the code that it guards.
  ///
  /// Only those defined near it that cost few options are taken; what already holds stays.
  public mutating func requireSelectors(of name: String, reason: String) {
    var hidden = [name]
    var seen: Set<String> = [name]
    while let next = hidden.popLast(), seen.count < 20 {
      guard let symbol = tree.symbols[next], !symbol.hasPrompt else { continue }
      let subsystem = symbol.definitions.compactMap { Self.directory($0.location.path).split(separator: "/").last }
      for selector in tree.selectors[next] ?? [] {
        guard case .symbol(let selecting) = selector.value, let owner = tree.symbols[selecting] else { continue }
        let isNear = owner.definitions.contains { definition in
          Self.directory(definition.location.path).split(separator: "/").contains { subsystem.contains($0) }
        }
        guard isNear else { continue }
        if !owner.hasPrompt, seen.insert(selecting).inserted { hidden.append(selecting) }
        // What selects it under a condition may be hidden itself: then the condition is what a user can set.
        let wanted = owner.hasPrompt ? selector.value : selector.value.and(selector.condition)
        var attempt = self
        if attempt.require(wanted, reason: "\(reason), selects \(next)"),
          attempt.requests.count <= requests.count + 3
        {
          self = attempt
        }
      }
    }
  }

  /// What keeps a condition from holding: for each symbol that is missing, the part of its dependencies that the options
  /// chosen so far exclude; `nil` where no single reason stands out.
  public func obstacle(to condition: ConfigExpression) -> String? {
    for name in condition.symbols where Tristate(letter: chosen[name]) == .no {
      guard let symbol = tree.symbols[name] else { return "no Kconfig file defines \(name)" }
      let against = symbol.dependencies.conjuncts.filter { part in
        guard case .not(let inner) = part else { return part == .literal("n") || part == .literal("m") }
        return inner.value(in: chosen) > .no
      }
      if let first = against.first { return "\(name) depends on \(first)" }
    }
    return nil
  }

  private mutating func satisfy(_ expression: ConfigExpression, reason: String, visiting: Set<String>) -> Bool {
    steps += 1
    guard steps < 20_000, visiting.count < 60 else { return false }
    switch expression {
    case .literal("m"): return allowsModules
    case .literal(let text): return text != "n"
    case .opaque: return true
    case .symbol(let name): return enable(name, reason: reason, visiting: visiting)
    case .and(let left, let right):
      return satisfy(left, reason: reason, visiting: visiting) && satisfy(right, reason: reason, visiting: visiting)
    case .or:
      return cheapest(expression.disjuncts) { $0.satisfy($1, reason: reason, visiting: visiting) }
    case .not(let inner): return deny(inner, reason: reason, visiting: visiting)
    case .compare(let comparison, let left, let right):
      return compare(comparison, left, right, reason: reason, visiting: visiting)
    }
  }

  private mutating func compare(
    _ comparison: String, _ left: ConfigExpression, _ right: ConfigExpression, reason: String, visiting: Set<String>
  ) -> Bool {
    switch (comparison, left, right) {
    case ("=", .symbol, .literal("y")), ("!=", .symbol, .literal("n")):
      return satisfy(left, reason: reason, visiting: visiting)
    case ("=", .symbol, .literal("n")), ("!=", .symbol, .literal("y")):
      return deny(left, reason: reason, visiting: visiting)
    case ("=", .symbol, .literal("m")):
      return false
    case (_, .literal, .literal):
      return ConfigExpression.compare(comparison, left, right).value(in: chosen) == .yes
    default:
      // A version number or another value that only the build knows.
      return true
    }
  }

  private func deny(_ expression: ConfigExpression, reason: String, visiting: Set<String>) -> Bool {
    switch expression {
    case .symbol(let name): return Tristate(letter: chosen[name]) == .no
    case .opaque: return true
    case .not(let inner): return inner.value(in: chosen) == .yes
    case .and(let left, let right):
      return deny(left, reason: reason, visiting: visiting) || deny(right, reason: reason, visiting: visiting)
    case .or(let left, let right):
      return deny(left, reason: reason, visiting: visiting) && deny(right, reason: reason, visiting: visiting)
    case .literal, .compare: return expression.value(in: chosen) == .no
    }
  }

  private mutating func enable(_ name: String, reason: String, visiting: Set<String>) -> Bool {
    if let value = chosen[name] { return value != "n" }
    guard !visiting.contains(name), let symbol = tree.symbols[name] else { return false }
    let inside = visiting.union([name])
    let because = "dependency of \(name)"
    var ways: [Way] = []
    for definition in symbol.definitions {
      let promptHidden = definition.visibility.value(in: chosen) == .no
      if definition.prompt != nil { ways.append(.prompt(definition)) }
      if definition.prompt == nil || promptHidden {
        ways += definition.defaults.map { .given(definition.dependencies.and($0.condition).and($0.value)) }
      }
    }
    if !symbol.hasPrompt {
      ways += nearest(tree.selectors, of: symbol).map { .given($0.value.and($0.condition)) }
      ways += nearest(tree.impliers, of: symbol).map {
        .given($0.value.and($0.condition).and(symbol.dependencies))
      }
    }
    let found = cheapest(ways) { resolver, way in
      switch way {
      case .prompt(let definition):
        let needed = definition.dependencies.and(definition.visibility)
        guard resolver.satisfy(needed, reason: because, visiting: inside) else { return false }
        resolver.set(name, needed.conjuncts.contains(.literal("m")) ? "m" : "y", reason: reason)
      case .given(let condition):
        // The reason travels on: a symbol that cannot be set by hand is only a step on the way.
        guard resolver.satisfy(condition, reason: "\(reason), for \(name)", visiting: inside) else { return false }
        if symbol.hasPrompt {
          // Its default holds only as long as the prompt is hidden, which a later request may change.
          resolver.set(name, "y", reason: reason)
        } else {
          resolver.chosen[name] = "y"
        }
      }
      return true
    }
    return found
  }

  private enum Way {
    case prompt(ConfigDefinition)
    case given(ConfigExpression)
  }

  /// Those who select or imply the symbol, the likeliest first: already set, then from the same directory, then the rest.
  private func nearest(_ others: [String: [ConditionalValue]], of symbol: ConfigSymbol) -> [ConditionalValue] {
    let homes = Set(symbol.definitions.map { Self.directory($0.location.path) })
    let ranked = (others[symbol.name] ?? []).map { selector -> (Int, ConditionalValue) in
      guard case .symbol(let name) = selector.value else { return (3, selector) }
      if Tristate(letter: chosen[name]) > .no { return (0, selector) }
      let near = tree.symbols[name]?.definitions.contains { homes.contains(Self.directory($0.location.path)) } == true
      return (near ? 1 : 2, selector)
    }
    return ranked.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
      .prefix(8).map(\.element.1)
  }

  /// Takes the alternative that adds the fewest options; the first of several that add equally few.
  private mutating func cheapest<Choice>(
    _ choices: [Choice], _ attempt: (inout ConfigResolver, Choice) -> Bool
  ) -> Bool {
    var best: ConfigResolver?
    let before = requests.count
    for choice in choices {
      var copy = self
      let works = attempt(&copy, choice)
      steps = copy.steps
      guard works else { continue }
      if copy.requests.count < best?.requests.count ?? Int.max { best = copy }
      if copy.requests.count == before { break }
    }
    guard var best else { return false }
    best.steps = steps
    self = best
    return true
  }

  private static func directory(_ path: String) -> Substring {
    path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
  }
}
