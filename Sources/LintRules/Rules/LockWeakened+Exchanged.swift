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

  /// `xa_erase_bh(&x->items, …)` that has become `xa_erase(&x->items, …)`, while other calls keep bottom halves away from it: what
  /// locks by itself.
  func calls(_ change: FileChange) -> [Finding] {
    func calls(_ function: FunctionDefinition, _ file: ParsedFile) -> [(node: NodeID, name: String, text: String)] {
      let shapes = Statements(file: file, symbols: change.symbols)
      return function.nodes.compactMap { node in
        guard case let callee = shapes.callee(node), callee.exists else { return nil }
        return (node, change.symbols.text(callee), SourceText.text(of: node, file, change.symbols))
      }
    }
    func strength(_ name: String) -> Substring? {
      ["_bh", "_irq", "_irqsave"].lazy.filter(name.hasSuffix).map { $0.dropFirst() }.first
    }
    return change.edited.flatMap { pair -> [Finding] in
      let before = calls(pair.before, change.before).filter { strength($0.name) != nil && !$0.name.contains("lock") }
      guard !before.isEmpty else { return [] }
      let after = calls(pair.after, change.after)
      let kept = Set(after.map(\.text))
      return before.compactMap { was -> Finding? in
        guard !kept.contains(was.text), let suffix = strength(was.name),
          case let name = was.name.dropLast(suffix.utf8.count + 1),
          let call = after.first(where: { $0.text == name + was.text.dropFirst(was.name.utf8.count) }),
          case let object = FunctionText.subject(was.text),
          let other = change.after.functions.lazy.flatMap({ calls($0, change.after) }).first(where: {
            strength($0.name) == suffix && Self.member(FunctionText.subject($0.text)) == Self.member(object)
          })
        else { return nil }
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(call.node), function: change.symbols.text(pair.after.name),
          message:
            "'\(object)' is changed by '\(call.name)' now, where it was '\(was.name)' before; '\(other.name)' still "
            + "is what others call",
          evidence: [
            Evidence(change.placeBefore(was.node), "called so before the patch"),
            Evidence(change.place(other.node), "another call of the kind"),
          ], key: "\(object) \(call.name)")
      }
    }
  }

  /// The last name of a path.
  private static func member(_ path: String) -> Substring {
    path.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.last ?? ""
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
