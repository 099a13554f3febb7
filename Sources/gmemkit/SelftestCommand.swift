import ArgumentParser
import Findings
import KernelTree
import SeriesSelftest
import SystemPackage
import VirtualMachine

/// `gmemkit selftest`: from a series to a kernel that ran it, patch by patch.
struct SelftestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Build, boot and test a series' commits in QEMU.",
    discussion: """
      Works out from the series which options compile it, which selftests exercise it and which module parameters it \
      adds; configures, builds and boots each commit with lockdep on, runs the tests in the guest, and prints one \
      verdict per patch. Sources and objects are kept in the cache, so the next patch costs seconds. Exit status 1 if a \
      test failed or the kernel complained, 3 if a commit does not build, 4 if it does not boot, hangs or panics.

      Examples:
        gmemkit selftest series.mbox --tree ~/src/linux --each
        gmemkit selftest --tree ~/src/linux --rev master..topic --plan
      """
  )

  @Argument(
    help: ArgumentHelp("An mbox, a maildir, a directory of .patch files, a patch, or '-'.", valueName: "series"))
  var series: String?

  @OptionGroup var tree: TreeOptions

  @OptionGroup var reading: SeriesOptions

  @Option(help: ArgumentHelp("Instead of a series, commits that exist: 'A' or 'A..B'.", valueName: "rev"))
  var rev: String?

  @Flag(help: "Test every commit, not only the last one.")
  var each = false

  @Option(help: "How guests are executed: auto (by trying), kvm or tcg.")
  var accel = SeriesSelftest.AccelerationChoice.auto

  @Option(help: ArgumentHelp("The guests' architecture; without it, this machine's.", valueName: "name"))
  var arch: String?

  @Option(help: ArgumentHelp("Debug options: lockdep, kasan or plain.", valueName: "name"))
  var profile = "lockdep"

  @Flag(help: "Print what would be configured, built and run, and why; build nothing.")
  var plan = false

  @Flag(help: "Measure which of the added lines ran.")
  var coverage = false

  @Option(help: ArgumentHelp("Also write the generated kselftest directory here.", valueName: "dir"))
  var harness: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  @Option(help: ArgumentHelp("Write the results as JUnit XML.", valueName: "file"))
  var junit: String?

  @Flag(name: .customLong("compare-base"), help: "Test the base too, and fail only for what the series breaks.")
  var compareBase = false

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Boots per run, to tell flaky from broken.", valueName: "n"))
  var repetitions = 1

  @Flag(help: "Exit as 'git bisect run' wants it: 0 good, 1 bad, 125 cannot be tested.")
  var bisect = false

  @Flag(help: "Run even if the results are known from the same inputs.")
  var fresh = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Parallel jobs of make.", valueName: "n"))
  var jobs: Int?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Where results go; else a new directory in the cache.", valueName: "dir"))
  var output: String?

  func validate() throws {
    if let series { try SeriesOptions.refuseRanges(among: [series]) }
    if series != nil && rev != nil { throw ValidationError("Give a SERIES or --rev, not both.") }
    if series == nil && rev == nil { throw ValidationError("Give a SERIES, or commits with --tree and --rev.") }
    if !(1...1000).contains(repetitions) { throw ValidationError("--repeat is between 1 and 1000.") }
    if let jobs, jobs < 1 { throw ValidationError("--jobs is at least 1.") }
  }

  func run() async throws {
    do {
      try await test()
    } catch let ending as Ending where bisect && ending.status != .interrupted {
      Console.note("gmemkit: \(ending.line)")
      let isBad = ending.status == .findings || ending.status == .bootFailed
      throw ExitCode(isBad ? 1 : 125)
    }
  }

  private func test() async throws {
    let suite = try await suite()
    if let harness {
      do {
        try suite.writeHarness(to: Self.absolute(harness))
      } catch {
        throw Self.ending(error)
      }
    }
    if plan {
      json ? Console.write(suite.planDocument.document) : Console.write(suite.planText)
      return
    }
    let progress = SelftestProgress(terminal: Console.standardErrorIsTerminal)
    let report: SelftestReport
    do {
      report = try await suite.run { progress.take($0) }
    } catch {
      progress.clear()
      throw Self.ending(error)
    }
    progress.clear()
    if let junit { try Self.write(report.junit, to: junit) }
    json ? Console.write(report.json.document) : Console.write(report.text)
    if report.verdict != .passed { throw Self.ending(report) }
  }
}
