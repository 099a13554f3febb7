extension DiffParser {
  /// The numbers of a hunk header.
  struct HunkHeader {
    var oldStart = 0
    var oldCount = 1
    var newStart = 0
    var newCount = 1
    var section = 0..<0
  }

  /// Reads the current line as `@@ -a,b +c,d @@`; nil if it is something else.
  ///
  /// - Throws: `DiffError` if it is a header whose numbers no file can have.
  func hunkHeader() throws(DiffError) -> HunkHeader? {
    var at = line.lowerBound + 4
    let end = line.upperBound
    var tooLarge = false

    func number() -> Int? {
      let start = at
      var value = 0
      while at < end, case let digit = buffer[at], digit >= 48, digit <= 57 {
        value = value * 10 + Int(digit - 48)
        if value > Int(Int32.max) {
          tooLarge = true
          value = Int(Int32.max)
        }
        at += 1
      }
      return at > start ? value : nil
    }
    func skip(_ text: StaticString) -> Bool {
      guard starts(text, at: at, end: end) else { return false }
      at += text.utf8CodeUnitCount
      return true
    }

    var header = HunkHeader()
    guard let oldStart = number() else { return nil }
    header.oldStart = oldStart
    if skip(",") {
      guard let count = number() else { return nil }
      header.oldCount = count
    }
    guard skip(" +"), let newStart = number() else { return nil }
    header.newStart = newStart
    if skip(",") {
      guard let count = number() else { return nil }
      header.newCount = count
    }
    guard skip(" @@") else { return nil }
    header.section = at..<end
    if tooLarge {
      throw DiffError(
        .badHunkHeader, line: lineNumber, "a hunk header with a line number or count above \(Int32.max)",
        next: "the patch is damaged, ask for it again")
    }
    return header
  }

  /// Reads all hunks that follow, the current line being the first header's or something else.
  mutating func parseHunks() throws(DiffError) -> [Hunk] {
    var hunks: [Hunk] = []
    while !atEnd, starts("@@ -") {
      guard let header = try hunkHeader() else {
        throw DiffError(
          .badHunkHeader, line: lineNumber, "a hunk header that cannot be read",
          next: "a mailer may have wrapped it; ask for the patch again, or as an attachment")
      }
      hunks.append(try parseHunk(header))
    }
    if !hunks.isEmpty { warnOfStrayLine() }
    return hunks
  }

  private mutating func parseHunk(_ header: HunkHeader) throws(DiffError) -> Hunk {
    var hunk = Hunk(
      oldStart: header.oldStart, oldCount: header.oldCount, newStart: header.newStart, newCount: header.newCount,
      section: bytes[header.section], lines: [], lineNumber: lineNumber)
    var oldLeft = header.oldCount
    var newLeft = header.newCount
    // The header's promise is not trusted with memory: no more lines can come than half the bytes that are left.
    hunk.lines.reserveCapacity(min(oldLeft + newLeft, (buffer.count - next) / 2 + 1, 256))
    advance()

    while oldLeft > 0 || newLeft > 0 {
      guard !atEnd else { throw broken(hunk, oldLeft, newLeft, "the text ends") }
      let text = line.isEmpty ? line : line.lowerBound + 1..<line.upperBound
      switch firstByte {
      case 0x20, 0x0A:  // GNU diff and many mailers drop the blank of an empty context line
        guard oldLeft > 0, newLeft > 0 else { throw broken(hunk, oldLeft, newLeft, "a context line follows") }
        oldLeft -= 1
        newLeft -= 1
        hunk.lines.append(HunkLine(.context, bytes[text]))
      case UInt8(ascii: "-"):
        guard oldLeft > 0 else { throw broken(hunk, oldLeft, newLeft, "a removed line follows") }
        oldLeft -= 1
        hunk.lines.append(HunkLine(.removed, bytes[text]))
      case UInt8(ascii: "+"):
        guard newLeft > 0 else { throw broken(hunk, oldLeft, newLeft, "an added line follows") }
        newLeft -= 1
        hunk.lines.append(HunkLine(.added, bytes[text]))
      case UInt8(ascii: "\\") where !hunk.lines.isEmpty:
        hunk.lines[hunk.lines.count - 1].noNewlineAtEnd = true
      default:
        throw broken(hunk, oldLeft, newLeft, "a line follows that is neither context nor change")
      }
      advance()
    }
    if !atEnd, firstByte == UInt8(ascii: "\\"), starts("\\ "), !hunk.lines.isEmpty {
      hunk.lines[hunk.lines.count - 1].noNewlineAtEnd = true
      advance()
    }
    return hunk
  }

  private func broken(_ hunk: Hunk, _ oldLeft: Int, _ newLeft: Int, _ what: String) -> DiffError {
    DiffError(
      .truncatedHunk, line: lineNumber,
      "hunk '\(hunk.header)' (line \(hunk.lineNumber)) still lacks \(oldLeft) old and \(newLeft) new lines, but \(what)",
      next: "a mailer may have wrapped or cut the patch; ask for it again, or as an attachment")
  }

  /// Notes a line right behind a complete hunk that is neither a header nor the end of a mail: the header counts fewer
  /// lines than somebody wrote, or a mailer has wrapped the last one.
  private mutating func warnOfStrayLine() {
    guard !atEnd, !line.isEmpty, firstByte != 0x0D else { return }
    let isHeader = starts("diff ") || starts("--") || starts("+++ ") || starts("@@ ") || starts("Index: ")
    guard !isHeader, firstByte != UInt8(ascii: "\\") else { return }
    let what =
      switch firstByte {
      case UInt8(ascii: "+"): "a '+' line"
      case UInt8(ascii: "-"): "a '-' line"
      default: "text"
      }
    warnings.append(
      DiffWarning(
        line: lineNumber, text: "\(what) behind the last line that the hunk header counts is not part of the patch"))
  }
}
