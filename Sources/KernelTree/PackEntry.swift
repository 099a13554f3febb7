/// The type of a git object, numbered as in a pack.
public enum ObjectType: UInt8, Sendable {
  /// A commit.
  case commit = 1
  /// A tree.
  case tree = 2
  /// A file's content.
  case blob = 3
  /// An annotated tag.
  case tag = 4

  /// The word in an object's header.
  var word: String {
    switch self {
    case .commit: "commit"
    case .tree: "tree"
    case .blob: "blob"
    case .tag: "tag"
    }
  }
}

/// One object as it stands in a pack: its name, and its header and content, deflated.
public struct PackEntry: Sendable {
  /// The object's name.
  public let id: ObjectID
  /// What the pack index keeps.
  let checksum: UInt32
  /// Header and zlib stream.
  let bytes: [UInt8]
  /// Where the zlib stream starts.
  let headerSize: Int

  /// The zlib stream.
  func withStream<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[headerSize...])) }
  }
}

/// Hashes and deflates objects; each task has its own.
public struct PackEncoder: ~Copyable {
  private let deflater: Deflater

  /// An encoder, or nil when there is no memory for one.
  public init?() {
    guard let deflater = Deflater() else { return nil }
    self.deflater = deflater
  }

  /// The object's name, without libgit2's collision detection.
  public static func name(_ type: ObjectType, _ content: UnsafeRawBufferPointer) -> ObjectID {
    var hash = SHA1()
    hash.update(Array("\(type.word) \(content.count)\0".utf8))
    hash.update(content)
    return hash.finish()
  }

  /// A whole object.
  public func entry(_ type: ObjectType, _ content: UnsafeRawBufferPointer) -> PackEntry {
    entry(type, content, named: Self.name(type, content))
  }

  /// A whole object whose name is known.
  func entry(_ type: ObjectType, _ content: UnsafeRawBufferPointer, named id: ObjectID) -> PackEntry {
    let header = Self.header(kind: type.rawValue, size: content.count)
    let bytes = deflater.stream(after: header, content)
    return PackEntry(id: id, checksum: crc32(bytes), bytes: bytes, headerSize: header.count)
  }

  /// Three bits of kind and a size in groups of seven bits, the first one of four (pack-format).
  private static func header(kind: UInt8, size: Int) -> [UInt8] {
    var header: [UInt8] = []
    var byte = kind << 4 | UInt8(size & 15)
    var rest = size >> 4
    while rest > 0 {
      header.append(byte | 0x80)
      byte = UInt8(rest & 0x7F)
      rest >>= 7
    }
    header.append(byte)
    return header
  }
}
