import KernelBuild
import KernelConfig
import KernelTree
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
      base.hex, last.tree.hex, architecture.name, options.profile.name, "\(options.testLimit)", ToolVersion.current,
    ].joined(separator: "\n")
    if let known = plans.plan(for: inputs) {
      plan = known
      return
    }
    do {
      let changes = try await TreeSnapshot.changes(from: base, to: last.tree, in: repository)
      let reader = try await TreeSnapshot.reader(
        of: last.tree, in: repository, alsoReading: TreeReader.headers(of: changes))
      let planner = try SelftestPlanner(tree: reader, architecture: architecture.target.sourceArchitecture)
      let needed = architecture.kernelOptions + architecture.smallMachine.kernelOptions
      let machine = needed.compactMap { SelftestPlanner.BaseOption(line: $0.line, reason: $0.reason) }
      plan = planner.plan(changes, base: machine + options.profile.options, limit: options.testLimit)
    } catch let error as TreeError {
      throw SelftestError(error)
    } catch let error as ConfigError {
      throw SelftestError(error)
    } catch {
      throw SelftestError(.input, "cannot plan: \(error)")
    }
    plans.keep(plan, for: inputs)
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
