import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A machine that lacks something, and a user who loses patience: each ends with its status and leaves no process.
///
/// What needs a kernel runs with `GMEMKIT_FAULT_TREE=REPOSITORY` and, for a cache that is warm, `XDG_CACHE_HOME`.
@Suite(.serialized) struct SelftestFaultTests {
  static let tree = ProcessInfo.processInfo.environment["GMEMKIT_FAULT_TREE"]

  /// The least that can be planned for: one option, one file.
  private func smallKernel() throws -> GitFixture {
    let git = try GitFixture()
    try git.write("Kconfig", "source \"arch/$(SRCARCH)/Kconfig\"\n")
    for architecture in ["x86", "arm64"] {
      try git.write("arch/\(architecture)/Kconfig", "config X\n\tbool \"x\"\n")
      try git.write("arch/\(architecture)/Makefile", "obj-y += kernel/\n")
    }
    try git.write("Makefile", "VERSION = 6\n")
    try git.write("Kbuild", "obj-$(CONFIG_X) += x.o\n")
    try git.write("x.c", "int x;\n")
    try git.commit("base")
    try git.write("x.c", "int x = 1;\n")
    try git.commit("x: one")
    return git
  }

  /// A directory of links to those of `programs` that the machine has.
  private func path(_ programs: [String]) throws -> String {
    let directory = NSTemporaryDirectory() + "gmemkit-path-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for program in programs {
      try FileManager.default.createSymbolicLink(
        atPath: directory + "/" + program, withDestinationPath: "/usr/bin/" + program)
    }
    return directory
  }

  @Test(arguments: [
    ([], ["--arch", "x86_64"], "gcc"), (["gcc"], ["--arch", "x86_64"], "qemu-system-x86_64"),
    (["gcc"], ["--arch", "arm64"], "aarch64-linux-gnu-gcc"),
  ])
  func whatIsNotInstalledIsNamedBeforeAnythingIsBuilt(
    programs: [String], options: [String], missing: String
  ) throws {
    let git = try smallKernel()
    let path = try path(programs)
    let cache = NSTemporaryDirectory() + "gmemkit-cache-\(UUID().uuidString)"
    defer {
      try? FileManager.default.removeItem(atPath: path)
      try? FileManager.default.removeItem(atPath: cache)
    }
    let run = try BuiltBinary.run(
      ["selftest", "--tree", git.path, "--rev", "HEAD"] + options, environment: ["PATH": path, "XDG_CACHE_HOME": cache])
    #expect(run.status == 3, "\(run.errors)")
    #expect(run.errors.contains(missing) && run.errors.contains("apt-get install"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: cache + "/gmemkit/kernels"))
  }

  @Test(.enabled(if: tree != nil && geteuid() == 0, "needs GMEMKIT_FAULT_TREE and root, to mount a small disk"))
  func aFullDiskIsToldAndNothingIsLeft() throws {
    let disk = NSTemporaryDirectory() + "gmemkit-disk-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    defer { rmdir(disk) }
    try #require(mount("tmpfs", disk, "tmpfs", 0, "size=200m") == 0)
    defer { umount(disk) }
    let mark = UUID().uuidString
    let run = try BuiltBinary.run(
      ["selftest", "--tree", try #require(Self.tree), "--rev", "HEAD"],
      environment: ["XDG_CACHE_HOME": disk, "GMEMKIT_FAULT_MARK": mark])
    #expect(run.status == 3, "\(run.errors)")
    #expect(run.errors.contains("No space left on device"), "\(run.errors)")
    #expect(Self.processes(marked: mark).isEmpty)
  }

  /// Processes that inherited the mark and still run.
  private static func processes(marked mark: String) -> [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { process in
      guard let environment = try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ")) else { return false }
      return process != getpid() && environment.range(of: Data(mark.utf8)) != nil
    }
  }
}
