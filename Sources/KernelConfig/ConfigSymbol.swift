/// Where in the tree something is written.
public struct ConfigLocation: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The file, relative to the tree.
  public let path: String
  /// The line, from 1.
  public let line: Int

  /// A place in a file.
  public init(path: String, line: Int) {
    self.path = path
    self.line = line
  }

  /// `path:line`.
  public var description: String { "\(path):\(line)" }
}

/// A value or a symbol under a condition: a `default`, a `select`, an `imply`.
public struct ConditionalValue: Sendable, Hashable {
  /// What is set or selected.
  public let value: ConfigExpression
  /// When.
  public let condition: ConfigExpression

  /// A value that holds under a condition.
  public init(value: ConfigExpression, condition: ConfigExpression) {
    self.value = value
    self.condition = condition
  }
}

/// One `config X` block; a symbol may have several across the tree.
public struct ConfigDefinition: Sendable {
  /// Where the block starts.
  public let location: ConfigLocation
  /// `depends on`, every enclosing `if`, `menu` and choice included.
  public internal(set) var dependencies: ConfigExpression
  /// The prompt's text; without one nobody can set the symbol by hand.
  public internal(set) var prompt: String?
  /// When the prompt is shown, `visible if` of the menus included; the dependencies come on top.
  public internal(set) var visibility: ConfigExpression
  /// The defaults, the first whose condition holds wins.
  public internal(set) var defaults: [ConditionalValue] = []
  /// What this block selects.
  public internal(set) var selects: [ConditionalValue] = []
  /// What this block implies.
  public internal(set) var implies: [ConditionalValue] = []
  /// The choice this block is a member of: an index into the tree's choices.
  public let choice: Int?
}

/// A configuration symbol with all its definitions.
public struct ConfigSymbol: Sendable {
  /// What a symbol can hold.
  public enum Kind: String, Sendable {
    case bool, tristate, string, int, hex, unknown
  }

  /// The name without `CONFIG_`.
  public let name: String
  /// What it can hold.
  public internal(set) var kind: Kind = .unknown
  /// The blocks that define it, in the order in which the files are read.
  public internal(set) var definitions: [ConfigDefinition] = []

  /// Whether some block lets a person set the symbol.
  public var hasPrompt: Bool { definitions.contains { $0.prompt != nil } }

  /// What must hold before the symbol can be set: any one block's dependencies.
  public var dependencies: ConfigExpression {
    definitions.map(\.dependencies).reduce(.literal("n")) { $0.or($1) }
  }
}

/// A `choice` block: at most one of its members is set.
public struct ConfigChoice: Sendable {
  /// Where the block starts.
  public let location: ConfigLocation
  /// The prompt's text.
  public internal(set) var prompt: String = ""
  /// The members in order.
  public internal(set) var members: [String] = []
}
