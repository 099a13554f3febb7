import Findings
import Foundation
import KernelTree
import SeriesLint
import SystemPackage
import Testing
import TreeFacts

@Suite("Results of earlier runs")
struct LintCacheTests {
  private func series() throws -> LintFixture {
    let fixture = try LintFixture()
    try fixture.commit(["mm/a.c": "\tbug(a);\n", "mm/b.c": "\tcalls(x);\n"])
    try fixture.commit(["mm/a.c": "\tbug(a);\n\tbug(new);\n"])
    try fixture.commit(["mm/c.c": "\tprovides(x);\n"])
    return fixture
  }

  private func lint(_ fixture: LintFixture, _ cache: LintCache?, jobs: Int = 2) async throws -> LintReport {
    let repository = try KernelRepository(opening: fixture.path)
    let commits = try await LintedCommit.range("HEAD~2", "HEAD", in: repository)
    return try await SeriesLinter(
      repository, checker: MarkChecker(), options: LintOptions(all: true, jobs: jobs, cache: cache)
    ).lint(commits)
  }

  @Test("a warm run, a run over damaged entries and a run without a cache say the same")
  func warm() async throws {
    let fixture = try series()
    let directory = fixture.path + "/.cache"
    let plain = try await lint(fixture, nil)
    #expect(try await lint(fixture, LintCache(directory: directory)) == plain)
    #expect(try await lint(fixture, LintCache(directory: directory)) == plain)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    #expect(!names.isEmpty)
    for name in names {
      let url = URL(fileURLWithPath: "\(directory)/\(name)")
      var data = try Data(contentsOf: url)
      data[data.count - 2] ^= 1
      try data.write(to: url)
    }
    #expect(try await lint(fixture, LintCache(directory: directory)) == plain)
    try FileManager.default.removeItem(atPath: directory)
    try Data().write(to: URL(fileURLWithPath: directory))
    #expect(try await lint(fixture, LintCache(directory: directory)) == plain)
  }

  @Test("the number of jobs changes nothing", arguments: [1, 2, 3, 8])
  func jobs(_ jobs: Int) async throws {
    let fixture = try series()
    let report = try await lint(fixture, nil, jobs: jobs)
    #expect(report.json.document == (try await lint(fixture, nil, jobs: 1)).json.document)
    #expect(report.findings.count > 1)
  }
}

@Suite("How much of a tree is read")
struct CoverageCounterTests {
  private func fixture() throws -> LintFixture {
    let fixture = try LintFixture()
    try fixture.commit([
      "a.c": "int f(void)\n{\n\t@ 1 2;\n\treturn g();\n}\n", "b.h": "static inline int g(void) { return 1; }\n",
      "c.txt": "int no(void) { }\n",
    ])
    return fixture
  }

  @Test("folder and repository, cold and warm, any number of jobs", arguments: [1, 2, 8])
  func same(_ jobs: Int) async throws {
    let fixture = try fixture()
    let repository = try KernelRepository(opening: fixture.path)
    let tree = RepositoryTree(repository, tree: try await repository.tree(of: repository.commit("HEAD")))
    let directory = fixture.path + "/.cache"
    let folder = try await CoverageCounter(jobs: jobs).count(FolderTree(FilePath(fixture.path)))
    var reports = [folder.json.document]
    for _ in 0..<2 {
      let archive = FactArchive(directory: directory, engine: "test")
      reports.append(try await CoverageCounter(jobs: jobs, archive: archive).count(tree).json.document)
    }
    #expect(FactArchive(directory: directory, engine: "test").count == 2)
    #expect(Set(reports).count == 1)
    #expect(folder.files == 2)
    #expect(folder.functions == 2)
    #expect(folder.analysedFunctions == 1)
    #expect(folder.linkedReferences == 1)
    #expect(String(decoding: folder.text, as: UTF8.self).hasPrefix("a.c:3: note: 'f' was not analysed in full"))
  }
}
