/// A parameter as declared; `name` is none where the prototype leaves it out.
public struct Parameter: Hashable, Sendable {
  /// The name the body knows the argument by; none in a prototype without names.
  public let name: Symbol
  /// The declared type; `CType.unknown` for a macro's parameter.
  public let type: CType
}

/// A function definition, or a function-like macro read as one.
public struct FunctionDefinition: Sendable {
  /// The name that callers use.
  public let name: Symbol
  /// Token of the name.
  public let token: UInt32
  /// Whether only its own file can call it by name; always true for a macro.
  public let isStatic: Bool
  /// Whether it is declared inline under any of the spellings; always true for a macro.
  public let isInline: Bool
  /// A macro: parameters have no types and stand for expressions.
  public let isMacro: Bool
  /// What a call yields, as declared.
  public let returnType: CType
  /// The parameters in the order of the arguments.
  public let parameters: [Parameter]
  /// The body's block.
  public let body: NodeID
  /// The nodes of the definition: a run of the file's arena.
  public let nodes: Range<NodeID>
  /// Tokens of the whole definition, from its first specifier to the closing brace.
  public let tokens: Range<Int>
  /// `__must_hold(x)`, `__acquires(x)` … : call nodes.
  public let annotations: [NodeID]
  /// Statements of the body that were not understood.
  public let oddStatements: Int
}

/// A member of a structure or union; members of anonymous inner structures are members of the outer one.
public struct Member: Sendable {
  /// The member's name, by which `.` and `->` reach it.
  public let name: Symbol
  /// The member's type as declared.
  public let type: CType
}

/// A structure or union definition.
public struct StructureDefinition: Sendable {
  /// The tag; below -1, and unique in the file only, for an anonymous structure.
  public let name: Symbol
  /// The members in the order of their declaration.
  public let members: [Member]
}

/// `typedef … name;`
public struct TypedefDefinition: Sendable {
  /// The name that stands for the type.
  public let name: Symbol
  /// The type that the name stands for, one level deep: it may be a typedef itself.
  public let type: CType
}

/// A variable at file scope, with the functions its initialiser puts into members.
public struct GlobalDefinition: Sendable {
  /// The variable's name.
  public let name: Symbol
  /// The variable's type as declared.
  public let type: CType
  /// Index of the name's token in the file.
  public let token: UInt32
  /// Whether only its own file can name it.
  public let isStatic: Bool
  /// Initialiser node or -1.
  public let initialiser: NodeID
}

/// `DEFINE_GUARD(name, type, lock, unlock)` and its kin: what `guard(name)(x)` takes.
public struct GuardDefinition: Sendable {
  /// The class of the guard.
  public let name: Symbol
  /// The expression that locks, in terms of `_T`.
  public let lock: NodeID
  /// The argument of the guard is `_T->lock`, as opposed to `_T`.
  public let isWrapped: Bool
}

/// Something the front end did not read, and why.
public struct UnreadConstruct: Sendable {
  /// Byte offset of the construct in the file; 0 past the last token.
  public let offset: UInt32
  /// The function it lies in; none at file scope.
  public let function: Symbol
  /// What kept the front end from reading it in full.
  public let reason: Reason

  /// Why something was not read.
  public enum Reason: String, Sendable {
    case nesting = "nested too deeply"
    case definition = "definition not understood"
    case statement = "statement not understood"
    case conditional = "#if cuts a statement in two: first branch read"
  }
}
