import Foundation
import KernelTree
import TestSupport
import Testing

@Suite struct KernelRepositoryTests {
  @Test func hexRoundTrip() throws {
    let hex = "0123456789abcdef0123456789abcdef01234567"
    let id = try #require(ObjectID(hex: hex))
    #expect(id.hex == hex)
    #expect(ObjectID(id.bytes) == id)
    #expect(ObjectID(hex: hex.dropLast()) == nil)
    #expect(ObjectID(hex: String(repeating: "g", count: 40)) == nil)
  }

  @Test func readsWhatGitWrote() async throws {
    let fixture = try GitFixture()
    try fixture.write("mm/filemap.c", "one\n")
    try fixture.write("mm/shmem.c", "two\n")
    try fixture.write("Makefile", "all:\n")
    let first = try fixture.commit("mm: first")
    try fixture.write("mm/filemap.c", "changed\n")
    try fixture.git("rm", "-q", "mm/shmem.c")
    try fixture.write("virt/kvm/guest_memfd.c", "new\n")
    let second = try fixture.commit("mm: second\n\nBody.")

    let repository = try KernelRepository(opening: fixture.path)
    let head = try await repository.commit("HEAD")
    #expect(head.hex == second)
    #expect(try await repository.parents(of: head).map(\.hex) == [first])
    #expect(try await repository.subject(of: head) == "mm: second")
    let tree = try await repository.tree(of: head)
    #expect(tree.hex == (try fixture.git("rev-parse", "HEAD^{tree}")))
    let entry = try #require(try await repository.entry(at: "mm/filemap.c", in: tree))
    #expect(entry.mode == 0o100644)
    #expect(try await repository.blob(entry.id) == Array("changed\n".utf8))
    #expect(try await repository.blob(abbreviated: String(entry.id.hex.prefix(9))) == entry.id)
    #expect(try await repository.entry(at: "mm/nothing.c", in: tree) == nil)
    #expect(try await repository.files(in: tree, under: "mm").map(\.path) == ["mm/filemap.c"])
    let changes = try await repository.changes(from: repository.tree(of: repository.commit("HEAD~1")), to: tree)
    #expect(changes.map(\.path) == ["mm/filemap.c", "mm/shmem.c", "virt/kvm/guest_memfd.c"])
    #expect(changes.map { $0.old == nil } == [false, false, true])
    #expect(changes.map { $0.new == nil } == [false, true, false])
    #expect(try await repository.commits(from: repository.commit("HEAD~1"), to: head) == [head])
  }

  @Test func landsOneBranchAndNothingElse() async throws {
    let fixture = try GitFixture()
    try fixture.write("virt/kvm/kvm_main.c", "main\n")
    try fixture.write("virt/kvm/eventfd.c", "eventfd\n")
    try fixture.commit("base")
    let statusBefore = try fixture.git("status", "--porcelain=v2", "--branch")
    let repository = try KernelRepository(opening: fixture.path)
    let base = try await repository.commit("HEAD")
    let blob = try await repository.stageBlob(Array("guest\n".utf8))
    let tree = try await repository.stageTree(
      repository.tree(of: base),
      updating: [
        TreeUpdate(path: "virt/kvm/guest_memfd.c", entry: TreeEntry(mode: 0o100644, id: blob)),
        TreeUpdate(path: "virt/kvm/eventfd.c", entry: nil),
      ])
    let author = Signature(
      name: "Jürgen Ø", email: "j@example.org", secondsSince1970: 1_733_999_999, offsetMinutes: -330)
    let commit = try await repository.stageCommit(
      tree: tree, parents: [base], author: author, committer: author, message: Array("KVM: gmem\n\nBody\n".utf8))
    #expect(try await repository.blob(blob) == Array("guest\n".utf8))
    #expect(try fixture.git("for-each-ref", "--format=%(refname)") == "refs/heads/master")

    try await repository.land(commit, as: "series/one")
    #expect(try fixture.git("rev-parse", "series/one") == commit.hex)
    #expect(
      try fixture.git("log", "-1", "--format=%an <%ae> %ad", "--date=raw", "series/one")
        == "Jürgen Ø <j@example.org> 1733999999 -0530")
    #expect(
      try fixture.git("ls-tree", "-r", "--name-only", "series/one")
        == "virt/kvm/guest_memfd.c\nvirt/kvm/kvm_main.c")
    try fixture.git("fsck", "--strict")
    #expect(try fixture.git("status", "--porcelain=v2", "--branch") == statusBefore)

    await #expect(throws: TreeError.self) { try await repository.land(base, as: "series/one") }
    await #expect(throws: TreeError.self) { try await repository.land(base, as: "bad..name") }
  }

  @Test func refusesWhatIsNotARepository() throws {
    #expect(throws: TreeError.self) { try KernelRepository(opening: "/nonexistent") }
    let fixture = try GitFixture(["--object-format=sha256"])
    #expect { try KernelRepository(opening: fixture.path) } throws: { ($0 as? TreeError)?.code == .unsupported }
  }
}
