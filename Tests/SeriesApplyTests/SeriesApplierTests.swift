import Foundation
import KernelTree
import PatchMail
import SeriesApply
import TestSupport
import Testing

@Suite struct SeriesApplierTests {
  /// What git format-patch writes and git am reads: a series with every kind of change.
  private func everyKind() throws -> (SeriesOnRepository, String, base: String) {
    let work = try SeriesOnRepository()
    let fixture = work.fixture
    try fixture.write("mm/filemap.c", lines(1...60))
    try fixture.write("mm/gone.c", lines(1...9))
    try fixture.write("mm/old_name.c", lines(1...40))
    try fixture.write("tools/run.sh", "#!/bin/sh\n")
    try fixture.write("tools/logo.bin", "\u{0}\u{1}\u{2}binary\u{0}")
    try fixture.write("no-newline", "one\ntwo")
    let base = try fixture.commit("base")
    try fixture.write("mm/filemap.c", lines(1...60, replacing: [5: "changed", 55: "changed too"]))
    try fixture.write("virt/kvm/new.c", "int new;\n")
    try fixture.write("empty", "")
    try fixture.commit("KVM: first\n\nBody with Jürgen.\n\nSigned-off-by: A <a@b.c>")
    try fixture.git("mv", "mm/old_name.c", "mm/new_name.c")
    try fixture.write("mm/new_name.c", lines(1...40, replacing: [20: "renamed and changed"]))
    try fixture.git("rm", "-q", "mm/gone.c")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fixture.path + "/tools/run.sh")
    try FileManager.default.createSymbolicLink(atPath: fixture.path + "/link", withDestinationPath: "mm/filemap.c")
    try fixture.commit("mm: second")
    try fixture.write("tools/logo.bin", "\u{0}\u{9}other\u{0}content")
    try fixture.write("no-newline", "one\ntwo\nthree")
    try fixture.git("rm", "-q", "link")
    try fixture.write("link", "a file now\n")
    try fixture.commit("tools: third")
    return (work, try fixture.git("format-patch", "--stdout", "--binary", "-M", "\(base)..HEAD") + "\n", base)
  }

  @Test func makesTheTreesAndMessagesThatWerePosted() async throws {
    let (work, mbox, base) = try everyKind()
    let repository = try KernelRepository(opening: work.fixture.path)
    let series = try await SeriesApplier.apply(
      work.series(mbox), to: repository, onto: repository.commit(base))
    #expect(series.patches.map(\.status) == [.applied, .applied, .applied])
    #expect(series.patches.flatMap(\.hunks).allSatisfy { $0.how == .exact })
    let expected = try work.fixture.git("log", "--reverse", "--format=%T", "\(base)..HEAD").split(separator: "\n")
    #expect(series.patches.compactMap { $0.tree?.hex } == expected.map(String.init))
    let first = try await repository.commitContent(#require(series.patches[0].commit))
    #expect(
      String(decoding: first.message, as: UTF8.self) == "KVM: first\n\nBody with Jürgen.\n\nSigned-off-by: A <a@b.c>\n")
    #expect(first.parents.map(\.hex) == [base])
  }

  @Test func agreesWithGitAmToTheLastBit() async throws {
    let (work, mbox, base) = try everyKind()
    let fixture = work.fixture
    try Data(mbox.utf8).write(to: URL(fileURLWithPath: fixture.path + "/../am.mbox"))
    try fixture.git("checkout", "-q", "-b", "am", base)
    try fixture.git("am", "-q", "--committer-date-is-author-date", fixture.path + "/../am.mbox")
    let repository = try KernelRepository(opening: fixture.path)
    let date = try #require(Int64(fixture.git("log", "-1", "--format=%ct", "am")))
    let series = try await SeriesApplier.apply(work.series(mbox), to: repository, onto: repository.commit(base))
    let tip = try await repository.commitContent(series.tip)
    let oracle = try await repository.commitContent(repository.commit("am"))
    #expect(tip.tree == oracle.tree)
    #expect(tip.author == oracle.author)
    #expect(tip.message == oracle.message)
    #expect(tip.committer.secondsSince1970 == date)
  }

  @Test func findsHunksAtAnOffset() async throws {
    let (work, mbox, base) = try everyKind()
    try work.fixture.git("checkout", "-q", base)
    try work.fixture.write("mm/filemap.c", "inserted\ninserted\n" + lines(1...60))
    try work.fixture.commit("moved")
    let first = try await work.apply(mbox).patches[0]
    #expect(first.status == .applied)
    let hunks = first.hunks.filter { $0.path == "mm/filemap.c" }
    #expect(hunks.map(\.how) == [.exact, .offset] || hunks.map(\.how) == [.offset, .offset])
    #expect(hunks.last?.offset == 2)
  }

  @Test func mergesFromTheBlobOfTheIndexLine() async throws {
    let (work, mbox, base) = try everyKind()
    try work.fixture.git("checkout", "-q", base)
    // A neighbour of the changed line differs, so that the context does not match; a merge has no conflict.
    try work.fixture.write("mm/filemap.c", lines(1...60, replacing: [2: "another change"]))
    try work.fixture.commit("neighbour")
    let first = try await work.apply(mbox).patches[0]
    #expect(first.status == .applied)
    #expect(first.hunks.first { $0.path == "mm/filemap.c" }?.how == .threeWay)
  }

  @Test func skipsWhatAMergeFindsDone() async throws {
    let (work, mbox, _) = try everyKind()
    let series = try await work.apply(mbox, onto: "HEAD~2")
    #expect(!series.patches.isEmpty)
    let again = try await work.apply(mbox, onto: "HEAD")
    #expect(again.patches.allSatisfy { $0.commit == nil })
    #expect(again.patches[0].hunks.contains { $0.reason == .alreadyApplied || $0.how == .threeWay })
  }

  @Test func tellsAllFailingHunksOfTheSeries() async throws {
    let (work, mbox, base) = try everyKind()
    try work.fixture.git("checkout", "-q", base)
    try work.fixture.write("mm/filemap.c", lines(1...60, replacing: [5: "conflict", 55: "conflict"]))
    try work.fixture.write("mm/gone.c", "other content\n")
    try work.fixture.commit("conflicts")
    let series = try await work.apply(mbox)
    #expect(series.patches.map(\.status) == [.conflict, .conflict, .applied])
    #expect(series.patches[0].failedHunks.map(\.number) == [1, 2])
    #expect(series.patches[1].failedHunks.map(\.path) == ["mm/gone.c"])
    #expect(series.patches.allSatisfy { $0.commit == nil })
    #expect(series.tip.hex == (try work.fixture.git("rev-parse", "HEAD")))
    let difference = try #require(series.patches[0].failedHunks[0].difference)
    #expect([difference.expected, difference.found] == ["line 5", "conflict"])
    #expect(difference.line == 5)
  }
}
