import Foundation
import TestSupport
import Testing

@Suite struct CommandLineTests {
  /// Every verb that the help lists.
  static let verbs: [String] = {
    guard let help = try? BuiltBinary.run(["--help"]).text,
      let list = help.components(separatedBy: "SUBCOMMANDS:\n").last
    else { return [] }
    return list.split(separator: "\n").compactMap { line in
      line.hasPrefix("  ") && !line.hasPrefix("   ") && !line.hasPrefix("  See")
        ? line.split(separator: " ").first.map(String.init) : nil
    }
  }()

  @Test func theHelpListsTheVerbs() {
    #expect(Set(Self.verbs).isSuperset(of: ["doctor"]))
  }

  @Test(arguments: verbs) func everyVerbShowsAnExampleInItsHelp(verb: String) throws {
    let run = try BuiltBinary.run([verb, "--help"])
    #expect(run.status == 0)
    #expect(run.text.contains("Example"))
    #expect(run.text.contains("gmemkit \(verb)"))
    #expect(run.errors.isEmpty)
  }

  @Test(arguments: [["no-such-verb"], ["doctor", "--no-such-option"]])
  func badUsageEndsWith64(arguments: [String]) throws {
    let run = try BuiltBinary.run(arguments)
    #expect(run.status == 64)
    #expect(run.text.isEmpty)
    #expect(!run.errors.isEmpty)
  }

  @Test func theVersionIsPrinted() throws {
    #expect(try BuiltBinary.run(["--version"]).text.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test func doctorNamesWhatIsMissingAndHowToGetIt() throws {
    let run = try BuiltBinary.run(["doctor"], environment: ["PATH": "/nonexistent"])
    #expect(run.status == 1)
    #expect(run.text.contains("MISSING  qemu-system-x86"))
    #expect(run.errors.contains("apt-get install"))
    #expect(run.errors.contains("qemu-system-x86"))
    #expect(run.errors.split(separator: "\n").count == 1)
  }
}
