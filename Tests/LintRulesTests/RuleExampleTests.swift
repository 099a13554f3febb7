import Findings
import KernelC
import LintRules
import Testing

/// Every rule must report its triggering examples where they say, and nothing in the others.
@Suite("Rule examples")
struct RuleExampleTests {
  private static let mark = "/* reported */"

  static let rules = KernelLint().rules

  /// The lines that end in the mark, from 1.
  private func markedLines(_ source: String) -> [Int] {
    source.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .compactMap { $0.element.contains(Self.mark) ? $0.offset + 1 : nil }
  }

  /// `known` are names that the run has met before: which they are must not matter.
  private func lines(_ rule: RuleDescription, _ example: RuleExample, known: [String] = []) -> [Int] {
    let lint = KernelLint()
    for name in known { _ = lint.symbolTable.intern(name) }
    let after = lint.facts(of: Array(example.source.utf8), path: "a.c")
    if let before = example.before {
      let old = lint.facts(of: Array(before.utf8), path: "a.c")
      return lint.checkChange([(old, after)], rules: [rule.id]).findings.map(\.place.line)
    }
    return lint.check([after], focus: ["a.c"], rules: [rule.id]).findings.map(\.place.line)
  }

  @Test("triggering examples are reported at the mark", arguments: rules)
  func triggering(_ rule: RuleDescription) {
    #expect(!rule.triggering.isEmpty)
    for example in rule.triggering {
      #expect(lines(rule, example) == markedLines(example.source), "\(rule.id): \(example.source)")
    }
  }

  @Test("non-triggering examples are left alone", arguments: rules)
  func nonTriggering(_ rule: RuleDescription) {
    #expect(!rule.nonTriggering.isEmpty)
    for example in rule.nonTriggering { #expect(lines(rule, example).isEmpty, "\(rule.id): \(example.source)") }
  }

  @Test("what is reported does not depend on the order in which names are met", arguments: rules)
  func namesInAnotherOrder(_ rule: RuleDescription) {
    for example in rule.triggering + rule.nonTriggering {
      let names = Set(
        example.source.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
      ).sorted()
      let expected = markedLines(example.source)
      #expect(lines(rule, example, known: names) == expected, "\(rule.id): \(example.source)")
      #expect(lines(rule, example, known: names.reversed()) == expected, "\(rule.id): \(example.source)")
    }
  }

  @Test("identifiers are kebab-case and unique")
  func identifiers() {
    let ids = Self.rules.map(\.id)
    #expect(Set(ids).count == ids.count)
    for id in ids { #expect(id.utf8.allSatisfy { $0 == 0x2D || ($0 >= 0x61 && $0 <= 0x7A) }) }
  }
}
