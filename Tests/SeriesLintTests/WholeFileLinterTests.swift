import Findings
import Foundation
import KernelTree
import SeriesLint
import SystemPackage
import Testing

struct WholeFileLinterTests {
  private let linter = WholeFileLinter(checker: MarkChecker(), options: LintOptions(jobs: 2))

  private func fixture() throws -> LintFixture {
    let fixture = try LintFixture()
    try fixture.commit([
      "mm/a.c": "\tbug(a);\n\tbug(a2);\n", "mm/sub/b.h": "\tbug(b);\n", "mm/README": "\tbug(no);\n",
      "fs/c.c": "\tbug(c); /* gmemkit: allow bug: fine */\n",
    ])
    return fixture
  }

  @Test func aFolderAndARepositorySayTheSame() async throws {
    let fixture = try fixture()
    let repository = try KernelRepository(opening: fixture.path)
    let tree = RepositoryTree(repository, tree: try await repository.tree(of: repository.commit("HEAD")))
    let inRepository = try await linter.lint(tree)
    let inFolder = try await linter.lint(FolderTree(FilePath(fixture.path)))
    #expect(inRepository == inFolder)
    #expect(inFolder.findings.map(\.finding.message) == ["'a' is wrong", "'a2' is wrong", "'b' is wrong"])
    #expect(inFolder.suppressed.map(\.reason) == ["fine"])
    #expect(inFolder.analysed.files == 3)
    #expect(inFolder.failing.count == 3)
  }

  @Test func commentsThatNothingNeedsAreNamed() async throws {
    let fixture = try LintFixture()
    try fixture.commit([
      "a.c": "\tbug(a); /* gmemkit: allow bug: known */\n\tint x; /* gmemkit: allow bug: gone since v2 */\n",
      "b.c": "\tbug(b); /* gmemkit: allow bug */\n\tint y; /* gmemkit: allow quiet: not run */\n",
    ])
    let report = try await linter.lint(FolderTree(FilePath(fixture.path)))
    #expect(report.findings.map(\.finding.message) == ["'b' is wrong"])
    #expect(
      report.limits == [
        "a.c:2: nothing is left for 'gmemkit: allow bug' to take out",
        "b.c:1: a 'gmemkit: allow' comment without a reason changes nothing",
      ])
  }

  @Test func pathsNarrowTheRun() async throws {
    let fixture = try fixture()
    let tree = FolderTree(FilePath(fixture.path))
    #expect(try await linter.lint(tree, paths: ["mm/sub"]).findings.map(\.finding.place.path) == ["mm/sub/b.h"])
    #expect(try await linter.lint(tree, paths: ["mm/a.c", "mm/a.c"]).analysed.files == 1)
    #expect(try await linter.lint(tree, paths: ["./mm//sub/"]).analysed.files == 1)
    #expect(try await linter.lint(tree, paths: ["fs/../mm/sub/b.h", "."]).analysed.files == 3)
  }

  @Test(
    "what is no path in the tree is refused",
    arguments: ["/", "/mm", "../mm", "mm/../..", "mm/sub/../../../x", "none", "docs"])
  func otherPathsAreRefused(path: String) async throws {
    let fixture = try fixture()
    try fixture.commit(["docs/README": "no C\n"])
    let repository = try KernelRepository(opening: fixture.path)
    let inRepository = RepositoryTree(repository, tree: try await repository.tree(of: repository.commit("HEAD")))
    await #expect(throws: LintError.self) { try await linter.lint(inRepository, paths: ["mm", path]) }
    await #expect(throws: LintError.self) {
      try await linter.lint(FolderTree(FilePath(fixture.path)), paths: ["mm", path])
    }
  }

  /// What a folder does not hold is looked for when single files of it are named, and not for the whole of it.
  @Test(arguments: ["kernel/locker.c", "include/linux/inner.h"])
  func filesByNameAreJudgedWithWhatTheyCall(path: String) async throws {
    let fixture = try LintFixture()
    try fixture.commit([
      path: "\(path.hasSuffix(".c") ? "" : "static inline ")void lock(int x)\n{\n\tprovides(lock);\n}\n",
      "drivers/one/a.c": "#include <linux/locking.h>\nint x;\n\tcalls(lock);\n\tcalls(key);\n",
      "drivers/one/b.c": "\tbug(b);\n",
      "include/linux/locking.h": "#include <linux/inner.h>\n",
      "net/far/key.c": "void key(int x)\n{\n\tprovides(key);\n}\n",
    ])
    let tree = FolderTree(FilePath(fixture.path))
    let named = try await linter.lint(tree, paths: ["drivers/one/a.c"])
    #expect(named.findings.map(\.finding.message) == ["'lock' is wrong"])
    #expect(named.analysed.files == 1)
    #expect(try await linter.lint(tree, paths: ["drivers/one"]).findings.map(\.finding.message) == ["'b' is wrong"])
  }

  /// More files than one program takes are judged in portions: each file once, whatever lies beside it.
  @Test func manyFilesAreJudgedInPortions() async throws {
    let fixture = try LintFixture()
    let folders = ["drivers/a/x", "drivers/b", "fs/c", "net"]
    for folder in folders {
      try FileManager.default.createDirectory(atPath: "\(fixture.path)/\(folder)", withIntermediateDirectories: true)
      for number in 0..<1_600 {
        let text = number == 7 ? "\tbug(it);\n" : "int a;\n"
        try Data(text.utf8).write(to: URL(filePath: "\(fixture.path)/\(folder)/\(number).c"))
      }
    }
    let report = try await linter.lint(FolderTree(FilePath(fixture.path)))
    #expect(report.findings.map(\.finding.place.path) == folders.map { "\($0)/7.c" })
    #expect(report.analysed.files == 6_400)
    #expect(report.limits.count == 1 && report.limits[0].hasPrefix("6400 files were judged in 4 portions"))
  }

  @Test(arguments: ["mm/README", "no/such/path"])
  func nothingToAnalyseIsAnError(path: String) async throws {
    let fixture = try fixture()
    await #expect(throws: LintError.self) { try await linter.lint(FolderTree(FilePath(fixture.path)), paths: [path]) }
  }
}
