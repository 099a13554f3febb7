import Findings
import SeriesRules
import Testing

struct SeriesChurnTests {
  private func findings(_ patches: SeriesFixture.Patch...) -> [SeriesFinding] {
    let series = patches.enumerated().map { index, patch in
      SeriesPatch(
        identity: PatchIdentity(number: index + 1, count: patches.count, subject: ""),
        message: Array(patch.message.utf8),
        files: patch.files.map { PatchedFile(oldPath: $0, newPath: $0, regions: [SeriesFixture.region($1)]) })
    }
    return SeriesRules.findings(in: series, rules: ["series-churn"], hasTree: false)
  }

  @Test func aLostNegationThatALaterPatchPutsBack() throws {
    let found = findings(
      .init("one", ("a.c", "-\tif (!ready)\n+\tif (device_is_ready(dev, index))\n \t\tprepare(dev);")),
      .init(
        "two", ("a.c", "-\tif (device_is_ready(dev, index))\n+\tif (!device_is_ready(dev, order))\n \t\tprepare(dev);"))
    )
    let finding = try #require(found.first)
    #expect(found.count == 1)
    #expect(finding.patchIndex == 0)
    #expect(finding.fixedByIndex == 1)
    #expect(finding.finding.place == SourcePlace(path: "a.c", line: 100, column: 2))
    #expect(finding.finding.confidence == .high)
  }

  @Test(arguments: [
    ("\tif (a < limit(b))", "\tif (a <= limit(b))"), ("\twhile (a && b)", "\twhile (a || b)"),
    ("\treturn a == b;", "\treturn a != b;"),
  ])
  func aComparisonThatALaterPatchTurnsRound(first: String, second: String) {
    #expect(findings(.init("", ("a.c", "+\(first)")), .init("", ("a.c", "-\(first)\n+\(second)"))).count == 1)
  }

  @Test(arguments: [
    ("\tif (ready(dev))", "\tif (ready(dev, index))"), ("\tif (ready(dev))", "\tif (steady(dev))"),
    ("\tif (a)", "\tif (a && b)"), ("\tif (a && !ready(b, 1))", "\tif (a && !ready(b, round_down(1,"),
    ("\tif (a)", "\tif (a &&"), ("\tx = a < b;", "\tx = a > b;"),
  ])
  func aConditionThatGrowsIsNoRepair(first: String, second: String) {
    #expect(findings(.init("", ("a.c", "+\(first)")), .init("", ("a.c", "-\(first)\n+\(second)"))).isEmpty)
  }

  @Test func aConditionThatTheSeriesDidNotWriteIsNoRepair() {
    #expect(findings(.init("", ("a.c", "+\tint x;")), .init("", ("a.c", "-\tif (a)\n+\tif (!a)"))).isEmpty)
  }

  private static let block = ["\torder = 0;", "\twhile (fits(order + 1))", "\t\torder++;", "\tuse(order, dev);"]

  @Test func aBlockThatALaterPatchTakesAway() throws {
    let found = findings(
      .init("", ("a.c", Self.block.map { "+" + $0 }.joined(separator: "\n"))),
      .init("", ("a.c", Self.block.map { "-" + $0 }.joined(separator: "\n"))))
    #expect(found.count == 1)
    #expect(found.first?.finding.evidence.first?.place.line == 100)
  }

  @Test func threeLinesAMoveAndADifferentFileAreAccepted() {
    let added = Self.block.map { "+" + $0 }.joined(separator: "\n")
    let removed = Self.block.map { "-" + $0 }.joined(separator: "\n")
    let indented = Self.block.map { "+\t" + $0 }.joined(separator: "\n")
    #expect(
      findings(
        .init("", ("a.c", Self.block.dropLast().map { "+" + $0 }.joined(separator: "\n"))),
        .init("", ("a.c", Self.block.dropLast().map { "-" + $0 }.joined(separator: "\n")))
      ).isEmpty)
    #expect(findings(.init("", ("a.c", added)), .init("", ("a.c", removed + "\n" + indented))).isEmpty)
    #expect(findings(.init("", ("a.c", added)), .init("", ("a.c", removed), ("b.c", indented))).isEmpty)
    #expect(findings(.init("", ("a.c", added)), .init("", ("b.c", removed))).isEmpty)
  }
}
