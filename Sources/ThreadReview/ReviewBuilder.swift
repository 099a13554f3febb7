import ByteText
import PatchMail

/// Places messages and anchors comments.
struct ReviewBuilder {
  private let thread: PostedThread
  /// The text of each posting, made when a reply first needs it.
  private var texts: [Int: PatchText] = [:]
  private var bodies: [Int: QuotedBody] = [:]

  init(_ thread: PostedThread) { self.thread = thread }

  /// Every message with its role.
  func place() -> [ReviewThread.Message] {
    let numbers = thread.numbers
    let others = thread.otherMessages
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
      var at = thread.links.parent[index]
      while let step = at {
        message.depth += 1
        if let number = numbers[step] {
          message.role = .reply
          message.patch = number
          break
        }
        if others.contains(step) {
          message.role = .reply
          break
        }
        at = thread.links.parent[step]
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
          messageID: message.envelope.messageID, author: message.envelope.from, date: message.envelope.date, patch: patch,
          target: .posting, path: nil, line: nil, isRemovedLine: false,
          quoted: passage.quote.last { $0.contains { $0 > 0x20 } }?.text ?? "",
          text: passage.text.map { $0.text }.joined(separator: "\n"), questions: [], isOpen: false)
        comment.questions = Self.questions(passage.text)
        if let (number, text, found) = anchor(passage.quote, near: patch, after: after) {
          let line = text.lines[found]
          if number == patch { after = found }
          comment.patch = number
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

  /// The line that a quote shows: of the patch the thread is about, else of another one of the series.
  private mutating func anchor(
    _ quote: [ArraySlice<UInt8>], near patch: Int, after: Int
  ) -> (patch: Int, text: PatchText, line: Int)? {
    guard quote.contains(where: { $0.contains { $0 > 0x20 } }) else { return nil }
    let home = text(of: patch)
    let found = home.anchor(of: quote, after: after)
    if let found, home.lines[found].path != nil { return (patch, home, found) }
    for other in thread.series.patches.map(\.number) where other != patch {
      let text = text(of: other)
      if let line = text.anchor(of: quote, after: 0), text.lines[line].path != nil { return (other, text, line) }
    }
    return found.map { (patch, home, $0) }
  }

  private mutating func text(of number: Int) -> PatchText {
    if let text = texts[number] { return text }
    let text: PatchText
    if let patch = thread.series.patches.first(where: { $0.number == number }) {
      text = PatchText(patch)
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
