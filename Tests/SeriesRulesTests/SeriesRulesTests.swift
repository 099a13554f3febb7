import Findings
import SeriesRules
import Testing

struct SeriesRulesTests {
  private func ids(_ series: [SeriesPatch], hasTree: Bool = false) -> [String] {
    SeriesRules.findings(in: series, hasTree: hasTree).map(\.finding.rule)
  }

  @Test func everyRuleIsDescribedAndNamedOnce() {
    let descriptions = SeriesRules.all.map { $0.description }
    #expect(Set(descriptions.map(\.id)).count == descriptions.count)
    for rule in descriptions {
      #expect(!rule.whatItDoes.isEmpty && !rule.whyItMatters.isEmpty && !rule.summary.hasSuffix("."), "\(rule.id)")
      #expect(rule.id.utf8.allSatisfy { $0 == 0x2D || $0 >= 0x61 && $0 <= 0x7A })
    }
  }

  @Test(arguments: SeriesRules.all.map { $0.description })
  func theExamplesOfTheDescriptionsAreTrue(rule: RuleDescription) {
    #expect(!rule.triggering.isEmpty && !rule.nonTriggering.isEmpty)
    for example in rule.triggering {
      let series = SeriesFixture.series(of: example.source)
      let found = SeriesRules.findings(in: series, rules: [rule.id], hasTree: false)
      #expect(!found.isEmpty, "\(rule.id)")
      // Where a line is marked it is the one.
      let marked = series.flatMap(\.files).flatMap(\.regions).flatMap(\.lines).filter {
        String(decoding: $0.text, as: UTF8.self).contains("/* reported */")
      }
      if let line = marked.first { #expect(found.map(\.finding.place.line) == [line.number], "\(rule.id)") }
    }
    for example in rule.nonTriggering {
      let series = SeriesFixture.series(of: example.source)
      #expect(SeriesRules.findings(in: series, rules: [rule.id], hasTree: false).isEmpty, "\(rule.id)")
    }
  }

  // MARK: unused-until-later

  private static let function = "+static int helper(int a)\n+{\n+\treturn a;\n+}"

  @Test func aStaticFunctionThatOnlyALaterPatchUses() throws {
    let series = SeriesFixture.series(
      .init("one", ("a.c", Self.function)), .init("two", ("a.c", "+\tr = helper(1);")))
    let found = try #require(SeriesRules.findings(in: series, hasTree: false).first)
    #expect(found.finding.rule == "unused-until-later")
    #expect(found.finding.function == "helper")
    #expect(found.patchIndex == 0)
    #expect(found.fixedByIndex == 1)
    #expect(found.finding.place == SourcePlace(path: "a.c", line: 100, column: 12))
  }

  @Test(arguments: [
    "+static int helper(int a)\n+{\n+\treturn a;\n+}\n+int f(void)\n+{\n+\treturn helper(2);\n+}",
    "+static inline int helper(int a)\n+{\n+\treturn a;\n+}",
    "+static int __maybe_unused helper(int a)\n+{\n+\treturn a;\n+}",
    "+int helper(int a)\n+{\n+\treturn a;\n+}",
    "+static int helper(int a);",
    "+static int helper_show(int a)\n+{\n+\treturn a;\n+}\n+DEFINE_SHOW_ATTRIBUTE(helper);",
    "-static int helper(int a)\n+static int helper(long a)\n {\n \treturn a;\n }",
    "+static const struct ops ops = {\n+\t.run = helper,\n+};\n+static int helper(int a)\n+{\n+\treturn a;\n+}",
  ])
  func aFunctionThatIsUsedOrNeedsNoUse(hunk: String) {
    #expect(ids(SeriesFixture.series(.init("one", ("a.c", hunk)), .init("two", ("a.c", "+\tr = other(1);")))).isEmpty)
  }

  @Test func aHeaderMayDefineWhatNobodyUses() {
    #expect(ids(SeriesFixture.series(.init("one", ("a.h", Self.function)))).isEmpty)
  }

  // MARK: defined-later

  @Test func aCallWhoseFunctionComesLater() throws {
    let series = SeriesFixture.series(
      .init("one", ("a.c", " int f(void)\n {\n+\treturn frob(1);\n }")),
      .init("two", ("a.h", "+int frob(int a);")))
    let found = try #require(SeriesRules.findings(in: series, hasTree: false).first)
    #expect(found.finding.rule == "defined-later")
    #expect(found.finding.place == SourcePlace(path: "a.c", line: 102, column: 9))
    #expect(found.patchIndex == 0)
    #expect(found.unlessTreeHolds == "frob")
  }

  @Test(arguments: [
    ("+\treturn frob(1);", "-int frob(int a);\n+int frob(long a);"),
    (" \told = frob(0);\n+\treturn frob(1);", "+int frob(int a);"),
    ("+int frob(int a);\n+\treturn frob(1);", " \n+int frob(int a)\n+{\n+}"),
  ])
  func aCallWhoseFunctionIsThere(first: String, second: String) {
    #expect(
      !ids(SeriesFixture.series(.init("", ("a.c", first)), .init("", ("a.h", second)))).contains("defined-later"))
  }

  // MARK: changelog-mismatch

  @Test func aFlagThatTheCodeSpellsOtherwise() throws {
    let series = SeriesFixture.series(
      .init("mm: x\n\nPass GFP_NOWARN so that failures are quiet.\n", ("a.c", "+\tgfp = gfp | __GFP_NOWARN;")))
    let found = try #require(SeriesRules.findings(in: series, hasTree: false).first)
    #expect(found.finding.rule == "changelog-mismatch")
    #expect(found.finding.message == "the log says 'GFP_NOWARN', the code has '__GFP_NOWARN'")
    #expect(found.finding.place.line == 100)
    #expect(found.unlessTreeHolds == "GFP_NOWARN")
  }

  @Test(arguments: [
    "Call alloc_thing() first.", "See foo/GFP_NOWARN_x.c.", "Signed-off-by: A <GFP_NOWARN@x>", "> Use GFP_NOWARN here.",
    "All GFP_NOWARN* flags.", "Pass __GFP_NOWARN so.",
  ])
  func aLogThatIsRightOrSpeaksOfSomethingElse(line: String) {
    let series = SeriesFixture.series(
      .init("mm: x\n\n\(line)\n", ("a.c", "+\tgfp = gfp | __GFP_NOWARN;\n+\t__alloc_thing(gfp);")))
    #expect(ids(series).isEmpty)
  }

  @Test(arguments: [("folio_prepre_range()", true), ("folio_prepare_ranges()", false), ("folio_prepare_range2", false)])
  func aSlipOfOneLetterNeedsTheTree(word: String, isReported: Bool) {
    let series = SeriesFixture.series(
      .init("mm: x\n\nUse \(word) here.\n", ("a.c", "+\tfolio_prepare_range(folio);")))
    #expect(ids(series, hasTree: false).isEmpty)
    #expect(ids(series, hasTree: true).isEmpty != isReported)
  }

  // MARK: patch-leftover

  @Test func markersAndScrap() {
    #expect(ids(SeriesFixture.series(.init("", ("a.c", "+<<<<<<< HEAD\n+int a;\n+=======")))) == ["patch-leftover"])
    #expect(ids(SeriesFixture.series(.init("", ("a.rst", "+<<<<<<< HEAD")))).isEmpty)
    let scrap = PatchedFile(oldPath: nil, newPath: "mm/gup.c.rej", regions: [SeriesFixture.region("+x")])
    let patch = SeriesPatch(
      identity: PatchIdentity(number: 1, count: 1, subject: ""), message: [], files: [scrap])
    #expect(ids([patch]) == ["patch-leftover"])
  }
}
