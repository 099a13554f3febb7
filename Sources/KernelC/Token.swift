/// One token of a C file as written: a byte range, a kind and, for identifiers and preprocessor conditions, a symbol.
public struct Token: Sendable {
  /// First byte of the token in the file.
  public var start: UInt32
  /// Bytes in the token.
  public var length: UInt32
  /// The identifier's or the condition's symbol; -1 where there is none.
  public var symbol: Symbol
  /// What the token is.
  public var kind: TokenKind
  /// Spelling classes of an identifier, and for a conditional marker its flavour.
  public var traits: Traits

  /// What the spelling of an identifier says, so that the parser need not look at bytes; marks on conditionals.
  public struct Traits: OptionSet, Sendable {
    /// One bit for each trait, as the constants below number them.
    public let rawValue: UInt8
    /// The traits whose bits are set in `rawValue`.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Starts with two underscores.
    public static let reserved = Traits(rawValue: 1)
    /// Ends in `_t`.
    public static let typeSuffix = Traits(rawValue: 2)
    /// No lower-case letter.
    public static let upperCase = Traits(rawValue: 4)
    /// Contains `for_each` or `foreach`.
    public static let iterator = Traits(rawValue: 8)
    /// `#ifndef X` or `#if !…`: the condition is negated.
    public static let negated = Traits(rawValue: 16)
    /// `#if 0`.
    public static let never = Traits(rawValue: 32)
    /// `#elif`, as opposed to `#else`.
    public static let elseIf = Traits(rawValue: 64)
  }
}
