import KernelC

/// Which functions have a name in their text.
struct MentionIndex: Sendable {
  /// Names that may stand for something at file scope: not members, not locals.
  private var references: FunctionLists
  /// Words, whatever they stand for.
  private var words: FunctionLists

  /// Reads every function of `versions`.
  ///
  /// - Complexity: O(tokens and nodes).
  init(_ versions: FileVersions, symbols: SymbolTable) {
    references = FunctionLists(symbols.count)
    words = references
    for (number, place) in versions.functions.enumerated() {
      let file = versions.files[Int(place.version)]
      let function = file.functions[Int(place.index)]
      let id = FunctionID(rawValue: Int32(number))
      for token in function.tokens { words.add(id, to: file.tokens[token].symbol) }
      var own = Set(function.parameters.map(\.name))
      for node in function.nodes where file[node].kind == .variable { own.insert(Symbol(file[node].a)) }
      for node in function.nodes where file[node].kind == .name {
        let name = Symbol(file[node].a)
        if !own.contains(name) { references.add(id, to: name) }
      }
    }
  }

  /// The functions in which `name` may stand for something at file scope.
  func functions(referringTo name: Symbol) -> [FunctionID] { references[name] }

  /// The functions that have one of the words `names`, themselves or by a macro, whose text is theirs.
  func users(of names: Set<Symbol>, _ program: Program) -> Set<FunctionID> {
    var result: Set<FunctionID> = []
    var macros: Set<Symbol> = []
    func take(_ ids: [FunctionID]) {
      for id in ids where result.insert(id).inserted {
        let definition = program.definition(id)
        if definition.isMacro { macros.insert(definition.name) }
      }
    }
    for name in names { take(words[name]) }
    while let name = macros.popFirst() { take(references[name]) }
    return result
  }
}
