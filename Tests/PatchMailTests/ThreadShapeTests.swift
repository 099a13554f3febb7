import Foundation
import PatchMail
import Testing

/// Threads as lists have them: whichever way the parts lie, the series is put together or the reason is told.
@Suite struct ThreadShapeTests {
  private func ids(_ series: PatchSeries) -> [String?] { series.patches.map(\.messageID) }

  @Test func sortsPartsAndFindsTheCover() throws {
    let series = try [
      Sample.patch("[PATCH 2/2] f: two", id: "p2", parent: "c"),
      Sample.patch("[PATCH 1/2] f: one", id: "p1", parent: "c"),
      Sample.text("[PATCH 0/2] f: cover", id: "c", "Words.\n"),
    ].read()
    #expect(ids(series) == ["p1@x", "p2@x"])
    #expect(series.cover?.subject == "f: cover")
    #expect(series.warnings.isEmpty)
    #expect(series.patches[0].subject == "f: one")
  }

  @Test(arguments: [
    "[PATCH v2 1/2]", "[PATCHv2 1/2]", "[PATCH V2 1/2]", "[PATCH net-next v2 1/2]", "[RFC PATCH v2 1/2]",
    "[RFC v2 1/2]",
    "[PATCH RFC v2 01/02]", "[PATCHv2 01/2]", "[PATCH v2 RESEND 1/2]", "[PATCH v2,1/2]", "[v2 PATCH 1/2]",
    "[PATCH 6.12.y v2 1/2]", "[PATCH/RFC v2 1/2]", "[PATCH v2-1/2]", "[PATCH-v2 1/2]",
  ])
  func readsEveryPrefix(_ prefix: String) throws {
    let subject = SubjectLine(prefix + " kvm: x")
    #expect(subject.isPatch && !subject.isReply)
    #expect(subject.version == 2)
    #expect(subject.number == 1 && subject.count == 2)
    #expect(subject.title == "kvm: x")
  }

  @Test func readsGluedNumbers() {
    let glued = SubjectLine("[PATCH1/8] x")
    #expect(glued.number == 1 && glued.count == 8 && glued.version == 1 && glued.isPatch)
    let reply = SubjectLine("Re: [PATCH v3 0/8] x")
    #expect(reply.isReply && reply.version == 3 && reply.number == 0)
    #expect(SubjectLine("[GIT PULL] KVM").isPull)
    #expect(!SubjectLine("[ANNOUNCE] v6.12").isPatch)
    #expect(SubjectLine("kvm: no brackets").title == "kvm: no brackets")
    #expect(SubjectLine("[PATCH 99999999999999999999/2] x").number == nil)
    #expect(SubjectLine("").title == "")
  }

  @Test func takesTheNewestVersionOrTheOneAskedFor() throws {
    let thread = [
      Sample.text("[PATCH 0/1] f", id: "c1", ""), Sample.patch("[PATCH 1/1] f: old", id: "a1", parent: "c1"),
      Sample.text("[PATCH v2 0/1] f", id: "c2", parent: "c1", ""),
      Sample.patch("[PATCH v2 1/1] f: new", id: "a2", parent: "c2"),
      Sample.patch("[PATCH v10 1/1] f: newest", id: "a10", parent: "c2"),
    ]
    #expect(try ids(thread.read()) == ["a10@x"])
    var reading = SeriesReading()
    reading.version = 1
    #expect(try ids(thread.read(reading)) == ["a1@x"])
    reading.version = 2
    let second = try thread.read(reading)
    #expect(ids(second) == ["a2@x"] && second.cover?.messageID == "c2@x")
    reading.version = 3
    let failure = try thread.failure(reading)
    #expect(failure?.code == .notFound)
    #expect(failure?.description.contains("v2") == true)
  }

  @Test func aWrongVersionInOneSubjectMakesNoNewSeries() throws {
    let series = try [
      Sample.text("[PATCH v2 0/3] f", id: "c", ""), Sample.patch("[PATCH v2 1/3] f", id: "p1", parent: "c"),
      Sample.patch("[PATCH 2/3] f", id: "p2", parent: "c"), Sample.patch("[PATCH v2 3/3] f", id: "p3", parent: "c"),
    ].read()
    #expect(ids(series) == ["p1@x", "p2@x", "p3@x"])
    #expect(series.warnings.contains { $0.contains("v1") && $0.contains("part 2") })
  }

  @Test func namesMissingParts() throws {
    let thread = [
      Sample.text("[PATCH 0/4] f", id: "c", ""), Sample.patch("[PATCH 1/4] f", id: "p1", parent: "c"),
      Sample.patch("[PATCH 3/4] f", id: "p3", parent: "c"),
    ]
    let failure = try thread.failure()
    #expect(failure?.code == .incomplete)
    #expect(failure?.description.contains("parts 2, 4 of 4 missing") == true)
    var reading = SeriesReading()
    reading.allowsMissing = true
    let series = try thread.read(reading)
    #expect(series.missing == [2, 4])
    #expect(ids(series) == ["p1@x", "p3@x"])
  }

  @Test func takesTheLaterOfTwoAndSaysSo() throws {
    let series = try [
      Sample.text("[PATCH 0/2] f", id: "c", ""), Sample.patch("[PATCH 1/2] f", id: "p1", parent: "c", minute: 1),
      Sample.patch("[PATCH 2/2] f", id: "p2", parent: "c", minute: 2),
      Sample.patch("[PATCH RESEND 2/2] f", id: "p2b", parent: "c", minute: 9),
    ].read()
    #expect(ids(series) == ["p1@x", "p2b@x"])
    #expect(series.warnings.contains { $0.contains("part 2 was posted twice") })
  }

  @Test func patchesSentAsRepliesToEachOther() throws {
    let series = try [
      Sample.patch("[PATCH 1/3] f", id: "p1"), Sample.patch("[PATCH 2/3] f", id: "p2", parent: "p1"),
      Sample.patch("[PATCH 3/3] f", id: "p3", parent: "p2"),
    ].read()
    #expect(ids(series) == ["p1@x", "p2@x", "p3@x"])
    #expect(series.warnings == ["no cover letter in the input"])
  }

  @Test func aDiffInTheCoverIsNoPatch() throws {
    let cover = Sample.patch("[PATCH v2 0/1] f", id: "c", message: "Interdiff against v1:\n")
    let series = try [cover, Sample.patch("[PATCH v2 1/1] f", id: "p", parent: "c")].read()
    #expect(ids(series) == ["p@x"])
    #expect(series.cover != nil)
  }

  @Test func takesPatchesWithoutNumbersInOrder() throws {
    let series = try [
      Sample.patch("[PATCH] one", id: "a"), Sample.patch("[PATCH] two", id: "b"),
      Sample.patch("[PATCH] three", id: "c"),
    ].read()
    #expect(ids(series) == ["a@x", "b@x", "c@x"])
    #expect(series.patches.map(\.number) == [1, 2, 3])
    #expect(series.count == 3)
  }

  @Test func twoSeriesAreNotGuessedBetween() throws {
    let box = [
      Sample.text("[PATCH 0/1] one", id: "c1", ""), Sample.patch("[PATCH 1/1] one", id: "a", parent: "c1"),
      Sample.text("[PATCH 0/1] two", id: "c2", ""), Sample.patch("[PATCH 1/1] two", id: "b", parent: "c2"),
      Sample.text("Re: [PATCH 1/1] two", id: "r", parent: "b", "Fine.\n"),
    ]
    #expect(try box.failure()?.code == .ambiguous)
    var reading = SeriesReading()
    reading.containing = "<r@x>"
    #expect(try ids(box.read(reading)) == ["b@x"])
  }

  @Test func takesCounterPatchesOutOfAReply() throws {
    let show = """
      What about this?

      commit d71956718d061926e5d91e5ecf60b58a0c3b2bad
      Author: Rita Reviewer <rita@example.org>
      Date:   Wed Jun 11 18:17:26 2025 +0800

          f: take it shared

          For a reason.

      diff --git a/f b/f
      --- a/f
      +++ b/f
      @@ -1 +1 @@
      -a
      +b

      And on top:

      diff --git a/g b/g
      --- a/g
      +++ b/g
      @@ -1 +1 @@
      -c
      +d
      > diff --git a/quoted b/quoted

      """
    let thread = [
      Sample.patch("[PATCH] f: x", id: "p"),
      Sample.text("Re: [PATCH] f: x", id: "r", parent: "p", from: "Rita Reviewer <rita@example.org>", show),
    ]
    var reading = SeriesReading()
    reading.fromReply = "r@x"
    let series = try thread.read(reading)
    #expect(series.patches.count == 2)
    #expect(series.patches[0].subject == "f: take it shared")
    #expect(series.patches[0].author == MailAddress(name: "Rita Reviewer", email: "rita@example.org"))
    #expect(series.patches[0].date.zone == "+0800")
    #expect(String(decoding: series.patches[0].message, as: UTF8.self) == "f: take it shared\n\nFor a reason.\n")
    #expect(String(decoding: series.patches[1].diff, as: UTF8.self).hasPrefix("diff --git a/g b/g"))
    #expect(!String(decoding: series.patches[1].diff, as: UTF8.self).contains("quoted"))
    reading.fromReply = "p@x"
    #expect(try thread.read(reading).patches.count == 1)
    reading.fromReply = "nobody@x"
    #expect(try thread.failure(reading)?.code == .notFound)
  }

  @Test func collectsTrailersAndWarnsOfStrangers() throws {
    let thread = [
      Sample.text("[PATCH 0/2] f", id: "c", ""), Sample.patch("[PATCH 1/2] f", id: "p1", parent: "c"),
      Sample.patch("[PATCH 2/2] g", id: "p2", parent: "c", file: "g"),
      Sample.text(
        "Re: [PATCH 1/2] f", id: "r1", parent: "p1", from: "Rita Reviewer <rita@example.org>",
        "> Because.\n\nReviewed-by: Rita Reviewer <rita@example.org> # for the locking\nThanks\n"),
      Sample.text(
        "Re: [PATCH 0/2] f", id: "r2", parent: "c", from: "Tom Tester <tom@example.org>",
        "Tested-by: Tom Tester <tom@other.example>\n"),
      Sample.text(
        "Re: [PATCH 2/2] g", id: "r3", parent: "p2", from: "Eve <eve@example.org>",
        "Acked-by: Linus <linus@example.org>\n> Reviewed-by: Quoted <q@example.org>\n"),
    ]
    #expect(String(decoding: try thread.read().patches[0].message, as: UTF8.self).contains("Reviewed-by") == false)
    var reading = SeriesReading()
    reading.collectsTrailers = true
    let series = try thread.read(reading)
    let first = String(decoding: series.patches[0].message, as: UTF8.self)
    #expect(
      first == "f\n\nBecause.\n\nReviewed-by: Rita Reviewer <rita@example.org> # for the locking\n"
        + "Tested-by: Tom Tester <tom@other.example>\nSigned-off-by: Ada Author <ada@example.org>\n")
    let second = String(decoding: series.patches[1].message, as: UTF8.self)
    #expect(second.contains("Tested-by: Tom"))
    #expect(!second.contains("Linus") && !second.contains("Quoted"))
    #expect(series.warnings.contains { $0.contains("Acked-by: Linus") && $0.contains("Eve") })
  }

  @Test func readsBaseAndPrerequisites() throws {
    let series = try [
      Sample.text(
        "[PATCH 0/1] f", id: "c",
        """
        On top of:

          d55475f23cea KVM: gmem: track preparedness a page at a time
          123456789abc ("mm: quoted subject here")

        Depends-on: <20241108155056.332412-1-x@example.org>
        Based-on: <20240101.1@example.org>

        base-commit: 0123456789abcdef0123456789abcdef01234567
        prerequisite-patch-id: 89abcdef0123456789abcdef0123456789abcdef
        prerequisite-message-id: <m@example.org>
        prerequisite-change-id: 20240101-x-abcdef:v2
        """), Sample.patch("[PATCH 1/1] f", id: "p", parent: "c"),
    ].read()
    #expect(series.baseCommit == "0123456789abcdef0123456789abcdef01234567")
    func values(_ kind: Prerequisite.Kind) -> [String] { series.prerequisites.filter { $0.kind == kind }.map(\.value) }
    #expect(values(.commit) == ["d55475f23cea", "123456789abc"])
    #expect(values(.dependsOn) == ["20241108155056.332412-1-x@example.org"])
    #expect(values(.basedOn) == ["20240101.1@example.org"])
    #expect(values(.patchID) == ["89abcdef0123456789abcdef0123456789abcdef"])
    #expect(values(.messageID) == ["m@example.org"])
    #expect(values(.changeID) == ["20240101-x-abcdef:v2"])
    #expect(series.prerequisites.first { $0.value == "123456789abc" }?.text == "mm: quoted subject here")
  }

  @Test func refusesWhatIsNoSeries() throws {
    #expect(try [Sample.text("Hello", id: "a", "Words.\n")].failure()?.code == .noPatch)
    let pull = try [Sample.text("[GIT PULL] KVM fixes", id: "a", "The following changes\n")].failure()
    #expect(pull?.description.contains("pull request") == true)
    #expect(try [Sample.text("[PATCH] no diff", id: "a", "Words.\n")].failure()?.code == .noPatch)
    let replies = try [Sample.text("Re: [PATCH] x", id: "a", "Fine.\n")].failure()
    #expect(replies?.description.contains("--from-reply") == true)
  }
}
