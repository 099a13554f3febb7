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

  /// /dev/full is a disk without room, and the compiler is a real one.
  @Test(arguments: [("full.o", true), ("broken.o", false), ("talks.o", false)])
  func aFullDiskIsNoFaultOfTheSource(object: String, isFull: Bool) async throws {
    let root = NSTemporaryDirectory() + "gmemkit-full-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let workspace = KernelWorkspace(directory: FilePath(root))
    try await workspace.prepareObjects(profile: "p", family: "p")
    try FileManager.default.createDirectory(atPath: root + "/source", withIntermediateDirectories: true)
    // The last one's source speaks of a full disk, and the compiler shows that line.
    let makefile = """
      full.o:
      \techo 'int a;' | cc -x c -c -o /dev/full -
      broken.o:
      \techo 'int a' | cc -x c -c -o /dev/null -
      talks.o:
      \t@echo 'int a = "No space left on device";' | cc -x c -c -o /dev/null -Werror -

      """
    try Data(makefile.utf8).write(to: URL(filePath: root + "/source/Makefile"))
    let make = KernelMake(
      workspace: workspace, profile: "p", target: BuildTarget(kernelName: "x86_64", image: "bzImage"), jobs: 1,
      history: CommandHistory())
    do throws(BuildError) {
      let outcome = try await make.compile(objects: [object])
      #expect(!isFull && !outcome.succeeded && !outcome.errors.isEmpty, "\(outcome.errors)")
    } catch {
      #expect(isFull && error.code == .workspace, "\(error)")
      #expect(error.description.contains("No space left on device") && error.description.contains(root), "\(error)")
    }
  }
}
