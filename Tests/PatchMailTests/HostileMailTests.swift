import Foundation
import PatchMail
import Testing

/// Mail that no person sent: bounded time and memory, and a refusal that says what is wrong.
@Suite struct HostileMailTests {
  private let clock = ContinuousClock()

  @Test(.timeLimit(.minutes(5))) func aHundredThousandMessages() throws {
    var mbox: [UInt8] = []
    for index in 0..<100_000 {
      let subject = index == 0 ? "[PATCH 1/1] f" : index % 2 == 0 ? "[PATCH v\(index) 1/9] x" : "Re: [PATCH 1/1] f"
      let parent = index == 0 ? "" : "In-Reply-To: <m\(index - 1)@x>\n"
      let body =
        index == 0 ? "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n" : "> quoted\n\nown text?\n"
      mbox += Array(
        "From x Thu Jan  1 00:00:00 1970\nFrom: a <a@x>\nSubject: \(subject)\nMessage-ID: <m\(index)@x>\n\(parent)\n\(body)\n"
          .utf8)
    }
    var reading = SeriesReading()
    reading.version = 1
    let spent = try clock.measure {
      let thread = try SeriesInput.thread(in: mbox, reading)
      #expect(thread.series.patches.count == 1)
      #expect(thread.mailbox.envelopes.count == 100_000)
    }
    // Wall time on a machine that compiles at the same time; alone it is two seconds.
    #expect(spent < .seconds(240))
  }

  @Test func deeplyNestedPartsAreRefused() throws {
    var mail = "From: a <a@x>\nSubject: [PATCH] f\n"
    for depth in 0..<5000 { mail += "Content-Type: multipart/mixed; boundary=b\(depth)\n\n--b\(depth)\n" }
    let error = #expect(throws: MailError.self) { try MailInfo(parsing: Array(mail.utf8)) }
    #expect(error?.code == .tooDeep)
  }

  @Test(.timeLimit(.minutes(2))) func isLinearWhereItCouldBeQuadratic() throws {
    let head = "From: a <a@x>\nSubject: [PATCH] f\n"
    let brackets = "From: a <a@x>\nSubject: " + String(repeating: "[PATCH] Re: ", count: 50_000) + "x\n\n"
    let words = "From: " + String(repeating: "=?utf-8?q?a?= ", count: 50_000) + "<a@x>\nSubject: [PATCH] f\n\n"
    let folded = head + "X-Long: a\n" + String(repeating: " a\n", count: 200_000) + "\n"
    let boundaries =
      head + "Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: "--b\n\nx\n", count: 100_000)
    let flowed =
      head + "Content-Type: text/plain; format=flowed\n\n" + String(repeating: "word \n", count: 200_000)
    let marks = head + "\n" + String(repeating: ">", count: 300_000) + "From x\n"
    let softBreaks =
      head + "Content-Transfer-Encoding: quoted-printable\n\n" + String(repeating: "= ", count: 200_000) + "x\n"
    for text in [brackets, words, folded, boundaries, flowed, marks, softBreaks] {
      let bytes = Array(text.utf8)
      let spent = clock.measure {
        _ = try? MailInfo(parsing: bytes)
        _ = try? SeriesInput.thread(in: bytes)
      }
      #expect(spent < .seconds(10), "\(text.prefix(60))")
    }
  }

  @Test func circlesOfRepliesEnd() throws {
    let series = try [
      Sample.patch("[PATCH 1/2] f", id: "a", parent: "b"), Sample.patch("[PATCH 2/2] f", id: "b", parent: "a"),
      Sample.text("Re: [PATCH 1/2] f", id: "c", parent: "c", "x\n"),
    ].read()
    #expect(series.patches.count == 2)
  }

  @Test func aWrongContentLengthSwallowsNothing() throws {
    let mbox = [Sample.patch("[PATCH 1/2] f", id: "a"), Sample.patch("[PATCH 2/2] f", id: "b", parent: "a")]
      .map { $0.mail.replacingOccurrences(of: "\nDate:", with: "\nContent-Length: 99999\nDate:") }.joined()
    #expect(try SeriesInput.thread(in: Array(mbox.utf8)).series.patches.count == 2)
  }

  @Test func unquotesFromInMboxrdOnly() throws {
    let message = "Because.\n\n>From here on.\n>>From there on.\n"
    let rd = Sample.patch("[PATCH] f", id: "a", message: message).mail
    let o = rd.replacingOccurrences(of: "From mboxrd@z", with: "From somebody")
    let unquoted = try SeriesInput.thread(in: Array(rd.utf8)).series.patches[0].message
    #expect(String(decoding: unquoted, as: UTF8.self).hasSuffix("\nFrom here on.\n>From there on.\n"))
    let kept = try SeriesInput.thread(in: Array(o.utf8)).series.patches[0].message
    #expect(String(decoding: kept, as: UTF8.self).hasSuffix("\n>From here on.\n>>From there on.\n"))
  }

  @Test func aLineThatOnlyLooksLikeASeparatorIsText() throws {
    let message = "Because.\n\nFrom the beginning at 10:11:12 2024\nit was wrong.\n"
    let series = try [Sample.patch("[PATCH] f", id: "a", message: message)].read()
    #expect(series.patches.count == 1)
    #expect(String(decoding: series.patches[0].message, as: UTF8.self).contains("From the beginning"))
  }

  @Test func flowedThatBrokeTheDiffIsRefusedWithTheReason() throws {
    let mail = """
      From: a <a@x>
      Subject: [PATCH] f
      Content-Type: text/plain; format=flowed

      Because.
      ---
      diff --git a/f b/f
      --- a/f
      +++ b/f
      @@ -1,3 +1,3 @@
       a\u{20}
       b
      -c
      +d

      """
    let error = #expect(throws: MailError.self) { try SeriesInput.thread(in: Array(mail.utf8)) }
    #expect(error?.code == .badEncoding)
    #expect(error?.what.contains("format=flowed") == true)
  }

  @Test func namesWhatIsNotMail() throws {
    func failure(_ text: String) -> MailError? {
      do {
        _ = try SeriesInput.thread(in: Array(text.utf8), name: "x.mbox")
        return nil
      } catch {
        return error
      }
    }
    #expect(failure("")?.code == .noMail)
    #expect(
      failure("diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n")?.what.contains("diff without") == true)
    #expect(failure("\u{0}\u{1}\u{2}")?.code == .noMail)
    #expect(failure("\u{1F}\u{8B}\u{8}garbage that is no gzip at all")?.description.hasPrefix("x.mbox: ") == true)
    #expect(throws: MailError.self) { try SeriesInput.series(at: "/nonexistent/x.mbox") }
    for text in ["", "x", "diff --git a b"] { #expect(failure(text)?.description.contains("\n") == false) }
  }

  @Test func agreesWithPythonOnWhereMessagesAre() throws {
    let mbox = (0..<40).map { Sample.patch("[PATCH \($0 + 1)/40] f", id: "p\($0)", parent: $0 == 0 ? nil : "p0").mail }
      .joined()
    try Oracle.withDirectory { directory in
      try Data(mbox.utf8).write(to: directory.appending(path: "m"))
      let script = "import mailbox\nfor m in mailbox.mbox('m'): print(m['Message-ID'], len(m.get_payload().rstrip()))"
      let (status, output) = try Oracle.run(["python3", "-c", script], in: directory)
      guard status == 0 else { return }
      let thread = try SeriesInput.thread(in: Array(mbox.utf8))
      let ours = thread.series.patches.map { patch -> String in
        let text = String(decoding: patch.diff, as: UTF8.self)
        let info = thread.mailbox.mails[patch.number - 1]
        let size = (info?.log.count ?? 0) + text.trimmingCharacters(in: .whitespacesAndNewlines).utf8.count
        return "<\(patch.messageID ?? "")> \(size)"
      }
      #expect(ours == String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
    }
  }
}
