import ChildProcess
import SystemPackage

/// One program of the tree's selftests.
public struct SelftestProgram: Sendable, Hashable, Comparable {
  /// The directory below `tools/testing/selftests`, such as `kvm`.
  public let directory: String
  /// The program below it, such as `guest_memfd_test` or `x86_64/cpuid_test`.
  public let name: String

  /// Where its directory's makefile is, if not below the tree's selftests.
  public let home: FilePath?

  /// Names a program.
  public init(directory: String, name: String, home: FilePath? = nil) {
    self.directory = directory
    self.name = name
    self.home = home
  }

  /// `kvm:guest_memfd_test`, as the kselftest runner has it.
  public var title: String { "\(directory):\(name)" }

  /// The order of directories, then names.
  public static func < (lhs: SelftestProgram, rhs: SelftestProgram) -> Bool {
    (lhs.directory, lhs.name) < (rhs.directory, rhs.name)
  }
}

/// What came of building selftests.
public struct SelftestBuildOutcome: Sendable {
  /// The programs that are there.
  public let built: [SelftestProgram]
  /// The programs that could not be built, each with the first errors.
  public let failed: [(program: SelftestProgram, errors: [String])]
  /// Wall time.
  public let elapsed: Duration
}

extension KernelMake {
  /// Where a program ends up.
  public func path(of program: SelftestProgram) -> FilePath {
    objects.appending("kselftest").appending(program.directory).appending(program.name)
  }

  /// Builds the wanted programs only, linked statically, so that the guest needs no libraries.
  ///
  /// One that does not compile does not keep the others back: it is named with its first errors.
  public func build(
    selftests programs: [SelftestProgram], progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
  ) async throws(BuildError) -> SelftestBuildOutcome {
    let clock = ContinuousClock()
    let start = clock.now
    var built: [SelftestProgram] = []
    var failed: [(SelftestProgram, [String])] = []
    for (directory, members) in Dictionary(grouping: programs, by: \.directory).sorted(by: { $0.key < $1.key }) {
      let output = objects.appending("kselftest").appending(directory)
      try output.makeDirectories()
      let together = try await build(
        selftestCommand(directory, members.first?.home, output, members.map(\.name)), known: nil, progress: progress)
      if together.succeeded {
        built += members
        continue
      }
      for member in members {
        let alone = try await build(
          selftestCommand(directory, member.home, output, [member.name]), known: nil, progress: progress)
        if alone.succeeded { built.append(member) } else { failed.append((member, alone.errors)) }
      }
    }
    return SelftestBuildOutcome(
      built: built.sorted(), failed: failed.map { (program: $0.0, errors: $0.1) }, elapsed: clock.now - start)
  }

  private func selftestCommand(
    _ directory: String, _ home: FilePath?, _ output: FilePath, _ names: [String]
  ) -> ChildCommand {
    let all = workspace.source.appending("tools/testing/selftests")
    let source = home ?? all.appending(directory)
    var words = [
      "-C", source.string, "-k", "-j\(jobs)", "OUTPUT=\(output)", "ARCH=\(target.sourceArchitecture)",
      // -static in CC and not in LDFLAGS: many makefiles add to LDFLAGS, and a variable on make's command line would win.
      "CC=\(compiler) -static", "KHDR_INCLUDES=-isystem \(objects)/usr/include",
    ]
    if !target.crossPrefix.isEmpty { words.append("CROSS_COMPILE=\(target.crossPrefix)") }
    if home != nil { words.append("KSFT=\(all)") }
    return ChildCommand("make", words + names.map { "\(output)/\($0)" }, environment: Self.environment)
  }
}
