/// What a run ends with; the same for every verb, so that scripts and `git bisect run` can rely on it.
enum ExitStatus: Int32 {
  /// Nothing to report.
  case clean = 0
  /// Findings, or failed tests.
  case findings = 1
  /// The input is bad or does not apply.
  case badInput = 2
  /// The kernel configuration could not be made, or the build failed.
  case buildFailed = 3
  /// The guest did not boot, hung or panicked.
  case bootFailed = 4
  /// The command line is wrong (`EX_USAGE`).
  case badUsage = 64
  /// A defect of gmemkit itself (`EX_SOFTWARE`).
  case internalDefect = 70
  /// Ended by SIGINT or SIGTERM.
  case interrupted = 130
}

/// The end of a run that is not clean: a status, and the one line that says why and what to do next.
///
/// A verb throws it after its report is written; `Main` prints the line on standard error and exits with the status.
struct Ending: Error {
  var status: ExitStatus
  var line: String

  init(_ status: ExitStatus, _ line: String) {
    self.status = status
    self.line = line
  }
}
