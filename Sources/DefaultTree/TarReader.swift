/// One member of a tar archive.
struct TarMember {
  enum Kind: Equatable {
    case file
    case symbolicLink(target: [UInt8])
    case hardLink(target: [UInt8])
    case directory
  }

  var path: [UInt8]
  var kind: Kind
  var isExecutable: Bool
  /// Bytes of content that follow.
  var size: Int
  /// Seconds since 1970.
  var modified: Int64
}

/// Reads a tar archive (POSIX ustar and pax, and GNU's long names) from an .xz stream.
struct TarReader: ~Copyable {
  private var stream: XZStream
  private let path: String
  private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 20)
  private var position = 0
  private var filled = 0
  /// Bytes of the current member, padding included, that were not read.
  private var unread = 0

  init(_ stream: consuming XZStream, path: String) {
    self.stream = stream
    self.path = path
  }

  deinit { buffer.deallocate() }

  /// Bytes of the compressed file read so far.
  var consumed: Int { stream.consumed }
  /// The compressed file's size.
  var size: Int { stream.size }

  /// The next member's header, past the content of the one before; nil at the end.
  mutating func next() throws(DefaultTreeError) -> TarMember? {
    var longPath: [UInt8]?
    var longTarget: [UInt8]?
    while true {
      try skip(unread)
      unread = 0
      guard let header = try block(), header.contains(where: { $0 != 0 }) else { return nil }
      let size = try number(header[124..<136])
      let type = header[156]
      unread = (size + 511) & ~511
      switch type {
      case UInt8(ascii: "L"): longPath = cString(try content(size))
      case UInt8(ascii: "K"): longTarget = cString(try content(size))
      case UInt8(ascii: "x"):
        let records = Self.paxRecords(try content(size))
        longPath = records["path"] ?? longPath
        longTarget = records["linkpath"] ?? longTarget
        if records["size"] != nil { throw damaged("a member larger than 8 GiB") }
      case UInt8(ascii: "g"): _ = try content(size)
      default:
        return try member(header, type: type, size: size, path: longPath, target: longTarget)
      }
    }
  }

  /// Appends the current member's content to `output`.
  mutating func appendContent(of member: TarMember, to output: inout [UInt8]) throws(DefaultTreeError) {
    var rest = member.size
    while rest > 0 {
      if position == filled { try fill() }
      let count = min(rest, filled - position)
      output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[position..<position + count]))
      position += count
      rest -= count
    }
    unread -= member.size
  }

  private func member(
    _ header: [UInt8], type: UInt8, size: Int, path: [UInt8]?, target: [UInt8]?
  ) throws(DefaultTreeError) -> TarMember {
    let mode = try number(header[100..<108])
    let modified = Int64(try number(header[136..<148]))
    let link = target ?? cString(Array(header[157..<257]))
    var name = path ?? cString(Array(header[0..<100]))
    // Only POSIX headers have a prefix there; GNU's own keep times in it.
    if path == nil, Array(header[257..<263]) == Array("ustar\0".utf8) {
      let prefix = cString(Array(header[345..<500]))
      if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
    }
    let kind: TarMember.Kind
    switch type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = .file
    case UInt8(ascii: "1"): kind = .hardLink(target: link)
    case UInt8(ascii: "2"): kind = .symbolicLink(target: link)
    case UInt8(ascii: "5"): kind = .directory
    default: throw damaged("a member of type '\(Character(Unicode.Scalar(type)))'")
    }
    return TarMember(path: name, kind: kind, isExecutable: mode & 0o100 != 0, size: size, modified: modified)
  }

  private mutating func content(_ size: Int) throws(DefaultTreeError) -> [UInt8] {
    guard size <= 1 << 20 else { throw damaged("a name of \(size) bytes") }
    var bytes: [UInt8] = []
    let name = TarMember(path: [], kind: .file, isExecutable: false, size: size, modified: 0)
    try appendContent(of: name, to: &bytes)
    return bytes
  }

  private mutating func block() throws(DefaultTreeError) -> [UInt8]? {
    if position == filled {
      try fill(mayEnd: true)
      if filled == 0 { return nil }
    }
    guard filled - position >= 512 else { throw damaged("it ends in the middle of a header") }
    let block = Array(buffer[position..<position + 512])
    position += 512
    let sum = block.indices.reduce(0) { $0 + (148..<156 ~= $1 ? 32 : Int(block[$1])) }
    // Two blocks of zeros end an archive.
    guard block.contains(where: { $0 != 0 }) else { return block }
    guard try number(block[148..<156]) == sum else { throw damaged("a header with a wrong checksum") }
    return block
  }

  private mutating func skip(_ count: Int) throws(DefaultTreeError) {
    var rest = count
    while rest > 0 {
      if position == filled { try fill() }
      let step = min(rest, filled - position)
      position += step
      rest -= step
    }
  }

  private mutating func fill(mayEnd: Bool = false) throws(DefaultTreeError) {
    filled = try stream.read(into: buffer)
    position = 0
    guard filled > 0 || mayEnd else { throw damaged("it ends before its end") }
  }

  /// Octal digits, or a base-256 number when the top bit is set.
  private func number(_ field: ArraySlice<UInt8>) throws(DefaultTreeError) -> Int {
    if let first = field.first, first & 0x80 != 0 { throw damaged("a number beyond the octal field") }
    var value = 0
    for byte in field.drop(while: { $0 == 0x20 }) {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= byte else { break }
      value = value << 3 | Int(byte & 7)
    }
    return value
  }

  private func cString(_ bytes: [UInt8]) -> [UInt8] { Array(bytes.prefix { $0 != 0 }) }

  /// `length key=value\n` records of a pax header.
  private static func paxRecords(_ bytes: [UInt8]) -> [String: [UInt8]] {
    var records: [String: [UInt8]] = [:]
    var rest = bytes[...]
    while let space = rest.firstIndex(of: 0x20), let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
      length > 0, length <= rest.count
    {
      let record = rest.prefix(length).dropLast().drop { $0 != 0x20 }.dropFirst()
      if let equals = record.firstIndex(of: UInt8(ascii: "=")) {
        records[String(decoding: record[..<equals], as: UTF8.self)] = Array(record[(equals + 1)...])
      }
      rest = rest.dropFirst(length)
    }
    return records
  }

  private func damaged(_ reason: String) -> DefaultTreeError { .damaged(path, reason) }
}
