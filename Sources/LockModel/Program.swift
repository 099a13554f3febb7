import KernelC

/// A function of a program, by number.
public struct FunctionID: Hashable, Sendable {
  /// Index into the program's `functions`.
  public let rawValue: Int32
}

/// A member of a structure: the structure's tag and the member's name.
public struct MemberKey: Hashable, Sendable {
  /// The structure's tag, or the symbol made up for an anonymous one.
  public let structure: Symbol
  /// The member's name.
  public let member: Symbol

  /// A member by its parts.
  public init(structure: Symbol, member: Symbol) {
    self.structure = structure
    self.member = member
  }
}

/// A variable at file scope that is static: one of each name for every file.
struct OwnedName: Hashable {
  let file: Int32
  let name: Symbol
}

/// Files that were read, linked: who defines what, which functions sit in which operations table.
public struct Program: Sendable {
  /// The table that the symbols of all files belong to.
  public let symbols: SymbolTable
  /// The files in the order of their paths, which decides between equal definitions.
  public private(set) var files: [ParsedFile] = []
  /// Every function by its number, those of other states too: the index of its file, and where its text is.
  public let functions: [(file: Int32, version: Int32, index: Int32)]
  /// All functions of the program, macros included, in file order.
  public private(set) var allFunctions: [FunctionID] = []
  let versions: FileVersions
  /// How many bytes further on a function stands than in the version that its text is of.
  private var shifts: [FunctionID: Int] = [:]
  private(set) var byName: [Symbol: [FunctionID]] = [:]
  /// By file: whether it is a header.
  private var isHeader: [Bool] = []
  private(set) var members: [MemberKey: CType] = [:]
  private(set) var typedefs: [Symbol: CType] = [:]
  private(set) var globals: [Symbol: CType] = [:]
  /// Variables that only one `.c` file can name, with their types.
  private(set) var owned: [OwnedName: CType] = [:]
  private(set) var returnTypes: [Symbol: CType] = [:]
  private(set) var aliases: [Symbol: Symbol] = [:]
  /// Guards by their class, each with the file that defines it.
  private(set) var guards: [Symbol: (definition: GuardDefinition, file: Int)] = [:]
  /// Functions that stand in a list without a member's name, as in an array of function pointers.
  private var listed: Set<FunctionID> = []
  /// Functions that initialisers and assignments put into a member.
  public private(set) var slots: [MemberKey: [FunctionID]] = [:]

  /// Links `files`; their order decides ties, so give them sorted.
  ///
  /// - Complexity: O(definitions and initialisers).
  public init(files: [ParsedFile], symbols: SymbolTable) {
    self.init(FileVersions(separate: files), state: Array(files.indices), symbols: symbols)
  }

  /// Links the versions that are in `state`, at most one of each path.
  ///
  /// - Complexity: O(definitions and initialisers).
  public init(_ versions: FileVersions, state: [Int], symbols: SymbolTable) {
    self.symbols = symbols
    self.versions = versions
    functions = versions.functions
    var current = [Int?](repeating: nil, count: versions.paths.count)
    for version in state { current[Int(versions.slots[version])] = version }
    files = zip(current, versions.paths).map { version, path in
      version.map { versions.files[$0] } ?? ParsedFile(path: path, bytes: [], symbols: symbols)
    }
    isHeader = files.map { $0.path.hasSuffix(".h") }
    for (index, version) in current.enumerated() {
      link(Int32(index), version.map { versions.numbers[$0] } ?? [])
    }
    for index in files.indices { linkSlots(index) }
  }

  /// The definition `id` names.
  public func definition(_ id: FunctionID) -> FunctionDefinition {
    let place = functions[Int(id.rawValue)]
    return versions.files[Int(place.version)].functions[Int(place.index)]
  }

  /// The file that defines `id`, in a version that has the function in these words; `position(ofToken:in:)` knows where it
  /// stands in the program.
  public func file(of id: FunctionID) -> ParsedFile { versions.files[Int(functions[Int(id.rawValue)].version)] }

  /// One-based line and column of a token of a function.
  public func position(ofToken token: UInt32, in id: FunctionID) -> (line: Int, column: Int) {
    let offset = Int(file(of: id).tokens[Int(token)].start) + (shifts[id] ?? 0)
    return files[Int(functions[Int(id.rawValue)].file)].position(ofOffset: UInt32(clamping: offset))
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
    for (index, function) in file.functions.enumerated() {
      let id = numbers[index]
      allFunctions.append(id)
      if let own = function.tokens.first, let text = definition(id).tokens.first {
        let shift = Int(file.tokens[own].start) - Int(self.file(of: id).tokens[text].start)
        if shift != 0 { shifts[id] = shift }
      }
      // A header that has both is of two configurations: the stub says nothing of the function that the other one has.
      if function.isStatic, !function.isMacro, elsewhere.contains(function.name) { continue }
      byName[function.name, default: []].append(id)
      if !function.isMacro { returnTypes[function.name] = function.returnType }
    }
  }

  private mutating func linkSlots(_ index: Int) {
    let file = files[index]
    for variable in file.globals where variable.initialiser >= 0 {
      noteListed(variable.initialiser, file, index, 0)
      guard let tag = structure(of: variable.type) else { continue }
      fillSlots(tag, variable.initialiser, file, index)
    }
  }

  private mutating func noteListed(_ node: NodeID, _ file: ParsedFile, _ fileIndex: Int, _ depth: Int) {
    guard file[node].kind == .initialiserList, depth < 8 else { return }
    for element in file.list(file[node].a, file[node].b) {
      var item = file[element]
      // `[INDEX] = f` is an element as any other.
      if item.kind == .designator, item.op == 1 || item.b >= 0 && file[item.b].kind == .initialiserList {
        guard item.b >= 0 else { continue }
        if file[item.b].kind == .initialiserList {
          noteListed(item.b, file, fileIndex, depth + 1)
          continue
        }
        item = file[item.b]
      } else if item.kind == .initialiserList {
        noteListed(element, file, fileIndex, depth + 1)
        continue
      }
      if item.kind == .unary, item.operation == .ampersand { item = file[item.a] }
      guard item.kind == .name, byName[Symbol(item.a)] != nil, let target = resolve(Symbol(item.a), fromFile: fileIndex)
      else { continue }
      listed.insert(target)
    }
  }

  /// Whether the function stands in an array at file scope, from which anybody may call it.
  public func isListed(_ id: FunctionID) -> Bool { listed.contains(id) }

  private mutating func fillSlots(_ tag: Symbol, _ node: NodeID, _ file: ParsedFile, _ fileIndex: Int) {
    let list = file[node]
    guard list.kind == .initialiserList else { return }
    for element in file.list(list.a, list.b) {
      let item = file[element]
      if item.kind == .initialiserList {
        fillSlots(tag, element, file, fileIndex)
      } else if item.kind == .designator {
        if item.b >= 0, file[item.b].kind == .initialiserList {
          let inner = item.op == 1 ? tag : memberType(tag, Symbol(item.a)).flatMap { structure(of: $0) }
          if let inner { fillSlots(inner, item.b, file, fileIndex) }
        } else {
          addSlot(MemberKey(structure: tag, member: Symbol(item.a)), item.b, file, fileIndex)
        }
      }
    }
  }

  /// Records that the function named by `value` is stored in `key`.
  mutating func addSlot(_ key: MemberKey, _ value: NodeID, _ file: ParsedFile, _ fileIndex: Int) {
    guard value >= 0 else { return }
    var node = file[value]
    if node.kind == .unary, node.operation == .ampersand { node = file[node.a] }
    guard node.kind == .name, let target = resolve(Symbol(node.a), fromFile: fileIndex) else { return }
    if slots[key]?.contains(target) != true { slots[key, default: []].append(target) }
  }
}

extension Program {
  /// The definition that a call to `name` from a file means: the file's own, a global one, a header's, a macro.
  public func resolve(_ name: Symbol, fromFile: Int) -> FunctionID? {
    guard let candidates = byName[name] else {
      guard let target = aliases[name], target != name, byName[target] != nil else { return nil }
      return resolve(target, fromFile: fromFile)
    }
    if candidates.count == 1 { return reachable(candidates[0], fromFile) ? candidates[0] : nil }
    var best: FunctionID?
    var bestScore = -1
    for candidate in candidates {
      let score = score(candidate, fromFile)
      if score > bestScore {
        best = candidate
        bestScore = score
      }
    }
    return best
  }

  private func reachable(_ id: FunctionID, _ fromFile: Int) -> Bool {
    let place = functions[Int(id.rawValue)]
    if Int(place.file) == fromFile { return true }
    let function = versions.files[Int(place.version)].functions[Int(place.index)]
    return !function.isStatic || isHeader[Int(place.file)]
  }

  /// Nearer definitions win; among stubs and real ones the longer body wins; foreign architectures lose.
  private func score(_ id: FunctionID, _ fromFile: Int) -> Int {
    guard reachable(id, fromFile) else { return -1 }
    let place = functions[Int(id.rawValue)]
    let file = versions.files[Int(place.version)]
    let function = file.functions[Int(place.index)]
    let length = min(function.tokens.count, 90_000)
    if Int(place.file) == fromFile { return 1_000_000 + length }
    let from = files[fromFile].path
    var score = length
    if !function.isMacro, !function.isStatic { score += 200_000 }
    if file.path.hasPrefix("arch/") {
      score +=
        from.hasPrefix("arch/") && Self.sharesTwoComponents(file.path, from) || file.path.hasPrefix("arch/x86/")
        ? 100_000 : -100_000
    }
    if file.path.hasPrefix("tools/") != from.hasPrefix("tools/") { score -= 150_000 }
    if file.path.hasPrefix("include/") { score += 50_000 }
    if isHeader[Int(place.file)], function.isStatic, !file.path.hasPrefix("include/"), !file.path.hasPrefix("arch/") {
      return Self.nearness(file.path, from, length)
    }
    return max(score, 0)
  }

  /// What a driver's header has counts for the files around it: those of its folder and of the folders in that. Headers of
  /// other drivers come by how much of the way they share, and only then by length.
  private static func nearness(_ header: String, _ from: String, _ length: Int) -> Int {
    let slash = UInt8(ascii: "/")
    let same = zip(header.utf8, from.utf8).prefix { $0 == $1 }
    let shared = same.count { $0.0 == slash }
    let folders = header.utf8.count { $0 == slash }
    return (shared == folders ? 100_000 : 0) + shared * 1_000 + min(length, 999)
  }

  private static func sharesTwoComponents(_ left: String, _ right: String) -> Bool {
    left.split(separator: "/").prefix(2) == right.split(separator: "/").prefix(2)
  }

  /// All definitions of `name`.
  public func definitions(of name: Symbol) -> [FunctionID] { byName[name] ?? [] }

  /// The structure or union a value or a pointer of this type is about; typedefs are looked through.
  public func structure(of type: CType) -> Symbol? {
    var type = type
    var steps = 0
    while type.base == .typedef, steps < 8, let next = typedefs[type.name] {
      type = next
      steps += 1
    }
    guard type.base == .structure || type.base == .union || type.base == .typedef, type.name.exists else { return nil }
    return type.name
  }

  /// The type of a member.
  public func memberType(_ structure: Symbol, _ member: Symbol) -> CType? {
    members[MemberKey(structure: structure, member: member)]
  }

  /// The type of a variable at file scope.
  public func globalType(_ name: Symbol) -> CType? { globals[name] }

  /// The type of a variable that only the `.c` file with this index can name; nil where it has none of the name.
  public func ownedType(_ name: Symbol, file: Int32) -> CType? { owned[OwnedName(file: file, name: name)] }

  /// What a function returns.
  public func returnType(_ name: Symbol) -> CType? { returnTypes[name] }

  /// A typedef looked through, pointers added up.
  public func resolved(_ type: CType) -> CType {
    var type = type
    var steps = 0
    while type.base == .typedef, steps < 8, let next = typedefs[type.name] {
      let pointers = type.pointers
      let arrays = type.arrays
      type = next
      type.pointers = min(type.pointers + pointers, 8)
      type.arrays = min(type.arrays + arrays, 8)
      steps += 1
    }
    return type
  }
}
