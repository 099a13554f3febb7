import Testing
import UnifiedDiff

/// Input that no tool made: refused clearly, in bounded time, never a trap.
@Suite struct HostileDiffTests {
  private func code(_ text: String) -> DiffError.Code? {
    do {
      _ = try UnifiedDiff(parsing: Array(text.utf8))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func refusesWhatItCannotRead() {
    let head = "diff --git a/f b/f\n--- a/f\n+++ b/f\n"
    #expect(code("diff --git a/f b/f\nindex 1..2 100644\nprose\n") == .badHeader)
    #expect(code(head + "@@ -1,2147483647 +1,2147483647 @@\n a\n") == .truncatedHunk)
    #expect(code(head + "@@ -1,99999999999999999999 +1 @@\n a\n") == .badHunkHeader)
    #expect(code(head + "@@ -1,3 +1,3 @@\n a\n-b\n+c\n") == .truncatedHunk)
    #expect(code(head + "@@ -1 +1 @@\n a\n a\n") == nil)
    #expect(code("diff --git a/f b/f\nindex 1..2 100644\nprose\n") == .badHeader)
    #expect(code(head + "@@ -1,2 +1,2 @@\n a\n*b\n") == .truncatedHunk)
    #expect(code("@@ -1 +1 @@\n-a\n+b\n") == .hunkWithoutFile)
    #expect(code("diff --git a/f b/f\nindex 1..2 100644\nprose\n") == .badHeader)
    #expect(code(head + "@@ -1,2\n+1,3 @@ wrapped\n a\n") == .badHunkHeader)
    #expect(code("--- a/f\n+++ b/f\n@@ -x\n") == .badHunkHeader)
    #expect(code("diff --git a/f b/g\nindex 1..2 100644\n") == .badHeader)
    #expect(code("diff --git a/f b/f\nnew file mode 100644\n--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n") == .badHeader)
    #expect(code("diff --git a/f b/f\nold mode 77\nnew mode 100644\n") == .badHeader)
    #expect(code("diff --git a/f b/f\nrename from a\n") == .badHeader)
    #expect(code("diff --git a/f b/f\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n") == .badHeader)
    #expect(code("diff --git a/f b/f\nindex 1..2\nGIT binary patch\nliteral 5\nnot base 85\n\n") == .badBinary)
    #expect(code("diff --git a/f b/f\nindex 1..2\nGIT binary patch\n") == .badBinary)
    #expect(code("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n") == .badHeader)
    #expect(code("--- a/f\u{0}x\n+++ b/f\u{0}x\n@@ -1 +1 @@\n-a\n+b\n") == .badPath)
    #expect(code("diff --git is a command\nand this is prose\n") == nil)
  }

  @Test func namesLineAndRemedy() throws {
    let error = #expect(throws: DiffError.self) {
      try UnifiedDiff(parsing: Array("text\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n".utf8))
    }
    let text = error?.description ?? ""
    #expect(text.contains("line 7"))
    #expect(text.contains("'@@ -1,3 +1,3 @@' (line 4)"))
    #expect(!text.contains("\n"))
  }

  @Test func warnsOfALineThatTheHeaderDoesNotCount() throws {
    let diff = try UnifiedDiff(parsing: Array("--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n a\n+b\n+lost\n".utf8))
    #expect(diff.warnings.map(\.line) == [6])
    let signature = try UnifiedDiff(parsing: Array("--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n a\n+b\n-- \n2.39\n".utf8))
    #expect(signature.warnings.isEmpty)
  }

  @Test(.timeLimit(.minutes(1))) func isLinearWhereItCouldBeQuadratic() throws {
    // one line repeated, a hunk that fits nowhere until its last line
    let same = [UInt8](repeating: 0, count: 200_000).flatMap { _ in [0x61, 0x0A] as [UInt8] }
    var text = "--- a/f\n+++ b/f\n"
    for index in 0..<300 {
      text += "@@ -\(index * 100 + 1),41 +\(index * 100 + 1),41 @@\n"
      text += String(repeating: " a\n", count: 40) + "-b\n+c\n"
    }
    let clock = ContinuousClock()
    let file = try #require(try UnifiedDiff.parse(Array(text.utf8)).first)
    let spent = clock.measure { #expect(!file.apply(to: same).isComplete) }
    #expect(spent < .seconds(20))
    // hunks in falling order
    var falling = "--- a/f\n+++ b/f\n"
    let numbered = (1...60_000).map { "line \($0)\n" }.joined()
    for index in stride(from: 19_999, through: 1, by: -1) {
      falling += "@@ -\(index * 3),2 +\(index * 3),2 @@\n line \(index * 3)\n-line \(index * 3 + 1)\n+x\n"
    }
    let backwards = try #require(try UnifiedDiff.parse(Array(falling.utf8)).first)
    #expect(clock.measure { _ = backwards.apply(to: Array(numbered.utf8)) } < .seconds(20))
    // a `diff --git` line of nothing but blanks and slashes
    let blanks = Array(("diff --git a/" + String(repeating: " /", count: 200_000) + "\nindex 1..2\n").utf8)
    #expect(clock.measure { _ = try? UnifiedDiff(parsing: blanks) } < .seconds(5))
  }

  @Test func refusesPathsThatLeaveTheTree() {
    for path in [
      "/etc/passwd", "../x", "a/../../x", ".git/config", "a/.GIT/hooks/x", "a/.git./x", ".git ", "git~1/x", "a//b", "",
      ".g\u{200c}it/x", ".git\\config", ".git::$INDEX_ALLOCATION/x", "a/./b", "a\u{0}b",
    ] {
      #expect(PathSafety.refusal(of: path) != nil, "\(path.debugDescription)")
    }
    for path in ["a/b.c", ".gitignore", "a/.gitattributes", "..a/b", "git/x", ".github/x", "a b/c"] {
      #expect(PathSafety.refusal(of: path) == nil, "\(path)")
    }
  }
}
