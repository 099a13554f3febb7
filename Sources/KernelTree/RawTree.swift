#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A tree object's bytes: `mode name NUL id`, one after the other, in git's order.
enum RawTree {
  /// Where one entry is in the bytes; they are taken apart only when somebody asks.
  struct Entry {
    var range: Range<Int>
    var name: Range<Int>
    var mode: UInt32

    func entry(in tree: UnsafeRawBufferPointer) -> TreeEntry {
      TreeEntry(mode: mode, id: ObjectID(raw: UnsafeRawBufferPointer(rebasing: tree[(range.upperBound - 20)...])))
    }

    func isNamed(_ wanted: [UInt8], in tree: UnsafeRawBufferPointer) -> Bool {
      guard name.count == wanted.count, let base = tree.baseAddress else { return false }
      return wanted.withUnsafeBytes { words in
        words.baseAddress.map { memcmp(base + name.lowerBound, $0, name.count) == 0 } ?? false
      }
    }

    /// Whether it stands behind `wanted`, which is a directory or not, in git's order.
    func follows(_ wanted: [UInt8], _ isDirectory: Bool, in tree: UnsafeRawBufferPointer) -> Bool {
      wanted.withUnsafeBytes {
        RawTree.precedes(
          $0, isDirectory, UnsafeRawBufferPointer(rebasing: tree[name]), mode & 0o170000 == 0o40000)
      }
    }
  }

  /// Calls `body` with each entry; a damaged tail is left out.
  static func forEach(in tree: UnsafeRawBufferPointer, _ body: (Entry) -> Void) {
    guard let base = tree.baseAddress else { return }
    var at = 0
    while at < tree.count {
      let start = at
      var mode: UInt32 = 0
      while at < tree.count, tree[at] >= 0x30, tree[at] <= 0x37 {
        mode = mode << 3 | UInt32(tree[at] - 0x30)
        at += 1
      }
      at += 1
      guard at < tree.count, let zero = memchr(base + at, 0, tree.count - at) else { return }
      let end = UnsafeRawPointer(zero) - base
      guard end + 21 <= tree.count else { return }
      body(Entry(range: start..<(end + 21), name: at..<end, mode: mode))
      at = end + 21
    }
  }

  /// The entry of this name; nil when there is none.
  static func entry(named name: [UInt8], in tree: UnsafeRawBufferPointer) -> TreeEntry? {
    var found: TreeEntry?
    forEach(in: tree) { if found == nil, $0.isNamed(name, in: tree) { found = $0.entry(in: tree) } }
    return found
  }

  /// Whether one name stands before another: as bytes, a directory as if its name ended in a slash.
  static func precedes(_ left: [UInt8], _ leftIsDirectory: Bool, _ right: [UInt8], _ rightIsDirectory: Bool) -> Bool {
    left.withUnsafeBytes { left in
      right.withUnsafeBytes { precedes(left, leftIsDirectory, $0, rightIsDirectory) }
    }
  }

  private static func precedes(
    _ left: UnsafeRawBufferPointer, _ leftIsDirectory: Bool, _ right: UnsafeRawBufferPointer, _ rightIsDirectory: Bool
  ) -> Bool {
    let shared = min(left.count, right.count)
    if shared > 0, let a = left.baseAddress, let b = right.baseAddress {
      let order = memcmp(a, b, shared)
      if order != 0 { return order < 0 }
    }
    func next(_ name: UnsafeRawBufferPointer, _ isDirectory: Bool) -> UInt8 {
      shared < name.count ? name[shared] : isDirectory ? 0x2F : 0
    }
    return next(left, leftIsDirectory) < next(right, rightIsDirectory)
  }
}
