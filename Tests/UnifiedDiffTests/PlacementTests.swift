import Foundation
import Testing
import UnifiedDiff

/// Where hunks go when the file is not the one the diff was made from: `git apply` decides.
@Suite struct PlacementTests {
  @Test(arguments: 1...150 as ClosedRange<UInt64>)
  func agreesWithGitApply(_ seed: UInt64) throws {
    var random = DiffOracle.Random(seed: seed &* 31)
    let old = DiffOracle.file(
      &random, lines: Int.random(in: 3...90, using: &random), vocabulary: seed % 2 == 0 ? 3 : 40)
    let new = DiffOracle.edited(old, &random, edits: Int.random(in: 1...6, using: &random))
    let target = DiffOracle.edited(old, &random, edits: Int.random(in: 0...5, using: &random))
    guard old != new else { return }
    try DiffOracle.withDirectory { directory in
      for name in ["a", "b"] {
        try FileManager.default.createDirectory(at: directory.appending(path: name), withIntermediateDirectories: true)
      }
      try DiffOracle.write(old, directory.appending(path: "a/f"))
      try DiffOracle.write(new, directory.appending(path: "b/f"))
      let (_, patch) = try DiffOracle.run(
        ["git", "diff", "--no-index", "--text", "--no-prefix", "a/f", "b/f"], in: directory)
      try DiffOracle.write(patch, directory.appending(path: "p"))
      try DiffOracle.write(target, directory.appending(path: "f"))
      let status = try DiffOracle.run(["git", "apply", "p"], in: directory).status
      let result = try #require(try UnifiedDiff.parse(patch).first).apply(to: target)
      #expect(result.isComplete == (status == 0), "seed \(seed)")
      if status == 0 { #expect(result.bytes == (try DiffOracle.read(directory.appending(path: "f"))), "seed \(seed)") }
    }
  }

  private func hunk(_ text: String) throws -> FileDiff {
    try #require(try UnifiedDiff.parse(Array(("--- a/f\n+++ b/f\n" + text).utf8)).first)
  }

  private func reason(_ placement: HunkPlacement?) -> HunkFailure? {
    if case .failed(let failure) = placement { failure } else { nil }
  }

  @Test func namesTheLineThatDiffers() throws {
    let diff = try hunk("@@ -1,5 +1,5 @@\n one\n two\n-three\n+THREE\n four\n five\n")
    let result = diff.apply(to: Array("zero\none\ntwo\nthree\nFOUR\nfive\n".utf8))
    let failure = try #require(reason(result.placements.first))
    #expect(failure.reason == .contextChanged)
    #expect(failure.nearest?.line == 2)
    #expect(failure.nearest?.matching == 4)
    #expect(failure.nearest?.difference?.fileLine == 5)
    #expect(failure.nearest?.difference?.patchLine == 8)
    #expect(failure.nearest?.difference?.expected == Array("four".utf8))
    #expect(failure.nearest?.difference?.found == Array("FOUR".utf8))
    #expect(!result.isComplete)
  }

  @Test func tellsAppliedAlreadyFromChanged() throws {
    let diff = try hunk("@@ -2,3 +2,3 @@\n one\n-two\n+TWO\n three\n")
    #expect(reason(diff.apply(to: Array("x\none\nTWO\nthree\n".utf8)).placements.first)?.reason == .alreadyApplied)
    #expect(reason(diff.apply(to: Array("x\none \ntwo\nthree\n".utf8)).placements.first)?.reason == .whitespace)
    #expect(reason(diff.apply(to: Array("x\r\none\r\ntwo\r\nthree\r\n".utf8)).placements.first)?.reason == .whitespace)
    #expect(reason(diff.apply(to: Array("a\nb\n".utf8)).placements.first)?.reason == .contextChanged)
    #expect(reason(diff.apply(to: []).placements.first)?.reason == .contextChanged)
  }

  @Test func saysHowFarAndHowManyOtherPlaces() throws {
    let diff = try hunk("@@ -2,3 +2,4 @@\n a\n b\n+new\n c\n")
    let far = diff.apply(to: Array("1\n2\n3\n4\n5\n6\na\nb\nc\n".utf8))
    #expect(far.placements == [.offset(line: 7, lines: 5, otherPlaces: 0)])
    let twice = diff.apply(to: Array("1\n2\n3\n4\n5\na\nb\nc\n6\na\nb\nc\n".utf8))
    #expect(twice.placements == [.offset(line: 6, lines: 4, otherPlaces: 1)])
  }

  @Test func refusesToGuessWithoutContext() throws {
    let diff = try hunk("@@ -2,0 +3 @@\n+new\n")
    #expect(reason(diff.apply(to: Array("a\nb\nc\n".utf8)).placements.first)?.reason == .noContext)
    #expect(diff.apply(to: Array("a\nb\n".utf8)).bytes == Array("a\nb\nnew\n".utf8))
  }

  @Test func laterHunksCountOnEarlierOnesThatFailed() throws {
    let diff = try hunk("@@ -1,2 +1,5 @@\n a\n+1\n+2\n+3\n b\n@@ -20,2 +23,3 @@\n x\n+4\n y\n")
    let lines = (1...18).map { "line \($0)" } + ["not b", "x", "y", "end"]
    let result = diff.apply(to: Array((lines.joined(separator: "\n") + "\n").utf8))
    #expect(!result.placements[0].isApplied)
    #expect(reason(result.placements[1])?.reason == .notAtEdge || result.placements[1].isApplied)
  }
}
