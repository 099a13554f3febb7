/// A place in a source file of the tree under review.
public struct SourcePlace: Sendable, Hashable, Codable {
  /// Relative to the top of the tree, with `/` between the parts.
  public var path: String
  /// Counted from 1; 0 stands for "the file as a whole".
  public var line: Int
  /// Counted from 1, in bytes, as gcc counts; 0 stands for "the line as a whole".
  public var column: Int

  /// A place in `path`.
  public init(path: String, line: Int, column: Int = 0) {
    self.path = path
    self.line = line
    self.column = column
  }
}

extension SourcePlace: Comparable {
  /// By path (bytewise), then line, then column.
  public static func < (left: SourcePlace, right: SourcePlace) -> Bool {
    if left.path != right.path { return left.path.utf8.lexicographicallyPrecedes(right.path.utf8) }
    if left.line != right.line { return left.line < right.line }
    return left.column < right.column
  }
}

extension SourcePlace: CustomStringConvertible {
  /// `path:line:column` as gcc writes it; parts that stand for a whole are left out.
  public var description: String {
    if line <= 0 { return path }
    return column <= 0 ? "\(path):\(line)" : "\(path):\(line):\(column)"
  }
}
