/// One row of the verdict: a patch and what each stage says of it.
public struct PatchVerdict: Sendable {
  /// The stages, in the order in which they run.
  public enum Stage: String, Sendable, CaseIterable {
    case applies, findings, builds, boots, tests
  }

  /// Its place in the series, from 1.
  public let number: Int
  /// Its subject without the bracketed prefix.
  public let subject: String
  /// The commit it became, in hexadecimal; nil where it did not apply.
  public let commit: String?
  /// One cell per stage.
  public let cells: [Stage: Cell]

  /// A row; a stage without a cell counts as not run.
  public init(number: Int, subject: String, commit: String?, cells: [Stage: Cell]) {
    self.number = number
    self.subject = subject
    self.commit = commit
    self.cells = cells
  }

  /// What `stage` says.
  public subscript(stage: Stage) -> Cell { cells[stage] ?? .notRun("nothing ran this stage") }

  /// Whether every stage ran and had nothing to report.
  public var isGreen: Bool { Stage.allCases.allSatisfy { self[$0].state == .green } }
}
