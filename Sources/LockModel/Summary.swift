import KernelC

/// A lock that a call may take, at any depth.
public struct MayAcquire: Sendable, Equatable {
  /// In terms of the function's parameters or globals; -1 when only the class is known.
  public internal(set) var place: Place
  /// The lock's class; nil where the types do not tell.
  public internal(set) var lockClass: LockClass?
  /// The kind of lock that is taken.
  public let kind: LockKind
  /// Whether it is taken exclusively or shared.
  public let mode: LockMode
  /// Whether taking it may sleep.
  public let sleeps: Bool
  /// What the function's arguments must be for the acquisition to be reached.
  public internal(set) var conditions: [ParameterCondition]
  /// The way there: calls, and last the acquisition.
  public internal(set) var chain: [ChainStep]
  /// Whether a call on the way goes through a function pointer.
  public internal(set) var isThroughPointer = false
  /// Taken only where user memory is not there when it is accessed.
  public internal(set) var isFault = false
  /// Whether the way comes through one function twice: what ends the recursion is in the data, and may rule the way out.
  public var isRecursive: Bool { Set(chain.map(\.function)).count < chain.count }
  /// Locks of callers that were dropped on the way.
  public internal(set) var dropped: [Place] = []
}

/// How control gets from a function to something that a call of it, or a call deeper down, runs.
public struct CallWay: Sendable, Equatable {
  /// The function that makes the outermost call; `arguments` are in its terms.
  public let function: FunctionID
  /// The value of each argument, where it can be named.
  public let arguments: [Place]
  /// What each argument may be.
  let values: [ValueSet]
  /// The constant that each argument is, by its hash; 0 for any other.
  let constants: [Int]
  /// The state of every lock in `function` when it makes the call.
  public let held: [HeldLock]
  /// What the path to the call requires of the function's parameters.
  public let conditions: [ParameterCondition]
  /// The calls, outermost first.
  public let steps: [ChainStep]

  init(
    function: FunctionID, arguments: [Place], values: [ValueSet], constants: [Int], held: [HeldLock],
    conditions: [ParameterCondition], steps: [ChainStep]
  ) {
    self.function = function
    self.arguments = arguments
    self.values = values
    self.constants = constants
    self.held = held
    self.conditions = conditions
    self.steps = steps
  }

  /// The way of one call.
  init(_ call: CallEvent, in function: FunctionID) {
    self.function = function
    arguments = call.arguments
    values = call.values
    constants = call.constants
    held = call.held
    conditions = call.conditions
    steps = [ChainStep(function: function, node: call.node)]
  }
}

/// A call of a function that the caller passes as an argument.
public struct CallbackCall: Sendable, Equatable {
  /// Zero-based index of the parameter that is called.
  public let parameter: Int
  /// From the summarised function to the call of the parameter.
  public let way: CallWay
  /// The locks held around the callback in the summarised function's terms, and the functions that hold them.
  public let held: [(lock: HeldLock, holder: FunctionID)]

  /// Whether both are the same call of the same parameter under the same locks.
  public static func == (left: CallbackCall, right: CallbackCall) -> Bool {
    left.parameter == right.parameter && left.way == right.way
      && left.held.elementsEqual(right.held) { $0.lock == $1.lock && $0.holder == $1.holder }
  }
}

/// One step of a chain: a node in a function.
public struct ChainStep: Sendable, Hashable {
  /// The function that contains the step.
  public let function: FunctionID
  /// The call or the acquisition, in the arena of that function's file.
  public let node: NodeID

  /// A step at `node` of `function`.
  public init(function: FunctionID, node: NodeID) {
    self.function = function
    self.node = node
  }
}

/// What a call does to the caller's lock state, in the callee's terms.
public struct LockEffect: Sendable, Hashable {
  /// The lock, in terms of the callee's parameters or a global.
  public let place: Place
  /// The kind of lock the effect is on.
  public let kind: LockKind
  /// Whether the lock is taken or dropped exclusively or shared.
  public let mode: LockMode
  /// Times the callee leaves it taken; negative when it drops a lock that its caller holds.
  public let balance: Int8
}

/// One way out of a function.
public struct SummaryExit: Sendable, Hashable {
  /// The classes that the returned value may be in on this way out.
  public let values: ValueSet
  /// What this way out leaves changed about locks that a caller can name; empty when nothing is.
  public let effects: [LockEffect]
}

/// A call that may be the second half of a pair.
public struct Closing: Sendable, Hashable {
  /// The callee.
  public let name: Symbol
  /// Its first argument, in terms of the wrapper's parameters.
  public let resource: Place
}

/// How sure it is that a function must undo a pair that it opens.
public struct PairTraits: Sendable {
  /// The names are the kernel's own and well known.
  public internal(set) var isKnown = false
  /// New memory in a local that the function never frees itself.
  public internal(set) var isStrict = false
  /// The resource is what the call returns.
  public internal(set) var isResult = false
  /// The resource is a part of a local structure that the call fills.
  public internal(set) var isOutput = false
  /// A reference, and not memory: it must be dropped whatever the outcome.
  public internal(set) var isReference = false
  /// The function undoes it for this very resource somewhere.
  public internal(set) var isClosedHere = false
  /// The resource is new memory, and nothing that is sent.
  public internal(set) var isMemory = false
  /// The function that takes down what this one sets up undoes it.
  public internal(set) var isTorn = false
  /// The resource is a member of an object that the function makes and frees.
  public internal(set) var isInner = false
  /// The resource is a member of an object that others have too.
  public internal(set) var isMember = false
  /// The resource hangs on a local: no caller can undo it.
  public internal(set) var isLocal = false
}

/// A lock the caller must hold.
public struct Requirement: Sendable, Hashable {
  /// The lock, in terms of the function's parameters or a global.
  public let place: Place
  /// The class of the lock; nil where the types do not tell.
  public let lockClass: LockClass?
  /// Whether it must be held exclusively, or shared is enough.
  public let mode: LockMode
  /// The function itself asserts it, as opposed to what it calls or how it loads a pointer.
  public let isExplicit: Bool
  /// Nothing returns before it is asserted.
  let isFirm: Bool
  /// It comes from a callee that may return before it gets to the assertion, or before it gets to the call of another.
  public let isWeak: Bool
  /// The function whose body states it: the one required of, or one that it calls; nil for what is known by name.
  public let function: FunctionID?
  /// The assertion in that body; -1 for none.
  public let node: NodeID

  /// What states a requirement, the same for all that inherit it.
  public struct Statement: Hashable {
    let function: FunctionID?
    let node: NodeID
    let lockClass: LockClass?
  }

  /// What states it.
  public var statement: Statement { Statement(function: function, node: node, lockClass: lockClass) }
}

/// What callers need to know of a function.
public struct Summary: Sendable, Equatable {
  /// The ways out that differ in their lock effects; empty when the paths could not all be followed.
  public internal(set) var exits: [SummaryExit] = []
  /// Members that are locks and that it leaves taken in an object that no caller can name, such as the one that it returns.
  public internal(set) var keeps: Set<Symbol> = []
  /// Locks that it or its callees wait for, up to a limit; trylocks and kinds that nest are left out.
  public internal(set) var mayAcquire: [MayAcquire] = []
  /// Calls of functions that a caller passes in, with the locks that are held around them.
  public internal(set) var callbacks: [CallbackCall] = []
  /// A caller's locks that it drops somewhere, when its ways out are not known: after a call nothing is known of them.
  public internal(set) var mayDrop: [LockEffect] = []
  /// Calls of a small wrapper that may undo something its caller did.
  public internal(set) var closes: [Closing] = []
  /// Locks that the function asserts without having taken them itself.
  public internal(set) var requires: [Requirement] = []
  /// The way to something that sleeps whatever the arguments are.
  public internal(set) var sleeps: [ChainStep]?
  /// Locks of the callers that it drops for a while.
  public internal(set) var retaken: [DroppedLock] = []
  /// What it returns; nil where that is not known.
  public internal(set) var returns: ValueSet?
  /// Per pointer parameter that is read through before it is written, the way to the read.
  public internal(set) var loads: [Int: PointerLoad] = [:]
  /// Per pointer parameter, the results for which it is surely written; absent when never or unknown.
  public internal(set) var writesFor: [Int: ValueSet] = [:]
  /// Per pointer parameter, the results for which it is surely left alone.
  public internal(set) var skipsFor: [Int: ValueSet] = [:]
  /// Per pointer parameter that is sometimes left alone, the results with which it is written.
  public internal(set) var writesOn: [Int: ValueSet] = [:]
  /// Pointer parameters that the body does not mention at all: whatever they point to is left alone.
  public internal(set) var ignores: Set<Int> = []
}
