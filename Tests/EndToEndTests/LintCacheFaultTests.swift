import Foundation
import Glibc
import TestSupport
import Testing

/// What a run leaves in the cache when it is killed or meets a full disk must not change what the next one says.
@Suite(.serialized) struct LintCacheFaultTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Fixtures/gmem").standardized
  private static let series = fixtures.appending(path: "rfc.mbox").path

  private func tree() throws -> GitFixture {
    let git = try GitFixture()
    let source = Self.fixtures.appending(path: "tree")
    for name in try FileManager.default.subpathsOfDirectory(atPath: source.path)
    where name.hasSuffix(".c") || name.hasSuffix(".h") {
      try git.write(name, try String(contentsOf: source.appending(path: name), encoding: .utf8))
    }
    try git.commit("the tree before the series")
    return git
  }

  private func arguments(_ git: GitFixture) -> [String] {
    ["lint", Self.series, "--tree", git.path, "--format", "json"]
  }

  private func coverage(_ git: GitFixture) -> [String] {
    ["lint", "--tree", git.path, "--coverage", "--format", "json"]
  }

  @Test func killedAtAnyInstantTheCacheStaysWhole() throws {
    let git = try tree()
    let cache = git.path + "/.git/cache"
    let commands = [arguments(git), coverage(git)]
    let expected = try commands.map { try BuiltBinary.run($0, environment: ["XDG_CACHE_HOME": cache]).output }
    for round in 0..<24 {
      try? FileManager.default.removeItem(atPath: cache)
      let process = Process()
      process.executableURL = URL(filePath: BuiltBinary.path)
      process.arguments = commands[round % 2]
      process.environment = ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": cache]) { $1 }
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      // As soon as anything is in the cache, and a little later each round, so that drafts and entries are both met.
      let directory = cache + "/gmemkit/lint"
      while process.isRunning, !FileManager.default.fileExists(atPath: directory) { usleep(100) }
      usleep(UInt32(round / 2) * 150)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      for (command, output) in zip(commands, expected) {
        #expect(try BuiltBinary.run(command, environment: ["XDG_CACHE_HOME": cache]).output == output)
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root may mount a small disk"), arguments: ["4k", "16k", "32k", "64k"])
  func aFullDiskCostsTheCacheAndNothingElse(size: String) throws {
    let git = try tree()
    let disk = NSTemporaryDirectory() + "gmemkit-disk-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    defer { rmdir(disk) }
    try #require(mount("tmpfs", disk, "tmpfs", 0, "size=\(size)") == 0)
    defer { umount(disk) }
    for command in [arguments(git), coverage(git)] {
      let expected = try BuiltBinary.run(command, environment: ["XDG_CACHE_HOME": git.path + "/.git/cache"])
      for _ in 0..<2 {
        let run = try BuiltBinary.run(command, environment: ["XDG_CACHE_HOME": disk])
        #expect(run.output == expected.output)
        #expect(run.status == expected.status)
        #expect(run.errors == expected.errors)
      }
    }
  }
}
