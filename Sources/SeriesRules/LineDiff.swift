/// The difference between two versions of a file, line by line, as `diff -U3` would show it.
///
/// Myers' greedy algorithm on interned lines after the common head and tail are cut off. Where the versions differ so
/// much that the search would exceed its budget, the middle counts as replaced whole: correct, only longer.
public struct LineDiff {
  /// The changed regions with three lines of context.
  public let regions: [ChangedRegion]

  private static let context = 3
  private static let largestDistance = 1500

  /// Compares `old` and `new`.
  public init(_ old: [UInt8], _ new: [UInt8]) {
    let (oldLines, newLines) = (Self.lines(of: old), Self.lines(of: new))
    var symbols: [ArraySlice<UInt8>: Int32] = [:]
    func intern(_ lines: [ArraySlice<UInt8>]) -> [Int32] {
      lines.map { line in
        if let known = symbols[line] { return known }
        let symbol = Int32(truncatingIfNeeded: symbols.count)
        symbols[line] = symbol
        return symbol
      }
    }
    let (a, b) = (intern(oldLines), intern(newLines))
    var head = 0
    while head < a.count, head < b.count, a[head] == b[head] { head += 1 }
    var tail = 0
    while tail < a.count - head, tail < b.count - head, a[a.count - 1 - tail] == b[b.count - 1 - tail] { tail += 1 }
    var keptOld = [Bool](repeating: true, count: a.count)
    var keptNew = [Bool](repeating: true, count: b.count)
    Self.mark(
      Array(a[head..<a.count - tail]), Array(b[head..<b.count - tail]), offset: head, &keptOld, &keptNew)
    regions = Self.regions(oldLines, newLines, keptOld, keptNew)
  }

  private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// Marks in `keptOld` and `keptNew` what is not common to `a` and `b`.
  private static func mark(
    _ a: [Int32], _ b: [Int32], offset: Int, _ keptOld: inout [Bool], _ keptNew: inout [Bool]
  ) {
    guard let trace = search(a, b) else {
      for index in a.indices { keptOld[offset + index] = false }
      for index in b.indices { keptNew[offset + index] = false }
      return
    }
    var (x, y) = (a.count, b.count)
    for (distance, furthest) in trace.enumerated().reversed() where distance > 0 {
      let diagonal = x - y
      func reach(_ k: Int) -> Int { k < -(distance - 1) || k > distance - 1 ? -1 : furthest[k + distance - 1] }
      let down = diagonal == -distance || (diagonal != distance && reach(diagonal - 1) < reach(diagonal + 1))
      let previous = down ? diagonal + 1 : diagonal - 1
      let previousX = reach(previous)
      let previousY = previousX - previous
      if down { keptNew[offset + previousY] = false } else { keptOld[offset + previousX] = false }
      (x, y) = (previousX, previousY)
    }
  }

  /// For each distance the furthest x per diagonal *before* that step (diagonals -(d-1)…d-1); nil over budget.
  private static func search(_ a: [Int32], _ b: [Int32]) -> [[Int]]? {
    let limit = min(a.count + b.count, largestDistance)
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    let middle = limit + 1
    var trace: [[Int]] = []
    for distance in 0...limit {
      trace.append(distance == 0 ? [] : Array(furthest[(middle - distance + 1)...(middle + distance - 1)]))
      for k in stride(from: -distance, through: distance, by: 2) {
        let down = k == -distance || (k != distance && furthest[middle + k - 1] < furthest[middle + k + 1])
        var x = distance == 0 ? 0 : down ? furthest[middle + k + 1] : furthest[middle + k - 1] + 1
        var y = x - k
        while x < a.count, y >= 0, y < b.count, a[x] == b[y] {
          x += 1
          y += 1
        }
        furthest[middle + k] = x
        if x >= a.count && y >= b.count { return trace }
      }
    }
    return nil
  }

  private static func regions(
    _ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>], _ keptOld: [Bool], _ keptNew: [Bool]
  ) -> [ChangedRegion] {
    var all: [ChangedLine] = []
    // Where the old and the new file stand at each line of `all`.
    var positions: [(old: Int, new: Int)] = []
    var changes: [Int] = []
    var (x, y) = (0, 0)
    while x < old.count || y < new.count {
      positions.append((x + 1, y + 1))
      if x < old.count && !keptOld[x] {
        changes.append(all.count)
        all.append(ChangedLine(.removed, number: x + 1, text: Array(old[x])))
        x += 1
      } else if y < new.count && !keptNew[y] {
        changes.append(all.count)
        all.append(ChangedLine(.added, number: y + 1, text: Array(new[y])))
        y += 1
      } else {
        all.append(ChangedLine(.context, number: y + 1, text: y < new.count ? Array(new[y]) : []))
        x += 1
        y += 1
      }
    }
    var ranges: [Range<Int>] = []
    for change in changes {
      let range = max(0, change - context)..<min(all.count, change + context + 1)
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    return ranges.map { range in
      ChangedRegion(
        oldStart: positions[range.lowerBound].old, newStart: positions[range.lowerBound].new, lines: Array(all[range]))
    }
  }
}
