import KernelC

/// Gives the names of the files of one state their definitions.
struct NameLinker {
  let symbols: SymbolTable
  let versions: FileVersions
  let files: [ParsedFile]
  let isHeader: [Bool]
  private(set) var allFunctions: [FunctionID] = []
  private(set) var shifts: [FunctionID: Int] = [:]
  private(set) var byName: [Symbol: [FunctionID]] = [:]
  private(set) var members: [MemberKey: CType] = [:]
  private(set) var typedefs: [Symbol: CType] = [:]
  private(set) var globals: [Symbol: CType] = [:]
  private(set) var owned: [OwnedName: CType] = [:]
  private(set) var returnTypes: [Symbol: CType] = [:]
  private(set) var aliases: [Symbol: Symbol] = [:]
  private(set) var guards: [Symbol: (definition: GuardDefinition, file: Int)] = [:]
  /// Macros whose body is a guard: `#define foo_lock_here(foo) guard(mutex)(&(foo)->lock)`.
  private(set) var guardMacros: Set<Symbol> = []

  init(_ versions: FileVersions, state: [Int], symbols: SymbolTable) {
    self.symbols = symbols
    self.versions = versions
    var current = [Int?](repeating: nil, count: versions.paths.count)
    for version in state { current[Int(versions.slots[version])] = version }
    files = zip(current, versions.paths).map { version, path in
      version.map { versions.files[$0] } ?? ParsedFile(path: path, bytes: [], symbols: symbols)
    }
    isHeader = files.map { $0.path.hasSuffix(".h") }
    for (index, version) in current.enumerated() {
      link(Int32(index), version.map { versions.numbers[$0] } ?? [])
    }
  }

  private mutating func link(_ fileIndex: Int32, _ numbers: [FunctionID]) {
    let file = files[Int(fileIndex)]
    var anonymous: [Symbol: Symbol] = [:]
    func named(_ type: CType) -> CType {
      guard type.name.rawValue < -1 else { return type }
      var type = type
      type.name = anonymous[type.name] ?? type.name
      return type
    }
    for structure in file.structures where structure.name.rawValue < -1 {
      anonymous[structure.name] = symbols.intern("\(file.path)#\(-structure.name.rawValue)")
    }
    for structure in file.structures {
      let tag = anonymous[structure.name] ?? structure.name
      for member in structure.members {
        members[MemberKey(structure: tag, member: member.name)] = named(member.type)
      }
    }
    for alias in file.typedefs { typedefs[alias.name] = named(alias.type) }
    let isHeader = isHeader[Int(fileIndex)]
    for variable in file.globals {
      if variable.isStatic, !isHeader {
        owned[OwnedName(file: fileIndex, name: variable.name)] = named(variable.type)
      }
      if globals[variable.name] == nil || globals[variable.name]?.base == .typedef {
        globals[variable.name] = named(variable.type)
      }
    }
    for prototype in file.prototypes { returnTypes[prototype.name] = prototype.type }
    for alias in file.aliases { aliases[alias.name] = alias.target }
    for definition in file.guards where guards[definition.name] == nil {
      guards[definition.name] = (definition, Int(fileIndex))
    }
    let elsewhere = isHeader ? Set(file.prototypes.lazy.filter { !$0.isStatic }.map(\.name)) : []
    let guardName = symbols.intern("guard")
    for (index, function) in file.functions.enumerated() {
      if function.isMacro, function.guardCall(in: file, named: guardName) != nil { guardMacros.insert(function.name) }
      let id = numbers[index]
      allFunctions.append(id)
      if let own = function.tokens.first, let text = versions.definition(id).tokens.first {
        let shift = Int(file.tokens[own].start) - Int(versions.file(of: id).tokens[text].start)
        if shift != 0 { shifts[id] = shift }
      }
      // A header that has both is of two configurations: the stub says nothing of the function that the other one has.
      if function.isStatic, !function.isMacro, elsewhere.contains(function.name) { continue }
      byName[function.name, default: []].append(id)
      if !function.isMacro { returnTypes[function.name] = function.returnType }
    }
  }
}
