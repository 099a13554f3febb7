#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The lines of a byte buffer as index ranges, found with `memchr`; the terminator is not part of a line.
///
/// Mail, diffs, logs and sources are bytes, not text: nothing here decodes. A last line without a terminator counts; an
/// empty buffer has no lines.
///
/// - Complexity: O(1) to make, O(n) to walk.
public struct ByteLines: Sequence, IteratorProtocol {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position: Int

  /// Walks the lines of `bytes`, which must outlive the walk (use inside `withUnsafeBufferPointer`).
  public init(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// The next line's range without its `\n`.
  public mutating func next() -> Range<Int>? {
    guard position < bytes.count, let base = bytes.baseAddress else { return nil }
    let start = position
    guard let hit = memchr(base + start, 0x0A, bytes.count - start) else {
      position = bytes.count
      return start..<bytes.count
    }
    let end = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
    position = end + 1
    return start..<end
  }
}

extension Array where Element == UInt8 {
  /// The ranges of all lines, without their `\n`.
  public func lineRanges() -> [Range<Int>] {
    withUnsafeBufferPointer { Array<Range<Int>>(ByteLines($0)) }
  }
}

extension StringProtocol {
  /// Whether the bytes of `part` stand somewhere in the text: `contains` for names and code, which nothing has to be
  /// composed in.
  public func holds(_ part: StaticString) -> Bool {
    let found = utf8.withContiguousStorageIfAvailable { bytes -> Bool in
      guard let base = bytes.baseAddress else { return part.utf8CodeUnitCount == 0 }
      let length = part.utf8CodeUnitCount
      return bytes.count >= length
        && (0...bytes.count - length).contains { memcmp(base + $0, part.utf8Start, length) == 0 }
    }
    return found ?? contains("\(part)")
  }
}

extension Collection where Element == UInt8 {
  /// The bytes as text for a message or a report; invalid UTF-8 becomes U+FFFD.
  public var text: String { String(decoding: self, as: UTF8.self) }
}
