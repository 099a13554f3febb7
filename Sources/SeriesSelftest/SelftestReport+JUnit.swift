extension SelftestReport {
  /// The report as JUnit XML: a suite per patch, a case for its build, each of its boots and each test.
  ///
  /// The base is left out: whatever reads the file would hold its failures against the series.
  public var junit: [UInt8] {
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gmemkit selftest\">\n"
    for patch in patches where patch.number > 0 { xml += patch.junit }
    return Array((xml + "</testsuites>\n").utf8)
  }
}

extension PatchResult {
  /// The patch as a JUnit test suite.
  public var junit: String {
    let suite = "\(number): \(subject)"
    func testCase(_ name: String, _ seconds: Double? = nil, _ body: String) -> String {
      let time = seconds.map { " time=\"\(Self.thousandths($0))\"" } ?? ""
      let start = "    <testcase classname=\"\(Self.escaped(suite))\" name=\"\(Self.escaped(name))\"\(time)"
      return body.isEmpty ? start + "/>\n" : start + ">\n      \(body)\n    </testcase>\n"
    }
    let buildTime = phases.first { $0.name == "build" }?.seconds
    var cases = [
      testCase("build", buildTime, build == "built" ? "" : Self.element("error", errors.joined(separator: "\n")))
    ]
    var boots: [String: Int] = [:]
    for run in runs {
      boots[run.name, default: 0] += 1
      let repetition = boots[run.name].flatMap { $0 > 1 ? ".\($0)" : nil } ?? ""
      let problems = run.problems.joined(separator: "\n\n")
      let kind = run.boot == "booted" ? "failure" : "error"
      let isGood = run.boot == "booted" && run.problems.isEmpty
      cases.append(testCase("boot \(run.name)\(repetition)", run.seconds, isGood ? "" : Self.element(kind, problems)))
    }
    for test in tests {
      let body =
        switch test.result {
        case .pass: ""
        case .skip: Self.element("skipped", test.message)
        case .fail, .flaky, .crash, .notRun:
          if !test.isBad {
            Self.element("skipped", "\(test.result.rawValue) as on the base\n\(test.message)")
          } else {
            Self.element(test.result == .fail || test.result == .flaky ? "failure" : "error", test.message)
          }
        }
      cases.append(testCase(test.name, nil, body))
    }
    func count(_ element: String) -> Int { cases.filter { $0.contains("<\(element) ") }.count }
    return "  <testsuite name=\"\(Self.escaped(suite))\" tests=\"\(cases.count)\" failures=\"\(count("failure"))\" "
      + "errors=\"\(count("error"))\" skipped=\"\(count("skipped"))\" "
      + "time=\"\(Self.thousandths(phases.reduce(0) { $0 + $1.seconds }))\">\n"
      + cases.joined() + "  </testsuite>\n"
  }

  /// Seconds with three decimals, as JUnit has them.
  private static func thousandths(_ seconds: Double) -> String {
    let all = Int((max(0, seconds) * 1_000).rounded())
    return "\(all / 1_000).\(String(all % 1_000 + 1_000).dropFirst())"
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
