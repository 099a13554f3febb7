import Foundation
import PatchMail
import Testing

/// Series as a whole, with `git am` as the witness for what a commit records.
@Suite struct SeriesInputTests {
  /// A repository whose history is awkward to mail, and its series in several wrappings.
  private func withSeries(_ body: (URL, String) throws -> Void) throws {
    try Oracle.withDirectory { directory in
      let repository = directory.appending(path: "repo")
      try FileManager.default.createDirectory(at: repository, withIntermediateDirectories: true)
      func git(_ arguments: String...) throws { try Oracle.run(["git"] + arguments, in: repository) }
      func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: repository.appending(path: name))
      }
      try git("init", "-q", "-b", "main")
      try write("a.c", (1...60).map { "int line_\($0);\n" }.joined())
      try git("add", "-A")
      try git("commit", "-qm", "base")
      try write("a.c", (1...60).map { $0 == 7 ? "int größe;\n" : "int line_\($0);\n" }.joined())
      try git(
        "commit", "-qam", "lib: größe\n\nMessage with ünïcode   \n\n\n--\nand dashes\n\nFixes: 123456789012 (\"x\")",
        "--author=Jörg Müller, Jr. <jm@example.org>", "--date=2024-02-29T23:59:58+0530")
      try write("b.c", "no newline at end")
      try git("add", "-A")
      try git(
        "commit", "-qm", "[tag] lib: add b\n\nFrom here on a line starts with From.", "--author=\"Q\" <q@example.org>",
        "--date=@1700000000 -0800")
      try git("mv", "b.c", "c.c")
      try git("commit", "-qm", "lib: move b\n\n>From quoted\n", "--author=Al <al@example.org>")
      try body(repository, directory.path)
    }
  }

  /// `git am` of an mbox onto the base: author, address, date and message of each commit.
  private func applied(_ mbox: String, in repository: URL) throws -> [[String]] {
    func git(_ arguments: String...) throws -> [UInt8] {
      let (status, output) = try Oracle.run(["git"] + arguments, in: repository)
      #expect(status == 0, "git \(arguments)")
      return output
    }
    _ = try git("checkout", "-q", "--detach", "main~3")
    _ = try git("am", "-q", mbox)
    let log = try git("log", "--reverse", "--format=%an%x00%ae%x00%ad%x00%B%x01", "--date=raw", "main~3..HEAD")
    return String(decoding: log, as: UTF8.self).split(separator: "\u{1}").map { commit in
      commit.drop { $0 == "\n" }.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    }.filter { $0.count == 4 }
  }

  private func ours(_ path: String) throws -> [[String]] {
    try SeriesInput.series(at: path).patches.map {
      [
        $0.author.name, $0.author.email, "\($0.date.secondsSince1970) \($0.date.zone)",
        String(decoding: $0.message, as: UTF8.self),
      ]
    }
  }

  @Test(arguments: [
    ["--stdout"], ["--stdout", "--cover-letter", "--thread"], ["--stdout", "-v3", "--rfc", "--attach"],
    ["--stdout", "--inline", "-N"], ["--stdout", "--subject-prefix=PATCH net-next", "--signature=x"],
    ["--stdout", "--from=Sender <s@example.org>"], ["--stdout", "--base=main~3"],
  ])
  func recordsWhatGitAmRecords(_ flags: [String]) throws {
    try withSeries { repository, directory in
      let mbox = directory + "/series.mbox"
      let (status, output) = try Oracle.run(["git", "format-patch", "main~3..main"] + flags, in: repository)
      #expect(status == 0)
      try Data(output).write(to: URL(filePath: mbox))
      var expected = output
      if flags.contains("--cover-letter") {
        // git am stops at a cover letter: it gets the series without it.
        let text = String(decoding: output, as: UTF8.self)
        let second = try #require(text.range(of: "\nFrom ", range: text.index(after: text.startIndex)..<text.endIndex))
        expected = Array(text[text.index(after: second.lowerBound)...].utf8)
      }
      let plain = directory + "/am.mbox"
      try Data(expected).write(to: URL(filePath: plain))
      let git = try applied(plain, in: repository)
      #expect(git.count == 3)
      #expect(try ours(mbox) == git.map { $0 })
    }
  }

  @Test func readsEveryWrappingAlike() throws {
    try withSeries { repository, directory in
      let folder = directory + "/patches"
      try Oracle.run(["git", "format-patch", "-q", "-o", folder, "main~3..main"], in: repository)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      // --stdout would put an empty line more between two mails
      let mails = try names.map { try Oracle.bytes(URL(filePath: folder + "/" + $0)) }
      let mbox = mails.flatMap { $0 }
      let plain = directory + "/x.mbox"
      try Data(mbox).write(to: URL(filePath: plain))
      let expected = try SeriesInput.series(at: plain)
      #expect(expected.patches.map(\.number) == [1, 2, 3])

      var folderSeries = try SeriesInput.series(at: folder)
      #expect(folderSeries.patches == expected.patches)

      try Oracle.run(["sh", "-c", "gzip -k x.mbox"], in: URL(filePath: directory))
      #expect(try SeriesInput.series(at: plain + ".gz").patches == expected.patches)

      let reversed = directory + "/reversed.mbox"
      try Data(mails.reversed().flatMap { $0 }).write(to: URL(filePath: reversed))
      #expect(try SeriesInput.series(at: reversed).patches == expected.patches)

      let crlf = directory + "/crlf.mbox"
      try Data(String(decoding: mbox, as: UTF8.self).replacingOccurrences(of: "\n", with: "\r\n").utf8)
        .write(to: URL(filePath: crlf))
      #expect(try SeriesInput.series(at: crlf).patches == expected.patches)

      let maildir = directory + "/maildir"
      try FileManager.default.createDirectory(atPath: maildir + "/cur", withIntermediateDirectories: true)
      try FileManager.default.createDirectory(atPath: maildir + "/new", withIntermediateDirectories: true)
      for (index, file) in names.enumerated() {
        try FileManager.default.copyItem(
          atPath: folder + "/" + file,
          toPath: maildir + (index == 0 ? "/new/" : "/cur/") + "17000000\(9 - index).M1:2,S")
      }
      folderSeries = try SeriesInput.series(at: maildir)
      #expect(folderSeries.patches == expected.patches)
    }
  }
}
