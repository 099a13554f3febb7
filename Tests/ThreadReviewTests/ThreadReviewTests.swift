import Foundation
import PatchMail
import Testing
import ThreadReview

/// Comments find their lines.
@Suite struct ThreadReviewTests {
  private let patch = """
    From mboxrd@z Thu Jan  1 00:00:00 1970
    From: Ada Author <ada@example.org>
    Subject: [PATCH] f: call it
    Date: Mon, 2 Dec 2024 10:00:00 +0100
    Message-ID: <p@x>

    It was not called.

    Signed-off-by: Ada Author <ada@example.org>
    ---
     f.c | 5 +++--

    diff --git a/f.c b/f.c
    --- a/f.c
    +++ b/f.c
    @@ -10,6 +10,7 @@ int f(void)
     	if (a)
     		return 1;
    -	if (!ready)
    +	if (is_ready(x))
    +		go(x);
     	if (b)
     		return 1;
     }

    """

  private func review(_ replies: [(id: String, parent: String, body: String)]) throws -> ReviewThread {
    var mbox = patch
    for reply in replies {
      mbox += """
        From mboxrd@z Thu Jan  1 00:00:00 1970
        From: \(reply.id) Reviewer <\(reply.id)@example.org>
        Subject: Re: [PATCH] f: call it
        Message-ID: <\(reply.id)@x>
        In-Reply-To: <\(reply.parent)@x>

        \(reply.body)

        """
    }
    let path = NSTemporaryDirectory() + "gmemkit-review-\(UUID().uuidString).mbox"
    try Data(mbox.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    var reading = SeriesReading()
    reading.includesAllSeries = true
    return ReviewThread(try SeriesInput.thread(at: path, reading))
  }

  @Test func anchorsToTheLineAboveTheComment() throws {
    let review = try review([
      (
        "rita", "p",
        """
        On Monday, Ada wrote:
        > It was not called.

        By whom?

        >  	if (a)
        >  		return 1;
        > -	if (!ready)

        Why drop it?

        > +	if (is_ready(x))

        Lost a not.

        >  	if (b)
        >  		return 1;

        Here too.

        --\u{20}
        Rita
        """
      )
    ])
    #expect(review.comments.map(\.text) == ["By whom?", "Why drop it?", "Lost a not.", "Here too."])
    #expect(review.comments.map(\.line) == [nil, 12, 12, 15])
    #expect(review.comments.map(\.isRemovedLine) == [false, true, false, false])
    #expect(review.comments.map(\.path) == [nil, "f.c", "f.c", "f.c"])
    #expect(review.comments.map(\.target) == [.message, .diff, .diff, .diff])
    #expect(review.comments[2].quoted == "+\tif (is_ready(x))")
    #expect(review.openQuestions.count == 2)
    #expect(review.unplaced.isEmpty)
  }

  @Test func followsAnAnswerToItsLineAndClosesTheQuestion() throws {
    let review = try review([
      ("rita", "p", "> +\tif (is_ready(x))\n\nShould this not be negated?\n"),
      ("ada", "rita", "> > +\tif (is_ready(x))\n> \n> Should this not be negated?\n\nYes.\n"),
    ])
    #expect(review.comments.map(\.line) == [12, 12])
    #expect(review.openQuestions.isEmpty)
  }

  @Test func survivesMailersThatMangleBlanks() throws {
    let review = try review([("rita", "p", "> +        if (is_ready(x))\n>+ go(x);\n\nHm.\n")])
    #expect(review.comments.map(\.line) == [13])
  }

  @Test func speaksOfACounterPatchWhereOneIsQuoted() throws {
    let counter =
      "How about:\n\ndiff --git a/g.c b/g.c\n--- a/g.c\n+++ b/g.c\n@@ -5,2 +5,2 @@\n one\n-two\n+three_and_more\n"
    let review = try review([
      ("rita", "p", counter), ("ada", "rita", "> +three_and_more\n\nNice.\n"),
    ])
    let comment = try #require(review.comments.last)
    #expect(comment.counterPatch == "rita@x")
    #expect(comment.path == "g.c")
    #expect(comment.line == 6)
    #expect(review.messages.first { $0.envelope.messageID == "rita@x" }?.embeddedPatches == 1)
  }

  @Test func placesEveryMessageOfTheCorpus() throws {
    guard let mbox = corpus("gmem-2m-rfc-v1.mbox"), let page = corpus("gmem-2m-rfc-v1.thread.txt") else { return }
    var reading = SeriesReading()
    reading.includesAllSeries = true
    for path in [mbox, page] {
      let thread = try SeriesInput.thread(at: path, reading)
      let review = ReviewThread(thread)
      #expect(review.messages.count == 35)
      #expect(review.unplaced.isEmpty)
      #expect(review.series.patches.count == 5)
      #expect(review.messages.filter { $0.role == .reply }.count == 29)
      #expect(review.series.prerequisites.filter { $0.kind == .commit }.count == 4)
      let negation = try #require(review.comments.first { $0.text.contains("!kvm_gmem_is_prepared()") })
      #expect(negation.patch == 1)
      #expect(negation.path == "virt/kvm/guest_memfd.c")
      #expect(negation.line == 827)
      #expect(negation.quoted == "+\tif (kvm_gmem_is_prepared(file, index, folio))")
      let holders = review.messages.filter { $0.role == .reply && $0.embeddedPatches > 0 }
      #expect(holders.map(\.embeddedPatches) == [2])
      reading.fromReply = holders.first?.envelope.messageID
      #expect(try SeriesInput.series(at: path, reading).patches.count == 2)
      reading.fromReply = nil
    }
    let fromMail = try SeriesInput.series(at: mbox)
    let fromPage = try SeriesInput.series(at: page)
    #expect(fromMail.patches.map(\.message) == fromPage.patches.map(\.message))
    #expect(fromMail.patches.map(\.author) == fromPage.patches.map(\.author))
    #expect(fromMail.patches.map(\.date) == fromPage.patches.map(\.date))
  }

  private func corpus(_ name: String) -> String? {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared = ProcessInfo.processInfo.environment["GMEMKIT_SHARED"] ?? root.appending(path: "../shared").path
    let path = shared + "/corpus/" + name
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
