/// The control flow of one function: straight-line blocks of actions, each with one way out.
///
/// `&&`, `||`, `!` and `?:` that decide anything are lowered to branches, scope guards to actions on every way out of
/// their scope, loops by iterator macros to loops of zero or more turns.
public struct ControlFlow: Sendable {
  /// The blocks, named by their index in the exits of others; control enters at index 0.
  public internal(set) var blocks: [BasicBlock] = [BasicBlock()]
  /// A computed goto, or a goto to a label that is not there: paths are missing.
  public internal(set) var isIncomplete = false

  /// Builds the control flow of `function`; a call of one of `guardMacros` is a guard.
  ///
  /// - Complexity: O(nodes of the function).
  public init(
    of function: FunctionDefinition, in file: ParsedFile, names: FlowNames, guardMacros: Set<Symbol> = []
  ) {
    var builder = ControlFlowBuilder(file: file, names: names, guardMacros: guardMacros)
    builder.build(function.body)
    blocks = builder.blocks
    isIncomplete = builder.isIncomplete
  }
}

/// A block without a branch inside.
public struct BasicBlock: Sendable {
  /// What happens in the block, in the order of execution.
  public internal(set) var actions: [FlowAction] = []
  /// Where control goes after the last action.
  public internal(set) var exit = FlowExit.stop
}

/// Something that happens in a block.
public struct FlowAction: Sendable {
  /// What happens.
  public enum Kind: UInt8, Sendable {
    /// `node` is an expression.
    case evaluate
    /// `node` is a variable; `value` its initialiser or -1.
    case declare
    /// `node` is the target, `value` what it is set to.
    case assign
    /// `node` is the call that heads a macro loop, met before each turn.
    case iterate
    /// `node` is a guard's call; the lock is taken.
    case enterGuard
    /// `node` is a guard's call; the lock is dropped.
    case leaveGuard
    /// `node` is a goto statement that is about to jump.
    case jump
  }

  /// What happens, and with it what `node` and `value` are.
  public let kind: Kind
  /// The node that the action is about.
  public let node: NodeID
  /// The initialiser or the assigned value; -1 for the other kinds and where there is none.
  public let value: NodeID
}

/// The way out of a block.
public enum FlowExit: Sendable {
  case jump(Int)
  case branch(NodeID, then: Int, otherwise: Int)
  /// Either way, for a reason that is not in the code.
  case either(Int, Int)
  case preprocessor(Symbol, negated: Bool, then: Int, otherwise: Int)
  case select(NodeID, cases: [(value: NodeID, last: NodeID, block: Int)], otherwise: Int)
  /// The value, or -1; the second node is the return statement, or -1 at the end of the body.
  case leave(value: NodeID, statement: NodeID)
  /// Control does not come back.
  case stop
}

/// Names that shape control flow.
public struct FlowNames: Sendable {
  let transparent: Set<Symbol>
  let noReturn: Set<Symbol>
  let stopIfTrue: Set<Symbol>
  /// `guard`, which takes a lock to the end of its scope.
  public let guardName: Symbol
  let scopedGuards: Set<Symbol>

  /// Interns the names once for a run.
  public init(_ symbols: SymbolTable) {
    func set(_ text: String) -> Set<Symbol> { Set(text.split(separator: " ").map { symbols.intern(String($0)) }) }
    transparent = set("likely unlikely __builtin_expect")
    noReturn = set("BUG panic do_exit make_task_dead unreachable __builtin_unreachable nmi_panic usercopy_abort")
    stopIfTrue = set("BUG_ON VM_BUG_ON KVM_BUG_ON_STOP")
    guardName = symbols.intern("guard")
    scopedGuards = set("scoped_guard scoped_cond_guard")
  }

  /// Whether `name` only hints at a branch's likelihood.
  public func isTransparent(_ name: Symbol) -> Bool { transparent.contains(name) }
}
