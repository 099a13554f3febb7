import Findings
import KernelC

// Spinlocks that are taken by another call for the same lock, nowhere in the function by the one of before.
extension LockWeakened {
  /// A lock that was a `raw_spinlock_t` and is a `spinlock_t` now: reported once, where the file first takes it.
  func raw(_ change: FileChange) -> [Finding] {
    func isRaw(_ region: LockRegions.Region) -> Bool {
      region.name.hasPrefix("raw_spin_") || region.name.hasPrefix("raw_spinlock")
    }
    var reported: Set<String> = []
    return change.edited.compactMap { pair in
      exchanged(pair, change, from: isRaw, to: { !isRaw($0) }).flatMap { previous, region in
        guard reported.insert(Self.name(of: region.key)).inserted else { return nil }
        return finding(
          region, previous, in: pair.after,
          "'\(region.key.text)' was a raw spinlock before the patch, and sleeps on PREEMPT_RT now: whoever takes it "
            + "in an interrupt, or with interrupts off, must not", key: "raw", change)
      }
    }
  }

  /// `spin_lock_irqsave()` that has become `spin_lock_irq()`, in a function of which it is not known who calls it.
  func enabling(_ change: FileChange) -> [Finding] {
    change.edited.compactMap { pair in
      exchanged(pair, change, from: { $0.name.hasSuffix("_irqsave") }, to: { $0.name.hasSuffix("lock_irq") }).map {
        previous, region in
        finding(
          region, previous, in: pair.after,
          "the end of '\(region.name)' turns interrupts on, where '\(previous.name)' left them as the caller had them",
          key: "enabling", change)
      }
    }
  }

  /// The first spinlock of a function that was taken by one kind of call before the patch and is taken by the other kind alone.
  private func exchanged(
    _ pair: FileChange.Pair, _ change: FileChange, from: (LockRegions.Region) -> Bool,
    to: (LockRegions.Region) -> Bool
  ) -> (previous: LockRegions.Region, region: LockRegions.Region)? {
    func regions(_ function: FunctionDefinition, _ file: ParsedFile) -> [LockRegions.Region] {
      LockRegions(function, file, change.symbols, withActions: false).regions.filter { $0.strength != nil }
    }
    let before = regions(pair.before, change.before).filter(from)
    guard !before.isEmpty else { return nil }
    let after = regions(pair.after, change.after)
    let kept = Set(after.filter(from).map(\.key))
    for region in after where to(region) && !kept.contains(region.key) {
      if let previous = before.first(where: { $0.key == region.key }) { return (previous, region) }
    }
    return nil
  }

  private func finding(
    _ region: LockRegions.Region, _ previous: LockRegions.Region, in function: FunctionDefinition, _ message: String,
    key: String, _ change: FileChange
  ) -> Finding {
    Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(region.node), function: change.symbols.text(function.name), message: message,
      evidence: [Evidence(change.placeBefore(previous.node), "taken by '\(previous.name)' before the patch")],
      key: "\(Self.name(of: region.key)) \(key)")
  }
}
