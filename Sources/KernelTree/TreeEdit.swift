#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Changes of one directory and of those below it, sorted into the directories they belong to.
struct TreeEdit {
  /// What is to be at this path itself; the outer nil leaves it.
  private var own: TreeEntry??
  private var children: [[UInt8]: TreeEdit] = [:]

  init(_ updates: [TreeUpdate]) throws(TreeError) {
    for update in updates {
      let path = update.path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).map { Array($0) }
      guard path.allSatisfy(Self.isAllowed) else {
        throw TreeError(.invalidName, "change the tree at", update.path, reason: "git does not allow this path")
      }
      insert(update.entry, at: path[...])
    }
  }

  private init() {}

  private mutating func insert(_ entry: TreeEntry?, at path: ArraySlice<[UInt8]>) {
    guard let name = path.first else {
      // A path that is taken away and made again is made.
      if own == nil || entry != nil { own = .some(entry) }
      return
    }
    children[name, default: TreeEdit()].insert(entry, at: path.dropFirst())
  }

  private static func isAllowed(_ name: [UInt8]) -> Bool {
    !name.isEmpty && !name.contains(0) && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
      && String(decoding: name, as: UTF8.self).lowercased() != ".git"
  }

  /// What the store must do for an edit.
  struct Store {
    let read: (ObjectID, (UnsafeRawBufferPointer) throws(TreeError) -> ObjectID?) throws(TreeError) -> ObjectID?
    let write: ([UInt8]) throws(TreeError) -> ObjectID
  }

  /// The directory `tree` (nil is an empty one) with the changes made; nil when nothing is left in it.
  ///
  /// - Complexity: proportional to the size of the directories on the changed paths, which are copied in runs.
  func apply(to tree: ObjectID?, path: String, _ store: Store) throws(TreeError) -> ObjectID? {
    guard let tree else { return try rewrite(UnsafeRawBufferPointer(start: nil, count: 0), path, store) }
    return try store.read(tree) { (bytes) throws(TreeError) in try rewrite(bytes, path, store) }
  }

  /// An entry that goes into the directory, with its place in git's order.
  private struct Insertion {
    var name: [UInt8]
    var entry: TreeEntry
  }

  private func rewrite(_ old: UnsafeRawBufferPointer, _ path: String, _ store: Store) throws(TreeError) -> ObjectID? {
    var existing: [[UInt8]: TreeEntry] = [:]
    var gaps: [Range<Int>] = []
    RawTree.forEach(in: old) { entry in
      for name in children.keys where entry.isNamed(name, in: old) {
        existing[name] = entry.entry(in: old)
        gaps.append(entry.range)
      }
    }
    var insertions: [Insertion] = []
    for (name, child) in children {
      let place = path + String(decoding: name, as: UTF8.self)
      if let entry = try child.entry(replacing: existing[name], place, store) {
        insertions.append(Insertion(name: name, entry: entry))
      }
    }
    insertions.sort { RawTree.precedes($0.name, $0.entry.isDirectory, $1.name, $1.entry.isDirectory) }
    let content = Self.merged(old, without: gaps, with: insertions)
    return content.isEmpty ? nil : try store.write(content)
  }

  /// What is to stand here in place of `old`.
  private func entry(
    replacing old: TreeEntry?, _ place: String, _ store: Store
  ) throws(TreeError) -> TreeEntry? {
    func refusal(_ reason: String) -> TreeError { TreeError(.failed, "change the tree at", place, reason: reason) }
    guard !children.isEmpty else {
      guard let own else { return old }
      if let own, let old, old.isDirectory, !own.isDirectory { throw refusal("it is a directory") }
      return own
    }
    if let old, !old.isDirectory, own == nil { throw refusal("it is a file, not a directory") }
    let directory = old.flatMap { $0.isDirectory ? $0.id : nil }
    let made = try apply(to: directory, path: place + "/", store)
    guard let made else { return own ?? nil }
    if let own, own != nil { throw refusal("it is a directory with other files") }
    return TreeEntry(mode: 0o40000, id: made)
  }

  private static func merged(
    _ old: UnsafeRawBufferPointer, without gaps: [Range<Int>], with insertions: [Insertion]
  ) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(old.count + insertions.reduce(0) { $0 + $1.name.count + 28 })
    var start = 0
    var nextGap = 0
    var nextInsertion = 0
    func add(_ insertion: Insertion) {
      content.append(contentsOf: String(insertion.entry.mode, radix: 8).utf8)
      content.append(0x20)
      content.append(contentsOf: insertion.name)
      content.append(0)
      withUnsafeBytes(of: insertion.entry.id.oid) { content.append(contentsOf: $0) }
    }
    RawTree.forEach(in: old) { entry in
      if nextInsertion < insertions.count {
        let insertion = insertions[nextInsertion]
        if entry.follows(insertion.name, insertion.entry.isDirectory, in: old) {
          content.append(contentsOf: old[start..<entry.range.lowerBound])
          start = entry.range.lowerBound
          while nextInsertion < insertions.count,
            entry.follows(insertions[nextInsertion].name, insertions[nextInsertion].entry.isDirectory, in: old)
          {
            add(insertions[nextInsertion])
            nextInsertion += 1
          }
        }
      }
      if nextGap < gaps.count, gaps[nextGap] == entry.range {
        content.append(contentsOf: old[start..<entry.range.lowerBound])
        start = entry.range.upperBound
        nextGap += 1
      }
    }
    content.append(contentsOf: old[start...])
    while nextInsertion < insertions.count {
      add(insertions[nextInsertion])
      nextInsertion += 1
    }
    return content
  }
}
