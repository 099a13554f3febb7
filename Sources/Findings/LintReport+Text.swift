extension LintReport {
  /// The report as gcc would write it: `path:line:col: warning: text [rule-id]`, evidence as notes under it.
  ///
  /// Nothing else is in it, so that editors and hooks can read it; counts belong on standard error (see `summary`).
  public var text: [UInt8] {
    var output = ""
    for reported in findings { reported.write(to: &output) }
    return Array(output.utf8)
  }

  /// One line for standard error: what was found, what was looked at, what was not.
  public var summary: String {
    var parts: [String] = []
    let failing = failing.count
    let isSeries = findings.contains { $0.patch != nil }
    parts.append(
      failing == 0
        ? "no \(isSeries ? "new " : "")findings" : "\(failing) \(isSeries ? "new " : "")\(plural(failing, "finding"))")
    let fixed = findings.count { $0.status == .fixed }
    if fixed > 0 { parts.append("\(fixed) fixed") }
    if !suppressed.isEmpty { parts.append("\(suppressed.count) suppressed in the source") }
    parts.append(
      "\(analysed.functions) \(plural(analysed.functions, "function")) in \(analysed.files) "
        + "\(plural(analysed.files, "file")) analysed")
    if !notAnalysed.isEmpty { parts.append("\(notAnalysed.count) not analysed") }
    return parts.joined(separator: ", ")
  }
}

/// "file" or "files".
func plural(_ count: Int, _ noun: String) -> String { count == 1 ? noun : noun + "s" }

extension ReportedFinding {
  func write(to output: inout String) {
    let label = status == .fixed ? "note" : finding.severity.rawValue
    let prefix = status == .fixed ? "fixed: " : ""
    output += "\(finding.place): \(label): \(prefix)\(finding.message.oneLine) [\(finding.rule)]\n"
    for step in finding.evidence { output += "\(step.place): note: \(step.message.oneLine)\n" }
    guard let patch else { return }
    let verb =
      switch status {
      case .new: "introduced"
      case .fixed: "removed"
      case .existing: "present before and after"
      }
    output += "\(finding.place): note: \(verb)\(status == .existing ? "" : " by") \(patch.label)\n"
    if let fixedBy { output += "\(finding.place): note: removed again by \(fixedBy.label)\n" }
  }
}

extension PatchIdentity {
  /// `patch 2/5 "KVM: gmem: …" (0123456789ab)`.
  public var label: String {
    let abbreviated = commit.map { " (\($0.prefix(12)))" } ?? ""
    return "patch \(number)/\(count) \"\(subject.oneLine)\"\(abbreviated)"
  }
}

extension String {
  /// The text with line ends and other control characters as spaces: one finding stays one line.
  var oneLine: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return self }
    return String(decoding: utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
  }
}
