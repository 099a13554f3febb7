import Findings
public import KernelC

/// One file before and after a patch.
public struct FileChange {
  /// A function in both versions.
  typealias Pair = (before: FunctionDefinition, after: FunctionDefinition)

  /// The file as it was without the patch.
  public let before: ParsedFile
  /// The file with the patch applied.
  public let after: ParsedFile
  /// All that is shown of the file, this part of it included.
  let parts: [(before: ParsedFile, after: ParsedFile)]
  /// The names of the run, by which symbols of both files are spelt out.
  public let symbols: SymbolTable
  /// The functions that exist before and after, by name, in the order of the file after. Where configurations have one each, the
  /// first is compared with the first.
  let functions: [Pair]
  /// Those of them whose text is not what it was.
  let edited: [Pair]
  /// The names of those.
  let changed: Set<Symbol>

  init(
    before: ParsedFile, after: ParsedFile, parts: [(before: ParsedFile, after: ParsedFile)], symbols: SymbolTable
  ) {
    self.before = before
    self.after = after
    self.parts = parts
    self.symbols = symbols
    let old = Dictionary(grouping: before.functions.filter { !$0.isMacro }, by: \.name)
    var seen: [Symbol: Int] = [:]
    functions = after.functions.compactMap { function in
      guard !function.isMacro, let previous = old[function.name] else { return nil }
      let number = seen[function.name, default: 0]
      seen[function.name] = number + 1
      return (previous[min(number, previous.count - 1)], function)
    }
    edited = functions.filter { old, new in !after.hasWords(of: new, as: old, in: before) }
    changed = Set(edited.map(\.after.name))
  }

  /// The edited functions that are not too long for what compares their parts with each other, as that grows faster than they do.
  var comparable: [Pair] { edited.filter { !Self.isTooLong($0.after) } }

  /// Whether rules that compare the parts of a function leave this one out.
  static func isTooLong(_ function: FunctionDefinition) -> Bool { function.nodes.count >= CallResults.limit }

  /// The place of a node of the file after.
  func place(_ node: NodeID) -> SourcePlace {
    let position = after.position(of: node)
    return SourcePlace(path: after.path, line: position.line, column: position.column)
  }

  func placeBefore(_ node: NodeID) -> SourcePlace {
    let position = before.position(of: node)
    return SourcePlace(path: before.path, line: position.line, column: position.column)
  }
}
