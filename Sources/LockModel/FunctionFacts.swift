import KernelC

/// The name lockdep would give a lock: the member that is the lock in the structure that holds it, or a global's name.
public struct LockClass: Hashable, Sendable {
  /// The structure's tag; none for a global.
  public let structure: Symbol
  /// The member, or the global's name.
  public let name: Symbol

  /// A class by its parts.
  public init(structure: Symbol, name: Symbol) {
    self.structure = structure
    self.name = name
  }

  /// `address_space::invalidate_lock`, or the global's name.
  public func text(_ symbols: SymbolTable) -> String {
    structure.exists ? "\(symbols.text(structure))::\(symbols.text(name))" : symbols.text(name)
  }
}

/// A lock is taken.
public struct AcquireEvent: Sendable {
  public let node: NodeID
  public let place: Place
  public let lockClass: LockClass?
  public let kind: LockKind
  public let mode: LockMode
  /// Whether taking it may sleep.
  public let sleeps: Bool
  /// Does not wait: a trylock.
  public let isTry: Bool
  /// Locks held before.
  public let held: [HeldLock]
  /// What the path says about the parameters.
  public let conditions: [ParameterCondition]
}

/// What a path requires of a parameter.
public struct ParameterCondition: Hashable, Sendable {
  public let parameter: Int
  public var values: ValueSet

  /// A condition on something that a caller cannot see: nobody can satisfy it.
  static let unknowable = ParameterCondition(parameter: -1, values: [])
}

/// A function is called.
public struct CallEvent: Sendable {
  public let node: NodeID
  public let callee: Symbol
  public let targets: [FunctionID]
  /// The value of each argument, where it can be named.
  public let arguments: [Place]
  /// What each argument may be.
  public let values: [ValueSet]
  public let held: [HeldLock]
  public let conditions: [ParameterCondition]
  public let isIndirect: Bool
}

/// Control leaves the function.
public struct ExitEvent: Sendable {
  public let statement: NodeID
  public let value: NodeID
  public let values: ValueSet
  public let held: [HeldLock]
  /// What was released on the path.
  public let closed: [Place]
  /// Pointer parameters written through on the path.
  public let written: UInt64
  /// A call that failed on the path and whose result was only tested; -1 for none.
  public let failed: NodeID
}

/// The function states that a lock is held.
public struct AssertEvent: Sendable {
  public let node: NodeID
  public let place: Place
  public let lockClass: LockClass?
  public let mode: LockMode
  /// Taken by the function itself before.
  public let isHeldHere: Bool
}

/// A local is read before it has a value.
public struct UnsetReadEvent: Sendable, Hashable {
  public let node: NodeID
  public let variable: Symbol
  /// The call that should have set it, or -1.
  public let call: NodeID
}

/// What one function does, over all its paths.
public struct FunctionFacts: Sendable {
  public let id: FunctionID
  public internal(set) var acquires: [AcquireEvent] = []
  public internal(set) var calls: [CallEvent] = []
  public internal(set) var exits: [ExitEvent] = []
  public internal(set) var asserts: [AssertEvent] = []
  public internal(set) var unsetReads: [UnsetReadEvent] = []
  /// Places released somewhere in the function.
  public internal(set) var released: Set<Place> = []
  /// The paths did not fit the budget; what is here is a part.
  public internal(set) var isPartial = false
  /// Correlations were given up to stay in the budget: what depends on them must not be reported.
  public internal(set) var isApproximate = false

  init(id: FunctionID) { self.id = id }
}
