extension RuleDescription {
  /// The rule as `gmemkit explain` prints it, lines of at most 80 columns.
  public var explanation: String {
    var text = "\(id): \(summary)\n\n"
    text += "Severity \(severity.rawValue), confidence \(confidence.rawValue)"
    text += onByDefault ? ", on by default.\n" : ", off by default: run it with --rule \(id).\n"
    if !judgesPrograms { text += "Programs for user space (tools/, scripts/, usr/) are left out.\n" }
    text += Self.section("What it does", whatItDoes)
    text += Self.section("Why it matters", whyItMatters)
    if !triggering.isEmpty || !nonTriggering.isEmpty { text += "\nExample\n" }
    text += Self.examples("reported:", triggering)
    text += Self.examples("not reported:", nonTriggering)
    text += Self.section("Accepts", list: accepts)
    text += Self.section("Known false positives", list: knownFalsePositives)
    return text
  }

  private static func section(_ title: String, _ paragraph: String) -> String {
    "\n\(title)\n\(wrapped(paragraph, indentation: "  "))"
  }

  private static func section(_ title: String, list: [String]) -> String {
    guard !list.isEmpty else { return "" }
    return "\n\(title)\n" + list.map { wrapped($0, indentation: "    ", first: "  - ") }.joined()
  }

  private static func examples(_ title: String, _ examples: [RuleExample]) -> String {
    guard !examples.isEmpty else { return "" }
    return "  \(title)\n"
      + examples.map { example in
        let before = example.before.map { "    before:\n\(indented($0))    after:\n" } ?? ""
        return before + indented(example.source)
      }.joined(separator: "\n")
  }

  private static func indented(_ source: String) -> String {
    source.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "\n" : "      \($0)\n" }.joined()
  }

  private static func wrapped(_ paragraph: String, indentation: String, first: String? = nil) -> String {
    var lines: [String] = []
    var line = first ?? indentation
    var isEmpty = true
    for word in paragraph.split(whereSeparator: \.isWhitespace) {
      if !isEmpty && line.count + 1 + word.count > 80 {
        lines.append(line)
        line = indentation
        isEmpty = true
      }
      line += isEmpty ? String(word) : " \(word)"
      isEmpty = false
    }
    lines.append(line)
    return lines.joined(separator: "\n") + "\n"
  }
}
