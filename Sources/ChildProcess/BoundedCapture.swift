/// The beginning and the end of a stream of any length, in fixed memory.
///
/// A log's first lines say what ran and its last lines say how it ended; what is dropped between them is counted.
public struct BoundedCapture: Sendable, Hashable {
  /// The most bytes that are kept.
  public let limit: Int
  /// All bytes that were appended, kept or not.
  public private(set) var total = 0
  private var head: [UInt8] = []
  private var ring: [UInt8] = []
  private var ringStart = 0

  /// Keeps at most `limit` bytes: the first half of it and the last half.
  public init(limit: Int) {
    self.limit = max(0, limit)
  }

  private var headLimit: Int { limit / 2 }
  private var ringLimit: Int { limit - limit / 2 }

  /// Bytes that fell between the kept beginning and the kept end.
  public var dropped: Int { total - head.count - ring.count }

  /// The kept bytes; where some were dropped, a line in brackets says how many.
  public var bytes: [UInt8] {
    var result = head
    if dropped > 0 {
      if let last = result.last, last != 0x0A { result.append(0x0A) }
      result += Array("[... \(dropped) bytes dropped ...]\n".utf8)
    }
    result += ring[ringStart...]
    result += ring[..<ringStart]
    return result
  }

  /// Adds to the end.
  ///
  /// - Complexity: O(`chunk.count`)
  public mutating func append(_ chunk: some Collection<UInt8>) {
    let (sum, overflow) = total.addingReportingOverflow(chunk.count)
    total = overflow ? .max : sum
    var rest = chunk[...]
    if head.count < headLimit {
      let part = rest.prefix(headLimit - head.count)
      head += part
      rest = rest.dropFirst(part.count)
    }
    if rest.count >= ringLimit {
      ring = Array(rest.suffix(ringLimit))
      ringStart = 0
      return
    }
    if ring.count < ringLimit {
      let part = rest.prefix(ringLimit - ring.count)
      ring += part
      rest = rest.dropFirst(part.count)
    }
    for byte in rest {
      ring[ringStart] = byte
      ringStart += 1
      if ringStart == ringLimit { ringStart = 0 }
    }
  }
}
