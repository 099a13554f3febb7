/// The facts of many files, linked by name: who defines what, and which calls mean something that the files define.
public struct LinkedFacts: Sendable {
  /// Function definitions, macros not counted.
  public private(set) var functions = 0
  /// Function-like macros that were read as functions.
  public private(set) var macros = 0
  /// Names that a file calls or stores, counted once a file, that a function or macro of some file has.
  public private(set) var linked = 0
  /// The same for names that nothing defines: compiler built-ins, names that macros paste, members of unions of calls.
  public private(set) var unknown = 0
  private var files: [Int32] = []
  private var names: [UInt64] = []

  /// Links `facts`, whose indices name the files from then on.
  ///
  /// - Complexity: O(n log n) in the definitions, O(log n) a reference.
  public init(_ facts: [FileFacts]) {
    var definitions: [(name: UInt64, file: Int32)] = []
    for (index, file) in facts.enumerated() {
      for definition in file.definitions {
        switch definition.kind {
        case .function, .staticFunction: functions += 1
        case .macro: macros += 1
        case .structure, .variable: continue
        }
        definitions.append((definition.name, Int32(index)))
      }
    }
    definitions.sort { $0.name == $1.name ? $0.file < $1.file : $0.name < $1.name }
    names = definitions.map(\.name)
    files = definitions.map(\.file)
    let table = NameTable(names)
    for file in facts {
      for reference in file.references {
        if table.contains(reference) { linked += 1 } else { unknown += 1 }
      }
    }
  }

  /// The files that define a function or macro of that name.
  public func definingFiles(of name: UInt64) -> ArraySlice<Int32> {
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low + high) / 2
      if names[middle] < name { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < names.count, names[end] == name { end += 1 }
    return files[low..<end]
  }
}

/// A set of hashes, open-addressed.
private struct NameTable {
  private var slots: ContiguousArray<UInt64>
  private let mask: Int

  init(_ names: [UInt64]) {
    var size = 16
    while size < names.count * 2 { size *= 2 }
    mask = size - 1
    slots = ContiguousArray(repeating: 0, count: size)
    for name in names { insert(name) }
  }

  private mutating func insert(_ name: UInt64) {
    var slot = Int(truncatingIfNeeded: name) & mask
    while slots[slot] != 0, slots[slot] != name { slot = (slot + 1) & mask }
    slots[slot] = name
  }

  func contains(_ name: UInt64) -> Bool {
    var slot = Int(truncatingIfNeeded: name) & mask
    while slots[slot] != 0 {
      if slots[slot] == name { return true }
      slot = (slot + 1) & mask
    }
    return false
  }

}
