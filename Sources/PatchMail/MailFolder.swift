#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A directory as input: a maildir, or patches in files of their own.
enum MailFolder {
  /// The files to read, in order; nil if `path` is not a directory.
  ///
  /// In a maildir the order is that of delivery (numbers in the names compared as numbers); elsewhere that of the names.
  static func files(at path: String) throws(MailError) -> [String]? {
    var status = stat()
    guard stat(path, &status) == 0 else { throw MailSource.unreadable(path) }
    guard status.st_mode & S_IFMT == S_IFDIR else { return nil }
    let names = try entries(of: path)
    if names.contains("cur") || names.contains("new") {
      var found: [(name: String, path: String)] = []
      for folder in ["cur", "new"] where names.contains(folder) {
        for name in try entries(of: path + "/" + folder) where !name.hasPrefix(".") {
          found.append((name, path + "/" + folder + "/" + name))
        }
      }
      return found.sorted { precedes($0.name, $1.name) }.map(\.path)
    }
    let suffixes = [".patch", ".eml", ".mbox", ".mbx", ".mail", ".diff", ".patch.gz", ".mbox.gz"]
    let patches = names.filter { name in suffixes.contains { name.hasSuffix($0) } }
    guard !patches.isEmpty else {
      throw MailError(
        .noMail, at: path, "the directory holds no .patch, .eml or .mbox file and is no maildir",
        next: "name the mbox itself, or put the patches there with git format-patch -o")
    }
    return patches.sorted { precedes($0, $1) }.map { path + "/" + $0 }
  }

  private static func entries(of path: String) throws(MailError) -> [String] {
    guard let folder = opendir(path) else { throw MailSource.unreadable(path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Whether `left` comes first, runs of digits being compared as numbers.
  static func precedes(_ left: String, _ right: String) -> Bool {
    var a = Array(left.utf8)[...]
    var b = Array(right.utf8)[...]
    while let x = a.first, let y = b.first {
      if ASCII.isDigit(x), ASCII.isDigit(y) {
        let m = a.prefix(while: ASCII.isDigit)
        let n = b.prefix(while: ASCII.isDigit)
        let p = m.drop { $0 == 48 }
        let q = n.drop { $0 == 48 }
        if p.count != q.count { return p.count < q.count }
        if !p.elementsEqual(q) { return p.lexicographicallyPrecedes(q) }
        a = a.dropFirst(m.count)
        b = b.dropFirst(n.count)
      } else {
        if x != y { return x < y }
        a = a.dropFirst()
        b = b.dropFirst()
      }
    }
    return a.isEmpty && !b.isEmpty
  }
}
