extension FileDiff {
  /// The new content of the file, its old content being `old`; a new file starts from nothing.
  ///
  /// Text only: for a binary change see ``BinaryHunk/applied(to:line:)``.
  public func apply(to old: [UInt8]) -> PatchedContent { hunks.apply(to: old) }
}

extension [Hunk] {
  /// Applies the hunks to `old`: each where its header says, else at the nearest place where all its old lines stand.
  ///
  /// The rules are those of `git apply` without fuzz: every context line must match to the byte; a hunk for line 1 must
  /// match at the beginning; a hunk without trailing context must match at the end; no hunk may use lines that another
  /// one made. Deliberate difference: a hunk without any context is refused unless its place is certain.
  ///
  /// - Complexity: O(old + hunks) when hunks fit where they say; the search for others is limited in total.
  public func apply(to old: [UInt8]) -> PatchedContent {
    old.withUnsafeBufferPointer { buffer in
      var applier = HunkApplier(old: LineTable(buffer))
      let placements = map { applier.place($0) }
      return PatchedContent(bytes: applier.result(), placements: placements)
    }
  }
}

/// Places hunks on one old content, in the old content's own line numbers.
struct HunkApplier {
  let old: LineTable
  private var plain: LineIndex?
  private var blankless: LineIndex?
  /// What was applied, in order of the old lines.
  private var applied: [Applied] = []
  /// Lines that failed hunks would have added, net: later hunks' headers count on them.
  private var missing = 0
  /// How many candidates may still be looked at, over all hunks.
  private var budget = 20_000_000

  private struct Applied {
    var range: Range<Int>
    var growth: Int
    /// Net growth of everything up to and including this one.
    var total: Int
    var hunk: Hunk
  }

  init(old: LineTable) { self.old = old }

  /// What the hunk demands of its place.
  private struct Demand {
    var lines: [HunkLine]
    var atBeginning: Bool
    var atEnd: Bool
    /// Where the header puts it, in line numbers of the content as patched so far.
    var expected: Int
  }

  // MARK: Placing

  mutating func place(_ hunk: Hunk) -> HunkPlacement {
    let demand = Demand(
      lines: hunk.lines.filter(\.isOld),
      atBeginning: hunk.oldStart <= 1,
      atEnd: hunk.lines.last?.kind != .context,
      expected: max(0, hunk.newStart - 1) - missing)
    let placement: HunkPlacement
    if demand.lines.isEmpty {
      placement = placeWithoutContext(hunk, demand)
    } else {
      placement = placeByContext(hunk, demand)
    }
    if !placement.isApplied { missing += hunk.addedCount - hunk.removedCount }
    return placement
  }

  private mutating func placeByContext(_ hunk: Hunk, _ demand: Demand) -> HunkPlacement {
    // With all hunks before it in place, the header's line is this one of the old content.
    let total = applied.last?.total ?? 0
    for guess in [demand.expected - total, hunk.oldStart - 1] {
      if guess >= 0, current(guess) == demand.expected, allows(guess, demand), isFree(guess, demand.lines.count),
        old.matches(from: guess, demand.lines)
      {
        let line = current(guess) + 1
        guard record(hunk, at: guess, count: demand.lines.count) else { return limit }
        return .exact(line: line)
      }
    }
    let search = search(demand)
    guard let best = search.best else {
      return .failed(diagnose(hunk, demand, search))
    }
    let line = current(best) + 1
    let distance = current(best) - demand.expected
    guard record(hunk, at: best, count: demand.lines.count) else { return limit }
    return distance == 0
      ? .exact(line: line) : .offset(line: line, lines: distance, otherPlaces: search.places - 1)
  }

  private mutating func placeWithoutContext(_ hunk: Hunk, _ demand: Demand) -> HunkPlacement {
    let isSure = hunk.oldStart == 0 ? old.count == 0 : hunk.oldStart == old.count
    let endsWithNewline = old.count == 0 || old.line(old.count - 1).hasNewline
    guard isSure, endsWithNewline, isFree(old.count, 0) else {
      return .failed(HunkFailure(reason: old.count > 0 && hunk.oldStart == 0 ? .notAtEdge : .noContext, nearest: nil))
    }
    let line = current(old.count) + 1
    guard record(hunk, at: old.count, count: 0) else { return limit }
    return .exact(line: line)
  }

  // MARK: Coordinates

  /// The index of the first applied hunk that ends behind `line`.
  private func firstApplied(endingAfter line: Int) -> Int {
    var low = 0
    var high = applied.count
    while low < high {
      let middle = (low + high) / 2
      if applied[middle].range.upperBound <= line { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The old line's index in the content as patched so far.
  private func current(_ line: Int) -> Int {
    let index = firstApplied(endingAfter: line)
    return line + (index > 0 ? applied[index - 1].total : 0)
  }

  private func isFree(_ start: Int, _ count: Int) -> Bool {
    let index = firstApplied(endingAfter: start)
    guard index < applied.count else { return true }
    return start + count <= applied[index].range.lowerBound
  }

  private func allows(_ start: Int, _ demand: Demand) -> Bool {
    (!demand.atBeginning || start == 0) && (!demand.atEnd || start + demand.lines.count == old.count)
  }

  /// Takes the hunk in; false if hunks in a hostile order have used up the budget.
  private mutating func record(_ hunk: Hunk, at start: Int, count: Int) -> Bool {
    let growth = hunk.addedCount - hunk.removedCount
    let index = firstApplied(endingAfter: start)
    budget -= (applied.count - index) * 8
    guard budget >= 0 else { return false }
    let before = index > 0 ? applied[index - 1].total : 0
    applied.insert(
      Applied(range: start..<(start + count), growth: growth, total: before + growth, hunk: hunk), at: index)
    for later in applied.indices.dropFirst(index + 1) { applied[later].total += growth }
    return true
  }

  private var limit: HunkPlacement { .failed(HunkFailure(reason: .searchLimit, nearest: nil)) }

  // MARK: Searching

  private struct Search {
    var best: Int?
    var places = 0
    var wasTaken = false
    var missedEdge = false
    var gaveUp = false
  }

  private mutating func search(_ demand: Demand) -> Search {
    let index = plain ?? LineIndex(old, ignoringBlanks: false)
    plain = index
    var search = Search()
    for start in candidates(for: demand.lines, in: index, gaveUp: &search.gaveUp) {
      guard old.matches(from: start, demand.lines) else { continue }
      guard isFree(start, demand.lines.count) else {
        search.wasTaken = true
        continue
      }
      guard allows(start, demand) else {
        search.missedEdge = true
        continue
      }
      search.places += 1
      // At equal distance git takes the later place; candidates come in ascending order.
      if let best = search.best, abs(current(best) - demand.expected) < abs(current(start) - demand.expected) {
        continue
      }
      search.best = start
    }
    return search
  }

  /// Every place where the run of `lines` may stand, in ascending order.
  private mutating func candidates(
    for lines: [HunkLine], in index: LineIndex, gaveUp: inout Bool
  ) -> [Int] {
    guard !lines.isEmpty, lines.count <= old.count else { return [] }
    let hashes = lines.map { index.hash($0) }
    var rarest = 0
    var fewest = Int.max
    for (offset, hash) in hashes.enumerated() {
      let count = index.count(of: hash)
      if count == 0 { return [] }
      if count < fewest { (rarest, fewest) = (offset, count) }
    }
    let wanted = LineIndex.combined(hashes)
    var left = budget
    var starts: [Int] = []
    index.forEach(hashes[rarest]) { line in
      left -= 1
      guard left > 0 else { return false }
      let start = line - rarest
      if start >= 0, start + lines.count <= old.count,
        index.hash(from: start, count: lines.count) == wanted
      {
        left -= lines.count
        starts.append(start)
      }
      return true
    }
    budget = max(0, left)
    if left <= 0 { gaveUp = true }
    return starts
  }

  // MARK: Why not

  private mutating func diagnose(_ hunk: Hunk, _ demand: Demand, _ search: Search) -> HunkFailure {
    let index = plain ?? LineIndex(old, ignoringBlanks: false)
    let nearest = nearestPlace(hunk, demand, index)
    if search.wasTaken { return HunkFailure(reason: .overlap, nearest: nearest) }
    if search.missedEdge { return HunkFailure(reason: .notAtEdge, nearest: nearest) }

    var gaveUp = search.gaveUp
    let newLines = hunk.lines.filter(\.isNew)
    let there = candidates(for: newLines, in: index, gaveUp: &gaveUp)
    if there.contains(where: { old.matches(from: $0, newLines) }) {
      return HunkFailure(reason: .alreadyApplied, nearest: nearest)
    }

    let loose = blankless ?? LineIndex(old, ignoringBlanks: true)
    blankless = loose
    var place: Int?
    for start in candidates(for: demand.lines, in: loose, gaveUp: &gaveUp) {
      if abs(start + 1 - hunk.oldStart) < abs((place ?? .max / 2) + 1 - hunk.oldStart) { place = start }
    }
    if let place {
      return HunkFailure(reason: .whitespace, nearest: compare(hunk, demand, at: place))
    }
    var failure = HunkFailure(reason: gaveUp ? .searchLimit : .contextChanged, nearest: nearest)
    if let there = nearestPlace(hunk, demand, loose), there.matching > nearest?.matching ?? 0 {
      failure.blankDamage = there.matching - (nearest?.matching ?? 0)
      failure.nearest = there
    }
    return failure
  }

  /// The place that most of the hunk's lines vote for, lines that occur everywhere having no vote.
  private func nearestPlace(_ hunk: Hunk, _ demand: Demand, _ index: LineIndex) -> NearestPlace? {
    var votes: [Int: Int] = [:]
    for (offset, line) in demand.lines.enumerated().prefix(4096) {
      let hash = index.hash(line)
      let isCommon = index.count(of: hash) > 64
      // A line of braces or blanks says little: half a vote.
      let weight = line.text.count(where: { $0 > 0x20 }) > 2 ? 2 : 1
      if isCommon { continue }
      index.forEach(hash) { found in
        votes[found - offset, default: 0] += weight
        return true
      }
    }
    let expected = hunk.oldStart - 1
    let best = votes.max { left, right in
      if left.value != right.value { return left.value < right.value }
      let (a, b) = (abs(left.key - expected), abs(right.key - expected))
      return a != b ? a > b : left.key > right.key
    }
    return best.map { compare(hunk, demand, at: $0.key, index.ignoringBlanks ? index : nil) }
  }

  /// What is different between the hunk's old lines and the content from `start` on; to the byte, or as `loose` sees it.
  private func compare(_ hunk: Hunk, _ demand: Demand, at start: Int, _ loose: LineIndex? = nil) -> NearestPlace {
    var place = NearestPlace(line: start + 1, matching: 0, total: demand.lines.count, difference: nil)
    var offset = 0
    for (index, line) in hunk.lines.enumerated() where line.isOld {
      let at = start + offset
      offset += 1
      if at >= 0, at < old.count, loose.map({ $0.hash(from: at, count: 1) == $0.hash(line) }) ?? old.matches(at, line) {
        place.matching += 1
      } else if place.difference == nil {
        place.difference = LineDifference(
          patchLine: hunk.lineNumber(ofLineAt: index), fileLine: at + 1, expected: Array(line.text),
          found: at >= 0 && at < old.count ? Array(old.line(at).text) : nil)
      }
    }
    return place
  }

  // MARK: Result

  /// The old content with everything placed so far.
  func result() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(old.buffer.count + applied.reduce(0) { $0 + max(0, $1.growth) * 40 })
    var line = 0
    for change in applied {
      out.append(contentsOf: old.buffer[old.starts[line]..<old.starts[change.range.lowerBound]])
      for text in change.hunk.lines where text.isNew {
        out.append(contentsOf: text.text)
        if !text.noNewlineAtEnd { out.append(0x0A) }
      }
      line = change.range.upperBound
    }
    out.append(contentsOf: old.buffer[old.starts[line]..<old.starts[old.count]])
    return out
  }
}
