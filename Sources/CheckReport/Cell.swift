/// What one stage says of one patch.
public struct Cell: Sendable, Hashable {
  /// The state behind the words.
  public enum State: String, Sendable, Hashable {
    /// Nothing to report.
    case green
    /// The stage failed; `reasons` say why.
    case red
    /// The stage did not run; `reasons` say why not.
    case notRun = "not-run"
  }

  /// The state behind the words.
  public let state: State
  /// A few words for the table, e.g. `7 passed`.
  public let words: String
  /// The lines that matter, in the order in which they were found; never empty unless the cell is green.
  public let reasons: [String]

  /// A stage with nothing to report.
  public static func green(_ words: String) -> Cell { Cell(state: .green, words: words, reasons: []) }

  /// A stage that failed.
  public static func red(_ words: String, _ reasons: [String]) -> Cell {
    Cell(state: .red, words: words, reasons: reasons.isEmpty ? [words] : reasons)
  }

  /// A stage that did not run: never shown as if it had passed.
  public static func notRun(_ reason: String) -> Cell { Cell(state: .notRun, words: "-", reasons: [reason]) }
}
