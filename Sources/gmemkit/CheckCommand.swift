import ArgumentParser
import CheckReport
import DefaultTree
import Findings
import Foundation
import KernelTree
import PatchMail
import SeriesApply
import SeriesLint
import SeriesSelftest
import SystemPackage
import VirtualMachine

/// `gmemkit check`: apply, lint and selftest in a row, one verdict per patch.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Apply, lint, build, boot and test a series: one verdict per patch.",
    discussion: """
      Nothing is written to the repository: the commits stay in memory. Every patch is applied, linted for what it \
      adds, built, booted in QEMU with lockdep on, and tested with what the tree and the series bring and with a harness \
      that is generated from it. The table has a row per patch; whatever is not green has its reason below. Exit status 2 if a patch does not apply, else 3 if one does not build, else 4 if one does \
      not boot, else 1 if there are findings, failed tests or complaints of the kernel.

      Example: gmemkit check series.mbox --tree ~/src/linux
      """
  )

  @Argument(
    help: ArgumentHelp("An mbox, a maildir, a directory of .patch files, a patch, or '-'.", valueName: "series"))
  var series: String

  @OptionGroup var tree: TreeOptions

  @OptionGroup var reading: SeriesOptions

  @Option(help: "How guests are executed: auto (by trying), kvm or tcg.")
  var accel = SeriesSelftest.AccelerationChoice.auto

  @Flag(help: "Write one JSON document to standard output.")
  var json = false

  @Flag(help: "Run even what is known from the same inputs.")
  var fresh = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Parallel jobs of make and of lint.", valueName: "n"))
  var jobs: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    if jobs < 1 { throw ValidationError("--jobs is at least 1.") }
  }

  func run() async throws {
    let verdict: SeriesVerdict
    do {
      verdict = try await check()
    } catch let error as MailError {
      throw Ending(.badInput, "\(error)")
    } catch let error as ApplyError {
      throw Ending(.badInput, "\(error)")
    } catch let error as TreeError {
      throw Ending(.badInput, "\(error)")
    } catch let error as LintError {
      throw Ending(.badInput, "\(error)")
    }
    Console.write(json ? verdict.json.document : Array(verdict.text.utf8))
    if let stage = verdict.decidingStage { throw Self.ending(verdict, stage) }
  }

  private func check() async throws -> SeriesVerdict {
    let posted = try SeriesInput.series(at: series, reading.reading)
    let repository = try await tree.repository()
    let base = try await SeriesBase.find(for: posted, in: repository, onto: tree.onto)
    // The table has them too, but it comes when the last guest has ended.
    for warning in posted.warnings { Console.note("gmemkit: warning: \(warning)") }
    Console.note("gmemkit: applying and linting \(posted.patches.count) patches")
    let applied = try await SeriesApplier.apply(posted, to: repository, onto: base.commit)
    let options = LintOptions(jobs: jobs, cache: LintCache(directory: DefaultTree.cacheDirectory() + "/lint"))
    let lint = try await SeriesLinter(repository, checker: SourceRules(), options: options)
      .lint(try await LintedCommit.commits(of: applied, in: repository))
    let tests = try await test(applied, lint, in: repository)
    return SeriesVerdict(
      applied: applied, on: base, warnings: posted.warnings, lint: lint, tests: tests, describe: \.lines)
  }

  private func test(
    _ applied: AppliedSeries, _ lint: LintReport, in repository: KernelRepository
  ) async throws -> SeriesVerdict.TestRun {
    let subjects = SelftestSubject.subjects(of: applied)
    guard !subjects.isEmpty else { return .nothing }
    guard let architecture = Architecture.host else {
      return .failed(.boots, reason: "guests of this processor's architecture are not supported")
    }
    var options = SeriesSelftest.Options(cache: FilePath(DefaultTree.cacheDirectory()), jobs: jobs)
    options.engine = LintCache.engine
    options.acceleration = accel
    options.eachCommit = true
    options.suspicions = { SelftestCommand.suspicions(in: lint) }
    options.fresh = fresh
    let progress = SelftestProgress(terminal: Console.standardErrorIsTerminal)
    defer { progress.clear() }
    do {
      let suite = try await SeriesSelftest(
        subjects, onto: try await repository.tree(of: applied.base), of: repository, architecture: architecture,
        options: options)
      return .report(try await suite.run { progress.take($0) })
    } catch let error as SelftestError {
      switch error.code {
      case .cancelled: throw CancellationError()
      case .input, .configuration: return .failed(.builds, reason: error.description)
      case .machine: return .failed(.boots, reason: error.description)
      }
    }
  }

  private static func ending(_ verdict: SeriesVerdict, _ stage: PatchVerdict.Stage) -> Ending {
    let patches = verdict.patches.filter { !$0.isGreen }.map { "\($0.number)" }.joined(separator: ", ")
    let first = verdict.patches.lazy.map { $0[stage] }.first { $0.state != .green }
    let place = verdict.directory.map { "; the run is in \($0)" } ?? ""
    let line =
      "not green: \(patches.isEmpty ? "the series is empty" : "patch \(patches)"); first in '\(stage.rawValue)': "
      + (first?.reasons.first ?? "nothing ran") + place
    let status: ExitStatus =
      switch stage {
      case .applies: .badInput
      case .findings, .tests: .findings
      case .builds: .buildFailed
      // A kernel that came up and complained is a failed test; one that did not is a failed boot.
      case .boots: verdict.patches.contains { $0[.boots].words == "FAILED" } ? .bootFailed : .findings
      }
    return Ending(status, line)
  }
}
