import ByteText
import ChildProcess
import Synchronization
import SystemPackage

/// How far a build is.
public struct BuildProgress: Sendable {
  /// Objects built so far in this build.
  public let objects: Int
  /// Objects that the last full build of this profile had, if one is known.
  public let expected: Int?
  /// What is being built.
  public let current: String
}

/// What came of a build.
public struct BuildOutcome: Sendable {
  /// Whether everything that was asked for is there.
  public let succeeded: Bool
  /// Objects compiled, linked or generated.
  public let objects: Int
  /// The first errors, when it failed.
  public let errors: [String]
  /// Warnings that no build before this one in the same object directory has given.
  public let newWarnings: [String]
  /// Whether it is the object directory's first build, whose warnings are all new.
  public let isFirst: Bool
  /// The output, bounded.
  public let log: [UInt8]
  /// Wall time.
  public let elapsed: Duration

  package init(
    succeeded: Bool, objects: Int, errors: [String], newWarnings: [String], isFirst: Bool, log: [UInt8],
    elapsed: Duration
  ) {
    self.succeeded = succeeded
    self.objects = objects
    self.errors = errors
    self.newWarnings = newWarnings
    self.isFirst = isFirst
    self.log = log
    self.elapsed = elapsed
  }
}

extension KernelMake {
  /// Builds the kernel image; only what changed since the last build is compiled.
  ///
  /// - Throws: ``BuildError`` if make could not run at all. Code that does not compile is an outcome.
  public func build(
    progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
  ) async throws(BuildError) -> BuildOutcome {
    let goal = String(target.image.split(separator: "/").last ?? "vmlinux")
    return try await build(
      command(["-j\(jobs)", goal]), known: objects.appending("gmemkit.warnings"), progress: progress)
  }

  /// Compiles single objects, such as those that only a module build has.
  public func compile(objects names: [String]) async throws(BuildError) -> BuildOutcome {
    try await build(command(["-j\(jobs)"] + names), known: objects.appending("gmemkit.warnings")) { _ in }
  }

  /// Installs the kernel's exported headers for user space, which its selftests compile against.
  public func installHeaders() async throws(BuildError) -> BuildOutcome {
    try await build(command(["-j\(jobs)", "headers_install"]), known: nil) { _ in }
  }

  func build(
    _ command: ChildCommand, known: FilePath?, progress: @escaping @Sendable (BuildProgress) -> Void
  ) async throws(BuildError) -> BuildOutcome {
    let expectedFile = objects.appending("gmemkit.objects")
    let expected = (expectedFile.contents()?.text).flatMap { Int($0) }
    let log = Mutex(BuildLog(source: workspace.source.string))
    let result = try await run(command) { _, line in
      let update = log.withLock { log in
        log.take(line) ? BuildProgress(objects: log.objects, expected: expected, current: log.current) : nil
      }
      if let update { progress(update) }
    }
    let summary = log.withLock { $0 }
    if !result.succeeded, let exhaustion = summary.exhaustion {
      throw BuildError(
        .workspace,
        "cannot build in \(objects): \(exhaustion); make room there and in the directory for temporary files")
    }
    let warnings = summary.diagnostics.filter { $0.severity == "warning" }
    var fresh: [String] = []
    let isFirst = known.map { !$0.exists } ?? false
    if let known {
      var identities = Set((known.contents() ?? []).text.split(separator: "\n").map(String.init))
      fresh = warnings.filter { identities.insert($0.identity).inserted }.map(\.text)
      if isFirst || !fresh.isEmpty { try known.replace(Array(identities.sorted().joined(separator: "\n").utf8)) }
      if result.succeeded, summary.objects > expected ?? 0 {
        try expectedFile.write(Array(String(summary.objects).utf8))
      }
    }
    let output = result.output.bytes + result.error.bytes
    return BuildOutcome(
      succeeded: result.succeeded, objects: summary.objects, errors: result.succeeded ? [] : summary.firstErrors,
      newWarnings: fresh, isFirst: isFirst, log: output, elapsed: result.elapsed)
  }
}
