import ByteText

/// Cuts a stream of chunks into lines, whatever the chunk borders, in memory bounded by one line.
public struct LineSplitter: Sendable {
  private var pending: [UInt8] = []
  private let limit: Int

  /// Lines longer than `limit` bytes are delivered in pieces of that size.
  public init(limit: Int = 1 << 16) {
    self.limit = max(1, limit)
  }

  /// Delivers every line that `chunk` completes, without its newline.
  ///
  /// - Complexity: O(`chunk.count`)
  public mutating func append(_ chunk: [UInt8], deliver: ([UInt8]) -> Void) {
    chunk.withUnsafeBufferPointer { bytes in
      for range in ByteLines(bytes) {
        pending += bytes[range]
        while pending.count > limit {
          deliver(Array(pending.prefix(limit)))
          pending.removeFirst(limit)
        }
        if range.upperBound < bytes.count {
          deliver(pending)
          pending.removeAll(keepingCapacity: true)
        }
      }
    }
  }

  /// Delivers a last line that has no newline.
  public mutating func finish(deliver: ([UInt8]) -> Void) {
    guard !pending.isEmpty else { return }
    deliver(pending)
    pending = []
  }
}
