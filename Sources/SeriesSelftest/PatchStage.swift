import SelftestHarness
import ByteText
import KernelBuild
import KernelConfig
import KernelTree
import SelftestPlan
import SystemPackage
import VirtualMachine

/// One patch on its way: export, configure, build, boot, tests.
struct PatchStage {
  let suite: SeriesSelftest
  let subject: SelftestSubject
  let make: KernelMake
  let directory: FilePath
  let guestInit: GuestInit
  let events: @Sendable (SelftestEvent) -> Void
  /// How guests are executed; decided with the first kernel that was built.
  private(set) var guests: GuestStage?
  private(set) var result: PatchResult
  private let clock = ContinuousClock()

  init(
    suite: SeriesSelftest, subject: SelftestSubject, make: KernelMake, directory: FilePath, guestInit: GuestInit,
    guests: GuestStage?, events: @escaping @Sendable (SelftestEvent) -> Void
  ) {
    self.suite = suite
    self.subject = subject
    self.make = make
    self.directory = directory
    self.guestInit = guestInit
    self.guests = guests
    self.events = events
    result = PatchResult(subject)
    result.directory = directory.string
  }

  mutating func run() async throws {
    try await export()
    guard try await configureAndBuild() else { return }
    let programs = try await presentTests()
    let built = try await buildTests(programs)
    let runs = try await presentRuns()
    if guests == nil {
      guests = try await GuestStage(suite: suite, guestInit: guestInit, kernel: make.image, directory: directory)
    }
    guard let guests else { return }
    result.boot = "booted"
    var coverage = suite.options.measuresCoverage ? CoverageStage(make: make, directory: directory) : nil
    let collector = try await coverage?.collector(compiler: suite.architecture.compiler)
    var once: [SelftestProgram: Double] = [:]
    for run in runs {
      var outcomes: [GuestRun] = []
      for repetition in 1...max(1, suite.options.repetitions) {
        let suffix = repetition == 1 ? "" : ".\(repetition)"
        begin("boot \(run.name)\(suffix)")
        let runDirectory = "run-\(RunRecord.fileName(run.name))\(suffix)"
        let path = directory.appending(runDirectory)
        try path.makeDirectories()
        let start = clock.now
        let outcome = try await guests.boot(
          run, of: suite.plan, tests: built.filter { once[$0] == nil }, make: make, collector: collector,
          directory: path, events: events)
        note("\(run.name)\(suffix)", since: start)
        take(outcome, of: run, in: runDirectory)
        try await coverage?.add(outcome.coverage)
        outcomes.append(outcome)
      }
      takeTests(GuestRun.merged(outcomes), of: run)
      for (program, seconds) in once { takeTests([Self.skipped(program, seconds)], of: run) }
      if run == runs.first { once = slowOnes(among: built, in: outcomes) }
    }
    if let coverage {
      let changes = try await TreeSnapshot.changes(
        from: suite.predecessor(of: subject), to: subject.tree, in: suite.repository)
      result.coverage = coverage.coverage(of: changes, in: suite.plan)
      if let trouble = coverage.trouble { result.errors.append(trouble) }
    }
    for (program, errors) in unbuilt {
      result.tests.append(
        TestResult(
          name: program.title, result: .notRun, message: "did not build: \(errors.first ?? "see build-tests.log")"))
    }
  }

  /// Programs that did not compile.
  private var unbuilt: [(SelftestProgram, [String])] = []

  private mutating func export() async throws {
    begin("export")
    let events = events
    let outcome = try await make.workspace.export(
      subject.tree, over: suite.base, of: suite.repository, sourceArchitecture: make.target.sourceArchitecture
    ) { done, all in events(.progress("\(done) of \(all) files")) }
    result.phases.append(.init(name: "export", seconds: outcome.elapsed.seconds))
  }

  private mutating func configureAndBuild() async throws -> Bool {
    begin("configure")
    let symbols = try await suite.symbols(of: subject.tree)
    let (fragment, text) = fragment(for: symbols)
    try directory.appending("kconfig.fragment").write(Array(text.utf8))
    let configuration = try await make.configure(fragment: fragment, text: text, symbols: symbols)
    result.phases.append(.init(name: "configure", seconds: configuration.elapsed.seconds))
    if let bytes = make.objects.appending(".config").contents() { try directory.appending("config").write(bytes) }

    begin("build")
    let events = events
    var outcome = try await make.build { progress in
      let of = progress.expected.map { " of about \($0)" } ?? ""
      events(.progress("\(progress.objects)\(of) objects, \(progress.current)"))
    }
    if outcome.succeeded, !suite.plan.moduleObjects.isEmpty {
      outcome = try await make.compile(objects: suite.plan.moduleObjects)
    }
    try directory.appending("build.log").write(outcome.log)
    result.phases.append(.init(name: "build", seconds: outcome.elapsed.seconds))
    result.build = outcome.succeeded ? "built" : "failed"
    result.errors = outcome.errors
    // In a first build every warning is new; those in files that the series leaves alone are the tree's.
    let touched = suite.plan.files.map { $0.path + ":" }
    result.warnings = outcome.newWarnings.filter { warning in
      !outcome.isFirst || touched.contains { warning.hasPrefix($0) }
    }
    return outcome.succeeded
  }

  /// The fragment without options that this patch's tree does not have yet.
  private func fragment(for symbols: KconfigTree) -> (DotConfig, String) {
    guard suite.changesConfiguration else { return (suite.plan.fragment, suite.plan.fragmentText) }
    var plan = DotConfig()
    var text = ""
    for option in suite.plan.options where symbols.symbols[option.name] != nil {
      plan[option.name] = option.value
      text += "# \(option.reason)\n\(DotConfig.line(option.name, option.value))\n"
    }
    return (plan, text)
  }

  /// The planned programs that this patch's tree has.
  private func presentTests() async throws -> [SelftestProgram] {
    var present: [SelftestProgram] = []
    for test in suite.plan.tests {
      let path = "tools/testing/selftests/\(test.directory)/\(test.name).c"
      guard try await suite.repository.entry(at: path, in: subject.tree) != nil else { continue }
      present.append(SelftestProgram(directory: test.directory, name: test.name))
    }
    guard suite.options.runsHarness else { return present }
    let harness = directory.removingLastComponent().appending("harness")
    return present + suite.harness.programs.map { SelftestProgram(directory: "harness", name: $0, home: harness) }
  }

  private mutating func buildTests(_ programs: [SelftestProgram]) async throws -> [SelftestProgram] {
    begin("tests")
    let start = clock.now
    guard !programs.isEmpty else { return [] }
    let headers = try await make.installHeaders()
    guard headers.succeeded else {
      unbuilt = programs.map { ($0, headers.errors) }
      note("tests", since: start)
      return []
    }
    let outcome = try await make.build(selftests: programs)
    unbuilt = outcome.failed.map { ($0.program, $0.errors) }
    note("tests", since: start)
    return outcome.built
  }

  /// The planned runs whose parameter this patch's tree has.
  private func presentRuns() async throws -> [PlannedRun] {
    var runs: [PlannedRun] = []
    for run in suite.plan.runs {
      let parameter = suite.plan.parameters.first { run.name.hasPrefix("\($0.module).\($0.name)=") }
      guard let parameter else {
        runs.append(run)
        continue
      }
      guard let entry = try await suite.repository.entry(at: parameter.location.path, in: subject.tree) else {
        continue
      }
      let text = try await suite.repository.blob(entry.id).text
      if text.contains("module_param"), text.contains("(\(parameter.name),") { runs.append(run) }
    }
    return runs
  }

  /// Tests of the tree that take long and have nothing to do with the series' own parameters run in the first boot only.
  private func slowOnes(among programs: [SelftestProgram], in outcomes: [GuestRun]) -> [SelftestProgram: Double] {
    var slow: [SelftestProgram: Double] = [:]
    for program in programs where program.home == nil {
      let planned = suite.plan.tests.first { $0.directory == program.directory && $0.name == program.name }
      guard let planned, !planned.isOfSeries, let seconds = outcomes.last?.testSeconds[program.title], seconds > 15
      else {
        continue
      }
      slow[program] = seconds
    }
    return slow
  }

  private static func skipped(_ program: SelftestProgram, _ seconds: Double) -> TestResult {
    TestResult(
      name: program.title, result: .skip,
      message: "took \(PatchResult.rounded(seconds)) s in the first boot, not repeated")
  }

  private mutating func take(_ outcome: GuestRun, of run: PlannedRun, in directory: String) {
    result.runs.append(
      RunResult(
        name: run.name, boot: outcome.boot, problems: outcome.problems, seconds: outcome.seconds,
        secondsToFirstTest: outcome.secondsToFirstTest, directory: directory))
    if outcome.boot != "booted" { result.boot = "failed" }
  }

  private mutating func takeTests(_ tests: [TestResult], of run: PlannedRun) {
    result.tests += tests.map { test in
      TestResult(
        name: run.name == "default" ? test.name : "\(test.name) [\(run.name)]", result: test.result,
        message: test.message)
    }
  }

  private func begin(_ phase: String) { events(.phase(patch: subject.number, name: phase)) }

  private mutating func note(_ phase: String, since start: ContinuousClock.Instant) {
    result.phases.append(.init(name: phase, seconds: (clock.now - start).seconds))
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
