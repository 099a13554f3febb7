/// A `#define` with a body worth reading: function-like, or an alias for another name.
struct MacroDefinition: Sendable {
  var name: Symbol
  /// Byte offset of the name.
  let offset: UInt32
  let isFunctionLike: Bool
  /// Parameters and body in the lexer's macro tokens.
  let tokens: Range<Int>
}
