import KernelC

/// Which functions have a name in their text.
struct MentionIndex: Sendable {
  /// Names that may stand for something at file scope: not members, not locals.
  private var references: Lists
  /// Words, whatever they stand for.
  private var words: Lists

  /// Reads every function of `versions`.
  ///
  /// - Complexity: O(tokens and nodes).
  init(_ versions: FileVersions, symbols: SymbolTable) {
    references = Lists(symbols.count)
    words = references
    for (number, place) in versions.functions.enumerated() {
      let file = versions.files[Int(place.version)]
      let function = file.functions[Int(place.index)]
      for token in function.tokens { words.add(Int32(number), to: file.tokens[token].symbol) }
      var own = Set(function.parameters.map(\.name))
      for node in function.nodes where file[node].kind == .variable { own.insert(Symbol(file[node].a)) }
      for node in function.nodes where file[node].kind == .name {
        let name = Symbol(file[node].a)
        if !own.contains(name) { references.add(Int32(number), to: name) }
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

/// For each symbol a list of functions.
private struct Lists: Sendable {
  /// For a symbol, the first entry of its list; -1 for none.
  private var heads: ContiguousArray<Int32>
  private var entries = ContiguousArray<(function: Int32, next: Int32)>()

  init(_ count: Int) { heads = ContiguousArray(repeating: -1, count: count) }

  mutating func add(_ function: Int32, to symbol: Symbol) {
    let index = Int(symbol.rawValue)
    guard index >= 0, index < heads.count else { return }
    let head = heads[index]
    // Functions come in order, so a repetition is at the head of its list.
    if head >= 0, entries[Int(head)].function == function { return }
    heads[index] = Int32(entries.count)
    entries.append((function, head))
  }

  subscript(symbol: Symbol) -> [FunctionID] {
    guard symbol.exists, Int(symbol.rawValue) < heads.count else { return [] }
    var result: [FunctionID] = []
    var entry = heads[Int(symbol.rawValue)]
    while entry >= 0 {
      result.append(FunctionID(rawValue: entries[Int(entry)].function))
      entry = entries[Int(entry)].next
    }
    return result
  }
}
