import SeriesRules
import Testing

struct LineDiffTests {
  /// The old and the new text as the regions and the lines between them say.
  private func sides(_ old: [String], _ new: [String]) -> (removed: [Int], added: [Int], consistent: Bool) {
    func bytes(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }
    let diff = LineDiff(bytes(old), bytes(new))
    var consistent = true
    for line in diff.regions.flatMap(\.lines) {
      let text = String(decoding: line.text, as: UTF8.self)
      let side = line.kind == .removed ? old : new
      consistent = consistent && side[line.number - 1] == text
    }
    let lines = diff.regions.flatMap(\.lines)
    let removed = lines.filter { $0.kind == .removed }.map(\.number)
    let added = lines.filter { $0.kind == .added }.map(\.number)
    let keptOld = old.indices.filter { !removed.contains($0 + 1) }.map { old[$0] }
    let keptNew = new.indices.filter { !added.contains($0 + 1) }.map { new[$0] }
    return (removed, added, consistent && keptOld == keptNew)
  }

  @Test func theShortestScript() {
    let result = sides(["a", "b", "c", "a", "b", "b", "a"], ["c", "b", "a", "b", "a", "c"])
    #expect(result.removed.count + result.added.count == 5)
    #expect(result.consistent)
  }

  @Test func emptyAndEqual() {
    #expect(sides([], []).removed.isEmpty)
    #expect(sides(["a"], ["a"]).added.isEmpty)
    #expect(sides([], ["a", "b"]).added == [1, 2])
    #expect(sides(["a", "b"], []).removed == [1, 2])
  }

  @Test func randomTextsAreConsistent() {
    var generator = SplitMix(state: 7)
    for _ in 0..<300 {
      let old = (0..<Int.random(in: 0...30, using: &generator)).map { _ in "\(Int.random(in: 0...4, using: &generator))"
      }
      let new = (0..<Int.random(in: 0...30, using: &generator)).map { _ in "\(Int.random(in: 0...4, using: &generator))"
      }
      #expect(sides(old, new).consistent, "\(old) \(new)")
    }
  }

  @Test func overBudgetIsStillCorrect() {
    let result = sides((0..<2000).map { "a\($0)" }, (0..<2000).map { "b\($0)" })
    #expect(result.consistent)
    #expect(result.added.count == 2000)
  }

  /// A generator with a seed: the same texts in every run.
  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }
}
