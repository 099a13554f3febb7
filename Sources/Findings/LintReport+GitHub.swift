extension LintReport {
  /// GitHub shows at most this many annotations of one kind per step.
  public static let annotationsPerKind = 10

  /// The failing findings as workflow commands, worst first; what GitHub would drop is counted in a last notice.
  ///
  /// Source: GitHub, "Workflow commands for GitHub Actions".
  public var githubAnnotations: [UInt8] {
    let ordered = failing.enumerated().sorted { left, right in
      let (a, b) = (left.element.finding, right.element.finding)
      if a.severity != b.severity { return a.severity > b.severity }
      if a.confidence != b.confidence { return a.confidence > b.confidence }
      return left.offset < right.offset
    }.map(\.element)
    var shown: [Severity: Int] = [:]
    var leftOut = 0
    var output = ""
    for reported in ordered {
      let severity = reported.finding.severity
      // The last notice is kept for the count.
      let limit = severity == .note ? Self.annotationsPerKind - 1 : Self.annotationsPerKind
      guard shown[severity, default: 0] < limit else {
        leftOut += 1
        continue
      }
      shown[severity, default: 0] += 1
      output += reported.githubAnnotation
    }
    if leftOut > 0 {
      output +=
        "::notice title=gmemkit::\(leftOut) more \(plural(leftOut, "finding")) not shown here; "
        + "'gmemkit lint --format sarif' has all of them\n"
    }
    return Array(output.utf8)
  }
}

extension ReportedFinding {
  fileprivate var githubAnnotation: String {
    let kind =
      switch finding.severity {
      case .error: "error"
      case .warning: "warning"
      case .note: "notice"
      }
    var properties = ["file=\(Self.property(finding.place.path))"]
    if finding.place.line > 0 { properties += ["line=\(finding.place.line)", "endLine=\(finding.place.line)"] }
    if finding.place.line > 0 && finding.place.column > 0 { properties.append("col=\(finding.place.column)") }
    properties.append("title=\(Self.property(finding.rule))")
    var lines = [finding.message]
    lines += finding.evidence.map { "\($0.place): \($0.message)" }
    if let patch { lines.append("introduced by \(patch.label)") }
    return "::\(kind) \(properties.joined(separator: ","))::\(Self.data(lines.joined(separator: "\n")))\n"
  }

  private static func data(_ text: String) -> String { escaped(text, also: []) }

  private static func property(_ text: String) -> String {
    escaped(text, also: [UInt8(ascii: ":"), UInt8(ascii: ",")])
  }

  /// `%`, CR and LF as `%25`, `%0D`, `%0A`, and the separators of properties.
  private static func escaped(_ text: String, also more: [UInt8]) -> String {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte == UInt8(ascii: "%") || byte == 0x0D || byte == 0x0A || more.contains(byte) {
        bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
