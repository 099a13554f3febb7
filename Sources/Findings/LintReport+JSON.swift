extension LintReport {
  /// The version of the document that `json` writes; it changes when a field changes its meaning or goes.
  public static let schemaVersion = 1

  /// The report as one document, with the fields that DESIGN promises and a stable order.
  public var json: JSONValue {
    [
      "schema_version": .integer(Self.schemaVersion),
      "findings": .array(findings.map(\.json)),
      "not_analysed": .array(notAnalysed.map(\.json)),
      "analysed": ["files": .integer(analysed.files), "functions": .integer(analysed.functions)],
      "suppressed": .array(
        suppressed.map { ["reason": .string($0.reason), "finding": $0.reported.json] }),
      "limits": .array(limits.map { .string($0) }),
      "lock_assert_coverage": .array(assertions.map(\.json)),
    ]
  }
}

extension ReportedFinding {
  /// The finding as the JSON document has it.
  public var json: JSONValue {
    [
      "rule": .string(finding.rule),
      "severity": .string(finding.severity.rawValue),
      "confidence": .string(finding.confidence.rawValue),
      "path": .string(finding.place.path),
      "line": .integer(finding.place.line),
      "column": .integer(finding.place.column),
      "function": .string(finding.function),
      "message": .string(finding.message),
      "patch": patch.map { .integer($0.number) } ?? .null,
      "commit": .optional(patch?.commit),
      "status": .string(status.rawValue),
      "fixed_by": fixedBy.map { .integer($0.number) } ?? .null,
      "fingerprint": .string(finding.fingerprint),
      "evidence": .array(
        finding.evidence.map {
          [
            "path": .string($0.place.path),
            "line": .integer($0.place.line),
            "column": .integer($0.place.column),
            "message": .string($0.message),
          ]
        }),
    ]
  }
}

extension NotAnalysed {
  /// The entry as the JSON document has it.
  public var json: JSONValue {
    [
      "path": .string(place.path),
      "line": .integer(place.line),
      "function": .string(function),
      "reason": .string(reason),
      "patch": patch.map { .integer($0.number) } ?? .null,
    ]
  }
}
