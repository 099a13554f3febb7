extension DiffParser {
  /// What the extended header lines said.
  private struct GitHeader {
    var oldName: String?
    var newName: String?
    var movedFrom: String?
    var movedTo: String?
    var oldIsNull = false
    var newIsNull = false
    var isCreate = false
    var isDelete = false
    var isRename = false
    var isCopy = false
  }

  /// Reads a file that starts at a `diff --git` line; nil (and the cursor behind that line) if no header follows it.
  mutating func parseGitFile() throws(DiffError) -> FileDiff? {
    let start = lineNumber
    let named = try commonName(on: rest(from: 11))
    let first = line
    var file = FileDiff(path: "", hunks: [], lineNumber: start)
    file.header = [bytes[first]]
    advance()
    var header = GitHeader()
    while !atEnd, try readExtended(&header, &file) {
      file.header.append(bytes[line])
      advance()
    }
    if !atEnd, starts("Binary files ") || starts("Files "), rest(from: 0).suffix(7).elementsEqual(" differ".utf8) {
      file.binary = .withheld
      file.header.append(bytes[line])
      advance()
    } else if !atEnd, starts("GIT binary patch") {
      file.binary = try parseBinary()
    } else {
      guard file.header.count > 1 else { return nil }
      file.hunks = try parseHunks()
    }
    try settle(&file, header, named, at: start)
    return file
  }

  /// Reads one extended header line into `header` and `file`; false if the line is not one.
  private func readExtended(_ header: inout GitHeader, _ file: inout FileDiff) throws(DiffError) -> Bool {
    switch firstByte {
    case UInt8(ascii: "-") where starts("--- "):
      let name = try gitName(rest(from: 4))
      header.oldIsNull = name == nil
      header.oldName = name
    case UInt8(ascii: "+") where starts("+++ "):
      let name = try gitName(rest(from: 4))
      header.newIsNull = name == nil
      header.newName = name
    case UInt8(ascii: "o") where starts("old mode "):
      file.oldMode = try mode(rest(from: 9))
    case UInt8(ascii: "n") where starts("new mode "):
      file.newMode = try mode(rest(from: 9))
    case UInt8(ascii: "n") where starts("new file mode "):
      file.newMode = try mode(rest(from: 14))
      header.isCreate = true
    case UInt8(ascii: "d") where starts("deleted file mode "):
      file.oldMode = try mode(rest(from: 18))
      header.isDelete = true
    case UInt8(ascii: "c") where starts("copy from "):
      header.movedFrom = try wholeName(rest(from: 10))
      header.isCopy = true
    case UInt8(ascii: "c") where starts("copy to "):
      header.movedTo = try wholeName(rest(from: 8))
      header.isCopy = true
    case UInt8(ascii: "r") where starts("rename from ") || starts("rename old "):
      header.movedFrom = try wholeName(rest(from: starts("rename old ") ? 11 : 12))
      header.isRename = true
    case UInt8(ascii: "r") where starts("rename to ") || starts("rename new "):
      header.movedTo = try wholeName(rest(from: starts("rename new ") ? 11 : 10))
      header.isRename = true
    case UInt8(ascii: "s") where starts("similarity index "):
      file.similarity = decimal(rest(from: 17))
    case UInt8(ascii: "d") where starts("dissimilarity index "):
      file.similarity = decimal(rest(from: 20)).map { -$0 }
    case UInt8(ascii: "i") where starts("index "):
      readIndexLine(&file)
    default:
      return false
    }
    return true
  }

  /// `index 1234567..89abcde 100644`
  private func readIndexLine(_ file: inout FileDiff) {
    let rest = rest(from: 6)
    let words = rest.prefix(256).split(separator: 0x20, maxSplits: 2)
    guard let ids = words.first, let dots = ids.firstIndex(of: 0x2E), dots + 1 < ids.endIndex, ids[dots + 1] == 0x2E
    else { return }
    let old = ids[..<dots]
    let new = ids[(dots + 2)...]
    guard Self.isHex(old), Self.isHex(new) else { return }
    file.oldBlob = String(decoding: old, as: UTF8.self)
    file.newBlob = String(decoding: new, as: UTF8.self)
    if words.count > 1, let mode = try? mode(words[1]) {
      file.oldMode = mode
      file.newMode = mode
      file.modeOnIndexLine = true
    }
  }

  /// Puts the names together and decides what kind of change it is.
  private func settle(
    _ file: inout FileDiff, _ header: GitHeader, _ named: String?, at start: Int
  ) throws(DiffError) {
    func contradiction(_ what: String) -> DiffError {
      DiffError(.badHeader, line: start, what, next: "mend the header or ask for the patch again")
    }
    file.oldPath = header.movedFrom ?? header.oldName ?? named
    file.newPath = header.movedTo ?? header.newName ?? named
    if header.isRename || header.isCopy {
      guard header.movedFrom != nil, header.movedTo != nil else {
        throw contradiction("a rename or copy that names only one of its two files")
      }
      file.change = header.isCopy ? .copy : .rename
    } else if header.isCreate || (header.oldIsNull && !header.newIsNull) {
      if header.oldName != nil { throw contradiction("a new file whose '---' line is not /dev/null") }
      file.change = .create
      file.oldPath = nil
    } else if header.isDelete || (header.newIsNull && !header.oldIsNull) {
      if header.newName != nil { throw contradiction("a deleted file whose '+++' line is not /dev/null") }
      file.change = .delete
      file.newPath = nil
    }
    if let named, !header.isRename, !header.isCopy, (file.newPath ?? file.oldPath) != named {
      throw contradiction("the 'diff --git' line names '\(named)', the lines below it '\(file.path)'")
    }
    let lacksName =
      file.path.isEmpty || (file.change != .create && file.oldPath == nil)
      || (file.change != .delete && file.newPath == nil)
    if lacksName { throw contradiction("a git header that does not say which file it is about") }
    let changesMode = file.oldMode != nil && file.oldMode != file.newMode
    if file.change == .modify, file.hunks.isEmpty, file.binary == nil, !changesMode {
      throw contradiction("a diff of '\(file.path)' that changes nothing: its hunks are cut off")
    }
    if file.change == .modify, file.oldPath != file.newPath {
      throw contradiction("a change of '\(file.oldPath ?? "")' to '\(file.newPath ?? "")' that is not called a rename")
    }
  }

  // MARK: Parts of a line

  /// The name on a `---` or `+++` line of a git diff; nil for /dev/null.
  private func gitName(_ rest: Slice<UnsafeBufferPointer<UInt8>>) throws(DiffError) -> String? {
    if let quoted = QuotedPath.unquote(rest) { return try path(stripping: quoted.name) }
    let name = rest.prefix { $0 != 0x09 }
    if name.elementsEqual("/dev/null".utf8) { return nil }
    return try path(stripping: Array(name))
  }

  /// A name that has no prefix to strip (`rename from`).
  private func wholeName(_ rest: Slice<UnsafeBufferPointer<UInt8>>) throws(DiffError) -> String {
    if let quoted = QuotedPath.unquote(rest) { return try path(quoted.name[...]) }
    return try path(Array(rest)[...])
  }

  /// The name both halves of a `diff --git` line agree on; nil if they differ or cannot be told apart.
  ///
  /// Halves that are the same to the byte have no `a/` and `b/` in front (`diff.noprefix`): nothing is stripped then.
  private mutating func commonName(on rest: Slice<UnsafeBufferPointer<UInt8>>) throws(DiffError) -> String? {
    hasPrefixes = true
    guard rest.count <= 10_000 else { return nil }
    let middle = rest.startIndex + rest.count / 2
    if rest.count % 2 == 1, rest.count > 1, rest[middle] == 0x20,
      rest[..<middle].elementsEqual(rest[(middle + 1)...])
    {
      hasPrefixes = false
      if rest.first == 0x22 {
        return try QuotedPath.unquote(rest).map { (name) throws(DiffError) in try path(name.name[...]) }
      }
      return try path(Array(rest[..<middle])[...])
    }
    if rest.first == UInt8(ascii: "\"") {
      guard let first = QuotedPath.unquote(rest), first.end < rest.endIndex else { return nil }
      let left = try path(stripping: first.name)
      let other = rest[(first.end + 1)...]
      let right = QuotedPath.unquote(other)?.name ?? Array(other)
      return try path(stripping: right) == left ? left : nil
    }
    let line = Array(rest)
    if let quote = line.firstIndex(of: 0x22), quote > 1, line[quote - 1] == 0x20 {
      guard let second = QuotedPath.unquote(rest[(rest.startIndex + quote)...]) else { return nil }
      let right = try path(stripping: second.name)
      return try path(stripping: Array(line[..<(quote - 1)])) == right ? right : nil
    }
    guard let firstSlash = line.firstIndex(of: 0x2F) else { return nil }
    // The halves have equal tails, so at most one blank can be the divider for each length of the second prefix.
    var slash = firstSlash
    for blank in line.indices where line[blank] == 0x20 && blank > firstSlash {
      if slash <= blank {
        guard let found = line[(blank + 1)...].firstIndex(of: 0x2F) else { return nil }
        slash = found
      }
      guard blank - firstSlash == line.count - slash else { continue }
      if line[(firstSlash + 1)..<blank].elementsEqual(line[(slash + 1)...]) {
        return blank > firstSlash + 1 ? try path(line[(firstSlash + 1)..<blank]) : nil
      }
    }
    return nil
  }

  private func mode(_ digits: Slice<UnsafeBufferPointer<UInt8>>) throws(DiffError) -> UInt32 {
    var value: UInt32 = 0
    let digits = digits.prefix { $0 != 0x20 && $0 != 0x0D }
    for digit in digits.prefix(7) where digit >= 48 && digit <= 55 { value = value << 3 | UInt32(digit - 48) }
    guard digits.count == 6, [0o100000, 0o120000, 0o160000, 0o040000].contains(value & 0o170000) else {
      throw DiffError(
        .badHeader, line: lineNumber, "the file mode '\(String(decoding: digits.prefix(20), as: UTF8.self))'",
        next: "git knows 100644, 100755, 120000 and 160000")
    }
    return value
  }

  private func decimal(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    Int(String(decoding: digits.prefix(4).prefix { $0 >= 48 && $0 <= 57 }, as: UTF8.self))
  }

  private static func isHex(_ id: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    !id.isEmpty && id.count <= 64
      && id.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) || ($0 >= 65 && $0 <= 70) }
  }
}
