import KernelBuild
import KernelConfig
import KernelTree
import SelftestPlan
import SystemPackage
import VirtualMachine

/// What a run says while it goes on.
public enum SelftestEvent: Sendable {
  /// A phase of a patch began: `export`, `configure`, `build`, `tests`, `boot default`.
  case phase(patch: Int, name: String)
  /// The current phase moved on, in a few words.
  case progress(String)
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
      let make = KernelMake(
        workspace: workspace, profile: "\(architecture.name)-\(options.profile.name)", target: architecture.target,
        jobs: options.jobs, history: history)
      let guestInit = try await guestInit()
      var guests: GuestStage?
      var results: [PatchResult] = []
      for subject in tested {
        if !options.fresh, let result = known.result(for: inputs(of: subject), like: subject) {
          results.append(result)
          events(.finished(result))
          continue
        }
        let directory = output.appending("patch-\(subject.number)")
        try directory.makeDirectories()
        var stage = PatchStage(
          suite: self, subject: subject, make: make, directory: directory, guestInit: guestInit, guests: guests,
          events: events)
        try await stage.run()
        guests = stage.guests
        results.append(stage.result)
        if stage.result.isLasting { known.keep(stage.result, for: inputs(of: subject), acceleration: guests) }
        events(.finished(stage.result))
      }
      let report = SelftestReport(
        acceleration: guests?.acceleration.description ?? known.acceleration ?? "no guest was started", plan: plan,
        patches: compared(results), directory: output.string)
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
      guard let result = known.result(for: inputs(of: subject), like: subject) else { return nil }
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

  /// Everything that a patch's result depends on.
  func inputs(of subject: SelftestSubject) -> String {
    let tests = plan.tests.map { "\($0.directory):\($0.name)" }.joined(separator: " ")
    let runs = plan.runs.map(\.name).joined(separator: " ")
    return [
      subject.tree.hex, architecture.name, options.profile.name, options.acceleration.rawValue, plan.fragmentText,
      tests,
      runs, "\(options.repetitions)", ToolVersion.current,
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

  private func guestInit() async throws(MachineError) -> GuestInit {
    try await GuestInit(for: architecture, cache: options.cache)
  }
}
