import KernelC

/// For each symbol a list of functions.
struct FunctionLists: Sendable {
  /// For a symbol, the first entry of its list, which is the last added; -1 for none.
  private var heads: ContiguousArray<Int32>
  private var entries = ContiguousArray<(function: FunctionID, next: Int32)>()

  /// Empty lists for the symbols below `count`.
  init(_ count: Int) { heads = ContiguousArray(repeating: -1, count: count) }

  /// Puts `function` on the list of `symbol`, once. Functions have to come in order.
  mutating func add(_ function: FunctionID, to symbol: Symbol) {
    let index = Int(symbol.rawValue)
    guard heads.indices.contains(index) else { return }
    let head = heads[index]
    // Functions come in order, so a repetition is at the head of its list.
    if head >= 0, entries[Int(head)].function == function { return }
    heads[index] = Int32(entries.count)
    entries.append((function, head))
  }

  /// The functions of `symbol`, the last added first.
  subscript(symbol: Symbol) -> [FunctionID] {
    guard heads.indices.contains(Int(symbol.rawValue)) else { return [] }
    var result: [FunctionID] = []
    var entry = heads[Int(symbol.rawValue)]
    while entry >= 0 {
      result.append(entries[Int(entry)].function)
      entry = entries[Int(entry)].next
    }
    return result
  }
}
