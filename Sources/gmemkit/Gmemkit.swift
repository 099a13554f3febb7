import ArgumentParser

/// The command line: one subcommand per verb, each in a file of its own, each a few lines over a library.
@main
struct Gmemkit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gmemkit",
    abstract: "Apply, lint and boot-test a kernel patch series before you post it.",
    subcommands: []
  )
}
