import Foundation
import KernelTree
import TestSupport
import Testing

@Suite struct HistorySearchTests {
  private func id(_ hex: String) throws -> ObjectID { try #require(ObjectID(hex: hex)) }

  /// A history with every kind of change that a patch id must see.
  private func everyKind() throws -> GitFixture {
    let fixture = try GitFixture()
    try fixture.write("mm/filemap.c", (1...40).map { "line \($0)\n" }.joined())
    try fixture.write("run.sh", "#!/bin/sh\n")
    try fixture.write("data.bin", "\u{0}\u{1}binary")
    try fixture.commit("base")
    try fixture.write("mm/filemap.c", (1...40).map { "line \($0 == 20 ? 99 : $0)  with blanks\n" }.joined())
    try fixture.commit("change")
    try fixture.write("new dir/new file.c", "int x;\n")
    try fixture.commit("create")
    try fixture.write("new dir/new file.c", "int x;\nint y;")
    try fixture.commit("no newline")
    try fixture.git("mv", "mm/filemap.c", "mm/moved.c")
    try fixture.commit("rename")
    try fixture.git("rm", "-q", "new dir/new file.c")
    try fixture.commit("delete")
    return fixture
  }

  @Test func patchIDsAreGits() async throws {
    let fixture = try everyKind()
    let repository = try KernelRepository(opening: fixture.path)
    let commits = try fixture.git("log", "--format=%H", "--min-parents=1").split(separator: "\n").map(String.init)
    #expect(commits.count == 5)
    for commit in commits {
      // `format-patch --base` lists ids of diffs without rename detection.
      let script =
        "git diff-tree -p --no-renames \(commit) | git patch-id --stable"
      let line = try fixture.git("-c", "alias.x=!sh -c '\(script)'", "x")
      let expected = try id(String(line.prefix(40)))
      let subject = try fixture.git("log", "-1", "--format=%s", commit)
      #expect(try await repository.patchID(of: id(commit)) == expected, "\(subject)")
    }
  }

  @Test func findsTheCommitsThatFormatPatchNames() async throws {
    let fixture = try everyKind()
    let mail = try fixture.git("format-patch", "--stdout", "-1", "--base=HEAD~5")
    let ids = try mail.split(separator: "\n").filter { $0.hasPrefix("prerequisite-patch-id: ") }
      .map { try id(String($0.dropFirst(23))) }
    #expect(ids.count == 4)
    let repository = try KernelRepository(opening: fixture.path)
    let head = try await repository.commit("HEAD")
    let search = try await repository.commits(withPatchIDs: Set(ids), before: head, within: .seconds(60))
    #expect(search.isComplete)
    // The id that git lists for the rename (HEAD~1) is of a diff with rename detection.
    let commits = try fixture.git("log", "--format=%H", "HEAD~5..HEAD~2").split(separator: "\n").map(String.init)
    #expect(Set(search.found.values.map(\.hex)) == Set(commits))
    let base = try await repository.commit("HEAD~5")
    let none = try await repository.commits(withPatchIDs: Set(ids), before: base, within: .seconds(60))
    #expect(none.found.isEmpty && none.isComplete && none.visited == 1)
  }

  @Test func findsTheNewestCommitWithTheBlobs() async throws {
    let fixture = try everyKind()
    let repository = try KernelRepository(opening: fixture.path)
    let wanted = [
      WantedBlob(path: "mm/filemap.c", prefix: String(try fixture.git("rev-parse", "HEAD~3:mm/filemap.c").prefix(12))),
      WantedBlob(path: "new dir/new file.c", prefix: try fixture.git("rev-parse", "HEAD~3:new dir/new file.c")),
    ]
    let search = try await repository.bestMatches(for: wanted, within: .seconds(60))
    #expect(search.found.first?.commit.hex == (try fixture.git("rev-parse", "HEAD~3")))
    #expect(search.found.first?.count == 2)
    // Commits of one second have no order.
    #expect(search.found.dropFirst().allSatisfy { $0.count == 1 })
    #expect(search.isComplete)
    let stopped = try await repository.bestMatches(for: wanted, within: .zero)
    #expect(!stopped.isComplete && stopped.found.isEmpty)
  }

  @Test func tellsWhoChangedAFileLast() async throws {
    let fixture = try everyKind()
    let repository = try KernelRepository(opening: fixture.path)
    let head = try await repository.commit("HEAD")
    let last = try await repository.lastChange(of: "mm/moved.c", before: head, within: .seconds(60))
    #expect(last?.hex == (try fixture.git("rev-parse", "HEAD~1")))
    let gone = try await repository.lastChange(of: "mm/filemap.c", before: head, within: .seconds(60))
    #expect(gone == last)
  }

  @Test func aShallowCloneIsAnEndAndNoFailure() async throws {
    let fixture = try everyKind()
    let shallow = fixture.path + "-shallow"
    defer { try? FileManager.default.removeItem(atPath: shallow) }
    try fixture.git("clone", "-q", "--depth", "2", "file://" + fixture.path, shallow)
    let repository = try KernelRepository(opening: shallow)
    let head = try await repository.commit("HEAD")
    #expect(try await repository.lastChange(of: "run.sh", before: head, within: .seconds(60)) == nil)
    let search = try await repository.commits(mentioning: ["no such subject"], before: head, within: .seconds(60))
    #expect(search.found.isEmpty && !search.isComplete)
    let wanted = [WantedBlob(path: "run.sh", prefix: "0123456789")]
    #expect(try await repository.bestMatches(for: wanted, within: .seconds(60)).found.isEmpty)
  }
}
