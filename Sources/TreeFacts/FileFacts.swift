public import KernelC

/// What linking a whole tree needs to know of one file: what it defines, what it calls, what could not be read.
///
/// Depends on the file's bytes alone. Names are 64-bit hashes, so that sixty thousand files fit into little memory and the
/// facts of two runs can be compared.
public struct FileFacts: Sendable, Hashable {
  /// Something with a name.
  public struct Definition: Sendable, Hashable {
    /// Hash of the name.
    public var name: UInt64
    /// Counted from 1.
    public var line: UInt32
    /// What is defined.
    public var kind: Kind

    /// What is defined.
    public enum Kind: UInt8, Sendable { case function, staticFunction, macro, structure, variable }
  }

  /// A construct that was not read.
  public struct Unread: Sendable, Hashable {
    /// Counted from 1.
    public var line: UInt32
    /// The function it lies in; empty at file scope.
    public var function: String
    /// Why, in one sentence.
    public var reason: String
  }

  /// Bytes in the file.
  public var size = 0
  /// In the order of the file; macros last.
  public var definitions = ContiguousArray<Definition>()
  /// Hashes of the names that functions and macros call or initialisers store, sorted, each once.
  public var references = ContiguousArray<UInt64>()
  /// What could not be read.
  public var unread: [Unread] = []

  /// Facts of an empty file.
  public init() {}

  /// The facts of `file`, whose symbols belong to `symbols` and which has `size` bytes.
  ///
  /// - Complexity: O(nodes).
  public init(_ file: ParsedFile, size: Int, symbols: SymbolTable) {
    self.size = size
    var named: [(symbol: Symbol, line: UInt32, kind: Definition.Kind)] = []
    for function in file.functions {
      let line = file.position(ofOffset: file.tokens[Int(function.token)].start).line
      named.append(
        (
          function.name, UInt32(truncatingIfNeeded: line),
          function.isMacro ? .macro : function.isStatic ? .staticFunction : .function
        ))
    }
    for structure in file.structures where structure.name.exists { named.append((structure.name, 0, .structure)) }
    for variable in file.globals where variable.name.exists {
      let line = file.position(ofOffset: file.tokens[Int(variable.token)].start).line
      named.append((variable.name, UInt32(truncatingIfNeeded: line), .variable))
    }
    let hashes = symbols.hashes(of: named.map(\.symbol))
    for (item, hash) in zip(named, hashes) {
      definitions.append(Definition(name: hash, line: item.line, kind: item.kind))
    }
    var mentioned: Set<Symbol> = []
    for node in file.nodes {
      switch node.kind {
      case .call where file[node.a].kind == .name: mentioned.insert(Symbol(file[node.a].a))
      case .designator where node.b >= 0 && file[node.b].kind == .name: mentioned.insert(Symbol(file[node.b].a))
      default: break
      }
    }
    references = ContiguousArray(symbols.hashes(of: Array(mentioned)).sorted())
    unread = file.unread.map { item in
      Unread(
        line: UInt32(truncatingIfNeeded: file.position(ofOffset: item.offset).line),
        function: symbols.text(item.function), reason: item.reason.rawValue)
    }
  }

  /// Function definitions, macros not counted.
  public var functionCount: Int { definitions.count { $0.kind == .function || $0.kind == .staticFunction } }
}
