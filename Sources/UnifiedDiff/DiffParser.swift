#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The cursor over a patch text: one line at a time, found with `memchr`; headers and bodies are in the extensions.
struct DiffParser {
  let bytes: [UInt8]
  let buffer: UnsafeBufferPointer<UInt8>
  /// The current line without its `\n`; empty at the end of the text.
  var line: Range<Int> = 0..<0
  /// Where the next line starts.
  var next = 0
  /// The number of the current line, from 1.
  var lineNumber = 0
  var atEnd = false
  /// Whether the names of the current file have a first component to strip.
  var hasPrefixes = true

  var files: [FileDiff] = []
  var warnings: [DiffWarning] = []

  init(bytes: [UInt8], buffer: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    self.buffer = buffer
  }

  mutating func parse() throws(DiffError) {
    advance()
    var before: Range<Int>?
    while !atEnd {
      switch firstByte {
      case UInt8(ascii: "d") where starts("diff --git "):
        if let file = try parseGitFile() { add(file) }
        before = nil
        continue
      case UInt8(ascii: "-") where starts("--- ") && plainHeaderFollows():
        add(try parsePlainFile(after: before))
        before = nil
        continue
      case UInt8(ascii: "@"):
        if starts("@@ -"), try hunkHeader() != nil {
          throw DiffError(
            .hunkWithoutFile, line: lineNumber, "a hunk without the file names above it",
            next: "restore its '---' and '+++' lines")
        }
      default: break
      }
      before = line
      advance()
    }
  }

  private mutating func add(_ file: FileDiff) {
    files.append(file)
    files[files.count - 1].endLineNumber = atEnd ? lineNumber + 1 : lineNumber
  }

  // MARK: Lines

  /// The first byte of the current line, or a newline for an empty one.
  var firstByte: UInt8 { line.isEmpty ? 0x0A : buffer[line.lowerBound] }

  /// Moves to the next line.
  mutating func advance() {
    guard next < buffer.count else {
      atEnd = true
      line = buffer.count..<buffer.count
      return
    }
    line = next..<lineEnd(from: next)
    next = min(line.upperBound + 1, buffer.count)
    lineNumber += 1
  }

  /// Where the line that starts at `start` ends.
  func lineEnd(from start: Int) -> Int {
    guard start < buffer.count, let base = buffer.baseAddress,
      let hit = memchr(base + start, 0x0A, buffer.count - start)
    else { return buffer.count }
    return UnsafeRawPointer(hit) - UnsafeRawPointer(base)
  }

  /// Whether the current line starts with `prefix`.
  func starts(_ prefix: StaticString) -> Bool { starts(prefix, at: line.lowerBound, end: line.upperBound) }

  func starts(_ prefix: StaticString, at start: Int, end: Int) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard end - start >= count, let base = buffer.baseAddress else { return false }
    return memcmp(base + start, prefix.utf8Start, count) == 0
  }

  /// The current line from `offset` on, without a carriage return at its end.
  func rest(from offset: Int) -> Slice<UnsafeBufferPointer<UInt8>> {
    var end = line.upperBound
    if end > line.lowerBound, buffer[end - 1] == 0x0D { end -= 1 }
    let start = min(line.lowerBound + offset, end)
    return buffer[start..<end]
  }

  private func plainHeaderFollows() -> Bool {
    let second = next
    let secondEnd = lineEnd(from: second)
    guard starts("+++ ", at: second, end: secondEnd), secondEnd < buffer.count else { return false }
    return starts("@@ -", at: secondEnd + 1, end: buffer.count)
  }
}
