import ByteText

extension MailReader {
  // MARK: MIME parts

  mutating func readBody() throws(MailError) {
    guard !boundaries.isEmpty else { return try readPart() }
    // What stands before the first boundary is for mailers that know no MIME.
    guard skipToBoundary() else { return }
    while try openPart() { try readPart() }
  }

  private var boundary: [UInt8] { boundaries.last ?? [] }

  private func isBoundary(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let boundary = boundaries.last, line.count >= boundary.count, line.first == 0x2D else { return false }
    return line.prefix(boundary.count).elementsEqual(boundary)
  }

  /// Moves behind the lines before the next boundary, leaving that line to be read; false if there is none.
  private mutating func skipToBoundary() -> Bool {
    while let line = lines.peek() {
      if isBoundary(line.text) { return true }
      _ = lines.next()
    }
    return false
  }

  /// Reads a boundary line and the headers behind it; false at the end of the message.
  private mutating func openPart() throws(MailError) -> Bool {
    while let line = lines.next() {
      guard isBoundary(line.text) else { return false }
      let tail = line.text.dropFirst(boundary.count)
      guard tail.starts(with: [0x2D, 0x2D]) else { break }
      boundaries.removeLast()
      try filter([], newline: true)
      guard !boundaries.isEmpty, skipToBoundary() else { return false }
    }
    part = Part()
    while let field = lines.headerField() { try take(field, overwrite: false) }
    guard let line = lines.peek() else { return false }
    if line.text.isEmpty { _ = lines.next() }
    return true
  }

  /// Reads the lines of the current part, up to its boundary or the end.
  private mutating func readPart() throws(MailError) {
    if part.isHTML {
      skippedHTML = true
      while let line = lines.peek(), !isBoundary(line.text) { _ = lines.next() }
      return
    }
    switch part.encoding {
    case .identity: try readIdentityPart()
    case .base64, .quotedPrintable: try readEncodedPart()
    }
    if !flowed.isEmpty {
      let rest = flowed
      flowed = []
      try filter(rest, newline: true)
    }
  }

  private mutating func readIdentityPart() throws(MailError) {
    while true {
      if stage == .patch, boundaries.isEmpty, !isFlowed {
        hasText = true
        return lines.remainder(into: &patch)
      }
      guard let line = lines.peek(), !isBoundary(line.text) else { return }
      _ = lines.next()
      try unflow(line.text, newline: line.hasNewline)
    }
  }

  private mutating func readEncodedPart() throws(MailError) {
    var decoded: [UInt8] = []
    var base64 = Base64()
    while let line = lines.peek(), !isBoundary(line.text) {
      _ = lines.next()
      if part.encoding == .base64 {
        base64.decode(line.text, into: &decoded)
      } else if QuotedPrintable.decode(line: line.text, into: &decoded), line.hasNewline {
        decoded.append(0x0A)
      }
    }
    let ranges = decoded.lineRanges()
    // Text travels with CRLF (RFC 2045, 6.8). If every line has it, it is the transport's, not the patch's.
    let isCanonical =
      !ranges.isEmpty
      && ranges.allSatisfy { $0.upperBound == decoded.count || (!$0.isEmpty && decoded[$0.upperBound - 1] == 0x0D) }
    let hasCR = decoded.contains(0x0D)
    if hasCR, !isCanonical { warnings.append("some lines of the encoded body end in CR LF; kept as they are") }
    try decoded.withUnsafeBufferPointer { (buffer) throws(MailError) in
      for range in ranges {
        var end = range.upperBound
        if isCanonical, hasCR, end > range.lowerBound, buffer[end - 1] == 0x0D { end -= 1 }
        // A part's last line gets its newline, else the next part would be glued to it.
        try unflow(UnsafeBufferPointer(rebasing: buffer[range.lowerBound..<end]), newline: true)
      }
    }
  }

  // MARK: format=flowed (RFC 3676)

  private mutating func unflow(_ line: UnsafeBufferPointer<UInt8>, newline: Bool) throws(MailError) {
    guard isFlowed else { return try filter(line, newline: newline) }
    if MailLines.starts(line, "-- "), line.count == 3 {
      if !flowed.isEmpty {
        let before = flowed
        flowed = []
        try filter(before, newline: true)
      }
      return try filter(line, newline: newline)
    }
    let unstuffed = line.first == 0x20 ? UnsafeBufferPointer(rebasing: line.dropFirst()) : line
    if unstuffed.last == 0x20 {
      flowed.append(contentsOf: joinsFlowedWords ? unstuffed.dropLast() : unstuffed[...])
      return
    }
    guard !flowed.isEmpty else { return try filter(unstuffed, newline: newline) }
    let whole = flowed + Array(unstuffed)
    flowed = []
    try filter(whole, newline: newline)
  }

  // MARK: Message and patch

  private mutating func filter(_ line: [UInt8], newline: Bool) throws(MailError) {
    try line.withUnsafeBufferPointer { (buffer) throws(MailError) in try filter(buffer, newline: newline) }
  }

  private mutating func filter(_ line: UnsafeBufferPointer<UInt8>, newline: Bool) throws(MailError) {
    hasText = true
    if stage != .patch, !(try takeMessageLine(line, newline: newline)) { return }
    stage = .patch
    patch.append(contentsOf: line)
    if newline { patch.append(0x0A) }
  }

  /// Takes a line of the in-body headers or of the message; true if the patch starts with it.
  private mutating func takeMessageLine(_ line: UnsafeBufferPointer<UInt8>, newline: Bool) throws(MailError) -> Bool {
    if stage == .inBodyHeaders {
      if line.isEmpty {
        if !pendingHeader.isEmpty {
          flushPendingHeader()
          stage = .message
        }
        return false
      }
      if try takeInBodyHeader(line) { return false }
      stage = .message
    }

    let text = try utf8(Array(line))
    if reading.cutsAtScissors, Scissors.isScissors(text) {
      log = []
      inBody = Fields()
      stage = .inBodyHeaders
      return false
    }
    if Self.startsPatch(line) { return true }
    log.append(contentsOf: text)
    if newline { log.append(0x0A) }
    return false
  }

  /// The line in UTF-8, the part's charset being what its headers say.
  private func utf8(_ line: [UInt8]) throws(MailError) -> [UInt8] {
    if Charset.isUTF8(part.charset) { return line }
    if Charset.extendsASCII(part.charset), line.allSatisfy({ $0 >= 0x20 && $0 < 0x7E || $0 == 0x09 }) { return line }
    guard let text = Charset.utf8(line, from: part.charset) else {
      throw MailError(
        .badEncoding, at: place, "the text is not in the charset '\(part.charset)' that the mail names",
        next: "save the mail as UTF-8 or mend its Content-Type")
    }
    return text
  }

  /// Takes a line at the top of the body if it is a `From:`, `Date:` or `Subject:` meant for the commit.
  private mutating func takeInBodyHeader(_ line: UnsafeBufferPointer<UInt8>) throws(MailError) -> Bool {
    if !pendingHeader.isEmpty, let first = line.first, first == 0x20 || first == 0x09 {
      if reading.cutsAtScissors, Scissors.isScissors(Array(line)) {
        flushPendingHeader()
        return false
      }
      pendingHeader.append(contentsOf: try utf8(Array(line)))
      return true
    }
    flushPendingHeader()
    if MailLines.starts(line, ">From"), line.count > 5, ASCII.isSpace(line[5]) {
      return Mbox.isFormatPatchSeparator(UnsafeBufferPointer(rebasing: line.dropFirst()))
    }
    if MailLines.starts(line, "[PATCH]"), line.count == 7 || ASCII.isSpace(line[7]) {
      inBody.subject = Array(line)
      return true
    }
    let isNew =
      (inBody.from == nil && Self.names(line, "from")) || (inBody.subject == nil && Self.names(line, "subject"))
      || (inBody.date == nil && Self.names(line, "date"))
    if isNew { pendingHeader = try utf8(Array(line)) }
    return isNew
  }

  mutating func flushPendingHeader() {
    guard let colon = pendingHeader.firstIndex(of: 0x3A) else { return }
    let value = EncodedWord.decode(
      ASCII.trimmed(Array(pendingHeader[(colon + 1)...].drop(while: ASCII.isSpace))))
    switch ASCII.lower(pendingHeader[0]) {
    case UInt8(ascii: "f"): inBody.from = value
    case UInt8(ascii: "s"): inBody.subject = value
    default: inBody.date = value
    }
    pendingHeader = []
  }

  private static func names(_ line: UnsafeBufferPointer<UInt8>, _ header: StaticString) -> Bool {
    let count = header.utf8CodeUnitCount
    return line.count > count && line[count] == 0x3A && ASCII.starts(line, with: header)
  }

  /// Whether the message ends at this line: a diff header, CVS's `Index: `, or `---`.
  static func startsPatch(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    if MailLines.starts(line, "diff -") || MailLines.starts(line, "Index: ") { return true }
    guard MailLines.starts(line, "---") else { return false }
    if line.count > 4, line[3] == 0x20, !ASCII.isSpace(line[4]) { return true }
    return line.dropFirst(3).allSatisfy(ASCII.isSpace)
  }
}
