public import KernelC
import LockModel

/// What a change reaches and nobody at hand defines.
public struct MissingNames: Sendable {
  /// Functions that are called.
  public internal(set) var functions: Set<[UInt8]> = []
  /// Tags of structures that something has the type of.
  public internal(set) var structures: Set<[UInt8]> = []
}

extension KernelLint {
  /// More names than this are not looked for because of one change.
  private static let nameLimit = 400

  /// The functions that what `changes` touch reaches through at most `depth` calls by name, and the structures that it
  /// uses, as far as none of `files` defines them; what is known of the kernel by name is left out.
  ///
  /// - Complexity: O(definitions of `files`) and O(nodes of what is reached).
  public func missingNames(
    reachedFrom changes: [(file: ParsedFile, lines: Set<Int>)], in files: [ParsedFile], depth: Int
  ) -> MissingNames {
    var search = ReachSearch(files: files, solver: Solver(Program(files: [], symbols: symbols)))
    for (file, lines) in changes where !lines.isEmpty {
      for function in file.functions where function.isTouched(by: lines, in: file) { search.enqueue(function, file) }
    }
    for _ in 0...depth {
      search.step()
      if search.functions.count > Self.nameLimit { break }
    }
    return search.missing(symbols)
  }
}

/// A walk over calls by name, level by level.
private struct ReachSearch {
  private var definitions: [Symbol: [(file: ParsedFile, function: FunctionDefinition)]] = [:]
  private var tags: Set<Symbol> = []
  private let solver: Solver
  private var seen: Set<Key> = []
  private var level: [(file: ParsedFile, function: FunctionDefinition)] = []
  private(set) var functions: Set<Symbol> = []
  private var structures: Set<Symbol> = []

  private struct Key: Hashable {
    let path: String
    let token: UInt32
  }

  init(files: [ParsedFile], solver: Solver) {
    self.solver = solver
    for file in files {
      for function in file.functions { definitions[function.name, default: []].append((file, function)) }
      for structure in file.structures where structure.name.exists { tags.insert(structure.name) }
    }
  }

  mutating func enqueue(_ function: FunctionDefinition, _ file: ParsedFile) {
    if seen.insert(Key(path: file.path, token: function.token)).inserted { level.append((file, function)) }
  }

  /// Looks at what the last level calls.
  mutating func step() {
    let current = level
    level = []
    for (file, function) in current {
      for parameter in function.parameters { use(parameter.type) }
      for id in function.nodes {
        let node = file[id]
        if node.kind == .variable { use(file.types[Int(node.b)]) }
        guard node.kind == .call, file[node.a].kind == .name else { continue }
        let name = Symbol(file[node.a].a)
        guard let known = definitions[name] else {
          if !solver.isKnownInterface(name) { functions.insert(name) }
          continue
        }
        let own = known.filter { $0.file.path == file.path }
        for callee in own.isEmpty ? known : own { enqueue(callee.function, callee.file) }
      }
    }
  }

  private mutating func use(_ type: CType) {
    if type.base == .structure, type.name.exists, !tags.contains(type.name) { structures.insert(type.name) }
  }

  func missing(_ symbols: SymbolTable) -> MissingNames {
    MissingNames(
      functions: Set(functions.map { Array(symbols.text($0).utf8) }),
      structures: Set(structures.map { Array(symbols.text($0).utf8) }))
  }
}
