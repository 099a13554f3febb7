import KernelBuild
import KernelConfig
import KernelTree
import SelftestHarness
import SelftestPlan
import SystemPackage
import VirtualMachine

/// What a run says while it goes on.
public enum SelftestEvent: Sendable {
  /// A phase of a patch began: `export`, `configure`, `build`, `tests`, `boot default`.
  case phase(patch: Int, name: String)
  /// The current phase of a patch moved on, in a few words.
  case progress(patch: Int, String)
  /// A patch is through.
  case finished(PatchResult)
}

extension SeriesSelftest {
  /// Runs the plan.
  ///
  /// - Throws: ``SelftestError`` if nothing can be tested; what does not build, boot or pass is in the report.
  public func run(events: @escaping @Sendable (SelftestEvent) -> Void = { _ in }) async throws(SelftestError)
    -> SelftestReport
  {
    let known = KnownResults(directory: options.cache.appending("results"))
    if !options.fresh, let report = knownReport(known) {
      for patch in report.patches { events(.finished(patch)) }
      return report
    }
    do throws(MachineError) {
      try architecture.verifyTools()
    } catch {
      throw SelftestError(error)
    }
    let output = try outputDirectory()
    let history = CommandHistory()
    let workspace = KernelWorkspace(cache: options.cache, repository: repository.path)
    do {
      let lock = try workspace.lock()
      let make = try await objects(in: workspace, history)
      try writeHarness(to: output.appending("harness"))
      var pipeline = PatchPipeline(
        suite: self, make: make, output: output, known: known, guestInit: try await guestInit(), events: events)
      try await pipeline.run()
      let acceleration = pipeline.guests?.acceleration.description ?? known.acceleration ?? "no guest was started"
      let report = SelftestReport(
        acceleration: acceleration, plan: plan, patches: compared(pipeline.results), directory: output.string)
      try RunRecord(suite: self, output: output, make: make).write(report)
      _ = consume lock
      return report
    } catch let error as SelftestError {
      throw error
    } catch let error as BuildError {
      throw SelftestError(error)
    } catch let error as MachineError {
      throw SelftestError(error)
    } catch {
      throw SelftestError(.input, "\(error)")
    }
  }

  /// The report of earlier runs if every tested patch has one with the same inputs.
  private func knownReport(_ known: KnownResults) -> SelftestReport? {
    var results: [PatchResult] = []
    for subject in tested {
      guard let result = knownResult(of: subject, known) else { return nil }
      results.append(result)
    }
    return SelftestReport(
      acceleration: known.acceleration ?? "known results", plan: plan, patches: compared(results),
      directory: results.last?.directory ?? known.directory.string)
  }

  /// The results with what each test was on the base.
  private func compared(_ results: [PatchResult]) -> [PatchResult] {
    guard let base = results.first(where: { $0.number == 0 }) else { return results }
    return results.map { result in
      guard result.number > 0 else { return result }
      var result = result
      result.compare(with: base)
      return result
    }
  }

  /// The result of an earlier run: of the whole patch, or for one in the middle of the series without the slow tests.
  func knownResult(of subject: SelftestSubject, _ known: KnownResults) -> PatchResult? {
    if let result = known.result(for: inputs(of: subject, isWhole: true), like: subject) { return result }
    let ends = [tested.first?.number, tested.last?.number]
    guard !ends.contains(subject.number) else { return nil }
    return known.result(for: inputs(of: subject, isWhole: false), like: subject)
  }

  /// Everything that a patch's result depends on.
  ///
  /// - Parameter isWhole: whether all of its tests were run, slow ones too.
  func inputs(of subject: SelftestSubject, isWhole: Bool) -> String {
    let tests = plan.tests.map { "\($0.directory):\($0.name)" }.joined(separator: " ")
    let runs = plan.runs.map(\.name).joined(separator: " ")
    return [
      subject.tree.hex, architecture.name, options.profile.name, options.acceleration.rawValue, plan.fragmentText,
      tests, runs, "\(options.repetitions)", harness.files.map(\.text).joined(),
      isWhole ? "" : "without slow tests",
      options.measuresCoverage ? "coverage since \(predecessor(of: subject).hex)" : "", ToolVersion.current,
    ].joined(separator: "\n")
  }

  private func outputDirectory() throws(SelftestError) -> FilePath {
    let output = options.output ?? options.cache.appending("runs").appending(Self.stamp())
    do {
      try output.makeDirectories()
    } catch {
      throw SelftestError(error)
    }
    return output
  }

  /// Writes the generated kselftest directory with the configuration it needs; nothing if there is nothing to drive.
  public func writeHarness(to directory: FilePath) throws(SelftestError) {
    guard !harness.files.isEmpty else { return }
    do {
      try directory.makeDirectories()
      for file in harness.files { try directory.appending(file.name).write(Array(file.text.utf8)) }
      try directory.appending("kconfig.fragment").write(Array(plan.fragmentText.utf8))
    } catch {
      throw SelftestError(error)
    }
  }

  /// One object directory per configuration: going back to an earlier series costs nothing.
  private func objects(in workspace: KernelWorkspace, _ history: CommandHistory) async throws -> KernelMake {
    // With and without counters next to nothing is alike, so neither begins as a copy of the other.
    let family = "\(architecture.name)-\(options.profile.name)\(options.measuresCoverage ? "+coverage" : "")"
    let key = plan.fragmentText.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let profile = "\(family)-\(String(key & 0xFFFF_FFFF, radix: 16))"
    try await workspace.prepareObjects(profile: profile, family: family)
    return KernelMake(
      workspace: workspace, profile: profile, target: architecture.target, jobs: options.jobs, history: history,
      watchedObjects: changedObjects, countsLines: options.measuresCoverage)
  }

  /// The objects of the changed files, as they end in a path of the build.
  private var changedObjects: [String] {
    plan.files.filter { $0.role == .source && $0.compiled && $0.path.hasSuffix(".c") }.map {
      $0.path.dropLast(2) + ".o"
    }
  }

  /// The tree that a patch's own changes are counted from.
  func predecessor(of subject: SelftestSubject) -> ObjectID {
    guard options.eachCommit, let index = subjects.firstIndex(where: { $0.commit == subject.commit }), index > 0 else {
      return base
    }
    return subjects[index - 1].tree
  }

  private func guestInit() async throws(MachineError) -> GuestInit {
    try await GuestInit(for: architecture, cache: options.cache)
  }
}
