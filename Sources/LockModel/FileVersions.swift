public import KernelC

/// The files of several states of a tree, with numbers for their functions that all states share.
///
/// A function that two versions of a file have in the same words is one function with one number: what is known of it holds
/// in both, wherever each has it. Numbers rise in the order of paths and, within a version, of definitions.
public struct FileVersions: Sendable {
  /// A function by its number: its file's path, the version that its nodes and tokens are of, and its index in there.
  typealias Entry = (file: Int32, version: Int32, index: Int32)

  /// Every version of every file.
  let files: [ParsedFile]
  /// By version: the index of its path.
  let slots: [Int32]
  /// By path index.
  let paths: [String]
  /// By version: the numbers of its functions.
  let numbers: [[FunctionID]]
  /// By number.
  let functions: [Entry]

  /// Numbers the functions of `files`: versions of one path stand together, and paths are in order.
  ///
  /// - Complexity: O(definitions), and O(definitions²) for paths with several versions.
  public init(_ files: [ParsedFile]) { self.init(files, isSeparate: { $0.path != $1.path }) }

  /// Every file is one of its own, whatever its path.
  init(separate files: [ParsedFile]) { self.init(files, isSeparate: { _, _ in true }) }

  private init(_ files: [ParsedFile], isSeparate: (ParsedFile, ParsedFile) -> Bool) {
    var slots: [Int32] = []
    var paths: [String] = []
    var numbers: [[FunctionID]] = []
    var functions: [Entry] = []
    var start = 0
    while start < files.count {
      var end = start + 1
      while end < files.count, !isSeparate(files[start], files[end]) { end += 1 }
      let slot = Int32(paths.count)
      paths.append(files[start].path)
      var merged = MergedFunctions()
      let positions = (start..<end).map { merged.add(files[$0], version: $0) }
      let first = Int32(functions.count)
      let order = merged.order
      functions += order.map { (file: slot, version: Int32($0.version), index: Int32($0.index)) }
      for entries in positions {
        slots.append(slot)
        numbers.append(entries.map { FunctionID(rawValue: first + merged.rank(of: $0)) })
      }
      start = end
    }
    self.files = files
    self.slots = slots
    self.paths = paths
    self.numbers = numbers
    self.functions = functions
  }

  /// The text of a function, in a version that has it in these words.
  func definition(_ id: FunctionID) -> FunctionDefinition {
    let entry = functions[Int(id.rawValue)]
    return files[Int(entry.version)].functions[Int(entry.index)]
  }

  /// The version of a file that a function's text is of.
  func file(of id: FunctionID) -> ParsedFile { files[Int(functions[Int(id.rawValue)].version)] }
}

/// The functions of the versions of one file in an order that each version keeps.
private struct MergedFunctions {
  struct Entry {
    let file: ParsedFile
    let version: Int
    let index: Int
  }

  private var entries: [Entry] = []
  /// Indices into `entries`, in order.
  private var sequence: [Int] = []
  private var ranks: [Int32] = []

  var order: [Entry] { sequence.map { entries[$0] } }

  func rank(of entry: Int) -> Int32 { ranks[entry] }

  /// Adds a version; returns the entry of each of its functions.
  mutating func add(_ file: ParsedFile, version: Int) -> [Int] {
    var result: [Int] = []
    var position = 0
    let isFirst = entries.isEmpty
    for (index, function) in file.functions.enumerated() {
      let match =
        isFirst
        ? nil
        : sequence[position...].firstIndex { entry in
          let other = entries[entry]
          return other.file.functions[other.index].name == function.name
            && file.isSame(index, as: other.index, of: other.file)
        }
      if let match {
        result.append(sequence[match])
        position = match + 1
      } else {
        entries.append(Entry(file: file, version: version, index: index))
        sequence.insert(entries.count - 1, at: position)
        result.append(entries.count - 1)
        position += 1
      }
    }
    ranks = [Int32](repeating: 0, count: entries.count)
    for (rank, entry) in sequence.enumerated() { ranks[entry] = Int32(rank) }
    return result
  }
}
