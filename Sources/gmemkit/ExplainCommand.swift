import ArgumentParser
import Findings
import SeriesLint

/// `gmemkit explain`: what a rule looks for, why, and when it is wrong.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what a lint rule looks for, why it matters and when it is wrong.",
    discussion: """
      Without RULE, lists the rules.

      Example: gmemkit explain double-lock
      """
  )

  @Argument(help: ArgumentHelp("The rule's identifier, as in the brackets behind a finding.", valueName: "rule"))
  var rule: String?

  func run() throws {
    let rules = SourceRules.descriptions.sorted { $0.id < $1.id }
    guard let rule else {
      let width = rules.map(\.id.count).max() ?? 0
      for rule in rules {
        Console.write("\(rule.id.padded(to: width))  \(rule.summary)\(rule.onByDefault ? "" : " (off by default)")\n")
      }
      return
    }
    guard let found = rules.first(where: { $0.id == rule }) else {
      throw Ending(.badInput, "there is no rule '\(rule)'; 'gmemkit explain' lists them")
    }
    Console.write(found.explanation)
  }
}
