/// A type as far as lock classes and error conventions need it: a base, a name and a pointer depth.
public struct CType: Hashable, Sendable {
  /// What the base of the type is.
  public enum Base: UInt8, Sendable {
    case unknown, void, integer, unsigned, boolean, structure, union, enumeration, typedef, typeof
  }

  /// What is left of the type without its pointers and array dimensions.
  public var base: Base
  /// Tag or typedef name; none for the plain types and for an anonymous structure without a name of its own.
  public var name: Symbol
  /// Number of `*`.
  public var pointers: UInt8
  /// Array dimensions.
  public var arrays: UInt8
  /// A function pointer; `name` is then the return type's.
  public var isFunction: Bool
  /// Whether `const` is among the specifiers, so that what a pointer points to is not written.
  public var isConstant: Bool

  /// A type by its parts; what is left out is unknown, absent or zero.
  public init(
    base: Base = .unknown, name: Symbol = .none, pointers: UInt8 = 0, arrays: UInt8 = 0, isFunction: Bool = false,
    isConstant: Bool = false
  ) {
    self.base = base
    self.name = name
    self.pointers = pointers
    self.arrays = arrays
    self.isFunction = isFunction
    self.isConstant = isConstant
  }

  /// A type that was not understood.
  public static let unknown = CType()

  /// Whether a value of this type is a pointer.
  public var isPointer: Bool { pointers > 0 || isFunction }
}
