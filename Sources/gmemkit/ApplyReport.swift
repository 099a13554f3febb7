import Findings
import KernelTree
import PatchMail
import SeriesApply

/// What `gmemkit apply` says, as text and as JSON.
struct ApplyReport {
  let posted: PatchSeries
  let base: SeriesBase
  let series: AppliedSeries
  /// Whether the text holds the diffs of hunks that would fit with other context.
  let showsPreviews: Bool
  var landing: SeriesLanding?
  var prerequisites: [PrerequisiteCheck] = []

  /// The commit of a patch as it stands on the branch.
  private func commit(at index: Int) -> ObjectID? {
    guard let landing else { return nil }
    return landing.commits[index]
  }

  /// The one line for standard error; nil when everything applied.
  var refusal: String? {
    let conflicts = series.patches.filter { $0.status == .conflict }
    guard !conflicts.isEmpty else { return nil }
    let hunks = conflicts.reduce(0) { $0 + $1.failedHunks.count }
    let numbers =
      conflicts.prefix(20).map { String($0.number) }.joined(separator: ", ")
      + (conflicts.count > 20 ? " and \(conflicts.count - 20) more" : "")
    let what =
      conflicts.count == 1
      ? "patch \(numbers) of \(posted.count) does not apply" : "patches \(numbers) of \(posted.count) do not apply"
    let count = hunks == 0 ? "" : " (\(hunks) \(hunks == 1 ? "hunk" : "hunks"))"
    return "\(what) onto \(base.commit.short)\(count), nothing was written; \(advice)"
  }

  private var advice: String {
    let missing = prerequisites.filter(\.isMissing)
    if !missing.isEmpty {
      return "the series names \(missing.count) "
        + (missing.count == 1 ? "prerequisite" : "prerequisites") + " that the base does not have: apply them first"
    }
    if let file = base.unknown.first {
      return "blob \(file.prefix) of '\(file.path)' is not in the repository: apply what the series was made on first, "
        + "or fetch its tree"
    }
    if let best = base.candidates.first { return "try --onto \(best.commit.short), which has more of its files" }
    return "choose another base with --onto, or resolve the hunks above by hand"
  }

  // MARK: Text

  var text: String {
    var lines = ["base    \(base.commit.short) \(base.subject) (\(base.reason))"]
    for note in base.remarks + posted.warnings { lines.append("note    \(note)") }
    if base.matched < base.wanted || !series.isComplete {
      for file in base.unknown {
        lines.append("missing blob \(file.prefix) of \(file.path), which the series was made from")
      }
    }
    lines += prerequisites.compactMap(Self.line)
    let width = String(posted.count).count
    for patch in series.patches {
      let number = String(repeating: " ", count: width - min(width, String(patch.number).count)) + "\(patch.number)"
      lines.append("\(number)/\(posted.count)  \(Self.word(patch))  \(patch.subject)\(Self.ways(patch))")
      if let failure = patch.failure { lines.append("      \(failure)") }
      for warning in patch.warnings { lines.append("      warning: \(warning)") }
      for hunk in patch.failedHunks {
        lines += hunk.lines
        guard showsPreviews, let preview = hunk.preview else { continue }
        lines.append("        with the file's own context it would be (not applied):")
        lines += preview.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { "          \($0)" }
      }
    }
    if let landing {
      lines.append("branch  \(landing.branch)" + (landing.wasThere ? " (was there, the same series)" : ""))
    } else if series.isComplete {
      lines.append("branch  none (dry run)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(_ check: PrerequisiteCheck) -> String? {
    let item = check.prerequisite
    let name = item.text == item.value ? item.value : "\(item.value) \(item.text)"
    switch check.state {
    case .present(let commit): return "has     \(item.kind.rawValue) \(name) (\(commit.short))"
    case .elsewhere(let commit):
      return "missing \(item.kind.rawValue) \(name) (\(commit.short) is in the repository, not below the base)"
    case .missing: return "missing \(item.kind.rawValue) \(name)"
    case .unknown(let reason): return "unknown \(item.kind.rawValue) \(name): \(reason)"
    }
  }

  private static func word(_ patch: AppliedPatch) -> String {
    switch patch.status {
    case .applied: patch.commit == nil ? "fits    " : "applied "
    case .conflict: "CONFLICT"
    case .skipped: "skipped "
    }
  }

  /// What a reader should look at although the patch applied.
  private static func ways(_ patch: AppliedPatch) -> String {
    var parts: [String] = []
    let moved = patch.hunks.filter { $0.how == .offset }
    if !moved.isEmpty {
      let distances = Set(moved.map { ($0.offset > 0 ? "+" : "") + "\($0.offset)" }).sorted()
      let shown = distances.prefix(3).joined(separator: ", ") + (distances.count > 3 ? ", ..." : "")
      parts.append("\(moved.count) at an offset (\(shown))")
    }
    let merged = patch.hunks.count { $0.how == .threeWay }
    if merged > 0 { parts.append("\(merged) by three-way merge") }
    if patch.status == .skipped { parts = ["its changes are there already"] }
    return parts.isEmpty ? "" : "  [\(parts.joined(separator: ", "))]"
  }

  // MARK: JSON

  var json: JSONValue {
    .object([
      ("schema_version", .integer(1)),
      ("base", .string(base.commit.hex)),
      ("base_origin", .string(base.origin.rawValue)),
      ("base_wanted", .integer(base.wanted)),
      ("base_matched", .integer(base.matched)),
      ("branch", .optional(landing?.branch)),
      (
        "patches",
        .array(
          series.patches.enumerated().map { index, patch in
            .object([
              ("number", .integer(patch.number)),
              ("subject", .string(patch.subject)),
              ("message_id", .optional(patch.messageID)),
              ("commit", .optional(commit(at: index)?.hex)),
              ("status", .string(patch.status.rawValue)),
              ("failure", .optional(patch.failure)),
              ("warnings", .array(patch.warnings.map { .string($0) })),
              ("hunks", .array(patch.hunks.map(\.json))),
            ])
          })
      ),
      (
        "unknown_blobs",
        .array(base.unknown.map { .object([("path", .string($0.path)), ("blob", .string($0.prefix))]) })
      ),
      ("prerequisites", .array(prerequisites.map(Self.json))),
    ])
  }

  private static func json(_ check: PrerequisiteCheck) -> JSONValue {
    let state: String
    switch check.state {
    case .present: state = "present"
    case .elsewhere: state = "elsewhere"
    case .missing: state = "missing"
    case .unknown: state = "unknown"
    }
    return .object([
      ("kind", .string(check.prerequisite.kind.rawValue)), ("value", .string(check.prerequisite.value)),
      ("text", .string(check.prerequisite.text)), ("state", .string(state)),
    ])
  }
}
