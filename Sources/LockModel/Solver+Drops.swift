import KernelC

/// A caller's lock that a function drops for a while: `spin_unlock(&hs->lock); driver->stop(); spin_lock(&hs->lock);`.
public struct DroppedLock: Sendable, Hashable {
  /// The lock, in terms of the function's parameters and of globals.
  public let place: Place
  /// The function whose text drops it.
  public let function: FunctionID
  /// Where it takes it again.
  public let retake: NodeID
}

extension Solver {
  /// More locks than this say nothing that callers should look at.
  private static let droppedLimit = 8

  /// The callers' locks that a function, or what it calls without them, drops and takes again on some path.
  func retaken(_ facts: FunctionFacts) -> [DroppedLock] {
    guard !facts.isPartial, !facts.isApproximate else { return [] }
    let file = program.file(of: facts.id)
    var result = facts.dropped.keys.sorted().compactMap { place -> DroppedLock? in
      guard places.isPortable(place), isThroughPointer(place), let release = facts.firstRelease[place] else {
        return nil
      }
      let own = facts.acquires.filter { $0.place == place }
      // Readers nest: what is given back here may have been taken by a callback.
      if own.contains(where: { $0.kind == .rcu || $0.kind == .srcu }) { return nil }
      // What it took itself first it does not drop for a caller.
      guard let retake = own.first(where: { file[$0.node].token > release }),
        !own.contains(where: { file[$0.node].token < release })
      else { return nil }
      return DroppedLock(place: place, function: facts.id, retake: retake.node)
    }
    for call in facts.calls where call.targets.count == 1 && !call.isIndirect && result.count < Self.droppedLimit {
      for drop in summary(call.targets[0])?.retaken ?? [] {
        let place = places.substitute(drop.place, call.arguments)
        guard places.isPortable(place), !mayHold(place, at: call), !result.contains(where: { $0.place == place }),
          !facts.acquires.contains(where: { $0.place == place })
        else { continue }
        result.append(DroppedLock(place: place, function: drop.function, retake: drop.retake))
      }
    }
    return result
  }

  /// Whether a lock of the name of `place` may be held at a call.
  public func mayHold(_ place: Place, at call: CallEvent) -> Bool {
    let member = lastMember(of: place)
    return call.held.contains { $0.balance > 0 && ($0.place == place || lastMember(of: $0.place) == member) }
      || call.unsure.contains { $0 == place || lastMember(of: $0) == member }
  }
}
