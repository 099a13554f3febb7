import ByteText

/// The last lines of a stretch of a log.
struct LineRing {
  private var lines: [[UInt8]] = []
  private var start = 0
  private var count = 0
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  /// Adds a line; the memory of the one it replaces is used again.
  mutating func add(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
    if lines.count < limit, count == lines.count {
      lines.append(Array(line))
      count += 1
      return
    }
    let slot = count < lines.count ? count : start
    lines[slot].removeAll(keepingCapacity: true)
    lines[slot] += line
    if count < lines.count { count += 1 } else { start = (start + 1) % limit }
  }

  mutating func removeAll() {
    start = 0
    count = 0
  }

  /// The lines that are not empty, without the indentation they share; the ring is empty afterwards.
  mutating func take() -> [String] {
    let kept = (lines[start..<count] + lines[..<start]).map(\.text).filter { !$0.isEmpty }
    removeAll()
    let indentation = kept.map { $0.prefix { $0 == " " || $0 == "\t" }.count }.min() ?? 0
    return kept.map { String($0.dropFirst(indentation)) }
  }
}
