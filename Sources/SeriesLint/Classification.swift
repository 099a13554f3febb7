import Findings

/// Tells what a patch did to the findings, from those before and those after it.
///
/// A finding is the same before and after when path (a rename followed) and fingerprint are. Where a function holds the
/// same finding several times, the ones on lines that the patch added count as the new ones.
struct Classification {
  /// After the patch, not before.
  private(set) var new: [Finding] = []
  /// Before the patch, not after.
  private(set) var fixed: [Finding] = []
  /// Before and after; as they are after.
  private(set) var existing: [Finding] = []

  private struct Key: Hashable {
    let path: String
    let fingerprint: String
  }

  /// Compares `before` with `after`; `renames` maps old paths to new ones, `added` says which lines the patch added.
  init(
    before: [Finding], after: [Finding], renames: [String: String] = [:], added: [String: Set<Int>] = [:]
  ) {
    var old: [Key: [Finding]] = [:]
    for finding in before {
      let path = renames[finding.place.path] ?? finding.place.path
      old[Key(path: path, fingerprint: finding.fingerprint), default: []].append(finding)
    }
    var current: [Key: [Finding]] = [:]
    for finding in after {
      current[Key(path: finding.place.path, fingerprint: finding.fingerprint), default: []].append(finding)
    }
    for (key, findings) in current {
      let known = old.removeValue(forKey: key) ?? []
      let surplus = findings.count - known.count
      // Untouched lines first: they are what was there before.
      let ordered = findings.sorted { left, right in
        let (leftAdded, rightAdded) = (Self.isAdded(left, added), Self.isAdded(right, added))
        return leftAdded == rightAdded ? left.place < right.place : rightAdded
      }
      existing += ordered.prefix(findings.count - max(0, surplus))
      new += ordered.suffix(max(0, surplus))
      if surplus < 0 { fixed += known.sorted { $0.place < $1.place }.suffix(-surplus) }
    }
    fixed += old.values.joined()
    // Where one mistake shows in several functions, the one that the patch changed is told of.
    new.sort { left, right in
      let (leftRank, rightRank) = (Self.distance(left, added), Self.distance(right, added))
      return leftRank == rightRank ? (left.place, left.message) < (right.place, right.message) : leftRank < rightRank
    }
  }

  /// Counts new findings that do not satisfy `isNew` as existing.
  mutating func keepNew(_ isNew: (Finding) -> Bool) {
    existing += new.filter { !isNew($0) }
    new = new.filter(isNew)
  }

  /// How far a finding is from what the patch added: it is there, on the way, or elsewhere.
  private static func distance(_ finding: Finding, _ added: [String: Set<Int>]) -> Int {
    func isAdded(_ place: SourcePlace) -> Bool { added[place.path]?.contains(place.line) ?? false }
    if isAdded(finding.place) { return 0 }
    return finding.evidence.firstIndex { isAdded($0.place) }.map { $0 + 1 } ?? Int.max
  }

  private static func isAdded(_ finding: Finding, _ added: [String: Set<Int>]) -> Bool {
    added[finding.place.path]?.contains(finding.place.line) ?? false
  }
}
