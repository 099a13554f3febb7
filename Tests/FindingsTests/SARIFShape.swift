/// The part of the SARIF 2.1.0 schema that a log with results, rules and code flows can break: required members, types
/// and the values of enumerations, section by section of the standard.
enum SARIFShape {
  /// What a log has that the schema does not allow, or lacks that it requires.
  static func problems(of log: [String: Any]) -> [String] {
    var problems: [String] = []
    object.check(log, "log", &problems)
    return problems
  }

  private indirect enum Shape: Sendable {
    case string, integer(least: Int), bool
    case oneOf([String])
    case list(Shape)
    case map(Shape)
    case members([String: Shape], required: [String])
    case anything

    func check(_ value: Any, _ path: String, _ problems: inout [String]) {
      switch self {
      case .anything: break
      case .string: if !(value is String) { problems.append("\(path): no string") }
      case .bool: if !(value is Bool) { problems.append("\(path): no boolean") }
      case .integer(let least):
        if (value as? Int).map({ $0 < least }) ?? true { problems.append("\(path): no integer from \(least)") }
      case .oneOf(let values):
        if !values.contains((value as? String) ?? "") { problems.append("\(path): none of \(values)") }
      case .list(let shape):
        guard let list = value as? [Any] else { return problems.append("\(path): no array") }
        for (index, element) in list.enumerated() { shape.check(element, "\(path)[\(index)]", &problems) }
      case .map(let shape):
        guard let members = value as? [String: Any] else { return problems.append("\(path): no object") }
        for (key, member) in members { shape.check(member, "\(path).\(key)", &problems) }
      case .members(let shapes, let required):
        guard let members = value as? [String: Any] else { return problems.append("\(path): no object") }
        for key in required where members[key] == nil { problems.append("\(path): no \(key)") }
        for (key, member) in members {
          guard let shape = shapes[key] else {
            problems.append("\(path): \(key) is not in the schema")
            continue
          }
          shape.check(member, "\(path).\(key)", &problems)
        }
      }
    }
  }

  private static let message = Shape.members(["text": .string, "id": .string], required: ["text"])
  private static let level = Shape.oneOf(["none", "note", "warning", "error"])
  private static let physical = Shape.members(
    [
      "artifactLocation": .members(["uri": .string, "uriBaseId": .string], required: []),
      "region": .members(
        [
          "startLine": .integer(least: 1), "startColumn": .integer(least: 1), "endLine": .integer(least: 1),
          "endColumn": .integer(least: 1),
        ], required: []),
    ], required: ["artifactLocation"])
  private static let location = Shape.members(
    [
      "physicalLocation": physical, "message": message,
      "logicalLocations": .list(.members(["name": .string, "kind": .string], required: [])),
    ], required: [])
  private static let rule = Shape.members(
    [
      "id": .string, "name": .string, "shortDescription": message, "fullDescription": message, "help": message,
      "defaultConfiguration": .members(["enabled": .bool, "level": level], required: []), "properties": .map(.anything),
    ], required: ["id"])
  private static let driver = Shape.members(
    [
      "name": .string, "version": .string, "semanticVersion": .string, "informationUri": .string, "rules": .list(rule),
    ], required: ["name"])
  private static let result = Shape.members(
    [
      "ruleId": .string, "ruleIndex": .integer(least: -1), "level": level, "message": message,
      "locations": .list(location), "partialFingerprints": .map(.string),
      "baselineState": .oneOf(["new", "unchanged", "updated", "absent"]),
      "codeFlows": .list(
        .members(
          [
            "threadFlows": .list(
              .members(["locations": .list(.members(["location": location], required: []))], required: ["locations"]))
          ], required: ["threadFlows"])),
      "suppressions": .list(
        .members(["kind": .oneOf(["inSource", "external"]), "justification": .string], required: ["kind"])),
      "properties": .map(.anything),
    ], required: ["message"])
  private static let notification = Shape.members(
    ["level": level, "message": message, "locations": .list(location)], required: ["message"])
  private static let run = Shape.members(
    [
      "tool": .members(["driver": driver], required: ["driver"]),
      "columnKind": .oneOf(["utf16CodeUnits", "unicodeCodePoints"]),
      "invocations": .list(
        .members(
          ["executionSuccessful": .bool, "toolExecutionNotifications": .list(notification)],
          required: ["executionSuccessful"])),
      "results": .list(result),
    ], required: ["tool"])
  private static let object = Shape.members(
    ["$schema": .string, "version": .oneOf(["2.1.0"]), "runs": .list(run)], required: ["version", "runs"])
}
