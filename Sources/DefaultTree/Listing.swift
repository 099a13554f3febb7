import KernelTree

/// The files of an archive as they come, and what is learned from them.
struct Listing {
  struct File {
    var path: [UInt8]
    var mode: UInt32
    var id: ObjectID?
    /// For a hard link, the path whose content it shares.
    var sameAs: [UInt8]?
  }

  let tarball: String
  private(set) var files: [File] = []
  /// The latest time of a member, in seconds since 1970.
  private(set) var newest: Int64 = 0
  private var makefile: [UInt8]?

  init(tarball: String) { self.tarball = tarball }

  /// Reads members until `limit` bytes of content are there; nil at the archive's end.
  mutating func batch(
    number: Int, from reader: inout TarReader, upTo limit: Int
  ) throws(DefaultTreeError) -> Batch? {
    var batch = Batch(number: number)
    batch.content.reserveCapacity(limit + limit / 4)
    while batch.content.count < limit {
      guard let member = try reader.next() else { break }
      newest = max(newest, member.modified)
      guard let path = try relativePath(member.path) else { continue }
      let start = batch.content.count
      switch member.kind {
      case .directory: continue
      case .hardLink(let target):
        let shared = try relativePath(target)
        files.append(File(path: path, mode: member.isExecutable ? 0o100755 : 0o100644, sameAs: shared))
        continue
      case .symbolicLink(let target):
        batch.content += target
        files.append(File(path: path, mode: 0o120000))
      case .file:
        try reader.appendContent(of: member, to: &batch.content)
        files.append(File(path: path, mode: member.isExecutable ? 0o100755 : 0o100644))
        if path == Array("Makefile".utf8) { makefile = Array(batch.content[start...]) }
      }
      batch.pieces.append(Batch.Piece(file: files.count - 1, range: start..<batch.content.count))
    }
    return batch.pieces.isEmpty ? nil : batch
  }

  /// Notes the names that a batch's content got.
  mutating func name(_ batch: EncodedBatch) {
    for (file, entry) in zip(batch.files, batch.entries) { files[file].id = entry.id }
  }

  /// Every file with its blob.
  func entries() throws(DefaultTreeError) -> [(path: [UInt8], entry: TreeEntry)] {
    var byPath: [[UInt8]: ObjectID] = [:]
    for file in files { byPath[file.path] = file.id }
    var entries: [(path: [UInt8], entry: TreeEntry)] = []
    entries.reserveCapacity(files.count)
    for file in files {
      guard let id = file.id ?? file.sameAs.flatMap({ byPath[$0] }) else {
        throw DefaultTreeError.damaged(tarball, "a hard link to a file that is not in it")
      }
      entries.append((file.path, TreeEntry(mode: file.mode, id: id)))
    }
    return entries
  }

  /// The kernel's version, from the top Makefile: `6.12.117`.
  func version() throws(DefaultTreeError) -> String {
    let lines = String(decoding: makefile ?? [], as: UTF8.self).split(separator: "\n").prefix(20)
    func value(_ name: String) -> String? {
      for line in lines {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].filter({ $0 != " " }) == name else { continue }
        return parts[1].filter { $0 != " " }
      }
      return nil
    }
    guard let version = value("VERSION"), let patchLevel = value("PATCHLEVEL"), let sublevel = value("SUBLEVEL"),
      !version.isEmpty, !patchLevel.isEmpty, ![version, patchLevel, sublevel].contains(where: { $0.contains("/") })
    else { throw DefaultTreeError.damaged(tarball, "its Makefile names no kernel version") }
    let extra = (value("EXTRAVERSION") ?? "").filter { $0 != "/" }
    return "\(version).\(patchLevel)" + (sublevel.isEmpty ? "" : ".\(sublevel)") + extra
  }

  /// The path below the archive's one top directory; nil for that directory itself.
  private func relativePath(_ path: [UInt8]) throws(DefaultTreeError) -> [UInt8]? {
    let parts = path.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }
    guard path.first != UInt8(ascii: "/"), !parts.contains([UInt8(ascii: "."), UInt8(ascii: ".")]) else {
      throw DefaultTreeError.damaged(tarball, "a path that leads out of it")
    }
    return parts.count < 2 ? nil : Array(parts.dropFirst().joined(separator: [UInt8(ascii: "/")]))
  }
}

/// Content of several files, to be hashed and deflated by one task.
struct Batch: Sendable {
  struct Piece: Sendable {
    var file: Int
    var range: Range<Int>
  }

  let number: Int
  var content: [UInt8] = []
  var pieces: [Piece] = []

  init(number: Int) { self.number = number }

  func encoded() throws(TreeError) -> EncodedBatch {
    guard let encoder = PackEncoder() else { throw TreeError(.failed, "pack", "a batch", reason: "out of memory") }
    let entries = content.withUnsafeBytes { bytes in
      pieces.map { encoder.entry(.blob, UnsafeRawBufferPointer(rebasing: bytes[$0.range])) }
    }
    return EncodedBatch(number: number, files: pieces.map(\.file), entries: entries)
  }
}

/// A batch's objects, ready for the pack.
struct EncodedBatch: Sendable {
  let number: Int
  let files: [Int]
  let entries: [PackEntry]
}
