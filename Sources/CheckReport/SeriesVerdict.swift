import Findings

/// The answer of `gmemkit check`: one row per patch.
public struct SeriesVerdict: Sendable {
  /// The commit that the series was put on, in hexadecimal.
  public let base: String
  /// Its subject, and why this one; nil where nobody asked.
  public let baseReason: String?
  /// What the reader should know besides the verdicts: of the series, of its base, of what lint could not look at.
  public let notes: [String]
  /// How the guest ran, in one line; nil where none was started.
  public let acceleration: String?
  /// Where the run's commands, configuration, logs and results are; nil where nothing was run.
  public let directory: String?
  /// One row per patch, in order.
  public let patches: [PatchVerdict]

  /// A verdict over `patches`.
  public init(
    base: String, baseReason: String?, notes: [String], acceleration: String?, directory: String?,
    patches: [PatchVerdict]
  ) {
    self.base = base
    self.baseReason = baseReason
    self.notes = notes
    self.acceleration = acceleration
    self.directory = directory
    self.patches = patches
  }

  /// Whether every patch is green in every column; an empty series is not.
  public var isGreen: Bool { !patches.isEmpty && patches.allSatisfy(\.isGreen) }

  /// The stage whose failure decides the exit status: the one that keeps most of the others from meaning anything. Where
  /// none failed, the first that did not run; nil where all is green.
  public var decidingStage: PatchVerdict.Stage? {
    let stages: [PatchVerdict.Stage] = [.applies, .builds, .boots, .findings, .tests]
    return stages.first { stage in patches.contains { $0[stage].state == .red } }
      ?? stages.first { stage in patches.contains { $0[stage].state == .notRun } }
  }

  /// What it stood on and how guests ran, the table, and under it the reasons of every cell that is not green.
  public var text: String {
    let stages = PatchVerdict.Stage.allCases
    let header = ["#"] + stages.map(\.rawValue) + ["subject"]
    let rows = patches.map { patch in
      [String(patch.number)] + stages.map { patch[$0].words } + [patch.subject]
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    let lines = ([header] + rows).map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        // The number stands to the right, the subject ends the line.
        return column == 0 ? padding + cell.0 : column == row.count - 1 ? cell.0 : cell.0 + padding
      }
      return cells.joined(separator: "  ")
    }
    return (preamble + lines + reasons + ending).joined(separator: "\n") + "\n"
  }

  private var preamble: [String] {
    ["base    \(base.prefix(12))" + (baseReason.map { " \($0)" } ?? "")] + notes.map { "note    \($0)" }
      + (acceleration.map { ["guests  \($0)"] } ?? []) + [""]
  }

  private var ending: [String] { directory.map { ["", "the run, with replay.sh: \($0)"] } ?? [] }

  private var reasons: [String] {
    patches.filter { !$0.isGreen }.flatMap { patch in
      ["", "\(patch.number) \(patch.subject)"]
        + PatchVerdict.Stage.allCases.flatMap { stage -> [String] in
          let cell = patch[stage]
          guard cell.state != .green else { return [] }
          return cell.reasons.enumerated().map { $0 == 0 ? "  \(stage.rawValue): \($1)" : "    \($1)" }
        }
    }
  }

  /// The same as one JSON document.
  public var json: JSONValue {
    .object([
      ("schema_version", .integer(1)),
      ("base", .string(base)),
      ("base_reason", .optional(baseReason)),
      ("notes", .array(notes.map { .string($0) })),
      ("accel", .optional(acceleration)),
      ("verdict", .string(isGreen ? "green" : "red")),
      (
        "patches",
        .array(
          patches.map { patch in
            .object(
              [
                ("number", .integer(patch.number)), ("subject", .string(patch.subject)),
                ("commit", .optional(patch.commit)),
              ]
                + PatchVerdict.Stage.allCases.map { stage in
                  let cell = patch[stage]
                  return (
                    stage.rawValue,
                    .object([
                      ("state", .string(cell.state.rawValue)), ("words", .string(cell.words)),
                      ("reasons", .array(cell.reasons.map { .string($0) })),
                    ])
                  )
                })
          })
      ),
      ("directory", .optional(directory)),
    ])
  }
}
