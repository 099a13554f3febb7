import Foundation

/// Facts of files by content, kept on disk and shared by all trees.
///
/// A run writes what it had to compute as one segment: a header with a checksum, then the records. A segment appears by a
/// rename, so a run that is killed or meets a full disk leaves none; a segment that is damaged, or of another build of the
/// tool, is not used. Segments can be deleted at any time, also while a run reads them.
public struct FactArchive: Sendable {
  /// Twenty bytes that name a content, as git's object names do.
  public struct Key: Hashable, Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt32

    /// The key of `bytes`; nil unless there are twenty.
    public init?(_ bytes: [UInt8]) {
      guard bytes.count == 20 else { return nil }
      (first, second, third) = bytes.withUnsafeBytes {
        (
          $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
          $0.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
        )
      }
    }

    fileprivate func append(to data: inout Data) {
      withUnsafeBytes(of: first) { data.append(contentsOf: $0) }
      withUnsafeBytes(of: second) { data.append(contentsOf: $0) }
      withUnsafeBytes(of: third) { data.append(contentsOf: $0) }
    }
  }

  private let directory: String
  private let engine: UInt64
  private var segments: [Data] = []
  private var places: [Key: (segment: Int, range: Range<Int>)] = [:]
  private static let magic = Array("gmkfact1".utf8)
  private static let headerSize = 32

  /// The archive in `directory`, of the build of the tool that `engine` names.
  public init(directory: String, engine: String) {
    self.directory = directory
    self.engine = Checksum.of(Array(engine.utf8))
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names.sorted() where name.hasSuffix(".facts") { open("\(directory)/\(name)") }
  }

  /// How many contents are known.
  public var count: Int { places.count }

  /// The facts of the content `key`.
  public func facts(of key: Key) -> FileFacts? {
    guard let place = places[key] else { return nil }
    return segments[place.segment].withUnsafeBytes {
      FileFacts(encoded: UnsafeRawBufferPointer(rebasing: $0[place.range]))
    }
  }

  /// Writes `records` as a segment; false when that was not possible, which costs the next run time and nothing else.
  @discardableResult
  public func store(_ records: [(key: Key, encoded: [UInt8])]) -> Bool {
    guard !records.isEmpty else { return true }
    var body = Data(capacity: records.reduce(0) { $0 + $1.encoded.count + 24 })
    for (key, encoded) in records {
      key.append(to: &body)
      withUnsafeBytes(of: UInt32(encoded.count).littleEndian) { body.append(contentsOf: $0) }
      body.append(contentsOf: encoded)
    }
    var header = Data(Self.magic)
    let checksum = body.withUnsafeBytes { Checksum.of($0) }
    for value in [engine, UInt64(body.count), checksum] {
      withUnsafeBytes(of: value.littleEndian) { header.append(contentsOf: $0) }
    }
    let files = FileManager.default
    let name = "\(directory)/\(String(checksum, radix: 16))-\(String(engine, radix: 16))"
    let draft = "\(name).\(getpid()).draft"
    do {
      try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
      removeRemains()
      guard files.createFile(atPath: draft, contents: nil), let handle = FileHandle(forWritingAtPath: draft) else {
        return false
      }
      defer { try? handle.close() }
      try handle.write(contentsOf: header)
      try handle.write(contentsOf: body)
      try handle.synchronize()
      guard rename(draft, "\(name).facts") == 0 else { throw CocoaError(.fileWriteUnknown) }
      return true
    } catch {
      try? files.removeItem(atPath: draft)
      return false
    }
  }

  private mutating func open(_ path: String) {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { return }
    var found: [(Key, Range<Int>)] = []
    let isWhole = data.withUnsafeBytes { bytes -> Bool in
      guard bytes.count >= Self.headerSize, bytes.prefix(8).elementsEqual(Self.magic) else { return false }
      var header = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[8..<Self.headerSize]))
      let body = UnsafeRawBufferPointer(rebasing: bytes[Self.headerSize...])
      guard header.take(UInt64.self) == engine, header.take(UInt64.self) == UInt64(body.count),
        header.take(UInt64.self) == Checksum.of(body)
      else { return false }
      var position = Self.headerSize
      while bytes.count - position >= 24 {
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 20, as: UInt32.self)))
        guard length <= bytes.count - position - 24, let key = Key(Array(bytes[position..<position + 20])) else {
          return false
        }
        found.append((key, position + 24..<position + 24 + length))
        position += 24 + length
      }
      return position == bytes.count
    }
    guard isWhole else { return }
    for (key, range) in found { places[key] = (segments.count, range) }
    segments.append(data)
  }

  /// Drafts that nobody finished and segments of builds that were not used for a month.
  private func removeRemains() {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: directory)) ?? [] {
      let path = "\(directory)/\(name)"
      guard let date = (try? files.attributesOfItem(atPath: path))?[.modificationDate] as? Date else { continue }
      let age = -date.timeIntervalSinceNow
      if name.hasSuffix(".draft") && age > 86_400 || name.hasSuffix(".facts") && age > 30 * 86_400 {
        try? files.removeItem(atPath: path)
      }
    }
  }
}

/// A 64-bit checksum that reads eight bytes at a time; it finds damage, not malice.
enum Checksum {
  static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { of($0) } }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
    var position = 0
    while bytes.count - position >= 8 {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
      state ^= state >> 29
      position += 8
    }
    while position < bytes.count {
      state = (state ^ UInt64(bytes[position])) &* 0x0000_0100_0000_01b3
      position += 1
    }
    return state
  }
}
