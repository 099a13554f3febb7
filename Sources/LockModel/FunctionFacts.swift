import KernelC

/// The name lockdep would give a lock: the member that is the lock in the structure that holds it, or a global's name.
public struct LockClass: Hashable, Sendable {
  /// The structure's tag; none for a global.
  public let structure: Symbol
  /// The member, or the global's name.
  public let name: Symbol
  /// The file that alone can name a global, by its index; nil for a member and for a global that is known everywhere.
  public let file: Int32?

  /// A class by its parts.
  public init(structure: Symbol, name: Symbol, file: Int32? = nil) {
    self.structure = structure
    self.name = name
    self.file = file
  }

  /// `address_space::invalidate_lock`, or the global's name.
  public func text(_ symbols: SymbolTable) -> String {
    structure.exists ? "\(symbols.text(structure))::\(symbols.text(name))" : symbols.text(name)
  }
}

/// A lock is taken.
public struct AcquireEvent: Sendable {
  /// The call that takes the lock, in the function's file.
  public let node: NodeID
  /// The lock that is taken, in terms of the function's parameters, locals and globals.
  public let place: Place
  /// The class the lock belongs to; nil where the types do not tell.
  public let lockClass: LockClass?
  /// What kind of lock it is, by the primitive that takes it.
  public let kind: LockKind
  /// Whether it is taken for one holder or for many.
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
  /// Zero-based index of the parameter; -1 for a condition that no argument satisfies.
  public let parameter: Int
  /// The classes that the argument's value must be in for the path to be taken.
  public var values: ValueSet
  /// The constant that the argument must equal, by its hash; 0 where the path does not compare it with one.
  public var constant = 0

  /// A condition on something that a caller cannot see: nobody can satisfy it.
  static let unknowable = ParameterCondition(parameter: -1, values: [])

  /// No caller that holds a lock gets there.
  static let unreachable = ParameterCondition(parameter: -2, values: [])

  /// The condition is one that a caller may satisfy without knowing it.
  public var isUnknowable: Bool { self == .unknowable }
}

/// A function is called.
public struct CallEvent: Sendable {
  /// The call, in the caller's file.
  public let node: NodeID
  /// The name that is called; none where the callee is an expression, such as a member.
  public let callee: Symbol
  /// Definitions the call may reach: one for a direct call, any number for a function pointer, none if unknown.
  public let targets: [FunctionID]
  /// The value of each argument, where it can be named.
  public let arguments: [Place]
  /// What each argument may be.
  public let values: [ValueSet]
  /// The constant that each argument is, by its hash; 0 for any other.
  let constants: [Int]
  /// The state of every lock just before the call; a negative balance is one dropped for the caller.
  public let held: [HeldLock]
  /// Locks of which nothing is known there: a callee may have dropped them.
  public let unsure: [Place]
  /// What the path to the call requires of the caller's own parameters.
  public let conditions: [ParameterCondition]
  /// Whether the callee is a value, such as a member or a local, and not a function's name.
  public let isIndirect: Bool
  /// The parameter whose value is called, so that `targets` are what callers pass for it; -1 for any other call.
  public let parameter: Int
}

/// Control leaves the function.
public struct ExitEvent: Sendable {
  /// The return statement; -1 at the end of the body.
  public let statement: NodeID
  /// The expression that is returned; -1 for none.
  public let value: NodeID
  /// The classes that the returned value may be in on this path.
  public let values: ValueSet
  /// Locks whose balance differs from that at entry: what is left to the caller, or was dropped for it.
  public let held: [HeldLock]
  /// Locks of which nothing is known there.
  public let unsure: [Place]
  /// What was released on the path.
  public let closed: [Place]
  /// Pointer parameters written through on the path.
  public let written: UInt64
  /// A call that failed on the path and whose result was only tested; -1 for none.
  public let failed: NodeID
  /// The value says that the work goes on (-EINPROGRESS): whoever completes it undoes the rest.
  public let isPending: Bool
}

/// A way out of a function that is given a buffer to keep.
public struct OwnedExit: Sendable, Hashable {
  /// The return statement; -1 at the end of the body.
  public let statement: NodeID
  /// The classes that the returned value may be in.
  public let values: ValueSet
  /// The name of the constant that is returned; none for anything else.
  public let constant: Symbol
  /// The buffer was freed, as opposed to left to nobody.
  public let isFreed: Bool
}

/// The function states that a lock is held.
public struct AssertEvent: Sendable {
  /// The call that states it, such as `lockdep_assert_held(…)`.
  public let node: NodeID
  /// The lock that is stated to be held, in the function's terms.
  public let place: Place
  /// The class of that lock; nil where the types do not tell.
  public let lockClass: LockClass?
  /// What kind of lock it is, as far as the statement or the type says.
  public let kind: LockKind
  /// Whether the lock must be held exclusively, or shared is enough.
  public let mode: LockMode
  /// Stated by an assertion, as opposed to the way in which a pointer is loaded.
  public let isExplicit: Bool
  /// A condition that a caller cannot check decides whether it is stated.
  public let isConditional: Bool
  /// Taken by the function itself before.
  public let isHeldHere: Bool
  /// Taken by the function itself, and for reading only.
  public let isShared: Bool
  /// The function holds some other lock, or may.
  public let isUnderLock: Bool
}

/// A local is read before it has a value.
public struct UnsetReadEvent: Sendable, Hashable {
  /// The node that reads the local.
  public let node: NodeID
  /// The local that has no value there.
  public let variable: Symbol
  /// The call that should have set it, or -1.
  public let call: NodeID
  /// No path reaches the node with a value.
  public internal(set) var isSure = false
  /// The call that should have set it never does.
  public internal(set) var isIgnored = false
}

/// A goto to a label behind which a variable is returned.
public struct JumpEvent: Sendable {
  /// The goto statement.
  public let node: NodeID
  /// The variable that is returned.
  public let variable: Symbol
  /// What the variable may be there, over all paths that jump.
  public let values: ValueSet
  /// The variable has no value there, on any path.
  public let isUnset: Bool
}

/// What a pointer parameter points to is read before the function writes it.
public struct PointerLoad: Sendable, Equatable {
  /// What the function's arguments must be for the read to be reached.
  public let conditions: [ParameterCondition]
  /// The way there: calls, and last the read.
  public let chain: [ChainStep]
}

/// The address of a local without a value is passed to a function that reads what it points to before it writes it.
public struct UnsetPassingEvent: Sendable, Hashable {
  /// The argument.
  public let node: NodeID
  /// The local that has no value there.
  public let variable: Symbol
  /// The call.
  public let call: NodeID
  /// From the callee to the place where it is read.
  public let chain: [ChainStep]
  /// A structure that goes to a function whose parameter is one that it does not write.
  public var isWhole = false
}

/// A member that other tasks may see is written, or a list in one is walked or changed.
public struct MemberAccessEvent: Sendable {
  /// The member's node.
  public let node: NodeID
  /// The structure and the member; the variable and no structure for a list or a tree that is a variable.
  public let member: MemberKey
  /// The object that holds the member, or the variable, in the function's terms.
  public let object: Place
  /// Locks held, on one of the paths.
  public let held: [HeldLock]
}

/// A pointer is used although every path to the use has established that it is NULL or an error.
public struct PointerUseEvent: Sendable, Hashable {
  /// The member access, or the call of `PTR_ERR()`.
  public let node: NodeID
  /// The pointer's expression.
  public let pointer: NodeID
  /// What the pointer is there.
  public let values: ValueSet
  /// The use takes the error code of something that is none.
  public let isErrorCode: Bool
}

/// What one function does, over all its paths.
public struct FunctionFacts: Sendable {
  /// The function that the facts are about.
  public let id: FunctionID
  /// The ways out on which a buffer among the parameters was freed, and those on which nobody has it.
  public internal(set) var ownedExits: Set<OwnedExit> = []
  /// Every lock taken, once for each set of locks held and conditions it is reached with.
  public internal(set) var acquires: [AcquireEvent] = []
  /// Every call other than of a lock primitive, once for each set of locks held and conditions.
  public internal(set) var calls: [CallEvent] = []
  /// The different ways out: one for each return statement and state that a path arrives with.
  public internal(set) var exits: [ExitEvent] = []
  /// Every statement in the body that a lock is held, such as a `lockdep_assert_held()`.
  public internal(set) var asserts: [AssertEvent] = []
  /// Reads of locals that a path reaches before it sets them.
  public internal(set) var unsetReads: [UnsetReadEvent] = []
  /// Locals without a value whose address goes to a function that reads them.
  public internal(set) var unsetPassings: [UnsetPassingEvent] = []
  /// Per pointer parameter, the way to where what it points to is read although the function has not written it.
  public internal(set) var loads: [Int: PointerLoad] = [:]
  /// Calls in a loop that are made again while a local still holds what they returned before.
  public internal(set) var lostPairs: [NodeID] = []
  /// Memory that an object held when it was freed.
  public internal(set) var orphans: [OrphanedPair] = []
  /// Gotos to labels behind which a variable is returned unchanged.
  public internal(set) var jumps: [JumpEvent] = []
  /// By label: the locals that nothing has set at one of the gotos that lead there, whatever the path.
  public internal(set) var unsetBehind: [Symbol: Set<Symbol>] = [:]
  /// Places released somewhere in the function.
  public internal(set) var released: Set<Place> = []
  /// Locks that some path drops without having taken them: a caller's, which are taken again as a rule.
  public internal(set) var dropped: [Place: LockKind] = [:]
  /// Locks of a caller that some way out may have dropped, which the results do not tell.
  public internal(set) var unsettled: [Place: LockKind] = [:]
  /// The first release of each lock in the text, by its token.
  public internal(set) var firstRelease: [Place: UInt32] = [:]
  /// Locks that the head of the function says it releases.
  public internal(set) var releases: [Place] = []
  /// Writes to members and uses of lists in members, once for each set of locks held.
  public internal(set) var accesses: [MemberAccessEvent] = []
  /// Uses of pointers that are surely NULL or an error there.
  public internal(set) var pointerUses: [PointerUseEvent] = []
  /// Error pointers that some path frees or puts.
  public internal(set) var freedErrors: [PointerUseEvent] = []
  /// States with the same locks were joined to stay in the budget: correlations among values were lost, none with locks.
  public internal(set) var isJoined = false
  /// The paths did not fit the budget; what is here is a part.
  public internal(set) var isPartial = false
  /// Correlations were given up to stay in the budget: what depends on them must not be reported.
  public internal(set) var isApproximate = false

  init(id: FunctionID) { self.id = id }
}

/// Memory that nothing leads to any more once the object that held it is freed.
public struct OrphanedPair: Sendable, Hashable {
  /// The call that made the memory.
  public let opener: NodeID
  /// The call that frees the object.
  public let end: NodeID
}
