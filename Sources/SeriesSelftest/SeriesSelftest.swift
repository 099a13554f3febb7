import KernelBuild
import KernelConfig
import KernelTree
import SelftestHarness
import SelftestPlan
import SystemPackage
import VirtualMachine

/// Builds, boots and tests the commits of a series on the tree they belong to.
public struct SeriesSelftest: Sendable {
  /// How guests are to be executed.
  public enum AccelerationChoice: String, Sendable, CaseIterable {
    /// By trying whether hardware virtualisation works inside a guest.
    case auto
    /// The host's KVM, whatever comes of it.
    case kvm
    /// Emulation.
    case tcg
  }

  /// What a run may be told.
  public struct Options: Sendable {
    /// Where sources, objects and known results are kept.
    public var cache: FilePath
    /// Where the run's results go; `nil` for a new directory in the cache.
    public var output: FilePath?
    /// How guests are executed.
    public var acceleration: AccelerationChoice = .auto
    /// Every commit, or the last one only.
    public var eachCommit = false
    /// Test the base too and say what the series changed.
    public var comparesWithBase = false
    /// Boots per run; tests that do not always end alike are flaky.
    public var repetitions = 1
    /// Run even if the results are known by their inputs.
    public var fresh = false
    /// Parallel jobs of make, and processors in the machine at most.
    public var jobs: Int
    /// Existing test programs to run at most; those of the series come on top.
    public var testLimit = 8
    /// Measure which added lines ran.
    public var measuresCoverage = false
    /// What static analysis holds against the series; each becomes a test that tries to provoke it.
    /// Asked for when the plan is made, not when it is known.
    public var suspicions: @Sendable () async -> [Suspicion] = { [] }
    /// The build of the program: what another one planned is planned anew.
    public var engine = ""
    /// Debug options by name.
    public var profile = DebugProfile.lockdep

    /// Options with their defaults.
    public init(cache: FilePath, jobs: Int) {
      self.cache = cache
      self.jobs = jobs
    }
  }

  /// The repository with the commits.
  public let repository: KernelRepository
  /// The tree that the series starts from.
  public let base: ObjectID
  /// The commits in order.
  public let subjects: [SelftestSubject]
  /// The architecture that is built and booted.
  public let architecture: Architecture
  /// What the run was told.
  public let options: Options
  /// The plan for the whole series.
  public let plan: SelftestPlan
  /// The tests that were generated from the series.
  public let harness: SelftestHarness

  /// Plans the tests of `subjects`, which stand on the tree `base`.
  ///
  /// - Throws: ``SelftestError`` with code `input` if there is nothing to test or the tree is no kernel.
  public init(
    _ subjects: [SelftestSubject], onto base: ObjectID, of repository: KernelRepository, architecture: Architecture,
    options: Options
  ) async throws(SelftestError) {
    guard let last = subjects.last else {
      throw SelftestError(.input, "no commit to test: the series has none that applies")
    }
    self.repository = repository
    self.base = base
    self.subjects = subjects
    self.architecture = architecture
    self.options = options
    let plans = KnownPlans(directory: options.cache.appending("plans"))
    let inputs = [
      base.hex, last.tree.hex, last.subject, architecture.name, options.profile.name, "\(options.testLimit)",
      "\(options.measuresCoverage)", options.engine,
    ].joined(separator: "\n")
    if let known = plans.plan(for: inputs) {
      (plan, harness) = known
      return
    }
    do {
      (plan, harness) = try await Self.planned(last, onto: base, of: repository, architecture, options)
    } catch let error as TreeError {
      throw SelftestError(error)
    } catch let error as ConfigError {
      throw SelftestError(error)
    } catch {
      throw SelftestError(.input, "cannot plan: \(error)")
    }
    plans.keep(plan, harness, for: inputs)
  }

  private static func planned(
    _ last: SelftestSubject, onto base: ObjectID, of repository: KernelRepository, _ architecture: Architecture,
    _ options: Options
  ) async throws -> (SelftestPlan, SelftestHarness) {
    let changes = try await TreeSnapshot.changes(from: base, to: last.tree, in: repository)
    let sources = changes.filter { $0.path.hasSuffix(".c") && !$0.path.hasPrefix("tools/") }
    let directories = Set(sources.map { String($0.path[..<($0.path.lastIndex(of: "/") ?? $0.path.startIndex)]) })
    let reader = try await TreeSnapshot.reader(
      of: last.tree, in: repository, alsoReading: TreeReader.headers(of: changes), sourcesOf: directories)
    let name = architecture.target.sourceArchitecture
    let planner = try SelftestPlanner(tree: reader, architecture: name)
    let needed = architecture.kernelOptions + architecture.smallMachine.kernelOptions
    var wanted = needed.map { ($0.line, $0.reason) }
    if options.measuresCoverage {
      wanted.append(("CONFIG_DEBUG_FS=y", "the kernel shows its coverage there"))
      wanted.append(("CONFIG_GCOV_KERNEL=y", "coverage was asked for"))
    }
    func plan(_ more: [(line: String, reason: String)]) -> SelftestPlan {
      let machine = (wanted + more).compactMap { SelftestPlanner.BaseOption(line: $0.0, reason: $0.1) }
      return planner.plan(changes, base: machine + options.profile.options, limit: options.testLimit)
    }
    var planned = plan([])
    // Only with the rest of what it takes is there such a machine: PCI alone asks for no firmware tables.
    if planned.options.contains(where: { $0.name == "ACPI" && $0.value == "y" }) {
      wanted += architecture.fullMachine.kernelOptions.map { ($0.line, $0.reason) }
      planned = plan([])
    }
    let built = changes.filter { change in planned.files.contains { $0.path == change.path && $0.compiled } }
    let harness = SelftestHarness(
      for: built.filter { !$0.path.hasPrefix("tools/") && !$0.path.hasPrefix("Documentation/") }, in: reader,
      architecture: name, parameters: planned.parameters, suspicions: await options.suspicions(), title: last.subject)
    if !harness.facts.options.isEmpty { planned = plan(harness.facts.options) }
    return (planned, harness)
  }

  /// The symbols of a tree, to verify a configuration with.
  func symbols(of tree: ObjectID) async throws -> KconfigTree {
    let reader = try await TreeSnapshot.reader(of: tree, in: repository) { $0.contains("Kconfig") }
    return try KconfigTree(sourceArchitecture: architecture.target.sourceArchitecture, read: reader.read)
  }

  /// Whether a patch can have other options than the last one.
  var changesConfiguration: Bool { plan.files.contains { $0.role == .kconfig } }

  /// The commits that this run tests.
  var tested: [SelftestSubject] {
    let own = options.eachCommit ? subjects : Array(subjects.suffix(1))
    guard options.comparesWithBase else { return own }
    return [SelftestSubject(number: 0, subject: "base", commit: base, tree: base)] + own
  }
}

extension Architecture {
  /// What is built for this architecture.
  var target: BuildTarget {
    BuildTarget(kernelName: kernelName, crossPrefix: crossPrefix, image: kernelImage)
  }
}
