import Foundation

/// How the time of some work grows with its size.
enum Growth {
  /// Whether `work` on the `large` size takes less than half of what quadratic growth from the `small` one would.
  /// Other programs can only make a measurement longer, so the shortest of a few tries counts.
  static func isFarBelowQuadratic(from small: Int, to large: Int, work: (Int) throws -> Void) rethrows -> Bool {
    let factor = Double(large) / Double(small)
    let base = try (0..<3).map { _ in try seconds { try work(small) } }.min() ?? 0
    for _ in 0..<4 where try seconds({ try work(large) }) < max(factor * factor / 2 * base, 0.5) { return true }
    return false
  }

  /// Processor time of this thread: other tests, and other programs, must not count.
  private static func seconds(_ work: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try work()
    return now() - start
  }
}
