import ArgumentParser
import Findings

/// How a lint report is written to standard output.
enum LintFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, sarif, github, b4
  case b4Review = "b4-review"

  /// b4 takes every line on standard error for a failure of the patch.
  var keepsErrorsQuiet: Bool { self == .b4 || self == .b4Review }

  /// The report in this format.
  func render(_ report: LintReport, rules: [RuleDescription]) -> [UInt8] {
    switch self {
    case .text: report.text
    case .json: report.json.document
    case .sarif:
      report.sarif(LintReport.SARIFContext(rules: rules, toolVersion: Version.current)).document
    case .github: report.githubAnnotations
    case .b4: report.b4Lines
    case .b4Review: report.b4Review.document
    }
  }
}
