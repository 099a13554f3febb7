import KernelC

/// A lock that a call may take, at any depth.
public struct MayAcquire: Sendable {
  /// In terms of the function's parameters or globals; -1 when only the class is known.
  public let place: Place
  public let lockClass: LockClass?
  public let kind: LockKind
  public let mode: LockMode
  public let sleeps: Bool
  public let conditions: [ParameterCondition]
  /// The way there: calls, and last the acquisition.
  public let chain: [ChainStep]
}

/// One step of a chain: a node in a function.
public struct ChainStep: Sendable, Hashable {
  public let function: FunctionID
  public let node: NodeID

  /// A step at `node` of `function`.
  public init(function: FunctionID, node: NodeID) {
    self.function = function
    self.node = node
  }
}

/// What a call does to the caller's lock state, in the callee's terms.
public struct LockEffect: Sendable, Hashable {
  public let place: Place
  public let kind: LockKind
  public let mode: LockMode
  public let balance: Int8
}

/// One way out of a function.
public struct SummaryExit: Sendable, Hashable {
  public let values: ValueSet
  public let effects: [LockEffect]
}

/// A call that may be the second half of a pair.
public struct Closing: Sendable, Hashable {
  /// The callee.
  public let name: Symbol
  /// Its first argument, in terms of the wrapper's parameters.
  public let resource: Place
}

/// A lock the caller must hold.
public struct Requirement: Sendable, Hashable {
  public let place: Place
  public let lockClass: LockClass?
  public let mode: LockMode
  public let node: NodeID
}

/// What callers need to know of a function.
public struct Summary: Sendable {
  public internal(set) var exits: [SummaryExit] = []
  public internal(set) var mayAcquire: [MayAcquire] = []
  /// Calls of a small wrapper that may undo something its caller did.
  public internal(set) var closes: [Closing] = []
  public internal(set) var requires: [Requirement] = []
  /// The way to something that sleeps whatever the arguments are.
  public internal(set) var sleeps: [ChainStep]?
  /// What it returns; nil where that is not known.
  public internal(set) var returns: ValueSet?
  /// Per pointer parameter, the results for which it is surely written; absent when never or unknown.
  public internal(set) var writesFor: [Int: ValueSet] = [:]
  /// Per pointer parameter, the results for which it is surely left alone.
  public internal(set) var skipsFor: [Int: ValueSet] = [:]
  /// Per pointer parameter that is sometimes left alone, the results with which it is written.
  public internal(set) var writesOn: [Int: ValueSet] = [:]
}
