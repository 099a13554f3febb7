import Findings
import KernelConfig
import LineCoverage
import SelftestHarness
import SelftestPlan

extension SelftestReport {
  /// The report for people: how guests ran, a paragraph per patch, what nothing covers, where everything is.
  public var text: String {
    var text = "guests run on \(acceleration)\n"
    for patch in patches { text += patch.text }
    // A pass says little about what was left out, and whoever reads it has not read the plan.
    if !plan.uncovered.isEmpty { text += "not covered\n" + plan.uncovered.map { "  \($0)\n" }.joined() }
    let own = patches.filter { $0.number > 0 }
    let passed = own.filter { $0.verdict == .passed }
    let untested = passed.filter { !$0.isTested }.count
    text += "\(verdict.rawValue): \(passed.count) of \(own.count) patches passed"
    if untested > 0 { text += ", \(untested) of them without a test" }
    text += "; results in \(directory)\n"
    return text
  }
}

extension PatchResult {
  /// A line per stage and per test, and the lines that matter of what went wrong.
  var text: String {
    let known = isKnown ? " (known result, --fresh runs it again)" : ""
    var text = number == 0 ? "base\(known)\n" : "patch \(number): \(subject)\(known)\n"
    let times = phases.map { "\($0.name) \(Self.rounded($0.seconds)) s" }.joined(separator: ", ")
    text += "  build \(build), boot \(boot)\(times.isEmpty ? "" : "  [\(times)]")\n"
    if let sameAs {
      let twin = sameAs == 0 ? "the base" : "patch \(sameAs)"
      text += "    kernel and test programs are those of \(twin) to the byte: its boots are shown\n"
    }
    for error in errors { text += "    \(error)\n" }
    for warning in warnings.prefix(10) { text += "    new warning: \(warning)\n" }
    if warnings.count > 10 { text += "    and \(warnings.count - 10) more new warnings\n" }
    for test in tests {
      text += "  \(test.result.rawValue)  \(test.name)\(test.change.map { "  (\($0))" } ?? "")\n"
      if test.result != .pass { text += Self.indented(test.message) }
    }
    if boot == "booted", !isTested {
      text += "  no test ran\(tests.isEmpty ? "" : " to its end"): the kernel was compiled and booted, no more\n"
    }
    if let coverage { text += coverage.text }
    for run in runs {
      for problem in run.problems { text += "  problem in run \(run.name):\n" + Self.indented(problem) }
      for problem in run.problemsOfBase ?? [] {
        text += "  as on the base, in run \(run.name): \(problem.prefix { $0 != "\n" })\n"
      }
    }
    return text
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "      \($0)\n" }.joined()
  }

  static func rounded(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

extension PatchCoverage {
  /// The figures, and the lines that did not run, neighbours joined.
  var text: String {
    guard added > 0 else { return "  coverage: it adds no line to a kernel source\n" }
    var text =
      "  coverage: \(executed) of \(runnable) added lines with code ran (\(PatchResult.rounded(percent)) %), \(added) added\n"
    if files.count > 1 { for file in files { text += "    \(file.path): \(file.executed) of \(file.runnable)\n" } }
    let spans = spans
    if !spans.isEmpty { text += "    not executed: \(spans.prefix(40).joined(separator: ", "))\n" }
    if spans.count > 40 { text += "    and \(spans.count - 40) more places\n" }
    return text
  }

  private var spans: [String] {
    var spans: [(path: Substring, first: Int, last: Int)] = []
    for place in missed {
      guard let colon = place.lastIndex(of: ":"), let line = Int(place[place.index(after: colon)...]) else { continue }
      let path = place[..<colon]
      if let last = spans.last, last.path == path, last.last + 1 == line {
        spans[spans.count - 1].last = line
      } else {
        spans.append((path, line, line))
      }
    }
    return spans.map { $0.first == $0.last ? "\($0.path):\($0.first)" : "\($0.path):\($0.first)-\($0.last)" }
  }
}

extension SelftestPlan {
  /// The plan for people: what to set and why, what to run and why, what is left out.
  public var text: String {
    var text = "files\n"
    for file in files {
      let how = file.condition.map { $0 == "y" ? "always compiled" : "compiled if \($0)" } ?? file.role.rawValue
      text += "  \(file.path): \(how)\(file.compiled ? "" : " [not compiled]")\n"
      for hunk in file.hunkConditions {
        text += "    line \(hunk.line): #if \(hunk.condition)\(hunk.compiled ? "" : " [not compiled]")\n"
      }
    }
    text += "options\n"
    for option in options { text += "  \(option.name)=\(option.value)  (\(option.reason))\n" }
    text += "tests\n"
    for test in tests { text += "  \(test.directory):\(test.name)  (\(test.reason))\n" }
    for test in bootTests {
      text += "  at boot: \(test.source)  (\(test.source == test.subject ? "changed" : "tests \(test.subject)"))\n"
    }
    text += "runs\n"
    for run in runs { text += "  \(run.name)\n" }
    if !uncovered.isEmpty { text += "not covered\n" + uncovered.map { "  \($0)\n" }.joined() }
    return text
  }
}

extension SeriesSelftest {
  /// The plan for people, with what the generated harness does.
  public var planText: String {
    plan.text + (harness.lines.isEmpty ? "" : "generated harness\n" + harness.lines.map { "  \($0)\n" }.joined())
  }

  /// The plan as a JSON document.
  public var planDocument: JSONValue {
    guard case .object(let members) = plan.json else { return plan.json }
    return .object(members + [(key: "harness", value: harness.json)])
  }
}
