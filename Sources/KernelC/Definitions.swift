/// A parameter as declared; `name` is none where the prototype leaves it out.
public struct Parameter: Hashable, Sendable {
  public let name: Symbol
  public let type: CType
}

/// A function definition, or a function-like macro read as one.
public struct FunctionDefinition: Sendable {
  public let name: Symbol
  /// Token of the name.
  public let token: UInt32
  public let isStatic: Bool
  public let isInline: Bool
  /// A macro: parameters have no types and stand for expressions.
  public let isMacro: Bool
  public let returnType: CType
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
  public let name: Symbol
  public let type: CType
}

/// A structure or union definition.
public struct StructureDefinition: Sendable {
  public let name: Symbol
  public let members: [Member]
}

/// `typedef … name;`
public struct TypedefDefinition: Sendable {
  public let name: Symbol
  public let type: CType
}

/// A variable at file scope, with the functions its initialiser puts into members.
public struct GlobalDefinition: Sendable {
  public let name: Symbol
  public let type: CType
  public let token: UInt32
  public let isStatic: Bool
  /// Initialiser node or -1.
  public let initialiser: NodeID
}

/// Something the front end did not read, and why.
public struct UnreadConstruct: Sendable {
  public let offset: UInt32
  public let function: Symbol
  public let reason: Reason

  /// Why something was not read.
  public enum Reason: String, Sendable {
    case nesting = "nested too deeply"
    case definition = "definition not understood"
    case statement = "statement not understood"
    case conditional = "#if cuts a statement in two: first branch read"
  }
}
