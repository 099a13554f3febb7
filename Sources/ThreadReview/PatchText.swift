import ByteText
import PatchMail
import UnifiedDiff

/// The lines of a posted patch, each with the file and line it stands for, to find quotes in.
struct PatchText {
  /// One line of the posting.
  struct Line {
    var text: String
    var key: [UInt8]
    var path: String?
    var line: Int?
    var isRemoved = false
  }

  private(set) var lines: [Line] = []
  private var places: [[UInt8]: [Int]] = [:]
  /// For each line the one before it that is not blank.
  private var previous: [Int?] = []

  /// The text of a cover letter or a message without a diff.
  init(text: [UInt8]) {
    for range in text.lineRanges() { append(Line(text: text[range].text, key: Self.key(text[range]))) }
    index()
  }

  /// Message and diff of a patch.
  init(message: [UInt8], diff: [UInt8]) {
    for range in message.lineRanges() { append(Line(text: message[range].text, key: Self.key(message[range]))) }
    let first = lines.count
    for range in diff.lineRanges() { append(Line(text: diff[range].text, key: Self.key(diff[range]))) }
    // A diff that cannot be read is still text that can be quoted; apply tells what is wrong with it.
    let files = (try? UnifiedDiff.parse(diff)) ?? []
    for file in files {
      for header in file.lineNumber..<max(file.lineNumber, file.endLineNumber) { place(first + header - 1, file.path) }
      for hunk in file.hunks {
        var old = hunk.oldStart
        var new = hunk.newStart
        var number = hunk.lineNumber + 1
        place(first + hunk.lineNumber - 1, file.path, new)
        for line in hunk.lines {
          place(first + number - 1, file.path, line.isNew ? new : old, isRemoved: !line.isNew)
          if line.isOld { old += 1 }
          if line.isNew { new += 1 }
          number += line.noNewlineAtEnd ? 2 : 1
        }
      }
    }
    index()
  }

  private mutating func append(_ line: Line) { lines.append(line) }

  private mutating func place(_ index: Int, _ path: String, _ line: Int? = nil, isRemoved: Bool = false) {
    guard lines.indices.contains(index) else { return }
    lines[index].path = path
    lines[index].line = line
    lines[index].isRemoved = isRemoved
  }

  private mutating func index() {
    var last: Int?
    for (index, line) in lines.enumerated() {
      previous.append(last)
      guard !line.key.isEmpty else { continue }
      places[line.key, default: []].append(index)
      last = index
    }
  }

  /// What of a line is compared: its `+` or `-` and everything that is not white space, for mailers that turn tabs into
  /// blanks or eat them.
  static func key(_ line: ArraySlice<UInt8>) -> [UInt8] { line.filter { $0 > 0x20 } }

  /// The line of the posting that the end of `quote` shows; nil if it shows none of it.
  ///
  /// Lines that occur more than once (braces, `return r;`) are told apart by the quoted lines above them; one that is too
  /// short to mean anything by itself counts only with such company. A line of the diff is preferred to one of the text.
  /// - Parameter after: where the last quote ended: quotes follow the patch's order.
  func anchor(of quote: [ArraySlice<UInt8>], after: Int) -> Anchor? {
    let keys = quote.map(Self.key).filter { !$0.isEmpty }
    var inText: Anchor?
    for (distance, end) in keys.indices.reversed().prefix(30).enumerated() {
      guard let (line, score) = best(keys[...end], after: after) else { continue }
      let anchor = Anchor(line: line, score: score, distance: distance)
      if lines[line].path != nil { return anchor }
      inText = inText ?? anchor
    }
    return inText
  }

  /// Where a quote was found.
  struct Anchor {
    /// The line of the posting.
    var line: Int
    /// How many quoted lines in a row agree with the posting.
    var score: Int
    /// How many quoted lines stand between the one found and the comment.
    var distance: Int
  }

  private func best(_ keys: ArraySlice<[UInt8]>, after: Int) -> (line: Int, score: Int)? {
    guard let last = keys.last, let candidates = places[last] else { return nil }
    var best: (index: Int, score: Int)?
    for candidate in candidates.prefix(256) {
      var score = 1
      var at = previous[candidate]
      for key in keys.dropLast().reversed().prefix(40) {
        guard let line = at, lines[line].key == key else { break }
        score += 1
        at = previous[line]
      }
      let isBetter =
        best.map { score > $0.score || (score == $0.score && $0.index < after && candidate >= after) } ?? true
      if isBetter { best = (candidate, score) }
    }
    guard let best, best.score > 1 || (last.count >= 8 && candidates.count == 1) else { return nil }
    return (best.index, best.score)
  }
}
