#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes one pack and its index (gitformat-pack, version 2) into an object store.
///
/// Nothing has a name that git looks at before ``finish()``; a writer that goes away earlier leaves nothing.
public struct PackWriter: ~Copyable {
  private let directory: String
  private var pack: PackFile
  private var buffer: [UInt8] = []
  private var length = 12
  private var entries: [(id: ObjectID, checksum: UInt32, offset: Int)] = []
  private var names: Set<ObjectID> = []

  /// Starts a pack in the directory `objects/pack` of a repository.
  public init(in directory: String) throws(TreeError) {
    self.directory = directory
    pack = try PackFile(in: directory, prefix: "tmp_pack")
    buffer.reserveCapacity(2 << 20)
    // The count is not known yet; finish() fills it in.
    buffer = Array("PACK".utf8) + [0, 0, 0, 2, 0, 0, 0, 0]
  }

  /// How many objects the pack holds.
  public var count: Int { entries.count }
  /// The size of the pack so far, in bytes.
  public var size: Int { length }

  /// Whether the pack holds the object.
  public func contains(_ id: ObjectID) -> Bool { names.contains(id) }

  /// Adds an object, unless it is there.
  public mutating func append(_ entry: PackEntry) throws(TreeError) {
    guard names.insert(entry.id).inserted else { return }
    entries.append((entry.id, entry.checksum, length))
    buffer.append(contentsOf: entry.bytes)
    length += entry.bytes.count
    if buffer.count >= 1 << 20 { try flush() }
  }

  /// Writes what is missing of the pack, then its index, and gives both their names.
  @discardableResult
  public consuming func finish() throws(TreeError) -> WrittenPack {
    try flush()
    guard let count = UInt32(exactly: entries.count) else {
      throw TreeError(.failed, "write a pack in", directory, reason: "it has more than 2^32 objects")
    }
    try pack.write(withUnsafeBytes(of: count.bigEndian) { Array($0) }, at: 8)
    let trailer = try checksum()
    try pack.write(trailer.bytes)
    var index = try PackFile(in: directory, prefix: "tmp_idx")
    try index.write(indexBytes(of: trailer))
    let stem = "\(directory)/pack-\(trailer.hex)"
    // git looks for the index and then opens the pack, so the pack must be there first.
    let written = WrittenPack(stem: stem, wasThere: access(stem + ".idx", F_OK) == 0)
    do {
      try pack.place(as: stem + ".pack")
      try index.place(as: stem + ".idx")
    } catch {
      written.remove()
      throw error
    }
    PackFile.synchronise(directory: directory)
    return written
  }

  private mutating func flush() throws(TreeError) {
    try pack.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// The SHA-1 of the pack's content, read back, since the count at its front was not known while it was written.
  private func checksum() throws(TreeError) -> ObjectID {
    var hash = SHA1()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    while offset < length {
      let count = chunk.withUnsafeMutableBytes {
        pread(pack.descriptor, $0.baseAddress, min($0.count, length - offset), off_t(offset))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw PackFile.failure("read back the pack in", directory) }
      chunk.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += count
    }
    return hash.finish()
  }

  private func indexBytes(of trailer: ObjectID) -> [UInt8] {
    let sorted = entries.sorted { $0.id < $1.id }
    var bytes: [UInt8] = [0xFF, 0x74, 0x4F, 0x63, 0, 0, 0, 2]
    bytes.reserveCapacity(8 + 1024 + 28 * sorted.count + 40)
    func append(_ word: UInt32) { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }
    var fanout = [UInt32](repeating: 0, count: 256)
    for entry in sorted { fanout[Int(entry.id.firstByte)] += 1 }
    var total: UInt32 = 0
    for count in fanout {
      total += count
      append(total)
    }
    for entry in sorted { withUnsafeBytes(of: entry.id.oid) { bytes.append(contentsOf: $0) } }
    for entry in sorted { append(entry.checksum) }
    var large: [UInt64] = []
    for entry in sorted {
      if entry.offset < 1 << 31 {
        append(UInt32(entry.offset))
      } else {
        append(1 << 31 | UInt32(large.count))
        large.append(UInt64(entry.offset))
      }
    }
    for offset in large { withUnsafeBytes(of: offset.bigEndian) { bytes.append(contentsOf: $0) } }
    bytes += trailer.bytes
    var hash = SHA1()
    hash.update(bytes)
    return bytes + hash.finish().bytes
  }
}

/// A pack that is in place.
public struct WrittenPack: Sendable {
  fileprivate let stem: String
  /// Whether a pack of the very same content was there before.
  fileprivate let wasThere: Bool

  /// Takes it away again, unless it was there before.
  func remove() {
    guard !wasThere else { return }
    // The index first: without it the pack is nothing to git.
    unlink(stem + ".idx")
    unlink(stem + ".pack")
  }
}
