import Foundation
import TestSupport
import Testing

/// `gmemkit apply` as its users run it, on repositories that git has made.
@Suite struct ApplyCommandTests {
  private static func mail(
    _ subject: String, id: String, parent: String? = nil, from: String = "Ada Author <ada@example.org>", _ body: String
  ) -> String {
    let reply = parent.map { "In-Reply-To: <\($0)@x>\nReferences: <\($0)@x>\n" } ?? ""
    return "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: \(from)\nSubject: \(subject)\n"
      + "Date: Mon, 2 Dec 2024 10:00:00 +0100\nMessage-ID: <\(id)@x>\n\(reply)\n\(body)\n"
  }

  private static func patch(_ new: String, context: String = "line 2") -> String {
    "Because.\n\nSigned-off-by: Ada Author <ada@example.org>\n---\n\n" + diff(new, context: context) + "-- \n2.39.5\n"
  }

  private static func diff(_ new: String, context: String = "line 2") -> String {
    """
    diff --git a/virt/f.c b/virt/f.c
    --- a/virt/f.c
    +++ b/virt/f.c
    @@ -1,5 +1,5 @@
     line 1
     \(context)
    -line 3
    +\(new)
     line 4
     line 5

    """
  }

  private func repository() throws -> GitFixture {
    let fixture = try GitFixture()
    try fixture.write("virt/f.c", (1...9).map { "line \($0)\n" }.joined())
    try fixture.commit("base")
    return fixture
  }

  private func apply(
    _ mbox: String, to fixture: GitFixture, _ more: String...
  ) throws -> BuiltBinary.Run {
    let path = fixture.path + ".mbox"
    try Data(mbox.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try BuiltBinary.run(["apply", path, "--tree", fixture.path, "--branch", "by"] + more)
  }

  private static let thread =
    mail("[PATCH] virt: do it", id: "p1", patch("first"))
    + mail("[PATCH v2] virt: do it", id: "p2", parent: "p1", patch("second"))
    + mail(
      "Re: [PATCH v2] virt: do it", id: "r1", parent: "p2", from: "Rita Reviewer <rita@example.org>",
      "Good.\n\nReviewed-and-tested-by: Rita Reviewer\n<rita@example.org>\n")
    + mail(
      "Re: [PATCH v2] virt: do it", id: "r2", parent: "p2", from: "Eve <eve@example.org>",
      "Acked-by: Somebody Else <else@example.org>\n")
    + mail(
      "Re: [PATCH v2] virt: do it", id: "r3", parent: "p2", from: "Carl Counter <carl@example.org>",
      "I would rather do:\n\nFrom: Carl Counter <carl@example.org>\nSubject: [PATCH] virt: do it right\n\n"
        + "Better.\n\nSigned-off-by: Carl Counter <carl@example.org>\n\n" + diff("third"))

  @Test(arguments: [([], "second"), (["--version", "1"], "first"), (["--from-reply", "<r3@x>"], "third")])
  func takesTheSeriesThatIsAskedFor(_ options: [String], _ line: String) throws {
    let fixture = try repository()
    let path = fixture.path + ".mbox"
    try Data(Self.thread.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try BuiltBinary.run(["apply", path, "--tree", fixture.path, "--branch", "by"] + options)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try fixture.git("show", "by:virt/f.c").split(separator: "\n")[2] == line)
    if line == "third" {
      #expect(
        try fixture.git("log", "-1", "--format=%an <%ae>%n%B", "by")
          == "Carl Counter <carl@example.org>\nvirt: do it right\n\nBetter.\n\nSigned-off-by: Carl Counter <carl@example.org>"
      )
    }
  }

  @Test func collectsTrailersAndNamesTheForeignOne() throws {
    let fixture = try repository()
    let run = try apply(Self.thread, to: fixture, "--trailers")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try fixture.git("log", "-1", "--format=%(trailers)", "by")
        == "Reviewed-and-tested-by: Rita Reviewer <rita@example.org>\nSigned-off-by: Ada Author <ada@example.org>")
    #expect(run.text.contains("Acked-by: Somebody Else"))
    #expect(run.text.contains("Eve <eve@example.org>"))
    let missing = try apply(Self.thread, to: fixture, "--version", "7")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("no version 7"))
  }

  @Test func showsAFuzzyPlaceAndDoesNotTakeIt() throws {
    let fixture = try repository()
    let mbox = Self.mail("[PATCH] virt: do it", id: "p", Self.patch("new", context: "line two"))
    let plain = try apply(mbox, to: fixture)
    #expect(plain.status == 2)
    #expect(!plain.text.contains("+new"))
    let preview = try apply(mbox, to: fixture, "--fuzz-preview")
    #expect(preview.status == 2)
    for line in ["--- a/virt/f.c", "+++ b/virt/f.c", "@@ -1,5 +1,5 @@", " line 2", "-line 3", "+new"] {
      #expect(preview.text.contains("\n          \(line)\n"), "\(line)")
    }
    #expect(preview.text.contains("not applied"))
    #expect(try fixture.git("branch", "--list", "by") == "")
    // The line that differs is named, not the hunk's first one.
    #expect(preview.text.contains("wants line 2 to be\n          'line two'\n        but there is\n          'line 2'"))
  }

  @Test func aFileWithCarriageReturnsKeepsThem() throws {
    let fixture = try repository()
    try fixture.write("dos.txt", "one\r\ntwo\r\nthree\r\n")
    let base = try fixture.commit("dos")
    try fixture.write("dos.txt", "one\r\n2\r\nthree\r\n")
    try fixture.commit("[PATCH] change")
    let mbox = try fixture.git("format-patch", "--stdout", "-1") + "\n"
    try fixture.git("reset", "-q", "--hard", base)
    let run = try apply(mbox, to: fixture)
    #expect(run.status == 0, "\(run.text)\(run.errors)")
    #expect(try fixture.git("cat-file", "-s", "by:dos.txt") == "\("one\r\n2\r\nthree\r\n".utf8.count)")
    // Where the transport has turned every line end, it is the transport's.
    let wire = Self.mail("[PATCH] virt: do it", id: "p", Self.patch("new")).replacing("\n", with: "\r\n")
    try fixture.git("branch", "-q", "-D", "by")
    #expect(try apply(wire, to: fixture).status == 0)
  }

  @Test func aBinaryFitsOnlyWhatItWasMadeFrom() throws {
    let fixture = try repository()
    try fixture.write("logo", "\u{0}one")
    try fixture.commit("logo")
    try fixture.write("logo", "\u{0}two")
    try fixture.commit("[PATCH] change")
    let mbox = try fixture.git("format-patch", "--stdout", "--binary", "-1") + "\n"
    let again = try apply(mbox, to: fixture, "--onto", "HEAD")
    #expect(again.status == 2)
    #expect(again.text.contains("already applied"))
    try fixture.git("checkout", "-q", "HEAD~1")
    try fixture.write("logo", "\u{0}other")
    try fixture.commit("other")
    let other = try apply(mbox, to: fixture, "--onto", "HEAD")
    #expect(other.status == 2)
    #expect(other.text.contains("the patch was made from blob"))
    #expect(try apply(mbox, to: fixture, "--onto", "HEAD~1").status == 0)
    #expect(try fixture.git("rev-parse", "by^{tree}") == (try fixture.git("rev-parse", "master^{tree}")))
  }
}
