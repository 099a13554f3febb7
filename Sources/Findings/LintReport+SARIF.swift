extension LintReport {
  /// What SARIF needs beyond the report.
  public struct SARIFContext: Sendable {
    /// The rules that ran, in any order.
    public var rules: [RuleDescription]
    /// The version of the tool.
    public var toolVersion: String
    /// More results than this are left out, and a notification says so; GitHub refuses more than 25,000 in a run.
    public var resultLimit = 25_000

    /// Everything beyond the report.
    public init(rules: [RuleDescription], toolVersion: String) {
      self.rules = rules
      self.toolVersion = toolVersion
    }
  }

  /// The report as one SARIF 2.1.0 log with one run; the evidence of a finding is its code flow.
  ///
  /// Source: OASIS SARIF 2.1.0 (sections 3.13 to 3.49), GitHub's "SARIF support for code scanning".
  public func sarif(_ context: SARIFContext) -> JSONValue {
    let rules = context.rules.sorted { $0.id < $1.id }
    let indices = Dictionary(rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let results =
      findings.map { $0.sarif(columns, ruleIndex: indices[$0.finding.rule], suppression: nil) }
      + suppressed.map {
        $0.reported.sarif(columns, ruleIndex: indices[$0.reported.finding.rule], suppression: $0.reason)
      }
    let left = max(0, results.count - max(0, context.resultLimit))
    return [
      "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": "gmemkit",
              "version": .string(context.toolVersion),
              "semanticVersion": .string(context.toolVersion),
              "informationUri": "https://docs.kernel.org/virt/kvm/index.html",
              "rules": .array(rules.map(\.sarif)),
            ]
          ],
          "columnKind": "utf16CodeUnits",
          "invocations": [
            [
              "executionSuccessful": true,
              "toolExecutionNotifications": .array(notifications(leftOut: left, limit: context.resultLimit)),
            ]
          ],
          "results": .array(Array(results.prefix(max(0, context.resultLimit)))),
        ]
      ],
    ]
  }

  private func notifications(leftOut: Int, limit: Int) -> [JSONValue] {
    var notes: [JSONValue] = limits.map { ["level": "note", "message": ["text": .string($0)]] }
    if leftOut > 0 {
      notes.append([
        "level": "warning",
        "message": ["text": .string("\(leftOut) results are left out: a run may have \(limit)")],
      ])
    }
    for entry in notAnalysed {
      let what = entry.function.isEmpty ? entry.place.path : "'\(entry.function)'"
      notes.append([
        "level": "note",
        "message": ["text": .string("\(what) was not analysed: \(entry.reason)")],
        "locations": [entry.place.sarifLocation(nil, column: entry.place.column)],
      ])
    }
    return notes
  }
}

extension RuleDescription {
  fileprivate var sarif: JSONValue {
    [
      "id": .string(id),
      "name": .string(id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()),
      "shortDescription": ["text": .string(summary)],
      "fullDescription": ["text": .string(whatItDoes)],
      "help": ["text": .string(explanation)],
      "defaultConfiguration": ["enabled": .bool(onByDefault), "level": .string(severity.rawValue)],
      "properties": ["tags": ["kernel"], "precision": .string(confidence == .high ? "high" : confidence.rawValue)],
    ]
  }
}

extension ReportedFinding {
  fileprivate func sarif(
    _ columns: UTF16Columns, ruleIndex: Int?, suppression: String?
  ) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = [("ruleId", .string(finding.rule))]
    if let ruleIndex { members.append(("ruleIndex", .integer(ruleIndex))) }
    members.append(("level", .string(finding.severity.rawValue)))
    members.append(("message", ["text": .string(finding.message)]))
    func column(_ place: SourcePlace) -> Int { columns.column(of: place, commit: patch?.commit) }
    var location = finding.place.sarifMembers(nil, column: column(finding.place))
    if !finding.function.isEmpty {
      location.append(
        ("logicalLocations", [["name": .string(finding.function), "kind": "function"]]))
    }
    members.append(("locations", .array([.object(location)])))
    members.append(("partialFingerprints", ["gmemkit/v1": .string(finding.fingerprint)]))
    if patch != nil {
      let state =
        switch status {
        case .new: "new"
        case .existing: "unchanged"
        case .fixed: "absent"
        }
      members.append(("baselineState", .string(state)))
    }
    if !finding.evidence.isEmpty {
      let steps: [JSONValue] = finding.evidence.map { step in
        ["location": step.place.sarifLocation(step.message, column: column(step.place))]
      }
      members.append(("codeFlows", [["threadFlows": [["locations": .array(steps)]]]]))
    }
    if let suppression {
      members.append(("suppressions", [["kind": "inSource", "justification": .string(suppression)]]))
    }
    var properties: [(key: String, value: JSONValue)] = [("confidence", .string(finding.confidence.rawValue))]
    if let patch {
      properties.append(("patch", .integer(patch.number)))
      properties.append(("patchSubject", .string(patch.subject)))
      if let commit = patch.commit { properties.append(("commit", .string(commit))) }
      if let fixedBy { properties.append(("fixedBy", .integer(fixedBy.number))) }
    }
    members.append(("properties", .object(properties)))
    return .object(members)
  }
}

extension SourcePlace {
  fileprivate func sarifLocation(_ message: String?, column: Int) -> JSONValue {
    .object(sarifMembers(message, column: column))
  }

  fileprivate func sarifMembers(_ message: String?, column: Int) -> [(key: String, value: JSONValue)] {
    var physical: [(key: String, value: JSONValue)] = [
      ("artifactLocation", ["uri": .string(Self.encoded(path)), "uriBaseId": "%SRCROOT%"])
    ]
    if line > 0 {
      var region: [(key: String, value: JSONValue)] = [("startLine", .integer(line))]
      if column > 0 { region.append(("startColumn", .integer(column))) }
      physical.append(("region", .object(region)))
    }
    var members: [(key: String, value: JSONValue)] = [("physicalLocation", .object(physical))]
    if let message { members.append(("message", ["text": .string(message)])) }
    return members
  }

  /// A relative path as a URI reference (RFC 3986): everything but unreserved characters and `/` as `%XX`.
  private static func encoded(_ path: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in path.utf8 {
      let lower = byte | 0x20
      let isPlain =
        lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        || "-._~/".utf8.contains(byte)
      if isPlain {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
