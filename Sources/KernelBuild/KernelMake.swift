import ChildProcess
import Synchronization
import SystemPackage

/// What is built, for which architecture and by which compiler: one value per architecture.
public struct BuildTarget: Sendable, Hashable {
  /// The value of `ARCH=`, such as `x86_64`.
  public let kernelName: String
  /// The directory below `arch/`, such as `x86` (Kbuild's SRCARCH).
  public let sourceArchitecture: String
  /// The value of `CROSS_COMPILE=`; empty for the host's own compiler.
  public let crossPrefix: String
  /// The kernel image, relative to the object directory.
  public let image: String

  /// Describes a target.
  public init(kernelName: String, crossPrefix: String = "", image: String) {
    self.kernelName = kernelName
    sourceArchitecture = kernelName == "x86_64" || kernelName == "i386" ? "x86" : kernelName
    self.crossPrefix = crossPrefix
    self.image = image
  }
}

/// Runs the kernel's make in one workspace and keeps what it ran.
public struct KernelMake: Sendable {
  /// The workspace.
  public let workspace: KernelWorkspace
  /// The profile whose object directory is used.
  public let profile: String
  /// What is built.
  public let target: BuildTarget
  /// Parallel jobs.
  public let jobs: Int
  /// Whether a compiler cache is used.
  public let usesCompilerCache: Bool
  /// Objects that a run is about, as the ends of their paths: `virt/kvm/guest_memfd.o`. They have line numbers for traces.
  public let watchedObjects: [String]
  /// Whether those objects are compiled with gcov's counters.
  public let countsLines: Bool
  /// The commands as they were run.
  public let history: CommandHistory

  /// Prepares to build a profile in a workspace; looks for ccache in PATH.
  public init(
    workspace: KernelWorkspace, profile: String, target: BuildTarget, jobs: Int, history: CommandHistory,
    watchedObjects: [String] = [], countsLines: Bool = false
  ) {
    self.watchedObjects = watchedObjects
    self.countsLines = countsLines
    self.workspace = workspace
    self.profile = profile
    self.target = target
    self.jobs = max(1, jobs)
    self.history = history
    usesCompilerCache = Self.isInstalled("ccache")
  }

  /// The object directory.
  public var objects: FilePath { workspace.objects(profile: profile) }

  /// The kernel image's path once it is built.
  public var image: FilePath { objects.appending(target.image) }

  /// The compiler's name as make gets it.
  var compiler: String { (usesCompilerCache ? "ccache " : "") + target.crossPrefix + "gcc" }

  /// Variables that make the build repeatable and its output parsable.
  static let environment: [String: String?] = [
    "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 1970", "KBUILD_BUILD_USER": "gmemkit",
    "KBUILD_BUILD_HOST": "gmemkit", "KBUILD_BUILD_VERSION": "1", "LC_ALL": "C", "MAKEFLAGS": nil, "MFLAGS": nil,
    "MAKELEVEL": nil, "KBUILD_OUTPUT": nil, "CFLAGS": nil, "LDFLAGS": nil, "CCACHE_NOHASHDIR": "1",
    // Without it ccache preprocesses every file once more: a third of the whole build.
    "CCACHE_DEPEND": "1",
  ]

  /// `make` in the source tree with `O=` and `ARCH=` set.
  func command(_ arguments: [String]) -> ChildCommand {
    var words = ["-C", workspace.source.string, "O=\(objects)", "ARCH=\(target.kernelName)", "CC=\(compiler)"]
    if !target.crossPrefix.isEmpty { words.append("CROSS_COMPILE=\(target.crossPrefix)") }
    if !watchedObjects.isEmpty {
      // Evaluated by make for each object, so that no makefile of the tree need say it, and all others stay as they are.
      let isWatched = "$(filter \(watchedObjects.map { "%\($0)" }.joined(separator: " ")),$@)"
      // Lines and inlined functions, and none of the types that make debug information big.
      words.append("CFLAGS_KERNEL=$(if \(isWatched),-g1)")
      if countsLines { words.append("GCOV_PROFILE=$(if \(isWatched),y,n)") }
    }
    return ChildCommand("make", words + arguments, environment: Self.environment)
  }

  func run(
    _ command: ChildCommand, onLine: (@Sendable (ChildStream, [UInt8]) -> Void)? = nil
  ) async throws(BuildError) -> ChildResult {
    history.note(command.shellLine)
    do {
      return try await ChildProcess.run(command, onLine: onLine)
    } catch {
      switch error.code {
      case .cancelled: throw BuildError(.cancelled, "the kernel build was interrupted")
      case .notFound: throw BuildError(.toolMissing, "\(error); run 'gmemkit doctor'")
      default: throw BuildError(.configuration, error.description)
      }
    }
  }

  private static func isInstalled(_ name: String) -> Bool {
    let path = Environment.value("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").contains { FilePath(String($0)).appending(name).exists }
  }
}

/// The commands of a run in order, as a user could paste them.
public final class CommandHistory: Sendable {
  private let stored = Mutex<[String]>([])

  /// Nothing has run yet.
  public init() {}

  /// Adds a command as a shell line.
  public func note(_ line: String) { stored.withLock { $0.append(line) } }

  /// The shell lines so far.
  public var lines: [String] { stored.withLock { $0 } }
}
