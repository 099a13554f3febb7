/// A requested option that the final configuration does not have, and why.
public struct DroppedOption: Sendable, Equatable {
  /// The symbol without `CONFIG_`.
  public let name: String
  /// What was asked for.
  public let requested: String
  /// What the final configuration says; `n` when it says nothing.
  public let actual: String
  /// Why, in terms of Kconfig: the unmet dependency, a missing prompt, a select that forces it.
  public let reason: String

  /// One line without the newline: `CONFIG_X=y was dropped (is n): depends on …`.
  public var text: String {
    "\(DotConfig.line(name, requested)) was dropped (is \(actual)): \(reason)"
  }
}

extension KconfigTree {
  /// Compares what was requested with the final `.config`, option by option.
  ///
  /// - Returns: the options that the configuration does not grant, in the order of the request.
  public func dropped(from requested: DotConfig, in final: DotConfig) -> [DroppedOption] {
    requested.order.compactMap { name in
      guard let wanted = requested[name], !final.grants(name, wanted) else { return nil }
      return DroppedOption(
        name: name, requested: wanted, actual: final[name] ?? "n", reason: reason(name, wanted: wanted, in: final))
    }
  }

  private func reason(_ name: String, wanted: String, in final: DotConfig) -> String {
    guard let symbol = symbols[name] else { return "no Kconfig file of this tree and architecture defines it" }
    if wanted == "n" || (wanted == "m" && final[name] == "y") { return forced(symbol, in: final) }
    let level = Tristate(letter: wanted == "m" ? "m" : "y")
    let unmet = symbol.definitions.map { $0.dependencies.unmet(in: final, wanted: level) }
    if let fewest = unmet.min(by: { $0.count < $1.count }), !fewest.isEmpty {
      return "depends on " + fewest.map { explained($0, in: final, wanted: level) }.joined(separator: " and on ")
    }
    if wanted == "m", symbol.kind == .bool { return "it is a bool and cannot be a module" }
    if let definition = symbol.definitions.first(where: { $0.choice != nil }), let index = definition.choice {
      let chosen = choices[index].members.filter { final[$0] == "y" }
      if !chosen.isEmpty {
        return "the choice at \(choices[index].location) has \(chosen.map { "CONFIG_\($0)" }.joined(separator: ", "))"
      }
    }
    guard symbol.hasPrompt else { return withoutPrompt(symbol) }
    let hidden = symbol.definitions.flatMap { $0.visibility.unmet(in: final) }
    if !hidden.isEmpty {
      return "its prompt is hidden: \(hidden.map { explained($0, in: final) }.joined(separator: " and "))"
    }
    return "the value is not one that Kconfig accepts here (\(symbol.kind.rawValue))"
  }

  private func forced(_ symbol: ConfigSymbol, in final: DotConfig) -> String {
    let active = (selectors[symbol.name] ?? []).filter {
      min($0.value.value(in: final), $0.condition.value(in: final)) > .no
    }
    if !active.isEmpty {
      return "selected by " + active.map { "CONFIG_\($0.value)" }.joined(separator: ", ")
    }
    if !symbol.hasPrompt { return "it has no prompt and its default says so" }
    let hidden = symbol.definitions.flatMap { $0.visibility.unmet(in: final) }
    return hidden.isEmpty
      ? "its default says so"
      : "its default says so and its prompt is hidden: "
        + hidden.map { explained($0, in: final) }.joined(separator: " and ")
  }

  private func withoutPrompt(_ symbol: ConfigSymbol) -> String {
    let names = (selectors[symbol.name] ?? []).map { "CONFIG_\($0.value)" }
    guard !names.isEmpty else { return "it has no prompt and nothing selects it" }
    let more = names.count > 6 ? " and \(names.count - 6) more" : ""
    return "it has no prompt; it is selected by \(names.prefix(6).joined(separator: ", "))\(more)"
  }

  /// An expression with the values of its symbols: `X86_LOCAL_APIC (=n)`.
  private func explained(_ expression: ConfigExpression, in final: DotConfig, wanted: Tristate = .yes) -> String {
    var seen: Set<String> = []
    let values = expression.symbols.filter { seen.insert($0).inserted }.map { name in
      symbols[name] == nil ? "\(name) is not in this tree" : "\(name)=\(final[name] ?? "n")"
    }
    let limit = wanted == .yes && expression.value(in: final) == .module ? ", which would allow only a module" : ""
    return "\(expression) (\(values.joined(separator: ", ")))\(limit)"
  }
}
