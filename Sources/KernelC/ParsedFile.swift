import ByteText

/// One file, read: tokens, an arena of nodes, and what it defines. Depends on the file's bytes alone.
///
/// A class that never changes: files are handed around in every step of the analysis, and a structure of so many arrays
/// cost a tenth of a run in counting references.
public final class ParsedFile: Sendable {
  /// Where the file is in its tree; findings name it so.
  public let path: String
  /// The tokens in the file's order, then those of its function-like macros.
  public let tokens: ContiguousArray<Token>
  /// The arena that every `NodeID` of the file indexes.
  public let nodes: ContiguousArray<Node>
  /// Child lists; a node names a run of it.
  public let lists: ContiguousArray<Int32>
  /// The types that declarations, casts and `sizeof` name; a node holds the index of one.
  public let types: ContiguousArray<CType>
  /// Functions with a body, and the function-like macros that could be read as one.
  public let functions: [FunctionDefinition]
  /// Structures and unions that the file defines, anonymous ones included.
  public let structures: [StructureDefinition]
  /// Names for types that the file introduces with `typedef`.
  public let typedefs: [TypedefDefinition]
  /// Variables declared at file scope, with or without an initialiser.
  public let globals: [GlobalDefinition]
  /// Names declared as prototypes with what they return, and whether as `static`.
  public let prototypes: [(name: Symbol, type: CType, isStatic: Bool)]
  /// `#define name other_name`.
  public let aliases: [(name: Symbol, target: Symbol)]
  /// Guards that the file defines at file scope.
  public let guards: [GuardDefinition]
  /// What could not be read in full, so that what is known of the file there has gaps.
  public let unread: [UnreadConstruct]
  /// Offsets of the newlines.
  public let newlines: ContiguousArray<UInt32>

  /// Reads `bytes`.
  ///
  /// - Complexity: O(bytes).
  public convenience init(path: String, bytes: [UInt8], symbols: SymbolTable) {
    let (parser, newlines) = bytes.withUnsafeBufferPointer { Self.parse($0, symbols) }
    self.init(path: path, parser: parser, newlines: newlines)
  }

  /// Reads the bytes of a buffer that outlives the call.
  public convenience init(path: String, buffer bytes: UnsafeBufferPointer<UInt8>, symbols: SymbolTable) {
    let (parser, newlines) = Self.parse(bytes, symbols)
    self.init(path: path, parser: parser, newlines: newlines)
  }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ symbols: SymbolTable) -> (
    Parser, newlines: ContiguousArray<UInt32>
  ) {
    let lexed = ByteClass.table.withUnsafeBufferPointer { classes in
      var lexer = Lexer(bytes, classes: classes)
      lexer.run()
      lexer.globalise(symbols)
      return lexer
    }
    var tokens = lexed.tokens
    if lexed.hasConditionals {
      var resolver = ConditionalResolver(tokens)
      tokens = resolver.run()
    }
    let boundary = tokens.count
    tokens.append(contentsOf: lexed.macroTokens)
    // The parser looks a few tokens ahead, and a group that is cut may have taken the end with it.
    let end = Token(start: UInt32(truncatingIfNeeded: bytes.count), length: 0, symbol: .none, kind: .end, traits: [])
    tokens.append(contentsOf: repeatElement(end, count: 4))
    var parser = Parser(tokens: tokens, boundary: boundary, bytes: bytes)
    parser.parseFile()
    parser.parseMacros(lexed.macros)
    var newlines = ContiguousArray<UInt32>()
    newlines.reserveCapacity(bytes.count / 28)
    for line in ByteLines(bytes) { newlines.append(UInt32(truncatingIfNeeded: line.upperBound)) }
    return (parser, newlines)
  }

  /// Takes over what `parser` has read; the bytes are not needed any more.
  private init(path: String, parser: Parser, newlines: ContiguousArray<UInt32>) {
    self.path = path
    self.newlines = newlines
    tokens = parser.tokens
    nodes = parser.nodes
    lists = parser.lists
    types = parser.types
    functions = parser.functions
    structures = parser.structures
    typedefs = parser.typedefs
    globals = parser.globals
    prototypes = parser.prototypes
    aliases = parser.aliases
    guards = parser.guards
    unread = parser.unread
  }

  /// The node `id` names.
  public subscript(id: NodeID) -> Node { nodes[Int(id)] }

  /// The children in the list run (`start`, `count`).
  public func list(_ start: Int32, _ count: Int32) -> ArraySlice<Int32> {
    lists[Int(start)..<Int(start) + Int(count)]
  }

  /// One-based line and column of a byte offset.
  ///
  /// - Complexity: O(log lines).
  public func position(ofOffset offset: UInt32) -> (line: Int, column: Int) {
    var low = 0
    var high = newlines.count
    while low < high {
      let middle = (low + high) / 2
      if newlines[middle] < offset { low = middle + 1 } else { high = middle }
    }
    let lineStart = low == 0 ? 0 : Int(newlines[low - 1]) + 1
    return (low + 1, max(1, Int(offset) - lineStart + 1))
  }

  /// One-based line and column of a node.
  public func position(of node: NodeID) -> (line: Int, column: Int) {
    position(ofOffset: tokens[Int(nodes[Int(node)].token)].start)
  }
}
