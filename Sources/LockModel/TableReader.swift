import KernelC

/// Reads the initialisers at file scope: which functions stand in which member of which structure, or in an array.
struct TableReader {
  private let program: Program
  private(set) var slots: [MemberKey: [FunctionID]] = [:]
  private(set) var listed: Set<FunctionID> = []

  init(_ program: Program) {
    self.program = program
    for index in program.files.indices { read(index) }
  }

  private mutating func read(_ index: Int) {
    let file = program.files[index]
    for variable in file.globals where variable.initialiser >= 0 {
      noteListed(variable.initialiser, file, index, 0)
      guard let tag = program.structure(of: variable.type) else { continue }
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
      guard item.kind == .name, program.byName[Symbol(item.a)] != nil,
        let target = program.resolve(Symbol(item.a), fromFile: fileIndex)
      else { continue }
      listed.insert(target)
    }
  }

  private mutating func fillSlots(_ tag: Symbol, _ node: NodeID, _ file: ParsedFile, _ fileIndex: Int) {
    let list = file[node]
    guard list.kind == .initialiserList else { return }
    for element in file.list(list.a, list.b) {
      let item = file[element]
      if item.kind == .initialiserList {
        fillSlots(tag, element, file, fileIndex)
      } else if item.kind == .designator {
        if item.b >= 0, file[item.b].kind == .initialiserList {
          let inner = item.op == 1 ? tag : program.memberType(tag, Symbol(item.a)).flatMap { program.structure(of: $0) }
          if let inner { fillSlots(inner, item.b, file, fileIndex) }
        } else {
          addSlot(MemberKey(structure: tag, member: Symbol(item.a)), item.b, file, fileIndex)
        }
      }
    }
  }

  /// Records that the function named by `value` is stored in `key`.
  private mutating func addSlot(_ key: MemberKey, _ value: NodeID, _ file: ParsedFile, _ fileIndex: Int) {
    guard value >= 0 else { return }
    var node = file[value]
    if node.kind == .unary, node.operation == .ampersand { node = file[node.a] }
    guard node.kind == .name, let target = program.resolve(Symbol(node.a), fromFile: fileIndex) else { return }
    if slots[key]?.contains(target) != true { slots[key, default: []].append(target) }
  }
}
