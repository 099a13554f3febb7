import Foundation
import KernelTree
import SeriesApply
import TestSupport
import Testing

/// A diff that must not go in, and the reason that must be given.
struct Refusal: Sendable, CustomTestStringConvertible {
  let name: String
  let reason: HunkOutcome.Reason
  let diff: String
  var testDescription: String { name }

  static func change(_ path: String, header: String? = nil) -> String {
    header ?? """
      diff --git a/\(path) b/\(path)
      --- a/\(path)
      +++ b/\(path)
      @@ -1,3 +1,3 @@
       line 1
      -line 2
      +changed
       line 3
      """
  }

  static func create(_ path: String, mode: String = "100644") -> String {
    """
    diff --git a/\(path) b/\(path)
    new file mode \(mode)
    index 000000000000..111111111111
    --- /dev/null
    +++ b/\(path)
    @@ -0,0 +1 @@
    +content
    """
  }

  static let all: [Refusal] = [
    Refusal(name: "file missing", reason: .fileMissing, diff: change("mm/nowhere.c")),
    Refusal(name: "file exists", reason: .fileExists, diff: create("mm/filemap.c")),
    Refusal(name: "directory in the way", reason: .fileExists, diff: create("mm")),
    Refusal(name: "file in the way of a directory", reason: .fileExists, diff: create("mm/filemap.c/x")),
    Refusal(
      name: "already applied", reason: .alreadyApplied,
      diff: """
        diff --git a/mm/filemap.c b/mm/filemap.c
        --- a/mm/filemap.c
        +++ b/mm/filemap.c
        @@ -1,3 +1,3 @@
         line 1
        -line two
        +line 2
         line 3
        """),
    Refusal(
      name: "whitespace", reason: .whitespace,
      diff: """
        diff --git a/mm/tabs.c b/mm/tabs.c
        --- a/mm/tabs.c
        +++ b/mm/tabs.c
        @@ -1,3 +1,3 @@
         int f(void)
         {
        -    return 0;
        +    return 1;
        """),
    Refusal(
      name: "context changed", reason: .contextChanged,
      diff: """
        diff --git a/mm/filemap.c b/mm/filemap.c
        --- a/mm/filemap.c
        +++ b/mm/filemap.c
        @@ -4,3 +4,3 @@
         line 4
        -line five
        +changed
         line 6
        """),
    Refusal(
      name: "base blob unknown", reason: .baseBlobUnknown,
      diff: """
        diff --git a/mm/filemap.c b/mm/filemap.c
        index b69af3580bef..aa7d1b4ab0fd 100644
        --- a/mm/filemap.c
        +++ b/mm/filemap.c
        @@ -4,3 +4,3 @@
         line 4
        -line five
        +changed
         line 6
        """),
    Refusal(name: "renamed", reason: .renamed, diff: change("mm/unique.c")),
    Refusal(
      name: "delete with other content", reason: .contextChanged,
      diff: """
        diff --git a/mm/filemap.c b/mm/filemap.c
        deleted file mode 100644
        --- a/mm/filemap.c
        +++ /dev/null
        @@ -1,2 +0,0 @@
        -line 1
        -line 2
        """),
    Refusal(
      name: "binary without content", reason: .notInPatch,
      diff: """
        diff --git a/mm/filemap.c b/mm/filemap.c
        index 111111111111..222222222222 100644
        Binary files a/mm/filemap.c and b/mm/filemap.c differ
        """),
    Refusal(name: "submodule", reason: .notInPatch, diff: create("sub", mode: "160000")),
    Refusal(name: "parent directory", reason: .unsafePath, diff: create("../escape")),
    Refusal(name: "parent directory inside", reason: .unsafePath, diff: create("mm/../../escape")),
    Refusal(name: "git directory", reason: .unsafePath, diff: create(".git/hooks/post-commit")),
    Refusal(name: "git directory in capitals", reason: .unsafePath, diff: create("sub/.GIT/config")),
    Refusal(name: "git directory with an NTFS tail", reason: .unsafePath, diff: create(".git. /config")),
    Refusal(name: "git directory by its short name", reason: .unsafePath, diff: create("GIT~1/config")),
    Refusal(name: "git directory with an HFS joiner", reason: .unsafePath, diff: create(".g\u{200C}it/config")),
    Refusal(name: "through a symbolic link", reason: .unsafePath, diff: create("link/passwd")),
  ]
}

@Suite struct RefusalTests {
  private func repository() throws -> SeriesOnRepository {
    let work = try SeriesOnRepository()
    try work.fixture.write("mm/filemap.c", lines(1...40))
    try work.fixture.write("mm/tabs.c", "int f(void)\n{\n\treturn 0;\n}\n")
    try work.fixture.write("mm/moved/unique.c", lines(1...8))
    try FileManager.default.createSymbolicLink(atPath: work.fixture.path + "/link", withDestinationPath: "/etc")
    try work.fixture.commit("base")
    return work
  }

  @Test(arguments: Refusal.all)
  func isRefusedWithItsReason(_ refusal: Refusal) async throws {
    let work = try repository()
    let series = try await work.apply(SeriesOnRepository.mail(refusal.diff))
    let patch = try #require(series.patches.first)
    #expect(patch.status == .conflict)
    #expect(patch.commit == nil)
    #expect(patch.failedHunks.first?.reason == refusal.reason, "\(patch.failedHunks)")
    #expect(patch.failedHunks.first?.patchLine != nil)
  }

  @Test func aLinkAndThenAFileBehindItIsRefused() async throws {
    let work = try repository()
    let link = """
      diff --git a/door b/door
      new file mode 120000
      index 000000000000..111111111111
      --- /dev/null
      +++ b/door
      @@ -0,0 +1 @@
      +/etc
      \\ No newline at end of file
      """
    let mbox =
      SeriesOnRepository.mail(link, subject: "[PATCH 1/2] a link")
      + SeriesOnRepository.mail(Refusal.create("door/passwd"), subject: "[PATCH 2/2] a file", header: "X-Two: 2\n")
      .replacing("<20241212.1@", with: "<20241212.2@")
    let series = try await work.apply(mbox)
    #expect(series.patches.map(\.status) == [.applied, .conflict])
    #expect(series.patches[1].hunks.first?.reason == .unsafePath)
  }
}
