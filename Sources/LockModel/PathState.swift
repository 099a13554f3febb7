import KernelC

/// What is known about a number or a pointer: which of three classes it may be in.
public struct ValueSet: OptionSet, Hashable, Sendable {
  /// One bit for each class the value may be in; no bit is a value that cannot be.
  public let rawValue: UInt8
  /// The classes whose bits are set in `rawValue`.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// 0 or NULL.
  public static let zero = ValueSet(rawValue: 1)
  /// A positive number, a valid pointer.
  public static let positive = ValueSet(rawValue: 2)
  /// A negative number (an errno), an ERR_PTR.
  public static let negative = ValueSet(rawValue: 4)
  /// Anything.
  public static let any: ValueSet = [.zero, .positive, .negative]
  /// Not zero.
  public static let nonZero: ValueSet = [.positive, .negative]
}

/// One lock on a path: how often it was taken (or, negative, dropped for the caller) since the function's entry.
public struct HeldLock: Sendable {
  /// The lock, in terms of the function's parameters, locals and globals.
  public var place: Place
  /// What kind of lock it is; `.pair` for an opened pair that is not a lock.
  public var kind: LockKind
  /// How it was taken last, exclusively or shared.
  public var mode: LockMode
  /// Times taken minus times released since entry, kept within -2 and 3 and never 0.
  public var balance: Int8
  /// The node that took it last.
  public var site: NodeID

  /// A lock by its parts.
  public init(place: Place, kind: LockKind, mode: LockMode, balance: Int8, site: NodeID) {
    self.place = place
    self.kind = kind
    self.mode = mode
    self.balance = balance
    self.site = site
  }
}

extension HeldLock: Hashable {
  // Where a lock was taken does not make two states different: they meet again.
  /// Whether both are the same lock, equally held, wherever each was taken.
  public static func == (left: HeldLock, right: HeldLock) -> Bool {
    left.place == right.place && left.balance == right.balance && left.mode == right.mode && left.kind == right.kind
  }

  /// Hashes the place and the balance, which tell nearly all states apart.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(place)
    hasher.combine(balance)
  }
}

/// Something known on a path: a place's class and, if it was compared or set to one, its constant.
struct Fact: Hashable {
  var key: Place
  var values: ValueSet
  /// Hash of the constant it equals; 0 for none.
  var constant: Int
  /// A condition on the path says so, as opposed to an assignment.
  var isTested = false
}

/// What is known at one point of one path.
struct PathState: Hashable {
  var held: [HeldLock] = []
  var facts: [Fact] = []
  /// Conditions that were decided, by key.
  var decisions: [Decision] = []
  /// Tracked locals without a value, one bit each.
  var unset: UInt64 = 0
  /// Tracked locals whose value depends on what a call returned.
  var pending: [Pending] = []
  /// Pairs and locks that were closed on this path.
  var closed: [Place] = []
  /// Pairs that were closed before this function opened them: to open them again is to restore what was there.
  var reopenable: [Place] = []
  /// Locks that were held, and of which nothing is known any more.
  var forgotten: [Place] = []
  /// Pointer parameters that were written through, one bit each.
  var written: UInt64 = 0
  /// Pointer parameters that were written through or handed to a callee that may write, one bit each.
  var touched: UInt64 = 0
  /// A call that failed, in a condition that kept its result nowhere; -1 for none.
  var failed: NodeID = -1

  /// Something holds that no caller can see to, such as which work item runs, or that a warning was due.
  var isPrivate = false

  struct Decision: Hashable {
    var key: Int
    var holds: Bool
  }

  struct Pending: Hashable {
    var bit: UInt64
    /// The place that holds the call's result.
    var result: Place
    /// Results for which the local was left alone.
    var unwrittenFor: ValueSet
    var call: NodeID
  }

  /// One number for what tells states apart; the hasher's own way with every part costs more than the walk.
  func hash(into hasher: inout Hasher) {
    var mixed = UInt(truncatingIfNeeded: Int(failed)) &+ UInt(unset) &+ UInt(written) &<< 1
    func mix(_ value: Int) { mixed = (mixed ^ UInt(bitPattern: value)) &* 0x0000_0100_0000_01B3 ^ mixed &>> 29 }
    for lock in held { mix(Int(lock.place) &<< 8 | Int(lock.balance) & 255) }
    for fact in facts { mix(Int(fact.key) &<< 3 | Int(fact.values.rawValue) ^ fact.constant &<< 8) }
    for decision in decisions { mix(decision.holds ? decision.key : ~decision.key) }
    for place in closed { mix(Int(place)) }
    for place in forgotten { mix(~Int(place)) }
    for place in reopenable { mix(Int(place) &<< 2) }
    hasher.combine(mixed)
  }

  /// In place of a constant: IS_ERR() said so, as opposed to a failure that was only assumed.
  static let isErrorPointer = 7

  func values(of key: Place) -> ValueSet? {
    for fact in facts where fact.key == key { return fact.values }
    return nil
  }

  func constant(of key: Place) -> Int {
    for fact in facts where fact.key == key { return fact.constant }
    return 0
  }

  func isTested(_ key: Place) -> Bool { facts.contains { $0.key == key && $0.isTested } }

  mutating func set(_ key: Place, _ values: ValueSet, constant: Int = 0, isTested: Bool = false) {
    if let position = facts.firstIndex(where: { $0.key == key }) { facts.remove(at: position) }
    if values == .any, constant == 0 { return }
    let position = facts.firstIndex { $0.key > key } ?? facts.count
    facts.insert(Fact(key: key, values: values, constant: constant, isTested: isTested), at: position)
  }

  /// What decides which states may be joined: correlations with it must survive.
  var joinKey: JoinKey {
    JoinKey(
      held: held, forgotten: forgotten, reopenable: reopenable, unset: unset, pending: pending, closed: closed,
      failed: failed)
  }

  struct JoinKey: Hashable {
    let held: [HeldLock]
    let forgotten: [Place]
    let reopenable: [Place]
    let unset: UInt64
    let pending: [Pending]
    let closed: [Place]
    let failed: NodeID
  }

  /// What holds in this state and in `other`, which has the same join key.
  func joined(with other: PathState) -> PathState {
    var result = self
    result.facts = facts.compactMap { fact in
      guard let match = other.facts.first(where: { $0.key == fact.key }) else { return nil }
      let values = fact.values.union(match.values)
      let constant = fact.constant == match.constant ? fact.constant : 0
      if values == .any, constant == 0 { return nil }
      return Fact(
        key: fact.key, values: values, constant: constant, isTested: fact.isTested && match.isTested)
    }
    result.decisions = decisions.filter(other.decisions.contains)
    result.written = written & other.written
    result.touched = touched | other.touched
    result.isPrivate = isPrivate && other.isPrivate
    return result
  }

  func heldIndex(_ place: Place) -> Int? { held.firstIndex { $0.place == place } }

  func isHeld(_ place: Place) -> Bool { held.contains { $0.place == place && $0.balance > 0 } }

  /// Adds `delta` to a lock's balance; a balance of zero is forgotten.
  mutating func change(_ place: Place, _ kind: LockKind, _ mode: LockMode, by delta: Int8, site: NodeID) {
    if let index = heldIndex(place) {
      // Interrupts that are off do not go off again.
      let balance = max(-2, min(kind == .irq ? 1 : 3, held[index].balance + delta))
      if balance == 0 {
        held.remove(at: index)
      } else {
        held[index].balance = balance
        if delta > 0 {
          held[index].site = site
          held[index].mode = mode
        }
      }
    } else {
      let position = held.firstIndex { $0.place > place } ?? held.count
      held.insert(HeldLock(place: place, kind: kind, mode: mode, balance: delta, site: site), at: position)
    }
  }
}

extension [PathState] {
  /// What becomes of every state. Most often there is one: then no array is copied.
  func each(_ step: (PathState) -> [PathState]) -> [PathState] {
    count == 1 ? step(self[0]) : flatMap(step)
  }
}
