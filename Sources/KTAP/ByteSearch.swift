#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finding bytes in a line.
enum ByteSearch {
  /// Whether the `count` bytes at `needle` occur in `line`.
  static func contains(
    _ line: Slice<UnsafeBufferPointer<UInt8>>, _ needle: UnsafePointer<UInt8>, _ count: Int
  ) -> Bool {
    guard let base = line.base.baseAddress, count > 0, line.count >= count else { return false }
    var start = base + line.startIndex
    var left = line.count - count + 1
    while left > 0, let hit = memchr(start, Int32(needle[0]), left) {
      if memcmp(hit, needle, count) == 0 { return true }
      let next = UnsafeRawPointer(hit) + 1
      left -= next - UnsafeRawPointer(start)
      start = next.assumingMemoryBound(to: UInt8.self)
    }
    return false
  }
}
