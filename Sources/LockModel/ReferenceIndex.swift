import KernelC

/// Which functions of a program mention a function by name, or call through a member that it is stored in.
public struct ReferenceIndex {
  private let program: Program
  private let callbacks: CallbackIndex
  /// For a symbol, the first entry of its list; -1 for none.
  private var heads: ContiguousArray<Int32>
  private var memberHeads: ContiguousArray<Int32>
  private var entries = ContiguousArray<(function: Int32, next: Int32)>()

  /// Reads every function of `program`, macros left out.
  ///
  /// - Complexity: O(nodes).
  public init(_ program: Program, callbacks: CallbackIndex) {
    self.program = program
    self.callbacks = callbacks
    let count = program.symbols.count
    heads = ContiguousArray(repeating: -1, count: count)
    memberHeads = heads
    var isFunction = ContiguousArray(repeating: false, count: count)
    for id in program.allFunctions {
      let name = Int(program.definition(id).name.rawValue)
      if name >= 0, name < count { isFunction[name] = true }
    }
    for id in program.allFunctions {
      let definition = program.definition(id)
      guard !definition.isMacro else { continue }
      let file = program.file(of: id)
      for node in definition.nodes {
        let item = file[node]
        if item.kind == .name, item.a >= 0, Int(item.a) < count, isFunction[Int(item.a)] {
          Self.add(id, to: &heads, Int(item.a), &entries)
        } else if item.kind == .call, file[item.a].kind == .member {
          let member = Int(file[item.a].b)
          if member >= 0, member < count { Self.add(id, to: &memberHeads, member, &entries) }
        }
      }
    }
  }

  private static func add(
    _ id: FunctionID, to heads: inout ContiguousArray<Int32>, _ symbol: Int,
    _ entries: inout ContiguousArray<(function: Int32, next: Int32)>
  ) {
    let head = heads[symbol]
    // Functions come in order, so a repetition is at the head of its list.
    if head >= 0, entries[Int(head)].function == id.rawValue { return }
    heads[symbol] = Int32(entries.count)
    entries.append((id.rawValue, head))
  }

  private func list(_ heads: ContiguousArray<Int32>, _ symbol: Symbol) -> [FunctionID] {
    guard symbol.exists, Int(symbol.rawValue) < heads.count else { return [] }
    var result: [FunctionID] = []
    var entry = heads[Int(symbol.rawValue)]
    while entry >= 0 {
      result.append(FunctionID(rawValue: entries[Int(entry)].function))
      entry = entries[Int(entry)].next
    }
    return result.reversed()
  }

  /// The functions in which a call may mean `id`, in program order.
  public func mayCall(_ id: FunctionID) -> [FunctionID] {
    var result = list(heads, program.definition(id).name)
    for member in callbacks.members(holding: id) { result += list(memberHeads, member.member) }
    return Set(result).sorted { $0.rawValue < $1.rawValue }
  }
}
