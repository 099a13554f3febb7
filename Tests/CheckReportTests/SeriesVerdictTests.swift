import CheckReport
import Testing

@Suite struct SeriesVerdictTests {
  static func patch(_ number: Int, _ changes: [PatchVerdict.Stage: Cell] = [:]) -> PatchVerdict {
    let green: [PatchVerdict.Stage: Cell] = [
      .applies: .green("ok"), .findings: .green("0"), .builds: .green("ok"), .boots: .green("ok"),
      .tests: .green("7 passed"),
    ]
    return PatchVerdict(
      number: number, subject: "KVM: change \(number)", commit: nil, cells: green.merging(changes) { $1 })
  }

  static func verdict(_ patches: [PatchVerdict], notes: [String] = []) -> SeriesVerdict {
    SeriesVerdict(
      base: "0123", baseReason: "Linux 6.12 (named by --onto)", notes: notes, acceleration: "TCG", directory: nil,
      patches: patches)
  }

  @Test func aGreenSeriesIsATableAndNothingElse() {
    let verdict = Self.verdict([Self.patch(1), Self.patch(2)])
    #expect(verdict.isGreen)
    #expect(verdict.decidingStage == nil)
    #expect(
      verdict.text == """
        base    0123 Linux 6.12 (named by --onto)
        guests  TCG

        #  applies  findings  builds  boots  tests     subject
        1  ok       0         ok      ok     7 passed  KVM: change 1
        2  ok       0         ok      ok     7 passed  KVM: change 2

        """)
  }

  @Test func whatTheReaderShouldKnowBesidesStandsAboveTheTable() {
    let verdict = Self.verdict([Self.patch(1)], notes: ["patch 2 of 3 is missing"])
    #expect(
      verdict.text.hasPrefix(
        "base    0123 Linux 6.12 (named by --onto)\nnote    patch 2 of 3 is missing\nguests  TCG\n"))
    #expect(verdict.isGreen)
  }

  @Test func whatIsNotGreenHasItsReasonsBelowTheTable() {
    let verdict = Self.verdict([
      Self.patch(1),
      Self.patch(
        2,
        [
          .builds: .red("FAILED", ["a.c:3:1: error: expected ';'", "make: *** [a.o] Error 1"]),
          .boots: .notRun("it did not build"), .tests: .notRun("it did not build"),
        ]),
    ])
    #expect(!verdict.isGreen)
    #expect(verdict.decidingStage == .builds)
    #expect(
      verdict.text.hasSuffix(
        """

        2 KVM: change 2
          builds: a.c:3:1: error: expected ';'
            make: *** [a.o] Error 1
          boots: it did not build
          tests: it did not build

        """))
  }

  @Test func aStageThatDidNotRunIsNeverGreen() {
    let row = PatchVerdict(number: 1, subject: "s", commit: nil, cells: [.applies: .green("ok")])
    #expect(!row.isGreen)
    #expect(Self.verdict([row]).decidingStage == .builds)
    #expect(!Self.verdict([]).isGreen)
  }

  @Test func aFailureAlwaysHasAReason() {
    #expect(Cell.red("1 of 7 failed", []).reasons == ["1 of 7 failed"])
  }

  @Test func theStageThatVoidsMostOfTheOthersDecides() {
    let finding = PatchVerdict.Stage.findings
    #expect(
      Self.verdict([Self.patch(1, [.tests: .red("1 failed", [])]), Self.patch(2, [.applies: .red("CONFLICT", [])])])
        .decidingStage == .applies)
    #expect(
      Self.verdict([Self.patch(1, [finding: .red("1", []), .builds: .red("FAILED", [])])]).decidingStage == .builds)
    #expect(Self.verdict([Self.patch(1, [finding: .red("1", []), .tests: .notRun("-")])]).decidingStage == finding)
  }
}
