import ArgumentParser

/// The command line: one subcommand per verb, each in a file of its own, each a few lines over a library.
struct Gmemkit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gmemkit",
    abstract: "Apply, lint and boot-test a kernel patch series before you post it.",
    discussion: """
      SERIES is an mbox, a directory of .patch files, a single patch, or '-' for standard input; REPO is a git \
      repository with a kernel tree, and without --tree Debian's 6.12 tree is used.

      Exit status: 0 nothing to report, 1 findings or failed tests, 2 the input is bad or does not apply, \
      3 configuration or build failed, 4 boot failed, hang or panic, 64 bad usage, 70 a defect of gmemkit, \
      130 interrupted.
      """,
    version: Version.current,
    // One line per verb, in alphabetical order.
    subcommands: [
      ApplyCommand.self,
      CheckCommand.self,
      DoctorCommand.self,
      ExplainCommand.self,
      LintCommand.self,
      ParseCommand.self,
      SelftestCommand.self,
      ThreadCommand.self,
    ]
  )
}
