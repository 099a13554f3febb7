extension DiffParser {
  /// Reads a `GIT binary patch`; the current line is that line.
  mutating func parseBinary() throws(DiffError) -> BinaryPatch {
    let start = lineNumber
    advance()
    guard let forward = try parseBinaryHunk() else {
      throw DiffError(
        .badBinary, line: start, "a binary patch without content", next: "ask for the patch again")
    }
    return .content(forward: forward, reverse: try parseBinaryHunk())
  }

  /// Reads `literal N` or `delta N` and its lines up to the empty one; nil if the current line is neither.
  private mutating func parseBinaryHunk() throws(DiffError) -> BinaryHunk? {
    let kind: BinaryHunk.Kind
    let digits: Slice<UnsafeBufferPointer<UInt8>>
    if !atEnd, starts("literal ") {
      kind = .literal
      digits = rest(from: 8)
    } else if !atEnd, starts("delta ") {
      kind = .delta
      digits = rest(from: 6)
    } else {
      return nil
    }
    guard let size = Int(String(decoding: digits.prefix(16), as: UTF8.self)), size >= 0 else {
      throw DiffError(.badBinary, line: lineNumber, "a binary patch of no size", next: "ask for the patch again")
    }
    advance()
    var deflated: [UInt8] = []
    while !atEnd, case let text = rest(from: 0), !text.isEmpty {
      guard GitBase85.decode(line: UnsafeBufferPointer(rebasing: text), into: &deflated) else {
        throw DiffError(
          .badBinary, line: lineNumber, "a line of a binary patch that is not base 85",
          next: "a mailer may have changed it; ask for the patch again")
      }
      advance()
    }
    if !atEnd { advance() }
    return BinaryHunk(kind: kind, size: size, deflated: deflated)
  }
}
