import Findings
import KernelC

// What was read under a lock and is read in front of it.
extension LockDropped {
  /// `mutex_lock(&x->lock); if (!x->run) goto out; q = x->q;` that has become `q = x->q; mutex_lock(&x->lock); …`.
  func readEarly(_ before: FunctionDefinition, _ after: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let regions = LockRegions(before, change.before, change.symbols, withActions: false).regions
    guard !regions.isEmpty else { return [] }
    let now = LockRegions(after, change.after, change.symbols, withActions: false)
    let old = FunctionText(before, change.before, change.symbols)
    let new = FunctionText(after, change.after, change.symbols)
    let places = Dictionary(new.lines.map { ($0.text, $0.node) }, uniquingKeysWith: { first, _ in first })
    func token(_ node: NodeID) -> UInt32 { change.before[node].token }
    return regions.flatMap { region -> [Finding] in
      let root = FunctionText.names(in: region.key.text).first ?? ""
      guard region.key.text.contains("->"), let lock = now.regions.first(where: { $0.key == region.key }) else {
        return []
      }
      let start = old.lines.partitioningIndex { token($0.node) < region.tokens.lowerBound ? false : true }
      var isAsked = false
      var findings: [Finding] = []
      for line in old.lines[start...].prefix(while: { region.tokens.contains(token($0.node)) }) {
        if change.before[line.node].kind == .ifStatement, line.text.contains("\(root)->") { isAsked = true }
        guard isAsked, old.counts[line.text] == 1, new.counts[line.text] == 1, isRead(line.text, of: root),
          let place = places[line.text], change.after[place].token < lock.tokens.lowerBound
        else { continue }
        findings.append(
          Finding(
            rule: description.id, severity: description.severity, confidence: description.confidence,
            place: change.place(place), function: change.symbols.text(after.name),
            message:
              "'\(line.text)' was read under '\(region.key.text)' before the patch, behind the question whether it may be, "
              + "and is read in front of the lock now",
            evidence: [Evidence(change.placeBefore(line.node), "it was read here")], key: "\(line.text) early"))
      }
      return findings
    }
  }

  /// `q = x->queues[1]`
  private func isRead(_ text: String, of root: Substring) -> Bool {
    guard let equals = text.firstRange(of: " = ") else { return false }
    let (target, value) = (text[..<equals.lowerBound], text[equals.upperBound...])
    return target.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } && value.hasPrefix("\(root)->")
      && !value.contains("(")
  }
}
