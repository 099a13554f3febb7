extension SelftestReport {
  /// The report as JUnit XML: a suite per patch, a case per stage that failed and per test.
  public var junit: [UInt8] {
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gmemkit selftest\">\n"
    for patch in patches { xml += patch.junit }
    return Array((xml + "</testsuites>\n").utf8)
  }
}

extension PatchResult {
  /// The patch as a JUnit test suite.
  public var junit: String {
    var cases: [String] = []
    cases.append(Self.testCase("build", build == "built" ? "" : Self.element("error", errors.joined(separator: "\n"))))
    for run in runs {
      let problems = run.problems.joined(separator: "\n\n")
      let body =
        run.boot != "booted"
        ? Self.element("error", problems) : problems.isEmpty ? "" : Self.element("failure", problems)
      cases.append(Self.testCase("boot \(run.name)", body))
    }
    for test in tests {
      switch test.result {
      case .pass: cases.append(Self.testCase(test.name, ""))
      case .fail, .flaky: cases.append(Self.testCase(test.name, Self.element("failure", test.message)))
      case .skip: cases.append(Self.testCase(test.name, Self.element("skipped", test.message)))
      case .crash, .notRun: cases.append(Self.testCase(test.name, Self.element("error", test.message)))
      }
    }
    func count(_ element: String) -> Int { cases.filter { $0.contains("<\(element) ") }.count }
    return "  <testsuite name=\"\(Self.escaped("\(number): \(subject)"))\" tests=\"\(cases.count)\" "
      + "failures=\"\(count("failure"))\" errors=\"\(count("error"))\" skipped=\"\(count("skipped"))\">\n"
      + cases.joined() + "  </testsuite>\n"
  }

  private static func testCase(_ name: String, _ body: String) -> String {
    body.isEmpty
      ? "    <testcase name=\"\(escaped(name))\"/>\n"
      : "    <testcase name=\"\(escaped(name))\">\n      \(body)\n    </testcase>\n"
  }

  private static func element(_ name: String, _ text: String) -> String {
    let first = text.split(separator: "\n").first.map(String.init) ?? ""
    return "<\(name) message=\"\(escaped(first))\">\(escaped(text))</\(name)>"
  }

  /// XML text: markup escaped, control characters that XML forbids replaced.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case let other where other.value < 0x20 || other.value == 0xFFFE || other.value == 0xFFFF: result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
