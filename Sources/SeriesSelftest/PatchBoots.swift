import KTAP
import KernelBuild
import KernelTree
import LineCoverage
import SelftestHarness
import SelftestPlan
import SystemPackage
import VirtualMachine

/// A built patch in its guests: one boot per planned run and repetition.
struct PatchBoots {
  let suite: SeriesSelftest
  let patch: BuiltPatch
  let make: KernelMake
  /// Programs that are not run on this patch, each with the reason.
  let deferred: [SelftestProgram: String]
  let events: @Sendable (SelftestEvent) -> Void
  /// How guests are executed; decided with the first kernel that was built.
  private(set) var guests: GuestStage?
  private(set) var result: PatchResult
  /// Seconds that tests took in the first boot, by title.
  private(set) var seconds: [String: Double] = [:]

  init(
    suite: SeriesSelftest, patch: BuiltPatch, make: KernelMake, guests: GuestStage?,
    deferring deferred: [SelftestProgram: String] = [:], events: @escaping @Sendable (SelftestEvent) -> Void
  ) {
    self.suite = suite
    self.patch = patch
    self.make = make
    self.guests = guests
    self.deferred = deferred
    self.events = events
    result = patch.result
  }

  private struct Boot: Sendable {
    let run: PlannedRun
    let name: String
    let directory: String
    let programs: [BuiltPatch.Program]
  }

  mutating func run(guestInit: GuestInit) async throws {
    if guests == nil {
      guests = try await GuestStage(
        suite: suite, guestInit: guestInit, kernel: patch.kernel, directory: patch.directory)
    }
    guard let guests else { return }
    result.boot = "booted"
    // Tests that did not compile stay behind those that ran.
    let unbuilt = result.tests
    result.tests = []
    var coverage = suite.options.measuresCoverage ? CoverageStage(make: make, directory: patch.directory) : nil
    let collector = try await coverage?.collector(compiler: suite.architecture.compiler)
    let programs = patch.programs.filter { deferred[$0.program] == nil }
    var once: [SelftestProgram: String] = [:]
    for run in patch.runs {
      let outcomes = try await boot(
        run, programs.filter { once[$0.program] == nil }, times: max(1, suite.options.repetitions), on: guests,
        collector: collector)
      for outcome in outcomes { try await coverage?.add(outcome.coverage) }
      takeTests(GuestRun.merged(outcomes), of: run)
      takeTests(Self.skipped(once), of: run)
      guard run == patch.runs.first else { continue }
      takeTests(Self.skipped(deferred), of: run)
      seconds = outcomes.last?.testSeconds ?? [:]
      once = suite.slow(among: programs.map(\.program), seconds).mapValues {
        "took \(PatchResult.rounded($0)) s in the first boot, not repeated"
      }
    }
    if let coverage {
      let changes = try await TreeSnapshot.changes(
        from: suite.predecessor(of: patch.subject), to: patch.subject.tree, in: suite.repository)
      result.coverage = coverage.coverage(of: changes, in: suite.plan)
      if let trouble = coverage.trouble { result.errors.append(trouble) }
    }
    result.tests += unbuilt
    if result.runs.allSatisfy(\.problems.isEmpty) { patch.discardSymbols() }
  }

  /// Runs what was deferred after all, in one boot, and puts the results in place of the reasons.
  mutating func catchUp(on earlier: PatchResult) async throws {
    guard let guests, let run = patch.runs.first else { return }
    result = earlier
    let late = patch.programs.filter { deferred[$0.program] != nil }
    let outcomes = try await boot(run, late, suffix: "-late", times: 1, on: guests, collector: nil)
    for test in GuestRun.merged(outcomes) {
      if let index = result.tests.firstIndex(where: { $0.name == test.name }) { result.tests[index] = test }
    }
  }

  /// Boots a run several times, side by side where the machine has processors for it.
  private mutating func boot(
    _ run: PlannedRun, _ programs: [BuiltPatch.Program], suffix: String = "", times: Int, on guests: GuestStage,
    collector: [UInt8]?
  ) async throws -> [GuestRun] {
    let (patch, plan, history, events) = (patch, suite.plan, make.history, events)
    var outcomes: [GuestRun] = []
    for first in stride(from: 1, through: times, by: guests.sideBySide) {
      let names = (first..<min(first + guests.sideBySide, times + 1)).map { suffix + ($0 == 1 ? "" : ".\($0)") }
      let batch = try await withThrowingTaskGroup(of: (Int, GuestRun).self) { group in
        for (index, name) in names.enumerated() {
          events(.phase(patch: patch.subject.number, name: "boot \(run.name)\(name)"))
          let path = patch.directory.appending(Self.directory(of: run, name))
          try path.makeDirectories()
          group.addTask {
            let outcome = try await guests.boot(
              patch, run, of: plan, tests: programs, history: history, collector: collector, directory: path,
              events: events)
            return (index, outcome)
          }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      for (index, name) in names.enumerated() {
        guard let outcome = batch[index] else { continue }
        outcomes.append(outcome)
        result.phases.append(.init(name: run.name + name, seconds: outcome.seconds))
        try await take(outcome, of: run, in: Self.directory(of: run, name))
      }
    }
    return outcomes
  }

  private static func directory(of run: PlannedRun, _ suffix: String) -> String {
    "run-\(RunRecord.fileName(run.name))\(suffix)"
  }

  private static func skipped(_ programs: [SelftestProgram: String]) -> [TestResult] {
    programs.sorted { $0.key < $1.key }.map { TestResult(name: $0.key.title, result: .skip, message: $0.value) }
  }

  private mutating func take(_ outcome: GuestRun, of run: PlannedRun, in directory: String) async throws {
    let problems = try await stories(outcome.splats) + outcome.problems
    result.runs.append(
      RunResult(
        name: run.name, boot: outcome.boot, problems: problems, seconds: outcome.seconds,
        secondsToFirstTest: outcome.secondsToFirstTest, directory: directory))
    if outcome.boot != "booted" { result.boot = "failed" }
  }

  private func stories(_ splats: [Splat]) async throws -> [String] {
    guard !splats.isEmpty else { return [] }
    let story = SplatStory(
      touched: try await suite.touchedFunctions(upTo: patch.subject), symbols: patch.symbols,
      source: make.workspace.source, toolPrefix: suite.architecture.crossPrefix)
    return await story.texts(splats)
  }

  private mutating func takeTests(_ tests: [TestResult], of run: PlannedRun) {
    result.tests += tests.map { test in
      TestResult(
        name: run.name == "default" ? test.name : "\(test.name) [\(run.name)]", result: test.result,
        message: test.message)
    }
  }
}

extension SeriesSelftest {
  /// The programs that take long and are no part of the series, with the seconds that each took.
  func slow(among programs: [SelftestProgram], _ seconds: [String: Double]) -> [SelftestProgram: Double] {
    var slow: [SelftestProgram: Double] = [:]
    for program in programs where program.home == nil {
      let planned = plan.tests.first { $0.directory == program.directory && $0.name == program.name }
      guard let planned, !planned.isOfSeries, let took = seconds[program.title], took > 15 else { continue }
      slow[program] = took
    }
    return slow
  }
}
