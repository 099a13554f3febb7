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
      let make = try await objects(in: workspace, history)
      try writeHarness(to: output.appending("harness"))
      let guestInit = try await guestInit()
      var guests: GuestStage?
      var results: [PatchResult] = []
      var stopped: String?
      for subject in tested {
        if let stopped {
          results.append(PatchResult(subject).stopped(by: "not run: \(stopped)"))
          continue
        }
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
        var result: PatchResult
        do {
          try await stage.run()
          result = stage.result
        } catch let error where options.eachCommit || options.comparesWithBase {
          // What was found out about the other patches is worth more than the reason why this one was not.
          guard let reason = Self.reasonToGoOn(error) else { throw error }
          result = stage.result.stopped(by: reason.text)
          if reason.isForAll { stopped = reason.text }
        }
        guests = stage.guests
        results.append(result)
        if result.isLasting { known.keep(result, for: inputs(of: subject), acceleration: guests) }
        events(.finished(result))
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

  /// Whether a patch's error leaves the others their turn: in words, and whether none of them can get further.
  private static func reasonToGoOn(_ error: any Error) -> (text: String, isForAll: Bool)? {
    switch error {
    case let error as BuildError:
      switch error.code {
      case .cancelled, .busy: nil
      case .optionsDropped, .configuration: (error.description, false)
      case .workspace, .tree, .toolMissing: (error.description, true)
      }
    case let error as MachineError: error.code == .cancelled ? nil : (error.description, true)
    case let error as SelftestError: error.code == .cancelled ? nil : (error.description, true)
    default: nil
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
      tests, runs, "\(options.repetitions)", options.runsHarness ? harness.files.map(\.text).joined() : "",
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
    let family = "\(architecture.name)-\(options.profile.name)"
    let key = plan.fragmentText.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let profile = "\(family)-\(String(key & 0xFFFF_FFFF, radix: 16))\(options.measuresCoverage ? "-coverage" : "")"
    try await workspace.prepareObjects(profile: profile, family: family)
    return KernelMake(
      workspace: workspace, profile: profile, target: architecture.target, jobs: options.jobs, history: history,
      profiledObjects: options.measuresCoverage ? profiledObjects : [])
  }

  /// The objects of the changed files, as they end in a path of the build.
  private var profiledObjects: [String] {
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
