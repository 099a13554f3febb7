import ByteText
public import KernelC

extension KernelLint {
  /// How many calls above a changed function its callers are judged.
  private static let levels = 5
  /// More functions than this are not judged because of one change.
  private static let limit = 1500

  /// The functions of `files` that reach what `changes` touch through at most five levels of calls by name, or through the
  /// member of a table that holds the function and lies in the same folder, by path.
  ///
  /// A function counts as touched when one of the `lines` of its file lies in it. Names of static functions and of macros in
  /// a `.c` file mean something in that file only.
  ///
  /// - Complexity: O(nodes of `files`), times the levels.
  public func callers(
    of changes: [(file: ParsedFile, lines: Set<Int>)], in files: [ParsedFile]
  ) -> [String: Set<String>] {
    var search = CallerSearch(symbolCount: symbols.count)
    for (file, lines) in changes where !lines.isEmpty {
      for function in file.functions where function.isTouched(by: lines, in: file) { search.want(function, of: file) }
    }
    for _ in 0..<Self.levels {
      let found = search.next(in: files)
      if found.isEmpty || search.count + found.count > Self.limit { break }
      for (file, function) in found { search.take(function, of: file) }
    }
    return search.taken.mapValues { Set($0.map(symbols.text)) }
  }
}

extension FunctionDefinition {
  /// Whether one of `lines` lies in the function.
  func isTouched(by lines: Set<Int>, in file: ParsedFile) -> Bool {
    guard let start = tokens.first, let end = tokens.last else { return false }
    let first = file.position(ofOffset: file.tokens[start].start).line
    let last = file.position(ofOffset: file.tokens[end].start).line
    return lines.count < last - first
      ? lines.contains { $0 >= first && $0 <= last } : (first...max(first, last)).contains { lines.contains($0) }
  }
}

/// The members that the functions of a file are stored in by the initialisers of its tables.
private struct SlotNames {
  private(set) var members: [Symbol: Set<Symbol>] = [:]
  private let file: ParsedFile

  init(_ file: ParsedFile) {
    self.file = file
    for table in file.globals where table.initialiser >= 0 { read(table.initialiser, 0) }
  }

  private mutating func read(_ list: NodeID, _ depth: Int) {
    guard file[list].kind == .initialiserList, depth < 4 else { return }
    for element in file.list(file[list].a, file[list].b) {
      let item = file[element]
      if item.kind == .initialiserList {
        read(element, depth + 1)
      } else if item.kind == .designator, item.b >= 0 {
        if file[item.b].kind == .name {
          members[Symbol(file[item.b].a), default: []].insert(Symbol(item.a))
        } else {
          read(item.b, depth + 1)
        }
      }
    }
  }
}

/// Names that are looked for, and the functions that mentioned one.
private struct CallerSearch {
  /// What the tables of a file hold, by its path, as far as it was asked.
  private var tables: [String: SlotNames] = [:]
  /// Members through which something wanted is called, by the folder of the table.
  private var slots: [Substring: Set<Symbol>] = [:]
  private var global: ContiguousArray<Bool>
  private var local: [String: Set<Symbol>] = [:]
  private(set) var taken: [String: Set<Symbol>] = [:]
  private(set) var count = 0

  init(symbolCount: Int) { global = ContiguousArray(repeating: false, count: symbolCount) }

  mutating func want(_ function: FunctionDefinition, of file: ParsedFile) {
    guard function.name.exists, Int(function.name.rawValue) < global.count else { return }
    let table = tables[file.path] ?? SlotNames(file)
    tables[file.path] = table
    if let members = table.members[function.name] { slots[TreePath.folder(file.path), default: []].formUnion(members) }
    if function.isStatic, !file.path.hasSuffix(".h") {
      local[file.path, default: []].insert(function.name)
    } else {
      global[Int(function.name.rawValue)] = true
    }
  }

  mutating func take(_ function: FunctionDefinition, of file: ParsedFile) {
    if taken[file.path, default: []].insert(function.name).inserted { count += 1 }
    want(function, of: file)
  }

  func next(in files: [ParsedFile]) -> [(file: ParsedFile, function: FunctionDefinition)] {
    var found: [(file: ParsedFile, function: FunctionDefinition)] = []
    for file in files {
      let names = local[file.path] ?? []
      let known = taken[file.path] ?? []
      let members = slots[TreePath.folder(file.path)] ?? []
      for function in file.functions where !known.contains(function.name) {
        let mentions = function.nodes.contains { id in
          let node = file[id]
          if node.kind == .call, !members.isEmpty, file[node.a].kind == .member {
            return members.contains(Symbol(file[node.a].b))
          }
          guard node.kind == .name, node.a >= 0, Int(node.a) < global.count else { return false }
          return global[Int(node.a)] || !names.isEmpty && names.contains(Symbol(node.a))
        }
        if mentions { found.append((file, function)) }
      }
    }
    return found
  }
}
