import ArgumentParser
import Requirements

/// `gmemkit doctor`: what this machine lacks, with the command that mends it.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what this machine lacks, and how to get it.",
    discussion: """
      Looks for every tool and library that a verb needs. Exit status 1 where something needed is missing; the apt \
      line that mends it is on standard error.

      Example: gmemkit doctor
      """
  )

  func run() async throws {
    let report = MachineReport(path: Console.environment("PATH") ?? "/usr/bin:/bin")
    let width = report.rows.map(\.requirement.package.count).max() ?? 0
    for row in report.rows {
      let state = row.location == nil ? (row.requirement.isNeeded ? "MISSING" : "absent ") : "ok     "
      let package = row.requirement.package.padded(to: width)
      Console.write(
        "\(state)  \(package)  \(row.location ?? "\(row.requirement.neededBy): \(row.requirement.reason)")\n")
    }
    if let remedy = report.remedy {
      throw Ending(.findings, "\(report.missing.count) needed packages are missing; install them: \(remedy)")
    }
  }
}

extension String {
  /// The text with spaces behind it up to `width` characters.
  func padded(to width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}
