import Foundation
import Testing
import UnifiedDiff

/// Printing what was read gives the text back, and applying a diff of a and b to a gives b.
@Suite struct RoundTripTests {
  @Test(arguments: [["-U3"], ["-U0"], ["-U1", "-M"], ["-U25"]], 1...12 as ClosedRange<UInt64>)
  func gitDiffOfTwoFiles(_ flags: [String], _ seed: UInt64) throws {
    var random = DiffOracle.Random(seed: seed)
    let old = DiffOracle.file(&random, lines: Int.random(in: 0...120, using: &random), endsInNewline: seed % 3 != 0)
    let new = DiffOracle.edited(old, &random, edits: Int.random(in: 1...12, using: &random))
    try DiffOracle.withDirectory { directory in
      try DiffOracle.write(old, directory.appending(path: "a"))
      try DiffOracle.write(new, directory.appending(path: "b"))
      let (_, text) = try DiffOracle.run(
        ["git", "diff", "--no-index", "--text", "--no-prefix"] + flags + ["a", "b"], in: directory)
      if old == new { return }
      // --no-index names two files: the names are made one, as in a patch
      let patch = Array(String(decoding: text, as: Unicode.ASCII.self).utf8).isEmpty ? text : rename(text)
      let diff = try UnifiedDiff(parsing: patch)
      #expect(diff.bytes == patch)
      #expect(diff.warnings.isEmpty)
      let file = try #require(diff.files.first)
      // Without context a hunk's place is only certain at the end of a file: that is refused, not guessed.
      if flags == ["-U0"] { return }
      let result = file.apply(to: old)
      #expect(result.isComplete)
      #expect(result.bytes == new)
      #expect(result.placements.allSatisfy { if case .exact = $0 { true } else { false } })
    }
  }

  private func rename(_ text: [UInt8]) -> [UInt8] {
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    for (index, line) in lines.prefix(8).enumerated() {
      if line.starts(with: "diff --git ".utf8) { lines[index] = Array("diff --git a/f b/f".utf8) }
      if line == Array("--- a".utf8) { lines[index] = Array("--- a/f".utf8) }
      if line == Array("+++ b".utf8) { lines[index] = Array("+++ b/f".utf8) }
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func plainDiff(_ seed: UInt64) throws {
    var random = DiffOracle.Random(seed: seed &+ 1000)
    let old = DiffOracle.file(&random, lines: Int.random(in: 1...80, using: &random), endsInNewline: seed % 2 == 0)
    let new = DiffOracle.edited(old, &random, edits: 5)
    try DiffOracle.withDirectory { directory in
      for (name, bytes) in [("a", old), ("b", new)] {
        try FileManager.default.createDirectory(at: directory.appending(path: name), withIntermediateDirectories: true)
        try DiffOracle.write(bytes, directory.appending(path: name + "/f.c"))
      }
      try DiffOracle.write(old, directory.appending(path: "b/only.c"))
      let (_, text) = try DiffOracle.run(["diff", "-ruN", "--text", "a", "b"], in: directory)
      let diff = try UnifiedDiff(parsing: text)
      #expect(diff.bytes == text)
      let file = try #require(diff.files.first { $0.path == "f.c" })
      #expect(file.apply(to: old).bytes == new)
      let only = try #require(diff.files.first { $0.path == "only.c" })
      #expect(only.change == .create)
      #expect(only.oldPath == nil)
      #expect(only.apply(to: []).bytes == old)
    }
  }

  @Test func gitHistoryOfEveryKind() throws {
    try DiffOracle.withDirectory { directory in
      func git(_ arguments: String...) throws -> [UInt8] {
        try DiffOracle.run(["git"] + arguments, in: directory).output
      }
      func write(_ name: String, _ bytes: [UInt8]) throws {
        try DiffOracle.write(bytes, directory.appending(path: name))
      }
      var random = DiffOracle.Random(seed: 7)
      let text = DiffOracle.file(&random, lines: 60, vocabulary: 500)
      let binary = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try git("init", "-q")
      try write("moved.c", text)
      try write("copied.c", text)
      try write("script", Array("#!/bin/sh\n".utf8))
      try write("gone.c", Array("gone\n".utf8))
      try write("data.bin", binary)
      try write("a file with blanks.c", text)
      try write("tab\there \"q\" \u{fc}.c", text)
      try write("empty", [])
      _ = try git("add", "-A")
      _ = try git("commit", "-qm", "1")
      _ = try git("mv", "moved.c", "to.c")
      try write("copy.c", DiffOracle.edited(text, &random, edits: 2))
      try write("copied.c", DiffOracle.edited(text, &random, edits: 1))
      try write("a file with blanks.c", DiffOracle.edited(text, &random, edits: 2))
      try write("tab\there \"q\" \u{fc}.c", DiffOracle.edited(text, &random, edits: 2))
      try write("data.bin", Array(binary[0..<2000]) + [1, 2, 3, 0] + Array(binary[1500...]))
      try write("new.bin", Array(binary.reversed()))
      try write("new.c", Array("new\n".utf8))

      _ = try git("rm", "-q", "gone.c")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: directory.appending(path: "script").path)
      try FileManager.default.createSymbolicLink(
        atPath: directory.appending(path: "link").path, withDestinationPath: "to.c")
      _ = try git("add", "-A")
      _ = try git("commit", "-qm", "2")
      let patch = try git("diff", "--binary", "-M", "-C", "--find-copies-harder", "HEAD~1", "HEAD")
      let diff = try UnifiedDiff(parsing: patch)
      #expect(diff.bytes == patch)

      let (_, summary) = try DiffOracle.run(
        ["git", "diff", "--name-status", "-z", "-M", "-C", "--find-copies-harder", "HEAD~1", "HEAD"], in: directory)
      let fields = summary.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      #expect(diff.files.filter { $0.change == .rename }.map(\.newPath) == ["to.c"])
      #expect(fields.filter { $0.hasPrefix("C") }.count == diff.files.filter { $0.change == .copy }.count)
      #expect(Set(diff.files.filter { $0.change == .delete }.map(\.path)) == ["gone.c"])
      #expect(diff.files.contains { $0.path == "tab\there \"q\" \u{fc}.c" && $0.change == .modify })
      #expect(diff.files.contains { $0.path == "a file with blanks.c" && $0.change == .modify })
      let script = try #require(diff.files.first { $0.path == "script" })
      #expect(script.oldMode == 0o100644)
      #expect(script.newMode == 0o100755)
      #expect(diff.files.first { $0.path == "link" }?.newMode == 0o120000)

      for file in diff.files where file.change != .delete {
        let old =
          try file.oldPath.map { try DiffOracle.run(["git", "show", "HEAD~1:" + $0], in: directory).output } ?? []
        let new = try DiffOracle.run(["git", "show", "HEAD:" + file.path], in: directory).output
        if case .content(let forward, let reverse) = file.binary {
          #expect(try forward.applied(to: old) == new)
          #expect(try reverse?.applied(to: new) == old)
        } else {
          #expect(file.apply(to: old).bytes == new, "\(file.path)")
        }
      }
      // A value made in memory prints what git reads.
      for file in diff.files {
        var copy = file
        copy.header = []
        var text: [UInt8] = []
        copy.print(to: &text)
        let again = try #require(try UnifiedDiff(parsing: text).files.first)
        #expect(again.change == file.change)
        #expect(again.oldPath == file.oldPath)
        #expect(again.newPath == file.newPath)
        #expect(again.hunks.count == file.hunks.count)
      }
    }
  }
}
