extension DiffParser {
  /// Reads a `---`/`+++` diff as `diff -u`, quilt and others write it; the current line is the `---` line.
  mutating func parsePlainFile(after before: Range<Int>?) throws(DiffError) -> FileDiff {
    hasPrefixes = true
    let start = lineNumber
    var header: [ArraySlice<UInt8>] = []
    if let before, starts("diff ", at: before.lowerBound, end: before.upperBound) { header.append(bytes[before]) }
    header.append(bytes[line])
    let old = try plainName()
    advance()
    header.append(bytes[line])
    let new = try plainName()
    advance()
    let hunks = try parseHunks()

    var file = FileDiff(path: "", hunks: hunks, lineNumber: start)
    file.isGit = false
    file.header = header
    switch (old, new) {
    case (nil, nil):
      throw DiffError(
        .badHeader, line: start, "a diff between nothing and nothing", next: "restore its '---' and '+++' lines")
    case (nil, let name?):
      file.change = .create
      file.oldPath = nil
      file.newPath = name
    case (let name?, nil):
      file.change = .delete
      file.oldPath = name
      file.newPath = nil
    case (let oldName?, let newName?):
      // `diff -u x.c.orig x.c` and `diff -u x.c x.c.new` both mean x.c: git takes the shorter of two such names.
      let name = newName.hasPrefix(oldName) ? oldName : newName
      file.oldPath = name
      file.newPath = name
      if hunks.count == 1, hunks[0].oldStart == 0, hunks[0].oldCount == 0 {
        file.change = .create
        file.oldPath = nil
      }
    }
    return file
  }

  /// The name on the current `---` or `+++` line; nil if the line says that there is no such file.
  private func plainName() throws(DiffError) -> String? {
    var rest = rest(from: 4)
    if rest.first == UInt8(ascii: "\""), let quoted = QuotedPath.unquote(rest) {
      return try path(stripping: quoted.name)
    }
    var date = rest[rest.endIndex..<rest.endIndex]
    if let tab = rest.firstIndex(of: 0x09) {
      date = rest[(tab + 1)...]
      rest = rest[..<tab]
    } else if let blank = Self.dateStart(in: rest) {
      date = rest[(blank + 1)...]
      rest = rest[..<blank]
    }
    if rest.elementsEqual("/dev/null".utf8) { return nil }
    // The epoch is how `diff -N` dates a file that is not there; the zone shifts the hour and even the day.
    if date.starts(with: "1970-01-01 ".utf8) || date.starts(with: "1969-12-31 ".utf8) {
      let clock = date.dropFirst(11)
      if clock.dropFirst(2).starts(with: ":00:00".utf8) || clock.dropFirst(2).starts(with: ":30:00".utf8) {
        return nil
      }
    }
    return try path(stripping: Array(rest))
  }

  /// Where ` 2024-12-31` starts in a header line without a tab.
  private static func dateStart(in line: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    let shape = Array(" dddd-dd-dd ".utf8)
    guard line.count > shape.count else { return nil }
    return (line.startIndex...line.endIndex - shape.count).first { start in
      shape.indices.allSatisfy { index in
        let byte = line[start + index]
        return shape[index] == UInt8(ascii: "d") ? byte >= 48 && byte <= 57 : byte == shape[index]
      }
    }
  }

  /// A name without its first component (`a/`, `b/`, `linux-6.12/`), as `git apply -p1`; a bare name stays.
  func path(stripping name: [UInt8]) throws(DiffError) -> String {
    var start = 0
    if hasPrefixes, let slash = name.firstIndex(of: 0x2F) { start = slash + 1 }
    return try path(name[start...])
  }

  /// A name as a path of the tree: UTF-8, with doubled slashes made one.
  func path(_ name: ArraySlice<UInt8>) throws(DiffError) -> String {
    var clean: [UInt8] = []
    clean.reserveCapacity(name.count)
    for byte in name where byte != 0x2F || clean.last != 0x2F { clean.append(byte) }
    guard !clean.isEmpty, clean.count <= 4096, !clean.contains(0), let path = String(validating: clean, as: UTF8.self)
    else {
      throw DiffError(
        .badPath, line: lineNumber, "a file name that is empty, longer than 4096 bytes, not UTF-8 or holds a NUL",
        next: "rename the file or mend the header")
    }
    return path
  }
}
