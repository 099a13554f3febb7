import Foundation
import KernelBuild
import SystemPackage
import Testing

@Suite struct ObjectDirectoryTests {
  @Test func aCopyForgetsTheNameOfWhatItWasMadeFrom() async throws {
    let root = NSTemporaryDirectory() + "gmemkit-objects-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let workspace = KernelWorkspace(directory: FilePath(root))
    try await workspace.prepareObjects(profile: "x86_64-lockdep-1", family: "x86_64-lockdep")
    let tool = "/tools/objtool"
    let old = workspace.objects(profile: "x86_64-lockdep-1").string
    try FileManager.default.createDirectory(atPath: old + tool, withIntermediateDirectories: true)
    try Data("cmd := gcc -I\(old)/include\n".utf8).write(to: URL(filePath: old + tool + "/.check.o.cmd"))
    try Data("object".utf8).write(to: URL(filePath: old + tool + "/check.o"))

    try await workspace.prepareObjects(profile: "x86_64-lockdep-2", family: "x86_64-lockdep")
    let new = workspace.objects(profile: "x86_64-lockdep-2").string
    #expect(
      try String(contentsOfFile: new + tool + "/.check.o.cmd", encoding: .utf8) == "cmd := gcc -I\(new)/include\n")
    #expect(try String(contentsOfFile: new + tool + "/check.o", encoding: .utf8) == "object")
    #expect(try String(contentsOfFile: old + tool + "/.check.o.cmd", encoding: .utf8).contains(old))

    try await workspace.prepareObjects(profile: "x86_64-lockdep+coverage-3", family: "x86_64-lockdep+coverage")
    let counted = workspace.objects(profile: "x86_64-lockdep+coverage-3").string
    #expect(FileManager.default.fileExists(atPath: counted))
    #expect(!FileManager.default.fileExists(atPath: counted + tool))
  }
}
