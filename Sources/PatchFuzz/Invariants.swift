import PatchMail
import ThreadReview
import UnifiedDiff

/// What an input came to.
struct Verdict {
  /// Whether a parser accepted it.
  var wasRead = false
  /// What must never be, and was.
  var broken: String?
}

/// What must hold for every input, besides that nothing traps.
enum Invariants {
  static func check(_ input: [UInt8]) -> Verdict {
    var verdict = Verdict()
    if let info = try? MailInfo(parsing: input), String(validating: info.message, as: UTF8.self) == nil {
      verdict.broken = "a commit message that is not UTF-8"
    }
    var reading = SeriesReading()
    reading.allowsMissing = true
    reading.includesAllSeries = true
    reading.collectsTrailers = true
    if let thread = try? SeriesInput.thread(in: input, reading) {
      verdict.wasRead = true
      let review = ReviewThread(thread)
      if review.messages.count != thread.mailbox.envelopes.count { verdict.broken = "a message was lost" }
      for message in review.messages where message.embeddedPatches > 0 {
        reading.fromReply = message.envelope.messageID
        _ = try? SeriesInput.thread(in: input, reading)
      }
      for patch in thread.series.patches { check(diff: patch.diff, &verdict) }
    }
    check(diff: input, &verdict)
    return verdict
  }

  private static func check(diff input: [UInt8], _ verdict: inout Verdict) {
    guard let diff = try? UnifiedDiff(parsing: input), !diff.files.isEmpty else { return }
    verdict.wasRead = true
    let printed = diff.bytes
    guard let again = try? UnifiedDiff(parsing: printed), again.bytes == printed, again.files.count == diff.files.count
    else {
      verdict.broken = "printing what was read does not give it back"
      return
    }
    for file in diff.files {
      var old: [UInt8] = []
      for line in file.hunks.flatMap(\.lines) where line.isOld {
        old += line.text
        if !line.noNewlineAtEnd { old.append(0x0A) }
      }
      let result = file.apply(to: old)
      if result.placements.count != file.hunks.count { verdict.broken = "a hunk without an outcome" }
      _ = file.apply(to: input)
      _ = PathSafety.refusal(of: file.path)
      if case .content(let forward, let reverse) = file.binary {
        for half in [forward, reverse] where half?.size ?? .max < 1 << 20 { _ = try? half?.applied(to: old) }
      }
    }
  }
}
