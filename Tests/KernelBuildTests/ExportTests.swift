import ChildProcess
import Foundation
import KernelBuild
import KernelTree
import SystemPackage
import Testing

/// A small repository in a directory of its own, made with git.
private struct Fixture {
  let directory: FilePath
  let repository: KernelRepository

  init() async throws {
    let path = NSTemporaryDirectory() + "gmemkit-export-\(UUID().uuidString)"
    directory = FilePath(path)
    try FileManager.default.createDirectory(atPath: path + "/repository", withIntermediateDirectories: true)
    try await Self.git(path, ["init", "-q", "-b", "main"])
    repository = try KernelRepository(opening: path + "/repository")
  }

  func remove() { try? FileManager.default.removeItem(atPath: directory.string) }

  var workspace: KernelWorkspace { KernelWorkspace(directory: directory.appending("workspace")) }

  /// Commits the files; `nil` removes one, a leading `->` makes a link.
  func commit(_ files: [String: String?]) async throws -> ObjectID {
    let root = directory.string + "/repository/"
    for (path, text) in files {
      try? FileManager.default.removeItem(atPath: root + path)
      guard let text else { continue }
      let parent = (root + path as NSString).deletingLastPathComponent
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      if text.hasPrefix("->") {
        try FileManager.default.createSymbolicLink(atPath: root + path, withDestinationPath: String(text.dropFirst(2)))
      } else {
        try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
      }
    }
    try await Self.git(directory.string, ["add", "-A", "-f"])
    try await Self.git(
      directory.string,
      ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "x"])
    return try await repository.tree(of: try await repository.commit("HEAD"))
  }

  func exported(_ path: String) -> String? {
    (try? Data(contentsOf: URL(fileURLWithPath: workspace.source.appending(path).string))).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  func export(_ tree: ObjectID, over base: ObjectID) async throws -> ExportOutcome {
    try await workspace.export(tree, over: base, of: repository, sourceArchitecture: "x86")
  }

  private static func git(_ path: String, _ arguments: [String]) async throws {
    let result = try await ChildProcess.run(ChildCommand("git", ["-C", path + "/repository"] + arguments))
    #expect(result.succeeded, "git \(arguments)")
  }
}

struct ExportTests {
  private static let files: [String: String?] = [
    "Kconfig": "k", "mm/a.c": "a", "mm/b.c": "b", "arch/x86/x.c": "x", "arch/arm/y.c": "y", "arch/arm/Kconfig": "ka",
    "arch/arm/scripts/Makefile.rules": "r", "arch/arm/include/z.h": "h",
    "arch/Kconfig": "ak", "Documentation/z.rst": "z", "scripts/link": "->../mm/a.c",
  ]

  @Test("the first export writes what a build reads, a second one only what differs")
  func incremental() async throws {
    let fixture = try await Fixture()
    defer { fixture.remove() }
    let base = try await fixture.commit(Self.files)
    let first = try await fixture.export(base, over: base)
    #expect(first.written == 9)
    #expect(fixture.exported("mm/a.c") == "a")
    #expect(fixture.exported("arch/arm/Kconfig") == "ka")
    #expect(fixture.exported("arch/arm/y.c") == nil)
    #expect(fixture.exported("Documentation/z.rst") == nil)
    #expect(fixture.exported("scripts/link") == "a")

    let next = try await fixture.commit(["mm/a.c": "A", "mm/b.c": nil, "mm/c.c": "c"])
    let second = try await fixture.export(next, over: base)
    #expect(second.written == 2)
    #expect(second.removed == 1)
    #expect(fixture.exported("mm/b.c") == nil)
    #expect(try await fixture.export(next, over: base).written == 0)

    // Back again: what the series had changed is put back.
    let back = try await fixture.export(base, over: base)
    #expect(back.written == 2)
    #expect(back.removed == 1)
    #expect(fixture.exported("mm/a.c") == "a")
  }

  @Test("an export that was killed is finished by the next one, whatever tree that wants")
  func killed() async throws {
    let fixture = try await Fixture()
    defer { fixture.remove() }
    let base = try await fixture.commit(Self.files)
    _ = try await fixture.export(base, over: base)
    let other = try await fixture.commit(["mm/a.c": "A", "mm/new.c": "n"])
    _ = other
    // As a kill leaves it: half of a.c, the new file there, the state saying that both are in question.
    let source = fixture.workspace.source
    try Data("ha".utf8).write(to: URL(fileURLWithPath: source.appending("mm/a.c").string))
    try Data("n".utf8).write(to: URL(fileURLWithPath: source.appending("mm/new.c").string))
    let state = "export 2 x86\nbase \(base.hex)\n? mm/a.c\n? mm/new.c\n"
    try Data(state.utf8).write(
      to: URL(fileURLWithPath: fixture.workspace.directory.appending("source.state").string))
    let repaired = try await fixture.export(base, over: base)
    #expect(repaired.written == 1)
    #expect(repaired.removed == 1)
    #expect(fixture.exported("mm/a.c") == "a")
    #expect(fixture.exported("mm/new.c") == nil)
  }

  @Test(
    "a state that cannot be read costs a comparison, not a rewrite",
    arguments: ["", "nonsense\n", "export 2 x86\nbase 12\n", "export 1 x86\n"])
  func unreadable(state: String) async throws {
    let fixture = try await Fixture()
    defer { fixture.remove() }
    let base = try await fixture.commit(Self.files)
    _ = try await fixture.export(base, over: base)
    try Data(state.utf8).write(
      to: URL(fileURLWithPath: fixture.workspace.directory.appending("source.state").string))
    // Only the link is made anew.
    #expect(try await fixture.export(base, over: base).written == 1)
  }

  @Test("a second run is kept out")
  func locked() async throws {
    let fixture = try await Fixture()
    defer { fixture.remove() }
    let lock = try fixture.workspace.lock()
    #expect(throws: BuildError.self) { _ = try fixture.workspace.lock() }
    _ = consume lock
    _ = try fixture.workspace.lock()
  }
}

struct BuildDiagnosticTests {
  @Test("a warning keeps its identity when the code above it moves")
  func identity() {
    let before = BuildDiagnostic(
      severity: "warning", text: "mm/a.c:10:3: warning: unused variable 'x' [-Wunused-variable]")
    let after = BuildDiagnostic(
      severity: "warning", text: "mm/a.c:12:3: warning: unused variable 'x' [-Wunused-variable]")
    let other = BuildDiagnostic(
      severity: "warning", text: "mm/a.c:12:3: warning: unused variable 'y' [-Wunused-variable]")
    #expect(before.identity == after.identity)
    #expect(before.identity != other.identity)
  }
}
