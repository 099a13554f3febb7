import ByteText
import PatchMail

/// Places messages and anchors comments.
struct ReviewBuilder {
  private let thread: PostedThread
  private let numbers: [Int: Int]
  /// The text of each posting, made when a reply first needs it.
  private var texts: [Int: PatchText] = [:]
  private var bodies: [Int: QuotedBody] = [:]
  /// The patches inside replies, by message.
  private var counterTexts: [Int: PatchText] = [:]

  init(_ thread: PostedThread) {
    self.thread = thread
    numbers = thread.numbers
  }

  /// Every message with its role.
  func place() -> [ReviewThread.Message] {
    let others = thread.otherMessages
    let nearest = thread.links.nearest(of: others.union(numbers.keys))
    return thread.mailbox.envelopes.map { envelope in
      let index = envelope.index
      var message = ReviewThread.Message(
        envelope: envelope, role: .unplaced, patch: nil, depth: 0,
        embeddedPatches: thread.mailbox.mails[index]?.embeddedPatchCount ?? 0)
      if let number = numbers[index] {
        message.role = number == 0 ? .cover : .patch
        message.patch = number
        message.embeddedPatches = 0
        return message
      }
      if others.contains(index) {
        message.role = .otherSeries
        return message
      }
      if let (top, depth) = nearest[index] {
        message.role = .reply
        message.depth = depth
        message.patch = numbers[top]
      }
      return message
    }
  }

  /// What the replies say, anchored.
  mutating func comments(_ messages: [ReviewThread.Message]) -> [ReviewComment] {
    var comments: [(source: Int, comment: ReviewComment)] = []
    for message in messages where message.role == .reply {
      guard let patch = message.patch, let body = body(of: message.envelope.index) else { continue }
      var after = 0
      for passage in body.passages {
        var comment = ReviewComment(
          messageID: message.envelope.messageID, author: message.envelope.from, date: message.envelope.date,
          patch: patch,
          counterPatch: nil, target: .posting, path: nil, line: nil, isRemovedLine: false,
          quoted: passage.quote.last { $0.contains { $0 > 0x20 } }?.text ?? "",
          text: passage.text.map { $0.text }.joined(separator: "\n"), questions: [], isOpen: false)
        comment.questions = Self.questions(passage.text)
        if let place = place(passage.quote, of: message, near: patch, after: after) {
          let line = place.text.lines[place.anchor.line]
          if place.patch == patch, place.counter == nil { after = place.anchor.line }
          comment.patch = place.patch
          comment.counterPatch = place.counter.flatMap { thread.mailbox.envelopes[$0].messageID }
          comment.target = line.path == nil ? .message : .diff
          comment.path = line.path
          comment.line = line.line
          comment.isRemovedLine = line.isRemoved
          comment.quoted = line.text
        }
        comments.append((message.envelope.index, comment))
      }
    }
    let takenUp = takenUpBy(messages)
    for index in comments.indices {
      let source = comments[index].source
      let questions = comments[index].comment.questions
      guard !questions.isEmpty else { continue }
      let answers = takenUp[source] ?? []
      comments[index].comment.isOpen = !questions.contains { question in
        answers.contains { $0.contains(PatchText.key(Array(question.utf8)[...])) }
      }
    }
    return comments.map(\.comment).enumerated().sorted {
      ($0.element.patch, $0.offset) < ($1.element.patch, $1.offset)
    }.map(\.element)
  }

  /// For each message the quoted lines of its direct answers that say something.
  private mutating func takenUpBy(_ messages: [ReviewThread.Message]) -> [Int: [Set<[UInt8]>]] {
    var quotes: [Int: [Set<[UInt8]>]] = [:]
    for message in messages where message.role == .reply {
      guard let parent = thread.links.parent[message.envelope.index], let body = body(of: message.envelope.index),
        !body.passages.isEmpty
      else { continue }
      quotes[parent, default: []].append(body.quotedKeys)
    }
    return quotes
  }

  /// A quote's place in a posting.
  private struct Place {
    var patch: Int
    var counter: Int?
    var text: PatchText
    var anchor: PatchText.Anchor
  }

  /// The line that a quote shows: of the patch the thread is about or a counter-patch in a reply above, whichever agrees
  /// with more of the quote; else of another patch of the series.
  private mutating func place(
    _ quote: [ArraySlice<UInt8>], of message: ReviewThread.Message, near patch: Int, after: Int
  ) -> Place? {
    guard quote.contains(where: { $0.contains { $0 > 0x20 } }) else { return nil }
    let home = text(of: patch)
    var best = home.anchor(of: quote, after: after).map { Place(patch: patch, counter: nil, text: home, anchor: $0) }
    var at = thread.links.parent[message.envelope.index]
    // A counter-patch is discussed close to where it was posted.
    var steps = 0
    while let step = at, numbers[step] == nil, steps < 32 {
      steps += 1
      if let text = counterText(of: step), let found = text.anchor(of: quote, after: 0) {
        let isBetter =
          best.map { best in
            best.text.lines[best.anchor.line].path == nil
              || (found.distance, -found.score) < (best.anchor.distance, -best.anchor.score)
          } ?? true
        if isBetter { best = Place(patch: patch, counter: step, text: text, anchor: found) }
      }
      at = thread.links.parent[step]
    }
    if let best, best.text.lines[best.anchor.line].path != nil { return best }
    for other in thread.series.patches.map(\.number) where other != patch {
      let text = text(of: other)
      if let found = text.anchor(of: quote, after: 0), text.lines[found.line].path != nil {
        return Place(patch: other, counter: nil, text: text, anchor: found)
      }
    }
    return best
  }

  private mutating func counterText(of index: Int) -> PatchText? {
    if let text = counterTexts[index] { return text.lines.isEmpty ? nil : text }
    let diff = thread.mailbox.mails[index]?.embeddedDiff ?? []
    let text = PatchText(message: [], diff: diff)
    counterTexts[index] = text
    return diff.isEmpty ? nil : text
  }

  private mutating func text(of number: Int) -> PatchText {
    if let text = texts[number] { return text }
    let text: PatchText
    if let patch = thread.series.patches.first(where: { $0.number == number }) {
      text = PatchText(message: patch.message, diff: patch.diff)
    } else {
      text = PatchText(text: thread.series.cover?.text ?? [])
    }
    texts[number] = text
    return text
  }

  private mutating func body(of index: Int) -> QuotedBody? {
    if let body = bodies[index] { return body }
    guard let mail = thread.mailbox.mails[index] else { return nil }
    let body = QuotedBody(mail.log + mail.patch)
    bodies[index] = body
    return body
  }

  /// The lines that end in a question mark, or hold one before another sentence; lines of code do not count.
  private static func questions(_ text: [ArraySlice<UInt8>]) -> [String] {
    text.filter { line in
      guard let first = line.first, first != 0x2B, first != 0x2D, first != 0x09 else { return false }
      let mark = UInt8(ascii: "?")
      guard let at = line.lastIndex(of: mark) else { return false }
      let after = line[(at + 1)...].first { $0 != UInt8(ascii: ")") && $0 != 0x22 }
      let before = line[..<at].last { $0 > 0x20 }
      return (after == nil || after == 0x20) && before != nil && !line.contains(0x3B)
    }.map { $0.text }
  }
}
