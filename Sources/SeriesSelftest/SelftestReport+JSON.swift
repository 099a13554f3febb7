import Findings
import KernelConfig
import LineCoverage
import SelftestHarness
import SelftestPlan

extension SelftestReport {
  /// The report as a JSON document.
  public var json: JSONValue {
    [
      "schema_version": 1, "accel": .string(acceleration), "plan": plan.json,
      "patches": .array(patches.map(\.json)), "verdict": .string(verdict.rawValue), "directory": .string(directory),
    ]
  }
}

extension PatchResult {
  var json: JSONValue {
    [
      "number": .integer(number), "subject": .string(subject), "commit": .string(commit), "build": .string(build),
      "boot": .string(boot), "verdict": .string(verdict.rawValue), "known": .bool(isKnown),
      "same_as": sameAs.map { .integer($0) } ?? .null,
      "tests": .array(
        tests.map { test in
          [
            "name": .string(test.name), "result": .string(test.result.rawValue), "message": .string(test.message),
            "change": .optional(test.change),
          ]
        }),
      "errors": .strings(errors), "warnings": .strings(warnings),
      "runs": .array(
        runs.map { run in
          [
            "name": .string(run.name), "boot": .string(run.boot), "problems": .strings(run.problems),
            "problems_of_base": .strings(run.problemsOfBase ?? []),
            "milliseconds": .milliseconds(run.seconds),
            "milliseconds_to_first_test": run.secondsToFirstTest.map { .milliseconds($0) } ?? .null,
            "directory": .string(run.directory),
          ]
        }),
      "coverage": coverage?.json ?? .null,
      "phases": .array(phases.map { ["name": .string($0.name), "milliseconds": .milliseconds($0.seconds)] }),
    ]
  }
}

extension PatchCoverage {
  var json: JSONValue {
    [
      "added": .integer(added), "runnable": .integer(runnable), "executed": .integer(executed),
      "missed": .array(missed.map { .string($0) }),
      "files": .array(
        files.map {
          ["path": .string($0.path), "runnable": .integer($0.runnable), "executed": .integer($0.executed)]
        }),
    ]
  }
}

extension SelftestPlan {
  /// The plan as a JSON value.
  public var json: JSONValue {
    [
      "files": .array(
        files.map { file in
          [
            "path": .string(file.path), "role": .string(file.role.rawValue), "condition": .optional(file.condition),
            "compiled": .bool(file.compiled),
            "hunks": .array(
              file.hunkConditions.map {
                ["line": .integer($0.line), "condition": .string($0.condition), "compiled": .bool($0.compiled)]
              }),
          ]
        }),
      "options": .array(
        options.map { ["name": .string($0.name), "value": .string($0.value), "reason": .string($0.reason)] }),
      "tests": .array(
        tests.map { test in
          [
            "directory": .string(test.directory), "name": .string(test.name), "reason": .string(test.reason),
            "new": .bool(test.isNew),
          ]
        }),
      "boot_tests": .array(bootTests.map { ["source": .string($0.source), "subject": .string($0.subject)] }),
      "parameters": .array(
        parameters.map { parameter in
          [
            "module": .string(parameter.module), "name": .string(parameter.name), "type": .string(parameter.kind),
            "default": .string(parameter.defaultValue), "path": .string(parameter.location.path),
            "line": .integer(parameter.location.line),
          ]
        }),
      "runs": .array(runs.map { ["name": .string($0.name), "command_line": .strings($0.commandLine)] }),
      "not_covered": .strings(uncovered),
    ]
  }
}

extension SelftestHarness {
  /// What the harness drives.
  var json: JSONValue {
    [
      "programs": .strings(programs),
      "interfaces": .array(
        facts.interfaces.map {
          [
            "kind": .string($0.kind.rawValue), "name": .string($0.name), "owner": .string($0.owner),
            "path": .string($0.path), "line": .integer($0.line), "reaches": .strings($0.reaches),
          ]
        }),
      "locks": .array(
        facts.locks.map {
          [
            "expression": .string($0.expression), "function": .string($0.function), "path": .string($0.path),
            "line": .integer($0.line),
          ]
        }),
      "suspicions": .array(
        facts.suspicions.map {
          [
            "rule": .string($0.suspicion.rule), "function": .string($0.suspicion.function),
            "path": .string($0.suspicion.path), "line": .integer($0.suspicion.line),
            "by": .strings($0.interfaces.map(\.name)),
          ]
        }),
    ]
  }
}

extension JSONValue {
  fileprivate static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  fileprivate static func milliseconds(_ seconds: Double) -> JSONValue { .integer(Int((seconds * 1_000).rounded())) }
}
