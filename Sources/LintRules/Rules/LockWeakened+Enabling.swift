import Findings
import KernelC

// Interrupts that the end of a section turns on, whoever had turned them off.
extension LockWeakened {
  /// `spin_lock_irqsave()` that has become `spin_lock_irq()`, in a function of which it is not known who calls it.
  func enabling(_ change: FileChange) -> [Finding] {
    change.functions.compactMap { old, new -> Finding? in
      let before = LockRegions(old, change.before, change.symbols, withActions: false).regions.filter {
        $0.strength != nil && $0.name.hasSuffix("_irqsave")
      }
      guard !before.isEmpty else { return nil }
      let after = LockRegions(new, change.after, change.symbols, withActions: false).regions
      let found = after.lazy.compactMap { region -> (LockRegions.Region, LockRegions.Region)? in
        guard region.strength != nil, region.name.hasSuffix("lock_irq"),
          let previous = before.first(where: { $0.key == region.key }),
          !after.contains(where: { $0.key == region.key && $0.name.hasSuffix("_irqsave") })
        else { return nil }
        return (region, previous)
      }.first
      guard let (region, previous) = found else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(region.node), function: change.symbols.text(new.name),
        message:
          "the end of '\(region.name)' turns interrupts on, where '\(previous.name)' left them as the caller had them",
        evidence: [Evidence(change.placeBefore(previous.node), "taken so before the patch")],
        key: "\(Self.name(of: region.key)) enabling")
    }
  }
}
