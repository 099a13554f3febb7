import KernelC

/// Which locks a function drops for a while that its callers must hold: `spin_unlock(&hs->lock); driver->stop(); spin_lock(…)`.
extension Solver {
  /// How many calls down a lock may be dropped.
  private static let dropDepth = 3

  /// A caller's lock that a function drops and takes again.
  public struct DroppedLock: Sendable {
    /// The lock, in terms of the function's parameters and of globals.
    public let place: Place
    /// The function whose text drops it.
    public let function: FunctionID
    /// Where it takes it again.
    public let retake: NodeID
  }

  /// The callers' locks that a function, or what it calls without them, drops and takes again on some path.
  public func retaken(by id: FunctionID) -> [DroppedLock] { retaken(by: id, depth: 0) }

  private func retaken(by id: FunctionID, depth: Int) -> [DroppedLock] {
    if let known = retakenBy[id] { return known }
    retakenBy[id] = []
    guard let facts = facts(id), !facts.isPartial, !facts.isApproximate else { return [] }
    let file = program.file(of: id)
    var result = facts.dropped.keys.sorted().compactMap { place -> DroppedLock? in
      guard places.isPortable(place), isThroughPointer(place), let release = facts.firstRelease[place],
        let retake = facts.acquires.first(where: { $0.place == place && file[$0.node].token > release })
      else { return nil }
      // What it took itself first it does not drop for a caller.
      let isOwn = facts.acquires.contains { $0.place == place && file[$0.node].token < release }
      return isOwn ? nil : DroppedLock(place: place, function: id, retake: retake.node)
    }
    for call in facts.calls where depth < Self.dropDepth && call.targets.count == 1 && !call.isIndirect {
      for drop in retaken(by: call.targets[0], depth: depth + 1) {
        let place = places.substitute(drop.place, call.arguments)
        guard places.isPortable(place), !mayHold(place, at: call), !result.contains(where: { $0.place == place }),
          !facts.acquires.contains(where: { $0.place == place })
        else { continue }
        result.append(DroppedLock(place: place, function: drop.function, retake: drop.retake))
      }
    }
    retakenBy[id] = result
    return result
  }

  /// Whether a lock of the name of `place` may be held at a call.
  public func mayHold(_ place: Place, at call: CallEvent) -> Bool {
    let member = lastMember(of: place)
    return call.held.contains { $0.balance > 0 && ($0.place == place || lastMember(of: $0.place) == member) }
      || call.unsure.contains { $0 == place || lastMember(of: $0) == member }
  }
}
