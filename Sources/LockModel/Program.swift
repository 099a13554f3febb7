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
///
/// A class, because everything that looks at a function carries it along.
public final class Program: Sendable {
  /// The table that the symbols of all files belong to.
  public let symbols: SymbolTable
  /// The files in the order of their paths, which decides between equal definitions.
  public let files: [ParsedFile]
  /// Every function by its number, those of other states too: the index of its file, and where its text is.
  public let functions: [(file: Int32, version: Int32, index: Int32)]
  /// All functions of the program, macros included, in file order.
  public let allFunctions: [FunctionID]
  /// Functions that initialisers and assignments put into a member.
  public let slots: [MemberKey: [FunctionID]]
  let versions: FileVersions
  /// How many bytes further on a function stands than in the version that its text is of.
  private let shifts: [FunctionID: Int]
  let byName: [Symbol: [FunctionID]]
  /// By file: whether it is a header.
  private let isHeader: [Bool]
  let members: [MemberKey: CType]
  let typedefs: [Symbol: CType]
  let globals: [Symbol: CType]
  /// Variables that only one `.c` file can name, with their types.
  let owned: [OwnedName: CType]
  let returnTypes: [Symbol: CType]
  let aliases: [Symbol: Symbol]
  /// Guards by their class, each with the file that defines it.
  let guards: [Symbol: (definition: GuardDefinition, file: Int)]
  /// Macros whose body is a guard.
  let guardMacros: Set<Symbol>
  /// Functions that stand in a list without a member's name, as in an array of function pointers.
  private let listed: Set<FunctionID>

  /// Links `files`; their order decides ties, so give them sorted.
  ///
  /// - Complexity: O(definitions and initialisers).
  public convenience init(files: [ParsedFile], symbols: SymbolTable) {
    self.init(FileVersions(separate: files), state: Array(files.indices), symbols: symbols)
  }

  /// Links the versions that are in `state`, at most one of each path.
  ///
  /// - Complexity: O(definitions and initialisers).
  public convenience init(_ versions: FileVersions, state: [Int], symbols: SymbolTable) {
    let names = NameLinker(versions, state: state, symbols: symbols)
    // What an initialiser names is looked up in what the names are.
    let tables = TableReader(Program(names, slots: [:], listed: []))
    self.init(names, slots: tables.slots, listed: tables.listed)
  }

  private init(_ names: NameLinker, slots: [MemberKey: [FunctionID]], listed: Set<FunctionID>) {
    symbols = names.symbols
    files = names.files
    functions = names.versions.functions
    allFunctions = names.allFunctions
    versions = names.versions
    shifts = names.shifts
    byName = names.byName
    isHeader = names.isHeader
    members = names.members
    typedefs = names.typedefs
    globals = names.globals
    owned = names.owned
    returnTypes = names.returnTypes
    aliases = names.aliases
    guards = names.guards
    guardMacros = names.guardMacros
    self.slots = slots
    self.listed = listed
  }

  /// The definition `id` names.
  public func definition(_ id: FunctionID) -> FunctionDefinition { versions.definition(id) }

  /// The file that defines `id`, in a version that has the function in these words; `position(ofToken:in:)` knows where it
  /// stands in the program.
  public func file(of id: FunctionID) -> ParsedFile { versions.file(of: id) }

  /// One-based line and column of a token of a function.
  public func position(ofToken token: UInt32, in id: FunctionID) -> (line: Int, column: Int) {
    let offset = Int(file(of: id).tokens[Int(token)].start) + (shifts[id] ?? 0)
    return files[Int(functions[Int(id.rawValue)].file)].position(ofOffset: UInt32(clamping: offset))
  }

  /// Whether the function stands in an array at file scope, from which anybody may call it.
  public func isListed(_ id: FunctionID) -> Bool { listed.contains(id) }
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
    zip(left.utf8, right.utf8).prefix { $0 == $1 }.count { $0.0 == UInt8(ascii: "/") } >= 2
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
