extension ReportedFinding {
  /// As many places as the evidence of a merged finding names besides its own.
  fileprivate static let namedPlaces = 3
  /// From so many findings of one mistake on it is less sure that it is one: they all rest on a single step.
  fileprivate static let doubtful = 4

  private struct Group: Hashable {
    let rule: String
    let fact: String
    let patch: Int
    let status: FindingStatus
    let fixedBy: Int
  }

  /// The findings with those of one mistake as one finding each, at the place from which it is nearest.
  ///
  /// Of a series only what one patch brings is merged; the first new finding stays, so that the order of `findings`
  /// decides there.
  public static func merged(_ findings: [ReportedFinding]) -> [ReportedFinding] {
    var groups: [Group: [Int]] = [:]
    for (index, reported) in findings.enumerated() {
      guard let cause = reported.finding.cause else { continue }
      let group = Group(
        rule: reported.finding.rule, fact: cause.fact, patch: reported.patch?.number ?? 0, status: reported.status,
        fixedBy: reported.fixedBy?.number ?? 0)
      groups[group, default: []].append(index)
    }
    var result = findings
    var dropped: Set<Int> = []
    for members in groups.values where members.count > 1 {
      let all = members.map { findings[$0] }
      let head = all[0].status == .new ? 0 : nearest(all)
      let others = all.indices.filter { $0 != head }
      result[members[head]].finding = all[head].finding.merged(with: others.map { all[$0].finding })
      dropped.formUnion(members.indices.filter { $0 != head }.map { members[$0] })
    }
    return result.indices.filter { !dropped.contains($0) }.map { result[$0] }
  }

  /// The finding with the shortest way, of the side that has fewer.
  private static func nearest(_ findings: [ReportedFinding]) -> Int {
    var sides: [String: Int] = [:]
    for reported in findings { sides[reported.finding.cause?.side ?? "", default: 0] += 1 }
    func rank(_ index: Int) -> (Int, Int, SourcePlace) {
      let finding = findings[index].finding
      return (sides[finding.cause?.side ?? ""] ?? 0, finding.evidence.count, finding.place)
    }
    return findings.indices.min { rank($0) < rank($1) } ?? 0
  }
}

extension Finding {
  /// This finding, which says of the others where they are.
  fileprivate func merged(with others: [Finding]) -> Finding {
    var result = self
    let sorted = others.sorted { $0.place < $1.place }
    result.message += "; the same from \(others.count == 1 ? "one other place" : "\(others.count) other places")"
    for other in sorted.prefix(ReportedFinding.namedPlaces) {
      result.evidence.append(Evidence(other.place, "the same is reached from '\(other.function)'"))
    }
    if others.count + 1 >= ReportedFinding.doubtful, result.confidence == .high { result.confidence = .medium }
    return result
  }
}
