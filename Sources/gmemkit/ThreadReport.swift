import Findings
import PatchMail
import ThreadReview

/// What `gmemkit thread` says, as text and as JSON.
struct ThreadReport {
  private let review: ReviewThread

  init(_ review: ReviewThread) { self.review = review }

  // MARK: Text

  var text: String {
    let series = review.series
    var lines: [String] = []
    let title = series.cover?.postedSubject ?? series.patches.first?.postedSubject ?? "series"
    let count = series.patches.count
    lines.append(title)
    lines.append(
      "v\(series.version), \(count) patch\(count == 1 ? "" : "es"), \(review.messages.count) messages, "
        + "\(review.comments.count) comments, \(review.openQuestions.count) with open questions")
    for warning in series.warnings { lines.append("note  \(warning)") }
    if let base = series.baseCommit { lines.append("base  \(base)") }
    for prerequisite in series.prerequisites {
      let text = prerequisite.text == prerequisite.value ? "" : " \(prerequisite.text)"
      lines.append("needs \(prerequisite.kind.rawValue) \(prerequisite.value)\(text)")
    }
    for other in review.allSeries where other != series {
      let first = other.cover?.postedSubject ?? other.patches.first?.postedSubject ?? ""
      lines.append("also  v\(other.version) \(first)")
    }
    for message in review.messages where message.role == .reply && message.embeddedPatches > 0 {
      let id = message.envelope.messageID ?? ""
      lines.append(
        "reply by \(message.envelope.from.name) holds \(message.embeddedPatches) "
          + "patch\(message.embeddedPatches == 1 ? "" : "es"): --from-reply '\(id)'")
    }
    if let cover = series.cover { lines += section(0, "cover letter", cover.author, cover.date) }
    for patch in series.patches { lines += section(patch.number, patch.subject, patch.author, patch.date) }
    lines += questions
    if !review.unplaced.isEmpty {
      lines.append("")
      lines.append("not part of the discussion: " + review.unplaced.joined(separator: ", "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func section(_ number: Int, _ subject: String, _ author: MailAddress, _ date: PostedDate?) -> [String] {
    var lines = ["", "\(number)/\(review.series.count)  \(subject)", "     \(author.text)\(day(date, ", "))"]
    for comment in review.comments where comment.patch == number {
      lines.append("")
      lines.append("  \(place(comment))  \(comment.author.name)\(day(comment.date, ", "))")
      if !comment.quoted.isEmpty { lines.append("    | \(comment.quoted)") }
      let text = comment.text.split(separator: "\n", omittingEmptySubsequences: false)
      for line in text.prefix(8) { lines.append(line.isEmpty ? "" : "    \(line)") }
      if text.count > 8 { lines.append("    [\(text.count - 8) more lines in <\(comment.messageID ?? "")>]") }
    }
    return lines
  }

  private var questions: [String] {
    let open = review.openQuestions
    guard !open.isEmpty else { return [] }
    return ["", "open questions"]
      + open.flatMap { comment in
        comment.questions.map { "  \(place(comment))  \(comment.author.name): \($0)" }
      }
  }

  private func place(_ comment: ReviewComment) -> String {
    if let path = comment.path {
      return (comment.counterPatch == nil ? "" : "counter-patch ") + path + (comment.line.map { ":\($0)" } ?? "")
        + (comment.isRemovedLine ? " (before)" : "")
    }
    switch comment.target {
    case .message: return comment.patch == 0 ? "cover letter" : "message of patch \(comment.patch)"
    case .posting, .diff: return comment.patch == 0 ? "series" : "patch \(comment.patch)"
    }
  }

  private func day(_ date: PostedDate?, _ before: String) -> String {
    date.map { before + $0.iso8601.prefix(10) } ?? ""
  }

  // MARK: JSON

  var json: JSONValue {
    [
      "schema_version": 1,
      "messages": .integer(review.messages.count),
      "series": .array(review.allSeries.map(Self.json)),
      "comments": .array(review.comments.map(Self.json)),
      "unplaced": .array(review.unplaced.map { .string($0) }),
      "placed": .array(review.messages.filter { $0.role != .unplaced }.map(Self.json)),
    ]
  }

  private static func json(_ series: PatchSeries) -> JSONValue {
    [
      "version": .integer(series.version),
      "count": .integer(series.count),
      "cover": series.cover.map { cover in
        [
          "subject": .string(cover.subject), "message_id": .optional(cover.messageID), "author": json(cover.author),
          "date": .optional(cover.date?.iso8601), "text": .string(String(decoding: cover.text, as: UTF8.self)),
        ]
      } ?? nil,
      "patches": .array(
        series.patches.map { patch in
          [
            "number": .integer(patch.number), "subject": .string(patch.subject),
            "message_id": .optional(patch.messageID), "author": json(patch.author),
            "date": .string(patch.date.iso8601), "message": .string(String(decoding: patch.message, as: UTF8.self)),
            "diff": .string(String(decoding: patch.diff, as: UTF8.self)),
          ]
        }),
      "missing": .array(series.missing.map { .integer($0) }),
      "base_commit": .optional(series.baseCommit),
      "prerequisites": .array(
        series.prerequisites.map {
          ["kind": .string($0.kind.rawValue), "value": .string($0.value), "text": .string($0.text)]
        }),
      "warnings": .array(series.warnings.map { .string($0) }),
    ]
  }

  private static func json(_ address: MailAddress) -> JSONValue {
    ["name": .string(address.name), "email": .string(address.email)]
  }

  private static func json(_ comment: ReviewComment) -> JSONValue {
    [
      "message_id": .optional(comment.messageID),
      "author": json(comment.author),
      "date": .optional(comment.date?.iso8601),
      "patch": .integer(comment.patch),
      "counter_patch": .optional(comment.counterPatch),
      "target": .string(comment.target.rawValue),
      "path": .optional(comment.path),
      "line": comment.line.map { .integer($0) } ?? .null,
      "side": .string(comment.isRemovedLine ? "old" : "new"),
      "quoted": .string(comment.quoted),
      "text": .string(comment.text),
      "questions": .array(comment.questions.map { .string($0) }),
      "open": .bool(comment.isOpen),
    ]
  }

  private static func json(_ message: ReviewThread.Message) -> JSONValue {
    [
      "message_id": .optional(message.envelope.messageID),
      "subject": .string(message.envelope.subjectText),
      "from": json(message.envelope.from),
      "date": .optional(message.envelope.date?.iso8601),
      "role": .string(message.role.rawValue),
      "patch": message.patch.map { .integer($0) } ?? .null,
      "depth": .integer(message.depth),
      "embedded_patches": .integer(message.embeddedPatches),
    ]
  }
}
