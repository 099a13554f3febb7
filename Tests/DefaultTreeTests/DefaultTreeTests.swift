import DefaultTree
import Foundation
import Synchronization
import Testing

/// A tarball in the shape of Debian's, made by tar and xz.
final class TarballFixture: Sendable {
  let directory: String
  var tarball: String { directory + "/linux-source.tar.xz" }
  var source: String { directory + "/linux-source" }
  var cache: String { directory + "/cache" }

  init(sublevel: Int = 117) throws {
    directory = NSTemporaryDirectory() + "gmemkit-default-" + UUID().uuidString
    try write(
      "Makefile",
      "# SPDX-License-Identifier: GPL-2.0\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = \(sublevel)\nEXTRAVERSION =\n")
    try write(".gitignore", "/*\n")
    try write("virt/kvm/guest_memfd.c", "int x;\n")
    try write("virt/kvm/copy_of_guest_memfd.c", "int x;\n")
    try write("virt/kvm.c", "sorts between\n")
    try write("scripts/run", "#!/bin/sh\n")
    try write("empty", "")
    try write("Documentation/" + String(repeating: "long-name-", count: 20) + "/file.rst", "deep\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: source + "/scripts/run")
    try FileManager.default.createSymbolicLink(
      atPath: source + "/scripts/link", withDestinationPath: "../virt/kvm.c")
    try FileManager.default.linkItem(atPath: source + "/virt/kvm.c", toPath: source + "/virt/hard.c")
    try FileManager.default.createDirectory(atPath: source + "/nothing/here", withIntermediateDirectories: true)
    try pack()
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func pack() throws { try shell("tar", "-C", directory, "-cJf", tarball, "linux-source") }

  func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: source + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}

@discardableResult
func shell(_ arguments: String...) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw ShellFailure(arguments: arguments) }
  return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
}

struct ShellFailure: Error { let arguments: [String] }

@Suite struct DefaultTreeTests {
  @Test func treeEqualsWhatGitAddMakes() async throws {
    let fixture = try TarballFixture()
    let path = try await DefaultTree(tarball: fixture.tarball, cache: fixture.cache).repository()
    try shell("git", "-C", fixture.source, "init", "-q")
    try shell("git", "-C", fixture.source, "add", "-A", "-f")
    let expected = try shell("git", "-C", fixture.source, "write-tree")
    #expect(try shell("git", "-C", path, "rev-parse", "master^{tree}") == expected)
    #expect(
      try shell("git", "-C", path, "log", "-1", "--format=%s%n%an", "master") == "Linux 6.12.117\nDebian Kernel Team")
    #expect(path.contains("/linux-6.12.117-"))
    try shell("git", "-C", path, "fsck", "--strict")
    try shell("sh", "-c", "git -C \(path) verify-pack \(path)/objects/pack/*.idx")
  }

  @Test func isMadeOnceAndAgainForANewTarball() async throws {
    let fixture = try TarballFixture()
    let tree = DefaultTree(tarball: fixture.tarball, cache: fixture.cache)
    let first = try await tree.repository()
    let calls = Counter()
    #expect(try await tree.repository { _ in calls.increment() } == first)
    #expect(calls.value == 0)
    try fixture.write("Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 118\nEXTRAVERSION =\n")
    try fixture.pack()
    let second = try await tree.repository()
    #expect(second != first && second.contains("/linux-6.12.118-"))
    #expect(FileManager.default.fileExists(atPath: first + "/HEAD"))
  }

  @Test func twoRunsAtOnceMakeOneTree() async throws {
    let fixture = try TarballFixture()
    let tree = DefaultTree(tarball: fixture.tarball, cache: fixture.cache)
    async let one = tree.repository()
    async let two = tree.repository()
    let paths = try await [one, two]
    #expect(paths[0] == paths[1])
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.cache)
    #expect(names.filter { $0.hasSuffix(".git") }.count == 1)
  }

  @Test func whatAKilledRunLeftIsCleared() async throws {
    let fixture = try TarballFixture()
    let leftover = fixture.cache + "/partial-linux-1/objects/pack"
    try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
    _ = try await DefaultTree(tarball: fixture.tarball, cache: fixture.cache).repository()
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.cache)
    #expect(!names.contains { $0.hasPrefix("partial") })
  }

  @Test func refusesDamagedAndMissingTarballs() async throws {
    let fixture = try TarballFixture()
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.tarball))
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: fixture.tarball))
    let tree = DefaultTree(tarball: fixture.tarball, cache: fixture.cache)
    await #expect { try await tree.repository() } throws: { ($0 as? DefaultTreeError)?.code == .tarballDamaged }
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.cache) == ["linux.lock"])
    let missing = DefaultTree(tarball: fixture.directory + "/none.tar.xz", cache: fixture.cache)
    await #expect { try await missing.repository() } throws: { ($0 as? DefaultTreeError)?.code == .tarballMissing }
  }
}

final class Counter: Sendable {
  private let count = Mutex(0)
  func increment() { count.withLock { $0 += 1 } }
  var value: Int { count.withLock { $0 } }
}
