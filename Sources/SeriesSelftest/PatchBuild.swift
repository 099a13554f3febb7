import ByteText
import KernelBuild
import KernelConfig
import KernelTree
import SelftestHarness
import SelftestPlan
import SystemPackage
import VirtualMachine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A patch whose kernel and test programs are there, apart from the object directory: the next patch may be built while
/// this one's guests run.
struct BuiltPatch: Sendable {
  /// A test program as the guest gets it.
  struct Program: Sendable {
    let program: SelftestProgram
    let contents: [UInt8]
  }

  let subject: SelftestSubject
  let directory: FilePath
  /// The kernel image.
  let kernel: FilePath
  /// The kernel with its symbols and line numbers; it goes when the boots have nothing to complain about.
  let symbols: FilePath
  let programs: [Program]
  /// The boots that make sense for this patch's tree.
  let runs: [PlannedRun]
  /// The result so far.
  var result: PatchResult

  /// Frees the room that the symbols take.
  func discardSymbols() { unlink(symbols.string) }

  /// What its guests depend on; two patches that share it cannot behave differently.
  var identity: String {
    let parts = [("kernel", kernel.contents() ?? [])] + programs.map { ($0.program.title, $0.contents) }
    let digests = parts.map { name, bytes in
      let digest = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
      return "\(name) \(bytes.count) \(digest)"
    }
    return (digests + runs.map(\.name)).joined(separator: "\n")
  }
}

/// A patch on its way to a kernel: export, configure, build, tests.
struct PatchBuild {
  let suite: SeriesSelftest
  let subject: SelftestSubject
  let make: KernelMake
  let directory: FilePath
  let events: @Sendable (SelftestEvent) -> Void
  private(set) var result: PatchResult
  private let clock = ContinuousClock()
  /// Programs that did not compile.
  private var unbuilt: [(SelftestProgram, [String])] = []

  init(
    suite: SeriesSelftest, subject: SelftestSubject, make: KernelMake, directory: FilePath,
    events: @escaping @Sendable (SelftestEvent) -> Void
  ) {
    self.suite = suite
    self.subject = subject
    self.make = make
    self.directory = directory
    self.events = events
    result = PatchResult(subject)
    result.directory = directory.string
  }

  /// Builds the patch; `nil` if there is nothing to boot, and ``result`` says why.
  mutating func run() async throws -> BuiltPatch? {
    try await export()
    guard try await configureAndBuild() else { return nil }
    let programs = try await buildTests(try await presentTests()).compactMap { program in
      make.path(of: program).contents().map { BuiltPatch.Program(program: program, contents: $0) }
    }
    for (program, errors) in unbuilt {
      let isOfSeries =
        program.home != nil
        || suite.plan.tests.contains {
          $0.directory == program.directory && $0.name == program.name && $0.isOfSeries
        }
      let lacking = isOfSeries ? nil : MissingHeader.name(in: errors)
      result.tests.append(
        TestResult(
          name: program.title, result: lacking == nil ? .notRun : .skip,
          message: lacking.map {
            "not built: this machine has no <\($0)>"
          }
            ?? "did not build: \(errors.first ?? "see build-tests.log")"))
    }
    let kernel = directory.appending("kernel")
    try kernel.write(make.image.contents() ?? [])
    return BuiltPatch(
      subject: subject, directory: directory, kernel: kernel, symbols: try keepSymbols(), programs: programs,
      runs: try await presentRuns(), result: result)
  }

  /// Gives the linked kernel a second name: the linker makes a new file each time.
  private func keepSymbols() throws -> FilePath {
    let (linked, kept) = (make.objects.appending("vmlinux"), directory.appending("vmlinux"))
    unlink(kept.string)
    if link(linked.string, kept.string) != 0 { try kept.write(linked.contents() ?? []) }
    return kept
  }

  private mutating func export() async throws {
    begin("export")
    let (events, number) = (events, subject.number)
    let outcome = try await make.workspace.export(
      subject.tree, over: suite.base, of: suite.repository, sourceArchitecture: make.target.sourceArchitecture
    ) { done, all in events(.progress(patch: number, "\(done) of \(all) files")) }
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
    let (events, number) = (events, subject.number)
    var outcome = try await make.build { progress in
      let of = progress.expected.map { " of about \($0)" } ?? ""
      events(.progress(patch: number, "\(progress.objects)\(of) objects, \(progress.current)"))
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
      guard try await suite.repository.entry(at: test.source, in: subject.tree) != nil else { continue }
      present.append(SelftestProgram(directory: test.directory, name: test.name))
    }
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

  private func begin(_ phase: String) { events(.phase(patch: subject.number, name: phase)) }

  private mutating func note(_ phase: String, since start: ContinuousClock.Instant) {
    result.phases.append(.init(name: phase, seconds: (clock.now - start).seconds))
  }
}
