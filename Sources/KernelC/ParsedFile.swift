import ByteText

/// One file, read: tokens, an arena of nodes, and what it defines. Depends on the file's bytes alone.
public struct ParsedFile: Sendable {
  public let path: String
  public let tokens: ContiguousArray<Token>
  public let nodes: ContiguousArray<Node>
  /// Child lists; a node names a run of it.
  public let lists: ContiguousArray<Int32>
  public let types: ContiguousArray<CType>
  public let functions: [FunctionDefinition]
  public let structures: [StructureDefinition]
  public let typedefs: [TypedefDefinition]
  public let globals: [GlobalDefinition]
  /// Names declared as prototypes with what they return.
  public let prototypes: [(name: Symbol, type: CType)]
  /// `#define name other_name`.
  public let aliases: [(name: Symbol, target: Symbol)]
  public let unread: [UnreadConstruct]
  /// Offsets of the newlines.
  public let newlines: ContiguousArray<UInt32>

  /// Reads `bytes`.
  ///
  /// - Complexity: O(bytes).
  public init(path: String, bytes: [UInt8], symbols: SymbolTable) {
    self = bytes.withUnsafeBufferPointer { ParsedFile(path: path, buffer: $0, symbols: symbols) }
  }

  /// Reads the bytes of a buffer that outlives the call.
  public init(path: String, buffer bytes: UnsafeBufferPointer<UInt8>, symbols: SymbolTable) {
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
    var parser = Parser(tokens: tokens, boundary: boundary, bytes: bytes)
    parser.parseFile()
    parser.parseMacros(lexed.macros)
    self.init(path: path, parser: parser, bytes: bytes)
  }

  private init(path: String, parser: Parser, bytes: UnsafeBufferPointer<UInt8>) {
    self.path = path
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
    unread = parser.unread
    var newlines = ContiguousArray<UInt32>()
    newlines.reserveCapacity(bytes.count / 28)
    for line in ByteLines(bytes) { newlines.append(UInt32(truncatingIfNeeded: line.upperBound)) }
    self.newlines = newlines
  }

  /// The node `id` names.
  public subscript(id: NodeID) -> Node { nodes[Int(id)] }

  /// The children in the list run (`start`, `count`).
  public func list(_ start: Int32, _ count: Int32) -> ArraySlice<Int32> {
    ArraySlice(lists[Int(start)..<Int(start) + Int(count)])
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
