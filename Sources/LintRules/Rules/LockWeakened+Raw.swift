import Findings
import KernelC

// Spinlocks that must not sleep on PREEMPT_RT.
extension LockWeakened {
  /// A lock that was a `raw_spinlock_t` everywhere in the file and is a `spinlock_t` now: reported once, where it is first taken.
  func raw(_ change: FileChange) -> [Finding] {
    var reported: Set<String> = []
    return change.functions.compactMap { old, new -> Finding? in
      let before = LockRegions(old, change.before, change.symbols, withActions: false).regions.filter { Self.isRaw($0) }
      guard !before.isEmpty else { return nil }
      let after = LockRegions(new, change.after, change.symbols, withActions: false).regions
      for region in after where region.strength != nil && !Self.isRaw(region) {
        guard let previous = before.first(where: { $0.key == region.key }),
          !after.contains(where: { $0.key == region.key && Self.isRaw($0) }),
          reported.insert(Self.name(of: region.key)).inserted
        else { continue }
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(region.node), function: change.symbols.text(new.name),
          message:
            "'\(region.key.text)' was a raw spinlock before the patch, and sleeps on PREEMPT_RT now: whoever takes it "
            + "in an interrupt, or with interrupts off, must not",
          evidence: [Evidence(change.placeBefore(previous.node), "taken by '\(previous.name)' before the patch")],
          key: "\(Self.name(of: region.key)) raw")
      }
      return nil
    }
  }

  private static func isRaw(_ region: LockRegions.Region) -> Bool {
    region.name.hasPrefix("raw_spin_") || region.name.hasPrefix("raw_spinlock")
  }
}
