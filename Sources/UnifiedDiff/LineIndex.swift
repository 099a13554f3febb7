#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The lines of an old content and, once asked for, where each line occurs.
struct LineTable {
  let buffer: UnsafeBufferPointer<UInt8>
  /// Where each line starts; one more entry at the end.
  private(set) var starts: [Int] = [0]

  var count: Int { starts.count - 1 }

  init(_ buffer: UnsafeBufferPointer<UInt8>) {
    self.buffer = buffer
    guard let base = buffer.baseAddress else { return }
    starts.reserveCapacity(buffer.count / 24 + 2)
    var position = 0
    while position < buffer.count, let hit = memchr(base + position, 0x0A, buffer.count - position) {
      position = UnsafeRawPointer(hit) - UnsafeRawPointer(base) + 1
      starts.append(position)
    }
    if position < buffer.count { starts.append(buffer.count) }
  }

  /// The line without its newline, and whether it has one.
  func line(_ index: Int) -> (text: UnsafeBufferPointer<UInt8>, hasNewline: Bool) {
    let start = starts[index]
    let end = starts[index + 1]
    let hasNewline = end > start && buffer[end - 1] == 0x0A
    return (UnsafeBufferPointer(rebasing: buffer[start..<(hasNewline ? end - 1 : end)]), hasNewline)
  }

  /// Whether the hunk line is this line, to the byte and to the newline at its end.
  func matches(_ index: Int, _ line: HunkLine) -> Bool {
    let (text, hasNewline) = line.text.withUnsafeBufferPointer { wanted in
      let (text, hasNewline) = self.line(index)
      guard text.count == wanted.count else { return (false, hasNewline) }
      guard let left = text.baseAddress, let right = wanted.baseAddress, text.count > 0 else {
        return (text.count == 0, hasNewline)
      }
      return (memcmp(left, right, text.count) == 0, hasNewline)
    }
    return text && hasNewline == !line.noNewlineAtEnd
  }

  /// Whether all of `lines` stand from `start` on.
  func matches(from start: Int, _ lines: [HunkLine]) -> Bool {
    guard start >= 0, start + lines.count <= count else { return false }
    for (offset, line) in lines.enumerated() where !matches(start + offset, line) { return false }
    return true
  }
}

/// Where every distinct line of a content occurs, and a hash of every run of lines in O(1).
///
/// - Complexity: O(bytes) to make.
struct LineIndex {
  /// How lines are compared.
  let ignoringBlanks: Bool
  private var hashes: [UInt64] = []
  private var prefix: [UInt64] = [0]
  private var powers: [UInt64] = [1]
  private var slots: [Int32]
  private var following: [Int32]
  private var occurrences: [Int32]

  private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

  init(_ table: LineTable, ignoringBlanks: Bool) {
    self.ignoringBlanks = ignoringBlanks
    var capacity = 16
    while capacity < table.count * 2 { capacity *= 2 }
    slots = [Int32](repeating: -1, count: capacity)
    following = [Int32](repeating: -1, count: table.count)
    occurrences = [Int32](repeating: 0, count: table.count)
    hashes.reserveCapacity(table.count)
    prefix.reserveCapacity(table.count + 1)
    powers.reserveCapacity(table.count + 1)
    for index in 0..<table.count {
      let (text, hasNewline) = table.line(index)
      let hash = Self.hash(text, hasNewline: hasNewline, ignoringBlanks: ignoringBlanks)
      hashes.append(hash)
      prefix.append(prefix[index] &* Self.base &+ hash)
      powers.append(powers[index] &* Self.base)
    }
    for index in (0..<table.count).reversed() {
      let slot = slot(of: hashes[index])
      let head = slots[slot]
      following[index] = head
      occurrences[index] = head < 0 ? 1 : occurrences[Int(head)] + 1
      slots[slot] = Int32(index)
    }
  }

  private func slot(of hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
    while slots[slot] >= 0, hashes[Int(slots[slot])] != hash { slot = (slot + 1) & mask }
    return slot
  }

  /// The hash a hunk's line has here.
  func hash(_ line: HunkLine) -> UInt64 {
    line.text.withUnsafeBufferPointer {
      Self.hash($0, hasNewline: !line.noNewlineAtEnd, ignoringBlanks: ignoringBlanks)
    }
  }

  private static func hash(
    _ text: UnsafeBufferPointer<UInt8>, hasNewline: Bool, ignoringBlanks: Bool
  ) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text {
      if ignoringBlanks, byte == 0x20 || byte == 0x09 || byte == 0x0D { continue }
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    return (hasNewline || ignoringBlanks) ? hash ^ (hash >> 29) : ~hash
  }

  /// How often a line with this hash occurs.
  func count(of hash: UInt64) -> Int {
    let head = slots[slot(of: hash)]
    return head < 0 ? 0 : Int(occurrences[Int(head)])
  }

  /// Calls `body` with each line that has this hash, in order, until it returns false.
  func forEach(_ hash: UInt64, _ body: (Int) -> Bool) {
    var index = slots[slot(of: hash)]
    while index >= 0 {
      guard body(Int(index)) else { return }
      index = following[Int(index)]
    }
  }

  /// The hash of `count` lines from `start` on.
  func hash(from start: Int, count: Int) -> UInt64 { prefix[start + count] &- prefix[start] &* powers[count] }

  /// The same hash over lines that are not in the table.
  static func combined(_ hashes: [UInt64]) -> UInt64 { hashes.reduce(0) { $0 &* base &+ $1 } }
}
